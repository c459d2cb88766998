/* me_choices.c - choices about sharing: one at a time, the effect shown before it is saved, what holds and who said
 * it afterwards. The person's own page, that of who speaks for them, and that of staff whom the person asks to write
 * down what they choose.
 *
 * A choice is named in addresses as choice_name does: "sharing", "category-finance", "organisation-WXG001".
 */
#include "web/me.h"

#include "access/account.h"
#include "access/choice.h"
#include "access/rules.h"
#include "record/same.h"
#include "web/pages.h"

enum { PAST_SHOWN = 30, PAST_READ = 200, OTHERS_MOST = 200 };

/* What everybody is offered, in plain words: to the person, and to who acts for them. Kinds of things come from
 * label.tsv, places from the record. */
struct offer_words {
	const char *about, *on, *off;
};
static const struct {
	enum choice_kind kind;
	const char *title;
	struct offer_words own, of_another;
} offers[] = {
	{ CHOICE_SHARING, "Stop all sharing",
	  { "Each place sees only what it wrote itself. In an emergency a doctor may still look, and you will be told.",
	    "You stopped all sharing.", "Your record is shared with people who care for you." },
	  { "Each place sees only what it wrote itself. In an emergency a doctor may still look, and the person is told.",
	    "All sharing is stopped.", "The record is shared with people who care for them." } },
	{ CHOICE_ASK, "Ask me first",
	  { "People must ask you each time before they open your record.", "People must ask you first.",
	    "People who care for you need not ask each time." },
	  { "People must ask them each time before they open the record.", "People must ask them first.",
	    "People who care for them need not ask each time." } },
	{ CHOICE_SECONDARY, "No planning or research",
	  { "Your record is used to care for you, and for nothing else.",
	    "Your record is not used for planning or research.", "Your record may be used for planning and research." },
	  { "The record is used to care for them, and for nothing else.",
	    "The record is not used for planning or research.", "The record may be used for planning and research." } },
};
enum { OFFERS = sizeof offers / sizeof *offers };

/* A choice, and the words around it. */
struct offer {
	struct choice choice;
	struct str title, about, on, off;
};

static struct offer offer_fixed(size_t i, bool self)
{
	const struct offer_words *words = self ? &offers[i].own : &offers[i].of_another;

	return (struct offer){ { .kind = offers[i].kind, .org = STR(""), .label = STR("") },
			       str_of(offers[i].title), str_of(words->about), str_of(words->on), str_of(words->off) };
}

static bool nobody(const struct capset *set)
{
	for (size_t i = 0; i < sizeof set->bits / sizeof *set->bits; i++)
		if (set->bits[i])
			return false;
	return !set->all;
}

/* What one may close: kinds of things that people are told of at all. */
static bool is_offered(const struct label_rule *label)
{
	return str_is(label->kind, "category") && label->self;
}

static struct offer offer_label(struct ctx *c, const struct label_rule *label)
{
	return (struct offer){
		.choice = { .kind = CHOICE_CATEGORY, .org = STR(""), .label = label->name },
		.title = SAY(c->arena, "Hide " STR_FMT, STR_ARG(lower_first(c->arena, label->title))),
		.about = nobody(&label->others) ? STR("Only the place that wrote it sees it, even if you choose nothing.")
						: STR("Only the place that wrote it sees it."),
		.on = SAY(c->arena, STR_FMT ": hidden.", STR_ARG(label->title)),
		.off = SAY(c->arena, STR_FMT ": shared with those whose work needs it.", STR_ARG(label->title)),
	};
}

static struct offer offer_org(struct ctx *c, enum choice_kind kind, struct str ods, struct str name)
{
	struct offer o = { .choice = { .kind = kind, .org = ods, .label = STR("") } };

	if (kind == CHOICE_ORGANISATION) {
		o.title = SAY(c->arena, "Stop sharing with " STR_FMT, STR_ARG(name));
		o.about = STR("They see only what they wrote themselves.");
		o.on = STR("They see only what they wrote.");
		o.off = STR("They see what others wrote too.");
	} else {
		o.title = SAY(c->arena, "Keep what " STR_FMT " wrote to themselves", STR_ARG(name));
		o.about = STR("Nobody else sees what they wrote.");
		o.on = STR("Nobody else sees what they wrote.");
		o.off = STR("Others who give care see what they wrote.");
	}
	return o;
}

/* --- organisations that hold something of the person --- */

struct org_at {
	struct str ods, name;
};
struct orgs {
	VEC(struct org_at) at;
};

/* A row is one kind of item of one organisation: named is only who wrote something that the asker may see. */
static bool row_may(struct ctx *c, struct stmt *s)
{
	struct guard_item item = { .person = stmt_int(s, 3), .org = stmt_int(s, 4), .labels = (uint64_t)stmt_int(s, 5),
				   .type = fhir_resource_type(c->place->fhir, stmt_text(s, 2)) };

	return item.type && guard_may(c->guard, &item);
}

static enum err orgs_read(struct ctx *c, struct db *db, int64_t person, struct orgs *out)
{
	bool row;
	STMT(s);

	*out = (struct orgs){ 0 };
	TRY(db_stmt(c, db,
		    SQL(SAME_PERSONS "SELECT DISTINCT o.ods, o.name, t.text, r.person, r.org, r.labels FROM same "
				     "JOIN resource r ON r.person = same.person JOIN name n ON n.key = r.org "
				     "JOIN name t ON t.key = r.type "
				     "JOIN view_organisation o ON n.text = '" ODS_SYSTEM "/' || o.ods "
				     "WHERE r.deleted = 0 AND r.version > 0 AND o.name IS NOT NULL ORDER BY o.name, o.ods"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		struct str ods = stmt_text(s, 0), name = stmt_text(s, 1);

		if ((out->at.len && str_eq(out->at.at[out->at.len - 1].ods, ods)) || !row_may(c, s))
			continue;
		*vec_push(&out->at, c->arena) = (struct org_at){ { str_dup(c->arena, ods), ods.len },
								 { str_dup(c->arena, name), name.len } };
	}
}

static bool orgs_have(const struct orgs *orgs, struct str ods)
{
	for (size_t i = 0; i < orgs->at.len; i++)
		if (str_eq(orgs->at.at[i].ods, ods))
			return true;
	return false;
}

/* Organisations of the place that hold nothing yet: nothing of theirs can be kept back, but they can be kept out. */
static enum err others_read(struct ctx *c, struct db *db, struct orgs *orgs)
{
	size_t most = orgs->at.len + OTHERS_MOST;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT DISTINCT ods, name FROM view_organisation WHERE ods IS NOT NULL AND name IS NOT NULL "
			"AND part_of IS NULL ORDER BY name, ods"),
		    &s));
	while (orgs->at.len < most) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		struct str ods = stmt_text(s, 0), name = stmt_text(s, 1);

		if (!orgs_have(orgs, ods))
			*vec_push(&orgs->at, c->arena) = (struct org_at){ { str_dup(c->arena, ods), ods.len },
									  { str_dup(c->arena, name), name.len } };
	}
	return OK;
}

/* --- all that is offered to this person --- */

struct offered {
	VEC(struct offer) at;
	size_t labels, places, others; /* where those begin; two for each place, one for each other */
	struct orgs orgs;
};

static enum err offered_read(struct ctx *c, struct db *db, const struct own *own, struct offered *out)
{
	const struct rules *rules;

	*out = (struct offered){ 0 };
	TRY(rules_of(c, &rules));
	TRY(orgs_read(c, db, own->person, &out->orgs));
	for (size_t i = 0; i < OFFERS; i++)
		*vec_push(&out->at, c->arena) = offer_fixed(i, own->self);
	out->labels = out->at.len;
	for (size_t i = 0; i < rules->label_count; i++)
		if (is_offered(&rules->labels[i]))
			*vec_push(&out->at, c->arena) = offer_label(c, &rules->labels[i]);
	out->places = out->at.len;
	out->others = out->places + 2 * out->orgs.at.len;
	TRY(others_read(c, db, &out->orgs));
	for (size_t i = 0; i < out->orgs.at.len; i++) {
		const struct org_at *org = &out->orgs.at.at[i];

		*vec_push(&out->at, c->arena) = offer_org(c, CHOICE_ORGANISATION, org->ods, org->name);
		if (out->at.len < out->others)
			*vec_push(&out->at, c->arena) = offer_org(c, CHOICE_SOURCE, org->ods, org->name);
	}
	return OK;
}

/* What an address or the audit names; NULL when it is none of these. */
static const struct offer *offer_find(struct ctx *c, const struct offered *all, struct str name)
{
	for (size_t i = 0; i < all->at.len; i++)
		if (str_eq(choice_name(c, &all->at.at[i].choice), name))
			return &all->at.at[i];
	return NULL;
}

/* --- what holds now --- */

struct now {
	struct db *db;
	const struct own *own;
	const struct chosen *all;
	size_t len;
	const struct looked *said; /* AUDIT_CHOICE, the newest first */
	size_t said_len;
	int64_t at;
};

static enum err is_about(struct ctx *c, const struct now *now, const struct chosen *one, const struct choice *k,
			 bool *out)
{
	struct str ods;

	*out = one->kind == k->kind && str_eq(one->label, k->label);
	if (!*out || !k->org.len || str_eq(one->holder, k->org))
		return OK;
	TRY(holder_ods(c, now->db, one->holder, &ods));
	*out = str_eq(ods, k->org);
	return OK;
}

/* Is it chosen, and since when? What was said last about it counts. NULL: it is not. */
static enum err find_on(struct ctx *c, const struct now *now, const struct choice *k, const struct chosen **on)
{
	int64_t at = INT64_MIN;
	bool about;

	*on = NULL;
	for (size_t i = 0; i < now->len; i++) {
		const struct chosen *one = &now->all[i];

		if (one->at < at || now->at < one->from || now->at >= one->until)
			continue;
		TRY(is_about(c, now, one, k, &about));
		if (!about)
			continue;
		at = one->at;
		*on = one->permit ? NULL : one;
	}
	return OK;
}

static struct str whom(struct ctx *c, struct db *db, const struct looked *row)
{
	struct user user;

	if (row->account && c->actor && row->account == c->actor->account)
		return STR("you");
	return row->account && account_at(c, db, row->account, &user) == OK ? user.name : STR("somebody");
}

/* "on sharing": was it said by this row? */
static bool says(const struct looked *row, const char *word, struct str name)
{
	struct str detail = row->detail, first = str_cut(&detail, ' ');

	return str_is(first, word) && detail.at && str_eq(detail, name);
}

static enum err put_chosen(struct ctx *c, struct node *row, const struct now *now, const struct offer *o,
			   const struct chosen *on)
{
	struct str name = choice_name(c, &o->choice);
	struct moment since = moment_at(c->arena, on->at);
	struct choice_effect effect = { 0 };

	data_time(c, row, "since", since, say_full(c->arena, since, now->at));
	for (size_t i = 0; i < now->said_len; i++)
		if (says(&now->said[i], "on", name)) {
			data_str(c, row, "by", whom(c, now->db, &now->said[i]));
			break;
		}
	TRY(choice_preview(c, now->own->id, &o->choice, false, &effect));
	data_str(c, row, "holds",
		 !effect.items ? STR("Nothing more is hidden by it now. What is written later will be.")
			       : SAY(c->arena, "%s, " STR_FMT ".", now->own->self ? "Now" : "Of what you may see", STR_ARG(effect.holds)));
	return OK;
}

static void put_offer(struct ctx *c, struct node *row, const struct offer *o, bool on)
{
	data_str(c, row, "offer", choice_name(c, &o->choice));
	data_str(c, row, "choice", o->title);
	data_str(c, row, "about", o->about);
	data_str(c, row, "now", on ? o->on : o->off);
	if (on)
		node_add_bool(c->arena, row, "is_on", true);
}

/* The page's parts, in which offers stand. */
struct parts {
	struct node *offers, *kinds, *places, *others, *place;
};

static struct node *row_of(struct ctx *c, struct parts *parts, const struct offered *all, size_t i)
{
	const struct org_at *org;
	struct node *row;

	if (i < all->labels)
		return data_object(c, parts->offers, NULL);
	if (i < all->places)
		return data_object(c, parts->kinds, NULL);
	if (i >= all->others)
		return data_object(c, parts->others, NULL);
	if ((i - all->places) % 2 == 0) {
		org = &all->orgs.at.at[(i - all->places) / 2];
		row = data_object(c, parts->places, NULL);
		data_str(c, row, "org", org->name);
		data_str(c, row, "org_id", org->ods);
		parts->place = data_list(c, row, "place_offers");
	}
	return data_object(c, parts->place, NULL);
}

static enum err put_offers(struct ctx *c, const struct now *now, const struct offered *all, struct node *data)
{
	struct node *chosen = data_list(c, data, "chosen");
	struct parts parts = { data_list(c, data, "offers"), data_list(c, data, "kinds"), data_list(c, data, "places"),
			       data_list(c, data, "others"), NULL };

	for (size_t i = 0; i < all->at.len; i++) {
		const struct offer *o = &all->at.at[i];
		const struct chosen *on;
		struct node *row;

		TRY(find_on(c, now, &o->choice, &on));
		put_offer(c, row_of(c, &parts, all, i), o, on != NULL);
		if (!on)
			continue;
		row = data_object(c, chosen, NULL);
		put_offer(c, row, o, true);
		TRY(put_chosen(c, row, now, o, on));
	}
	if (chosen->len)
		node_add_bool(c->arena, data, "any_chosen", true);
	if (parts.others->len)
		node_add_bool(c->arena, data, "any_others", true);
	return OK;
}

/* What was chosen and taken back, by whom: the audit's own rows. */
static void put_past(struct ctx *c, const struct now *now, const struct offered *all, struct node *data)
{
	struct node *list = data_list(c, data, "past");

	for (size_t i = 0; i < now->said_len && list->len < PAST_SHOWN; i++) {
		const struct looked *said = &now->said[i];
		struct str name = said->detail, word = str_cut(&name, ' ');
		const struct offer *o = name.at ? offer_find(c, all, name) : NULL;
		struct moment at = moment_at(c->arena, said->at);
		struct node *row = data_object(c, list, NULL);

		data_time(c, row, "past_at", at, say_full(c->arena, at, now->at));
		data_str(c, row, "past_choice", o ? o->title : say_code(c->arena, said->section));
		data_words(c, row, "past_did", str_is(word, "on") ? "Chosen" : "Taken back");
		data_str(c, row, "past_by", whom(c, now->db, said));
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_past", true);
}

static enum err put_all(struct ctx *c, const struct own *own, struct db *db, const struct offered *all, struct node *data)
{
	struct now now = { .db = db, .own = own, .at = clock_now(c->clock) };
	struct chosen *chosen;
	struct looked *said;

	TRY(choice_list(c, db, own->person, &chosen, &now.len));
	TRY(audit_find(c, db, &(struct audit_ask){ .person = own->person, .what = AUDIT_CHOICE, .cap = PAST_READ }, &said,
		       &now.said_len));
	now.all = chosen;
	now.said = said;
	TRY(put_offers(c, &now, all, data));
	put_past(c, &now, all, data);
	return OK;
}

/* What it would do, before it is done. */
static enum err put_effect(struct ctx *c, struct node *data, const struct own *own, const struct offer *o, bool on)
{
	struct node *sure = data_object(c, data, "sure");
	struct choice_effect effect = { 0 };
	const char *none = on ? "Nothing that is there now would be hidden. What is written later would be."
			      : "Nothing that is there now would be seen again: it is not hidden, or another choice hides it.";

	data_str(c, sure, "offer", choice_name(c, &o->choice));
	data_str(c, sure, "choice", o->title);
	data_words(c, sure, "do", on ? "on" : "off");
	TRY(choice_preview(c, own->id, &o->choice, on, &effect));
	data_str(c, sure, "effect", effect.items ? SAY(c->arena, STR_FMT ".", STR_ARG(effect.words)) : str_of(none));
	data_str(c, sure, "about", on ? o->about : o->off);
	if (!own->self)
		node_add_bool(c->arena, sure, "in_part", true);
	if (on)
		node_add_bool(c->arena, sure, "turn_on", true);
	return OK;
}

static enum err begin(struct ctx *c, const struct request *r, struct node **data, struct own *own, const char **page)
{
	bool staff;

	TRY(me_or_staff_begin(c, r, "My choices", "What this person chose", data, own, &staff));
	*page = staff ? "choices" : "me_choices";
	return OK;
}

enum err me_choices_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str name = request_param(c, r, "choice", 0);
	const struct offer *o;
	struct offered all;
	const char *page;
	struct node *data;
	struct own own;
	READER(db);

	TRY(begin(c, r, &data, &own, &page));
	TRY(store_reader(c, c->place->store, &db));
	TRY(offered_read(c, db, &own, &all));
	node_add_bool(c->arena, data, "at_choices", true);
	if (request_param(c, r, "saved", 0).len)
		data_words(c, data, "done", "Saved. It counts from now on.");
	o = offer_find(c, &all, name);
	if (o)
		TRY(put_effect(c, data, &own, o, str_is(request_param(c, r, "do", 0), "on")));
	else
		TRY(put_all(c, &own, db, &all, data));
	return page_show(c, page, data, reply);
}

enum err me_choices_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct offer *o;
	struct offered all;
	struct str consent;
	const char *page;
	struct node *data;
	struct own own;

	TRY(begin(c, r, &data, &own, &page));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(offered_read(c, db, &own, &all));
	}
	o = offer_find(c, &all, request_param(c, r, "choice", 0));
	if (!o)
		return fail(c, ERR_BAD_REQUEST, "Choose one of the choices.");
	TRY(choice_set(c, own.id, &o->choice, str_is(request_param(c, r, "do", 0), "on"), &consent));
	return me_redirect(c, &own, "/choices?saved=1", reply);
}
