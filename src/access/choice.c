/* choice.c - reading view_choice, and what it comes to. */
#include "access/choice.h"

#include <stdlib.h>

#include "base/vec.h"
#include "record/label.h"
#include "record/same.h"

static const char *const kinds[] = { "",	 "sharing",   "organisation", "source",
				     "category", "secondary", "ask" };

const char *choice_word(enum choice_kind kind)
{
	return kinds[kind];
}

enum choice_kind choice_kind(struct str word)
{
	for (int k = CHOICE_SHARING; k <= CHOICE_ASK; k++)
		if (str_is(word, kinds[k]))
			return (enum choice_kind)k;
	return 0;
}

/* --- what a row says --- */

#define ANY_PURPOSE ((1u << PURPOSE_CARE) | (1u << PURPOSE_SAFEGUARDING) | (1u << PURPOSE_PAYMENT) | \
		     (1u << PURPOSE_ADMIN) | (1u << PURPOSE_SECONDARY))

/* HL7's ActReason codes. */
static const struct {
	const char *code;
	unsigned purposes;
} purpose_codes[] = {
	{ "TREAT", 1u << PURPOSE_CARE | 1u << PURPOSE_SAFEGUARDING },
	{ "ETREAT", 1u << PURPOSE_CARE | 1u << PURPOSE_SAFEGUARDING },
	{ "CAREMGT", 1u << PURPOSE_CARE | 1u << PURPOSE_SAFEGUARDING },
	{ "HPAYMT", 1u << PURPOSE_PAYMENT },
	{ "HOPERAT", 1u << PURPOSE_ADMIN },
	{ "HRESCH", 1u << PURPOSE_SECONDARY },
	{ "CLINTRCH", 1u << PURPOSE_SECONDARY },
	{ "HMARKT", 1u << PURPOSE_SECONDARY },
	{ "HSYSADMIN", 1u << PURPOSE_ADMIN },
	{ "PUBHLTH", 1u << PURPOSE_SECONDARY },
};

static unsigned purposes_of(struct str codes, bool permit)
{
	unsigned set = 0;

	while (codes.at && codes.len) {
		struct str code = str_cut(&codes, ' ');
		unsigned one = permit ? 0 : ANY_PURPOSE;

		for (size_t i = 0; i < sizeof purpose_codes / sizeof *purpose_codes; i++)
			if (str_is(code, purpose_codes[i].code))
				one = purpose_codes[i].purposes;
		set |= one;
	}
	return set ? set : ANY_PURPOSE;
}

/* Roles of an actor that say where items come from rather than who may see them. */
static bool is_source(struct str part)
{
	static const char *const sources[] = { "CST", "AUT", "AUTHEN", "source", "LA" };

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (str_is(part, sources[i]))
			return true;
	return false;
}

static enum choice_kind kind_of(const struct chosen *k, struct str said, struct str part)
{
	if (str_is(said, "ask"))
		return CHOICE_ASK;
	if (k->purposes == 1u << PURPOSE_SECONDARY)
		return CHOICE_SECONDARY;
	if (k->holder.len)
		return is_source(part) ? CHOICE_SOURCE : CHOICE_ORGANISATION;
	return k->label.len ? CHOICE_CATEGORY : CHOICE_SHARING;
}

static struct str column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? (struct str){ .at = "" } : str_of(str_dup(c->arena, stmt_text(s, n)));
}

/* What neither permits nor denies (no type) chooses nothing. */
static void take(struct ctx *c, struct stmt *s, struct chosen *out)
{
	struct str type = stmt_text(s, 4);
	const struct label *label;
	int64_t ignored;

	out->person = stmt_int(s, 0);
	out->resource = stmt_int(s, 1);
	out->permit = !str_is(type, "deny");
	out->purposes = purposes_of(stmt_text(s, 5), out->permit);
	fact_span(stmt_text(s, 6), stmt_text(s, 7), &out->from, &out->until);
	out->holder = column(c, s, 8);
	out->label = column(c, s, 10);
	label = out->label.len ? label_said(c->place, out->label) : NULL;
	if (label)
		out->label = label->name;
	fact_span(stmt_text(s, 3), (struct str){ 0 }, &out->at, &ignored);
	out->kind = kind_of(out, stmt_text(s, 2), stmt_text(s, 9));
	out->id = column(c, s, 11);
}

#define CHOSEN_COLUMNS \
	"v.person_key, v.resource_key, v.kind, v.at, v.type, v.purpose, v.since, v.until, v.holder, " \
	"v.part, v.label, r.id "

enum err choice_list(struct ctx *c, struct db *db, int64_t person, struct chosen **out, size_t *len)
{
	VEC(struct chosen) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    person ? SQL(SAME_PERSONS "SELECT " CHOSEN_COLUMNS
					      "FROM same CROSS JOIN view_choice v ON v.person_key = same.person "
					      "CROSS JOIN resource r ON r.key = v.resource_key "
					      "WHERE v.type IN ('deny', 'permit')")
			   : SQL("SELECT " CHOSEN_COLUMNS "FROM view_choice v "
				 "JOIN resource r ON r.key = v.resource_key "
				 "WHERE v.type IN ('deny', 'permit') AND v.person_key <> 0 "
				 "ORDER BY v.person_key"),
		    &s));
	if (person)
		stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&list, c->arena));
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

enum err choice_named(struct ctx *c, struct db *db, const struct str *holders, size_t len, int64_t **out,
		      size_t *count)
{
	VEC(int64_t) people = { 0 };

	for (size_t i = 0; i < len; i++) {
		bool row;
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT person_key FROM view_choice WHERE holder = ?1 AND type = 'deny'"),
			    &s));
		stmt_bind_text(s, 1, holders[i]);
		for (;;) {
			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			*vec_push(&people, c->arena) = stmt_int(s, 0);
		}
	}
	*out = people.at;
	*count = people.len;
	return OK;
}

/* --- what it comes to --- */

static bool same_text(struct str a, struct str b)
{
	return a.len == b.len && (!a.len || str_eq(a, b));
}

/* Said at the same time or later, about the same; or an exception for this house within the deny. */
static bool takes_back(const struct chosen *permit, const struct chosen *deny, const struct house *house)
{
	bool about = permit->kind == deny->kind && same_text(permit->holder, deny->holder) &&
		     same_text(permit->label, deny->label);
	bool excepted = !deny->holder.len && !permit->label.len && permit->holder.len &&
			deny->kind != CHOICE_SECONDARY &&
			holders_have(house->holders, house->holder_count, permit->holder);

	return permit->permit && permit->at >= deny->at && (about || excepted) &&
	       (deny->purposes & ~permit->purposes) == 0;
}

bool choice_holds(const struct chosen *one, const struct chosen *all, size_t len,
		  const struct house *house, enum purpose purpose, int64_t now, int64_t *next)
{
	if (one->permit || !(one->purposes >> purpose & 1) ||
	    !fact_holds(one->from, one->until, now, next))
		return false;
	if (one->kind == CHOICE_ORGANISATION &&
	    !holders_have(house->holders, house->holder_count, one->holder))
		return false;
	for (size_t i = 0; i < len; i++)
		if (takes_back(&all[i], one, house) &&
		    fact_holds(all[i].from, all[i].until, now, next))
			return false;
	return true;
}

/* What one organisation wrote is hidden; one that has written nothing yet has nothing to hide. */
static enum err hide_source(struct ctx *c, struct db *db, const struct chosen *k,
			    const struct house *house, struct guard_person *out)
{
	struct str ods;
	int64_t key;

	if (holders_have(house->holders, house->holder_count, k->holder))
		return OK;
	TRY(holder_ods(c, db, k->holder, &ods));
	TRY(ods_key(c, db, ods, &key));
	if (!key)
		return OK;
	int64_t *orgs = NEW_N(c->arena, int64_t, out->org_count + 1);
	size_t at = 0;

	while (at < out->org_count && out->orgs[at] < key) {
		orgs[at] = out->orgs[at];
		at++;
	}
	if (at < out->org_count && out->orgs[at] == key)
		return OK;
	orgs[at] = key;
	for (size_t i = at; i < out->org_count; i++)
		orgs[i + 1] = out->orgs[i];
	out->orgs = orgs;
	out->org_count++;
	return OK;
}

enum err choice_compile(struct ctx *c, struct db *db, const struct chosen *all, size_t len,
			const struct house *house, enum purpose purpose, struct guard_person *out,
			bool *any, int64_t *next)
{
	int64_t now = clock_now(c->clock);
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	*any = false;
	*out = (struct guard_person){ .person = len ? all[0].person : 0 };
	for (size_t i = 0; i < len; i++) {
		const struct label_rule *label =
			all[i].label.len ? rules_label(rules, all[i].label) : NULL;

		if (!choice_holds(&all[i], all, len, house, purpose, now, next))
			continue;
		*any = true;
		if (all[i].kind == CHOICE_SOURCE)
			TRY(hide_source(c, db, &all[i], house, out));
		else if (label)
			out->hidden |= label->bit;
		else
			out->own_only = true;
	}
	return OK;
}
