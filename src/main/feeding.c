/* feeding.c - see feeding.h. */
#include "main/feeding.h"

#include "base/vec.h"
#include "feed/feeds.h"
#include "feed/rows.h"
#include "base/when.h"
#include "identity/resolve.h"

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

static const struct {
	const char *word, *title;
	enum feed_kind kind;
} kinds[] = {
	[EMIT_HL7] = { "hl7", "patient administration, laboratory and documents", FEED_HL7V2 },
	[EMIT_ROW] = { "rows", "client-level data", FEED_CSV },
	[EMIT_FHIR] = { "fhir", "records", FEED_FHIR },
};

static enum err feed_for(struct ctx *c, struct feeding *f, const struct emitted *one, struct feed **out)
{
	const char *name = arena_printf(c->arena, "%s-%s", one->org, kinds[one->kind].word);
	struct feed *feed = map_get(&f->feeds, str_of(name));

	if (!feed) {
		feed = NEW(f->life, struct feed);
		char *low = arena_str(f->life, name);
		for (char *at = low; *at; at++)
			*at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
		*feed = (struct feed){ .name = low,
				       .title = arena_printf(f->life, "%s, %s", one->org, kinds[one->kind].title),
				       .kind = kinds[one->kind].kind,
				       .org = arena_str(f->life, one->org) };
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

	if (f->people && !about_people(one->text))
		return OK;
	TRY(feed_for(c, f, one, &feed));
	struct message m = { .feed = feed->key, .received = instant(one->arrives), .body = one->text };
	TRY(message_take(c, feed, &m, &answer));
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

/* One transaction; what a resource refers to may come later, from somebody else. */
static enum err put_entries(struct ctx *c, const struct node *entries)
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
	return puts.len ? record_put_all(c, puts.at, puts.len, NULL, NULL) : OK;
}

static enum err take_bundle(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	struct arena *a = c->arena;
	struct node *bundle, *entries, *first, *patient;
	struct resolution r;

	TRY(fhir_read_json(c, c->place->fhir, a, str_trim(one->text), &bundle));
	entries = node_get(bundle, "entry");
	first = node_at(entries, 0);
	patient = node_get(first, "resource");
	if (str_is(node_str(patient, "resourceType"), "Patient")) {
		struct str was = node_str(patient, "id"), source = node_text(node_path(patient, "meta.source"));
		TRY(identity_admit(c, patient, source, &r));
		struct str id = r.id.len ? r.id : r.version.id;
		node_remove(entries, first);
		turn(a, bundle, str_of(arena_printf(a, "Patient/" STR_FMT, STR_ARG(was))),
		     str_of(arena_printf(a, "Patient/" STR_FMT, STR_ARG(id))));
	}
	f->taken++;
	return f->people ? OK : put_entries(c, entries);
}

enum err feeding_take(struct ctx *c, struct feeding *f, const struct emitted *one)
{
	switch (one->kind) {
	case EMIT_HL7:
		return take_message(c, f, one);
	case EMIT_FHIR:
		return take_bundle(c, f, one);
	case EMIT_ROW:
		if (!f->rows.len)
			buf_str(&f->rows, emit_row_header());
		buf_str(&f->rows, one->text);
		return OK;
	case EMIT_TRUTH:
		return OK;
	}
	return OK;
}

enum err feeding_done(struct ctx *c, struct feeding *f, const struct progress *progress)
{
	struct feed feed = { .name = "wxl-rows",
			     .title = "WXL, client-level data",
			     .kind = FEED_CSV,
			     .org = "WXL",
			     .rows = "client-level-data" };
	struct rows_count n;

	if (!f->rows.len)
		return OK;
	TRY(feeds_open(c));
	TRY(feed_register(c, &feed));
	struct rows_run run = { .feed = &feed,
				.bytes = buf_get(&f->rows),
				.name = "WXL.csv",
				.jobs = 8,
				.progress = progress };
	TRY(rows_apply(c, &run, &n));
	f->taken += n.rows;
	f->refused += n.refused;
	return OK;
}
