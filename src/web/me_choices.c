/* me_choices.c - my choices about sharing: one at a time, the effect shown before it is saved.
 *
 * A choice is named in addresses by its kind and what it is about: "sharing", "category-finance",
 * "organisation-WXG001", "source-WXL".
 */
#include "web/me.h"

#include "access/account.h"
#include "access/choice.h"
#include "record/same.h"
#include "web/pages.h"

/* What the page offers, in plain words. */
static const struct {
	enum choice_kind kind;
	const char *label; /* of label.tsv; CATEGORY */
	const char *title, *about, *on, *off;
} offers[] = {
	{ CHOICE_SHARING, "", "Stop all sharing",
	  "Each place sees only what it wrote itself. In an emergency a doctor may still look, and you will be told.",
	  "You stopped all sharing.", "Your record is shared with people who care for you." },
	{ CHOICE_ASK, "", "Ask me first", "People must ask you each time before they open your record.",
	  "People must ask you first.", "People who care for you need not ask each time." },
	{ CHOICE_SECONDARY, "", "No planning or research", "Your record is used to care for you, and for nothing else.",
	  "Your record is not used for planning or research.", "Your record may be used for planning and research." },
	{ CHOICE_CATEGORY, "mental-health", "Hide mental health", "Only the place that wrote it sees it.",
	  "Mental health is hidden.", "Mental health is shared." },
	{ CHOICE_CATEGORY, "sexual-health", "Hide sexual health", "Only the place that wrote it sees it.",
	  "Sexual health is hidden.", "Sexual health is shared." },
	{ CHOICE_CATEGORY, "substance-misuse", "Hide alcohol and drugs", "Only the place that wrote it sees it.",
	  "Alcohol and drugs are hidden.", "Alcohol and drugs are shared." },
	{ CHOICE_CATEGORY, "finance", "Hide money", "Only the place that wrote it sees it.", "Money is hidden.",
	  "Money is shared." },
};
enum { OFFERS = sizeof offers / sizeof *offers };

/* A choice, and the words around it. */
struct offer {
	struct choice choice;
	struct str title, about, on, off;
};

static struct str offer_name(struct ctx *c, const struct choice *k)
{
	struct str of = k->org.len ? k->org : k->label;

	return SAY(c->arena, "%s%s" STR_FMT, choice_word(k->kind), of.len ? "-" : "", STR_ARG(of));
}

static struct offer offer_fixed(size_t i)
{
	return (struct offer){ { .kind = offers[i].kind, .org = STR(""), .label = str_of(offers[i].label) },
			       str_of(offers[i].title), str_of(offers[i].about), str_of(offers[i].on),
			       str_of(offers[i].off) };
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
		o.off = STR("Others who care for you see what they wrote.");
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

static enum err orgs_read(struct ctx *c, struct db *db, int64_t person, struct orgs *out)
{
	bool row;
	STMT(s);

	*out = (struct orgs){ 0 };
	TRY(db_stmt(c, db,
		    SQL(SAME_PERSONS "SELECT DISTINCT o.ods, o.name FROM same JOIN resource r ON r.person = same.person "
				     "JOIN name n ON n.key = r.org "
				     "JOIN view_organisation o ON n.text = '" ODS_SYSTEM "/' || o.ods "
				     "WHERE r.deleted = 0 AND r.version > 0 AND o.name IS NOT NULL ORDER BY o.name"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		struct str ods = stmt_text(s, 0), name = stmt_text(s, 1);
		*vec_push(&out->at, c->arena) = (struct org_at){ { str_dup(c->arena, ods), ods.len },
								 { str_dup(c->arena, name), name.len } };
	}
}

/* What an address names. False when it is none of what is offered to this person. */
static bool offer_read(struct ctx *c, struct str name, const struct orgs *orgs, struct offer *out)
{
	for (size_t i = 0; i < OFFERS; i++) {
		*out = offer_fixed(i);
		if (str_eq(offer_name(c, &out->choice), name))
			return true;
	}
	for (size_t i = 0; i < orgs->at.len; i++)
		for (enum choice_kind kind = CHOICE_ORGANISATION; kind <= CHOICE_SOURCE; kind++) {
			*out = offer_org(c, kind, orgs->at.at[i].ods, orgs->at.at[i].name);
			if (str_eq(offer_name(c, &out->choice), name))
				return true;
		}
	return false;
}

/* --- what holds now --- */

struct now {
	struct db *db;
	const struct chosen *all;
	size_t len;
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

/* Is it chosen? What was said last about it counts. */
static enum err is_on(struct ctx *c, const struct now *now, const struct choice *k, bool *on)
{
	int64_t at = INT64_MIN;
	bool about;

	*on = false;
	for (size_t i = 0; i < now->len; i++) {
		const struct chosen *one = &now->all[i];

		if (one->at < at || now->at < one->from || now->at >= one->until)
			continue;
		TRY(is_about(c, now, one, k, &about));
		if (!about)
			continue;
		at = one->at;
		*on = !one->permit;
	}
	return OK;
}

static enum err put_offer(struct ctx *c, struct node *list, const struct now *now, const struct offer *o)
{
	struct node *row = data_object(c, list, NULL);
	bool on;

	TRY(is_on(c, now, &o->choice, &on));
	data_str(c, row, "offer", offer_name(c, &o->choice));
	data_str(c, row, "choice", o->title);
	data_str(c, row, "about", o->about);
	data_str(c, row, "now", on ? o->on : o->off);
	if (on)
		node_add_bool(c->arena, row, "is_on", true);
	return OK;
}

static enum err put_offers(struct ctx *c, const struct own *own, struct db *db, const struct orgs *orgs,
			   struct node *data)
{
	struct now now = { .db = db, .at = clock_now(c->clock) };
	struct node *list = data_list(c, data, "offers"), *places = data_list(c, data, "places");
	struct chosen *all;
	struct offer o;

	TRY(choice_list(c, db, own->person, &all, &now.len));
	now.all = all;
	for (size_t i = 0; i < OFFERS; i++) {
		o = offer_fixed(i);
		TRY(put_offer(c, list, &now, &o));
	}
	for (size_t i = 0; i < orgs->at.len; i++) {
		struct node *row = data_object(c, places, NULL), *each;

		data_str(c, row, "org", orgs->at.at[i].name);
		data_str(c, row, "org_id", orgs->at.at[i].ods);
		each = data_list(c, row, "place_offers");
		for (enum choice_kind kind = CHOICE_ORGANISATION; kind <= CHOICE_SOURCE; kind++) {
			o = offer_org(c, kind, orgs->at.at[i].ods, orgs->at.at[i].name);
			TRY(put_offer(c, each, &now, &o));
		}
	}
	return OK;
}

/* What it would do, before it is done. */
static enum err put_effect(struct ctx *c, struct node *data, const struct own *own, const struct offer *o, bool on)
{
	struct node *sure = data_object(c, data, "sure");
	struct choice_effect effect = { 0 };

	data_str(c, sure, "offer", offer_name(c, &o->choice));
	data_str(c, sure, "choice", o->title);
	data_words(c, sure, "do", on ? "on" : "off");
	if (!on) {
		data_str(c, sure, "effect", o->off);
		return OK;
	}
	TRY(choice_preview(c, own->id, &o->choice, &effect));
	data_str(c, sure, "effect",
		 effect.items ? SAY(c->arena, STR_FMT ".", STR_ARG(effect.words))
			      : STR("Nothing that is there now would be hidden. What is written later would be."));
	data_str(c, sure, "about", o->about);
	node_add_bool(c->arena, sure, "turn_on", true);
	return OK;
}

enum err me_choices_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct orgs orgs;
	struct offer o;
	struct own own;
	READER(db);

	TRY(me_begin(c, r, "My choices", ME_SPEAKS, &data, &own));
	TRY(store_reader(c, c->place->store, &db));
	TRY(orgs_read(c, db, own.person, &orgs));
	node_add_bool(c->arena, data, "at_choices", true);
	if (request_param(c, r, "saved", 0).len)
		data_words(c, data, "done", "Saved. It counts from now on.");
	if (offer_read(c, request_param(c, r, "choice", 0), &orgs, &o))
		TRY(put_effect(c, data, &own, &o, str_is(request_param(c, r, "do", 0), "on")));
	else
		TRY(put_offers(c, &own, db, &orgs, data));
	return page_show(c, "me_choices", data, reply);
}

enum err me_choices_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str consent;
	struct node *data;
	struct orgs orgs;
	struct offer o;
	struct own own;

	TRY(me_begin(c, r, "", ME_SPEAKS, &data, &own));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(orgs_read(c, db, own.person, &orgs));
	}
	if (!offer_read(c, request_param(c, r, "choice", 0), &orgs, &o))
		return fail(c, ERR_BAD_REQUEST, "Choose one of the choices.");
	TRY(choice_set(c, own.id, &o.choice, str_is(request_param(c, r, "do", 0), "on"), &consent));
	return me_redirect(c, &own, "/choices?saved=1", reply);
}
