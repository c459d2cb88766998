/* identity_preview.c - any two records beside each other, and what a merge of them would do, before it is done. */
#include "web/identity.h"

#include "access/audit.h"
#include "record/search.h"
#include "web/pages.h"

/* By the id of the Patient, else by an NHS number, spaces as people write them. ERR_NOT_FOUND. */
static enum err find(struct ctx *c, struct str asked, const char *side, struct str *id)
{
	const struct search *search;
	struct search_page page;
	struct version v;
	struct buf digits;
	enum err e;

	if (!asked.len)
		return fail(c, ERR_NOT_FOUND, "Which is record %s?", side);
	e = record_read(c, STR("Patient"), asked, &v);
	if (!e)
		*id = asked;
	if (e != ERR_NOT_FOUND && e != ERR_GONE && e != ERR_BAD_REQUEST)
		return e;
	buf_init(&digits, c->arena, 64);
	for (size_t i = 0; i < asked.len; i++)
		if (asked.at[i] >= '0' && asked.at[i] <= '9')
			buf_char(&digits, asked.at[i]);
	if (digits.len == 10) {
		TRY(search_parse(c, STR("Patient"),
				 SAY(c->arena, "identifier=https://fhir.nhs.uk/Id/nhs-number|" STR_FMT,
				     STR_ARG(buf_get(&digits))),
				 &search));
		TRY(search_run(c, search, &page));
		if (page.len) {
			*id = page.at[0].id;
			return OK;
		}
	}
	return fail(c, ERR_NOT_FOUND, "There is no record %s of that number.", side);
}

static enum err put_two(struct ctx *c, struct node *data, struct str a, struct str b)
{
	struct str one, two;

	TRY(put_pair(c, data, a, b));
	TRY(merge_head(c, a, &one));
	TRY(merge_head(c, b, &two));
	node_add_bool(c->arena, data, "has_pair", true);
	node_add_bool(c->arena, data, "can_merge", !str_eq(one, two));
	return OK;
}

static enum err find_two(struct ctx *c, const struct request *r, struct str *a, struct str *b)
{
	TRY(find(c, str_trim(request_param(c, r, "a", 0)), "A", a));
	TRY(find(c, str_trim(request_param(c, r, "b", 0)), "B", b));
	return str_eq(*a, *b) ? fail(c, ERR_INVALID, "Both are the same record: choose another.") : OK;
}

/* error: of the merge that was asked for; NULL. */
static enum err show(struct ctx *c, const struct request *r, const char *error, struct reply *reply)
{
	struct node *data;
	struct str a = { 0 }, b = { 0 };
	bool asked = request_param(c, r, "a", 0).len || request_param(c, r, "b", 0).len;
	enum err e = asked ? find_two(c, r, &a, &b) : OK;
	const char *at = error ? "merge" : "one";

	if (e == ERR_NOT_FOUND || e == ERR_INVALID) {
		error = arena_str(c->arena, c->why);
		c->why[0] = 0;
		c->issues = (struct issues){ 0 };
		asked = false;
		at = "one";
	} else if (e) {
		return e;
	}
	data = page_new(c, r, "Two records compared");
	data_words(c, data, "title", "Two records compared");
	data_words(c, data, "error", error);
	data_words(c, data, "error_at", at);
	data_str(c, data, "asked_a", request_param(c, r, "a", 0));
	data_str(c, data, "asked_b", request_param(c, r, "b", 0));
	data_str(c, data, "by", form_by(c, r));
	data_str(c, data, "reason", form_reason(c, r));
	if (c->actor)
		node_add_bool(c->arena, data, "signed_in", true);
	if (asked)
		TRY(put_two(c, data, a, b));
	TRY(page_show(c, "identity_preview", data, reply));
	if (error)
		reply->status = 422;
	return OK;
}

enum err identity_preview_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return show(c, r, NULL, reply);
}

static enum err merge(struct ctx *c, const struct request *r)
{
	struct str keep = request_param(c, r, "keep", 0), a, b;
	struct merge_done done;

	TRY(find_two(c, r, &a, &b));
	if (!str_is(keep, "a") && !str_is(keep, "b"))
		return fail(c, ERR_INVALID, "Choose which record goes on.");
	struct merge_wish wish = { .survivor = str_is(keep, "a") ? a : b,
				   .other = str_is(keep, "a") ? b : a,
				   .reason = form_reason(c, r),
				   .by = form_by(c, r),
				   .forced = str_trim(request_param(c, r, "force", 0)) };
	TRY(merge_persons(c, &wish, &done));
	return done.existed ? OK : audit_note_merge(c, wish.survivor, wish.other, "merge");
}

enum err identity_preview_merge(struct ctx *c, const struct request *r, struct reply *reply)
{
	enum err e;

	TRY(form_own(c, r));
	e = merge(c, r);
	if (e == ERR_INVALID || e == ERR_CONFLICT || e == ERR_NOT_FOUND) {
		const char *why = arena_str(c->arena, c->why);

		c->why[0] = 0;
		c->issues = (struct issues){ 0 };
		return show(c, r, why, reply);
	}
	TRY(e);
	return page_redirect(c, STR("/identity/merges"), reply);
}
