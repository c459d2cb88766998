/* me_choices.c - my choices about sharing: one at a time, the effect shown before it is saved. */
#include "web/me.h"

#include "access/choice.h"
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

/* Is it chosen now? What was said last about it counts. */
static bool is_on(const struct chosen *all, size_t len, size_t offer, int64_t now)
{
	int64_t at = INT64_MIN;
	bool on = false;

	for (size_t i = 0; i < len; i++) {
		const struct chosen *one = &all[i];

		if (one->kind != offers[offer].kind || !str_is(one->label, offers[offer].label) || one->at < at ||
		    now < one->from || now >= one->until)
			continue;
		at = one->at;
		on = !one->permit;
	}
	return on;
}

static struct choice choice_of(size_t offer)
{
	return (struct choice){ .kind = offers[offer].kind, .label = str_of(offers[offer].label) };
}

static enum err put_offers(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "offers");
	struct chosen *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(choice_list(c, db, c->actor->person, &all, &len));
	for (size_t i = 0; i < OFFERS; i++) {
		bool on = is_on(all, len, i, clock_now(c->clock));
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "number", SAY(c->arena, "%zu", i + 1));
		data_words(c, row, "choice", offers[i].title);
		data_words(c, row, "about", offers[i].about);
		data_words(c, row, "now", on ? offers[i].on : offers[i].off);
		if (on)
			node_add_bool(c->arena, row, "is_on", true);
	}
	return OK;
}

/* What it would do, before it is done. */
static enum err put_effect(struct ctx *c, struct node *data, struct str id, size_t offer, bool on)
{
	struct choice choice = choice_of(offer);
	struct node *sure = data_object(c, data, "sure");
	struct choice_effect effect = { 0 };

	data_str(c, sure, "number", SAY(c->arena, "%zu", offer + 1));
	data_words(c, sure, "choice", offers[offer].title);
	data_words(c, sure, "do", on ? "on" : "off");
	if (on) {
		TRY(choice_preview(c, id, &choice, &effect));
		data_str(c, sure, "effect",
			 effect.words.len ? effect.words : STR("Nothing that is there now would be hidden."));
		node_add_bool(c->arena, sure, "turn_on", true);
	} else {
		data_words(c, sure, "effect", offers[offer].off);
	}
	return OK;
}

static enum err choices_page(struct ctx *c, const struct request *r, int64_t offer, bool on, struct reply *reply)
{
	struct node *data;
	struct str id;

	TRY(me_new(c, r, "My choices", &data, &id));
	node_add_bool(c->arena, data, "at_choices", true);
	if (request_param(c, r, "saved", 0).len)
		data_words(c, data, "done", "Saved. It counts from now on.");
	if (offer)
		TRY(put_effect(c, data, id, (size_t)offer - 1, on));
	else
		TRY(put_offers(c, data));
	return page_show(c, "me_choices", data, reply);
}

enum err me_choices_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t offer = 0;

	if (!str_int(request_param(c, r, "choice", 0), &offer) || offer < 0 || offer > OFFERS)
		offer = 0;
	return choices_page(c, r, offer, str_is(request_param(c, r, "do", 0), "on"), reply);
}

enum err me_choices_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str id, consent;
	struct choice choice;
	struct node *data;
	int64_t offer = 0;

	if (!str_int(request_param(c, r, "choice", 0), &offer) || offer < 1 || offer > OFFERS)
		return fail(c, ERR_BAD_REQUEST, "Choose one of the choices.");
	TRY(me_new(c, r, "", &data, &id));
	choice = choice_of((size_t)offer - 1);
	TRY(choice_set(c, id, &choice, str_is(request_param(c, r, "do", 0), "on"), &consent));
	return page_redirect(c, STR("/me/choices?saved=1"), reply);
}
