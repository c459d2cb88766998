/* identity.c - pairs of records that may be one person: the list, and deciding one after another. */
#include <stdlib.h>

#include "web/identity.h"

#include "access/audit.h"
#include "access/actor.h"
#include "web/pages.h"

enum { LISTED = 200 };

/* --- forms --- */

enum err form_own(struct ctx *c, const struct request *r)
{
	struct str site = request_header(r, "Sec-Fetch-Site"), origin = request_header(r, "Origin");

	if ((site.len && !str_is(site, "same-origin") && !str_is(site, "none")) ||
	    (origin.len && !str_eq(origin, r->base)))
		return fail(c, ERR_FORBIDDEN, "This form was sent by another site's page.");
	return OK;
}

struct str form_by(struct ctx *c, const struct request *r)
{
	return c->actor ? c->actor->name : str_trim(request_param(c, r, "by", 0));
}

struct str form_reason(struct ctx *c, const struct request *r)
{
	return str_trim(request_param(c, r, "reason", 0));
}

/* --- the list --- */

enum err put_patient(struct ctx *c, struct node *row, const char *prefix, struct str id)
{
	struct arena *a = c->arena;
	struct version v;
	struct node *patient;
	struct moment born;
	enum err e = record_read(c, STR("Patient"), id, &v);

	data_str(c, row, arena_printf(a, "%s_id", prefix), id);
	if (e == ERR_GONE || e == ERR_NOT_FOUND) {
		data_words(c, row, arena_printf(a, "%s_name", prefix), "No longer here");
		return OK;
	}
	TRY(e);
	TRY(fhir_read_json(c, c->place->fhir, a, v.body, &patient));
	data_str(c, row, arena_printf(a, "%s_name", prefix), name_formal(a, patient));
	data_str(c, row, arena_printf(a, "%s_born", prefix),
		 moment_read(node_str(patient, "birthDate"), &born) ? say_date(a, born)
								    : STR("birth date not known"));
	return OK;
}

static const char *source_words(struct str source)
{
	static const char *const words[][2] = {
		{ "match", "Matching, as a message came" },
		{ "identifier", "Two records claim one identifier" },
		{ "person", "Reported by a person" },
		{ "link", "Matching of whole files" },
	};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(source, words[i][0]))
			return words[i][1];
	return "Found by another source";
}

static enum err put_row(struct ctx *c, struct node *list, const struct doubt *d)
{
	struct node *row = data_object(c, list, NULL);
	struct moment at = moment_at(c->arena, d->at);
	int64_t now = clock_now(c->clock), bits = d->weight / 100;

	data_str(c, row, "key", SAY(c->arena, "%lld", (long long)d->key));
	TRY(put_patient(c, row, "a", d->a));
	TRY(put_patient(c, row, "b", d->b));
	data_str(c, row, "weight",
		 SAY(c->arena, "%s%lld.%lld bits", bits < 0 ? "\xe2\x88\x92" : "",
		     (long long)llabs(bits) / 10, (long long)llabs(bits) % 10));
	data_str(c, row, "chance",
		 d->probability >= 999000
			 ? STR("more than 99.9 % likely")
			 : SAY(c->arena, "%lld.%lld %% likely", (long long)d->probability / 10000,
			       (long long)d->probability / 1000 % 10));
	data_words(c, row, "found_by", source_words(d->source));
	data_time(c, row, "since", at, say_full(c->arena, at, now));
	data_str(c, row, "age", say_span(c->arena, now - d->at));
	if (d->state == DOUBT_LATER)
		node_add_bool(c->arena, row, "later", true);
	return OK;
}

enum err identity_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Who is who"), *list = data_list(c, data, "doubts");
	struct doubt_ask ask = { .limit = LISTED };
	struct doubt_counts counts;
	struct doubt *doubts;
	size_t len;

	TRY(doubt_count(c, &counts));
	TRY(doubt_list(c, &ask, &doubts, &len));
	for (size_t i = 0; i < len; i++)
		TRY(put_row(c, list, &doubts[i]));
	if (len) {
		node_add_bool(c->arena, data, "has_doubts", true);
		data_str(c, data, "first", SAY(c->arena, "%lld", (long long)doubts[0].key));
	}
	data_str(c, data, "open", say_count(c->arena, counts.open));
	data_str(c, data, "pairs", counts.open == 1 ? STR("pair waits") : STR("pairs wait"));
	data_str(c, data, "later_count",
		 counts.later ? say_count(c->arena, counts.later) : (struct str){ 0 });
	data_str(c, data, "decided", say_count(c->arena, counts.decided));
	if (counts.oldest)
		data_str(c, data, "oldest",
			 say_span(c->arena, clock_now(c->clock) - counts.oldest));
	if (counts.open > (int64_t)len)
		data_str(c, data, "cut", SAY(c->arena, "The likeliest %zu are listed.", len));
	TRY(put_done(c, r, data));
	return page_show(c, "identity", data, reply);
}

/* --- one pair --- */

static enum err read_key(struct ctx *c, const struct request *r, int64_t *key)
{
	if (!str_int(r->part[0], key))
		return fail(c, ERR_NOT_FOUND, "Pairs have a number.");
	return OK;
}

/* The pair after this one; 0: none is left. */
static enum err next_key(struct ctx *c, int64_t key, int64_t *next)
{
	struct doubt_ask ask = { .limit = 2 };
	struct doubt *doubts;
	size_t len;

	TRY(doubt_list(c, &ask, &doubts, &len));
	*next = 0;
	for (size_t i = 0; i < len && !*next; i++)
		*next = doubts[i].key != key ? doubts[i].key : 0;
	return OK;
}

static void put_state(struct ctx *c, struct node *data, const struct doubt *d)
{
	if (d->state != DOUBT_SAME && d->state != DOUBT_DIFFERENT) {
		node_add_bool(c->arena, data, "open", true);
		return;
	}
	data_words(c, data, "decided",
		   d->state == DOUBT_SAME ? "This pair was decided: one person."
					  : "This pair was decided: two different people.");
}

static enum err show_pair(struct ctx *c, const struct request *r, int64_t key, const char *error,
			  struct reply *reply)
{
	struct node *data = page_new(c, r, "One person or two?");
	struct doubt d;
	int64_t next;

	TRY(doubt_find(c, key, &d));
	data_str(c, data, "key", SAY(c->arena, "%lld", (long long)key));
	data_str(c, data, "action", SAY(c->arena, "/identity/%lld", (long long)key));
	data_words(c, data, "found_by", source_words(d.source));
	data_words(c, data, "error", error);
	if (error)
		node_add_bool(c->arena, data, "failed", true);
	data_str(c, data, "by", form_by(c, r));
	if (c->actor)
		node_add_bool(c->arena, data, "signed_in", true);
	data_str(c, data, "reason", form_reason(c, r));
	put_state(c, data, &d);
	TRY(put_pair(c, data, d.a, d.b));
	TRY(put_evidence(c, data, &d));
	TRY(next_key(c, key, &next));
	if (next)
		data_str(c, data, "next", SAY(c->arena, "/identity/%lld", (long long)next));
	TRY(put_done(c, r, data));
	return page_show(c, "identity_pair", data, reply);
}

enum err identity_pair_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t key;

	TRY(read_key(c, r, &key));
	return show_pair(c, r, key, NULL, reply);
}

static enum doubt_decision decision_of(struct str word)
{
	return str_is(word, "same-a") || str_is(word, "same-b") ? DOUBT_SAME
	       : str_is(word, "different")			? DOUBT_DIFFERENT
	       : str_is(word, "later")				? DOUBT_LATER
								: DOUBT_OPEN;
}

/* What a person must put right is told on the form; what they wrote stays. */
static enum err ask_again(struct ctx *c, const struct request *r, int64_t key,
			  struct reply *reply)
{
	const char *why = arena_str(c->arena, c->why);

	c->why[0] = 0;
	c->issues = (struct issues){ 0 };
	TRY(show_pair(c, r, key, why, reply));
	reply->status = 422;
	return OK;
}

static enum err after(struct ctx *c, int64_t key, struct str by, struct reply *reply)
{
	struct buf where;
	int64_t next;

	TRY(next_key(c, key, &next));
	buf_init(&where, c->arena, 0);
	buf_cstr(&where, "/identity");
	if (next)
		buf_printf(&where, "/%lld", (long long)next);
	buf_printf(&where, "?done=%lld", (long long)key);
	if (!c->actor) {
		buf_cstr(&where, "&by=");
		for (size_t i = 0; i < by.len; i++)
			buf_printf(&where, "%%%02X", (unsigned char)by.at[i]);
	}
	return page_redirect(c, buf_get(&where), reply);
}

enum err identity_decide(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str word = request_param(c, r, "decision", 0);
	struct doubt_verdict v = { .decision = decision_of(word),
				   .keep_b = str_is(word, "same-b"),
				   .reason = form_reason(c, r),
				   .by = form_by(c, r),
				   .forced = str_trim(request_param(c, r, "force", 0)) };
	int64_t key;
	enum err e;

	TRY(form_own(c, r));
	TRY(read_key(c, r, &key));
	if (v.decision == DOUBT_OPEN)
		e = fail(c, ERR_INVALID, "Choose one: the same person, different people, or later.");
	else
		e = doubt_decide(c, key, &v);
	if (e == ERR_INVALID || e == ERR_CONFLICT)
		return ask_again(c, r, key, reply);
	TRY(e);
	return after(c, key, v.by, reply);
}

/* --- taking a decision back --- */

enum err put_done(struct ctx *c, const struct request *r, struct node *data)
{
	static const char *const words[] = { [DOUBT_DIFFERENT] = "Two different people.",
					     [DOUBT_SAME] = "One person: merged.",
					     [DOUBT_LATER] = "Put off until later.",
					     [DOUBT_REOPENED] = "Taken back: it is open again." };
	struct node *done;
	struct doubt d;
	int64_t key;

	if (!str_int(request_param(c, r, "done", 0), &key))
		return OK;
	TRY(doubt_find(c, key, &d));
	if (d.state == DOUBT_OPEN)
		return OK;
	done = data_object(c, data, "done");
	data_words(c, done, "words", words[d.state]);
	data_str(c, done, "done_link", SAY(c->arena, "/identity/%lld", (long long)key));
	data_str(c, done, "done_by", form_by(c, r));
	if (c->actor)
		node_add_bool(c->arena, done, "done_signed_in", true);
	if (d.state == DOUBT_SAME || d.state == DOUBT_DIFFERENT)
		data_str(c, done, "undo", SAY(c->arena, "/identity/%lld/undo", (long long)key));
	return OK;
}

/* The merge that decided it, from what was decided last. */
static enum err undo_merge(struct ctx *c, int64_t key, struct str reason, struct str by)
{
	struct doubt_event *events;
	struct merge_event merge;
	int64_t ended;
	size_t len;

	TRY(doubt_history(c, key, &events, &len));
	if (!len || !events[len - 1].merge)
		return fail(c, ERR_CONFLICT, "This pair was not decided by a merge.");
	TRY(merge_find(c, events[len - 1].merge, &merge));
	TRY(merge_undo(c, merge.other, reason, by, &ended));
	return audit_note_merge(c, merge.survivor, merge.other, "unmerge");
}

enum err identity_undo(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str reason = form_reason(c, r), by = form_by(c, r);
	struct doubt d;
	int64_t key;

	TRY(form_own(c, r));
	TRY(read_key(c, r, &key));
	TRY(doubt_find(c, key, &d));
	if (d.state == DOUBT_SAME) {
		TRY(undo_merge(c, key, reason, by));
	} else {
		struct doubt_verdict v = { .decision = DOUBT_REOPENED, .reason = reason, .by = by };

		TRY(doubt_decide(c, key, &v));
	}
	return page_redirect(c, SAY(c->arena, "/identity/%lld?done=%lld", (long long)key,
				    (long long)key),
			     reply);
}
