/* feeding.c - see feeding.h. */
#include "main/feeding.h"

#include "base/vec.h"
#include "feed/feeds.h"
#include "feed/rows.h"
#include "base/when.h"
#include "identity/resolve.h"
#include "record/search.h"

#define MINUTE INT64_C(60000000)

void feeding_init(struct feeding *f, struct ctx *c, struct arena *life)
{
	*f = (struct feeding){ .place = c->place, .life = life };
	map_init(&f->feeds, life);
	buf_init(&f->rows, life, 0);
}

/* A wall clock's minute as an instant. */
static int64_t instant(int64_t minute)
{
	int64_t us = minute * MINUTE;

	return us - when_london_offset(us) * MINUTE;
}

#define HOUR (60 * MINUTE)

/* What the feeds of an organisation are called, and how long they may be silent. */
static const struct {
	const char *word, *title;
	enum feed_kind kind;
	int64_t silent_after;
} kinds[] = {
	[EMIT_HL7] = { "hl7", "patient administration, laboratory and documents", FEED_HL7V2, 4 * HOUR },
	[EMIT_ROW] = { "rows", "client-level data", FEED_CSV, 26 * HOUR },
	[EMIT_FHIR] = { "fhir", "records", FEED_FHIR, 0 },
};

/* What the place calls an organisation; its code while the place does not know it. */
static enum err org_words(struct ctx *c, const char *code, struct str *out)
{
	const struct search *search;
	struct search_page page;
	struct node *org;

	*out = str_of(code);
	TRY(search_parse(c, STR("Organization"), str_of(arena_printf(c->arena, "identifier=%s", code)), &search));
	TRY(search_run(c, search, &page));
	if (!page.len)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[0].body, &org));
	if (node_str(org, "name").len)
		*out = node_str(org, "name");
	return OK;
}

static enum err feed_for(struct ctx *c, struct feeding *f, enum emit_kind kind, const char *org,
			 struct feed **out)
{
	const char *name = arena_printf(c->arena, "%s-%s", org, kinds[kind].word);
	struct feed *feed = map_get(&f->feeds, str_of(name));
	struct str words;

	if (!feed) {
		TRY(org_words(c, org, &words));
		feed = NEW(f->life, struct feed);
		char *low = arena_str(f->life, name);
		for (char *at = low; *at; at++)
			*at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
		*feed = (struct feed){ .name = low,
				       .title = arena_printf(f->life, STR_FMT ", %s", STR_ARG(words), kinds[kind].title),
				       .kind = kinds[kind].kind,
				       .silent_after = kinds[kind].silent_after,
				       .rows = kind == EMIT_ROW ? "client-level-data" : NULL,
				       .org = arena_str(f->life, org) };
		TRY(feed_register(c, feed));
		map_set(&f->feeds, str_of(arena_str(f->life, name)), feed);
	}
	*out = feed;
	return OK;
}

/* "…||ADT^A31|…": a person's details, or a merge. */
static bool about_people(struct str message)
{
	static const char *const kinds_kept[] = { "ADT^A28|", "ADT^A31|", "ADT^A34|", "ADT^A40|" };
	struct str head = { message.at, message.len < 120 ? message.len : 120 };

	for (size_t i = 0; i < sizeof kinds_kept / sizeof *kinds_kept; i++)
		if (str_find(head, str_of(kinds_kept[i])) >= 0)
			return true;
	return false;
}

static enum err take_message(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	struct feed *feed;
	struct str answer;

	if (f->people && (one->kind != EMIT_HL7 || !about_people(one->text)))
		return OK;
	TRY(feed_for(c, f, one->kind, one->org, &feed));
	struct ctx then = *c;
	struct clock_fixed clock;
	struct message m = { .feed = feed->key, .received = instant(one->arrives),
			     .body = one->kind == EMIT_FHIR ? str_trim(one->text) : one->text };
	clock_fixed_init(&clock, m.received);
	if (f->by_day)
		then.clock = &clock.clock;
	enum err e = message_take(&then, feed, &m, &answer);
	if (e)
		return fail(c, e, "%s", then.why);
	f->taken++;
	f->refused += m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED;
	return OK;
}

/* ---- FHIR: whom it is about is decided first, then the Bundle is about that Patient ---- */

static void turn(struct arena *a, struct node *root, struct str was, struct str now)
{
	VEC(struct node *) waiting = { 0 };

	*vec_push(&waiting, a) = root;
	while (waiting.len) {
		struct node *n = waiting.at[--waiting.len];
		if (n->kind == NODE_STRING && str_eq(node_text(n), was)) {
			n->text = now.at;
			n->len = (uint32_t)now.len;
		}
		if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
			node_each(child, n)
				*vec_push(&waiting, a) = child;
	}
}

static enum err apply_person(struct ctx *c, struct db *db, void *arg)
{
	return identity_apply(c, db, arg);
}

/* One transaction, with the person they are about (NULL: nobody); what a resource refers to may come
 * later, from somebody else. */
static enum err put_entries(struct ctx *c, const struct node *entries, struct admission *person)
{
	VEC(struct put) puts = { 0 };

	node_each(entry, entries) {
		struct node *resource = node_get(entry, "resource");
		*vec_push(&puts, c->arena) =
			(struct put){ .type = node_str(resource, "resourceType"),
				      .id = node_str(resource, "id"),
				      .write = { .resource = resource,
						 .org = node_text(node_path(resource, "meta.source")) } };
	}
	if (!puts.len)
		return person ? identity_write(c, person) : OK;
	TRY(record_put_all(c, puts.at, puts.len, person ? apply_person : NULL, person));
	return person ? identity_applied(c, person) : OK;
}

/* A Bundle of one person, their Patient first: who they are here is decided, and all of it is about them. */
static enum err put_person(struct ctx *c, struct feeding *f, struct node *bundle)
{
	struct node *entries = node_get(bundle, "entry"), *first = node_at(entries, 0);
	struct node *patient = node_get(first, "resource");
	struct str was = node_str(patient, "id");
	struct admission *person;

	TRY(identity_prepare(c, patient, node_text(node_path(patient, "meta.source")), &person));
	node_remove(entries, first);
	turn(c->arena, bundle, str_of(arena_printf(c->arena, "Patient/" STR_FMT, STR_ARG(was))),
	     str_of(arena_printf(c->arena, "Patient/" STR_FMT,
				 STR_ARG(identity_prepared(person)->id))));
	return f->people ? identity_write(c, person) : put_entries(c, entries, person);
}

static enum err take_bundle(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	struct node *bundle, *entries;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, str_trim(one->text), &bundle));
	f->taken++;
	entries = node_get(bundle, "entry");
	if (str_is(node_str(node_get(node_at(entries, 0), "resource"), "resourceType"), "Patient"))
		return put_person(c, f, bundle);
	return f->people ? OK : put_entries(c, entries, NULL);
}

static enum err gather_row(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	static const struct progress quiet;

	if (f->by_day && f->rows.len && f->rows_arrive != one->arrives)
		TRY(feeding_done(c, f, &quiet));
	f->rows_arrive = one->arrives;
	if (!f->rows.len)
		buf_str(&f->rows, emit_row_header());
	buf_str(&f->rows, one->text);
	return OK;
}

enum err feeding_take(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	static const struct progress quiet;

	if (f->by_day && f->rows.len && f->rows_arrive < one->arrives)
		TRY(feeding_done(c, f, &quiet));
	switch (one->kind) {
	case EMIT_HL7:
		return take_message(c, f, one);
	case EMIT_FHIR:
		return one->fresh ? take_message(c, f, one) : take_bundle(c, f, one);
	case EMIT_ROW:
		return gather_row(c, f, one);
	case EMIT_TRUTH:
		return OK;
	}
	return OK;
}

/* "WXL.csv"; of one day "client-level-data-2025-11-18.csv". */
static const char *file_name(struct ctx *c, const struct feeding *f)
{
	int year, month, day;

	if (!f->by_day)
		return "WXL.csv";
	when_civil(f->rows_arrive / 1440, &year, &month, &day);
	return arena_printf(c->arena, "client-level-data-%04d-%02d-%02d.csv", year, month, day);
}

static enum err take_rows(struct ctx *c, struct feeding *f, const struct progress *progress)
{
	struct feed *feed;
	struct rows_count n;

	TRY(feeds_open(c));
	TRY(feed_for(c, f, EMIT_ROW, "WXL", &feed));
	struct rows_run run = { .feed = feed,
				.bytes = buf_get(&f->rows),
				.name = file_name(c, f),
				.jobs = 8,
				.progress = progress->tick ? progress : NULL };
	TRY(rows_apply(c, &run, &n));
	f->rows.len = 0;
	f->taken += n.rows;
	f->refused += n.refused;
	return OK;
}

enum err feeding_done(struct ctx *c, struct feeding *f, const struct progress *progress)
{
	struct ctx then = *c;
	struct clock_fixed clock;

	if (!f->rows.len)
		return OK;
	if (f->by_day) { /* it is worked on when it arrives */
		clock_fixed_init(&clock, instant(f->rows_arrive));
		then.clock = &clock.clock;
	}
	enum err e = take_rows(&then, f, progress);
	return e ? fail(c, e, "%s", then.why) : OK;
}
