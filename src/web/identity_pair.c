/* identity_pair.c - two records beside each other: which letters differ, why they may be one. */
#include <stdlib.h>

#include "base/map.h"
#include "record/search.h"
#include "web/identity.h"
#include "web/looked.h"
#include "web/person.h"
#include "web/source.h"

/* --- what differs, letter by letter --- */

/* One side of a row as pieces, those that differ marked. */
static void put_piece(struct ctx *c, struct node *list, struct str text, bool differs)
{
	struct node *piece;

	if (!text.len)
		return;
	piece = data_object(c, list, NULL);
	data_str(c, piece, "t", text);
	if (differs)
		node_add_bool(c->arena, piece, "d", true);
}

static bool is_middle(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	return true;
}

/* As long as each other, such as numbers: place by place. */
static void put_places(struct ctx *c, struct node *list, struct str mine, struct str other)
{
	size_t from = 0;

	for (size_t i = 1; i <= mine.len; i++) {
		bool was = mine.at[i - 1] != other.at[i - 1];

		if (i < mine.len && was == (mine.at[i] != other.at[i]))
			continue;
		put_piece(c, list, (struct str){ mine.at + from, i - from }, was);
		from = i;
	}
}

/* Else what is between the beginning and the end they share. */
static void put_between(struct ctx *c, struct node *list, struct str mine, struct str other)
{
	size_t head = 0, tail = 0, least = mine.len < other.len ? mine.len : other.len;

	while (head < least && mine.at[head] == other.at[head])
		head++;
	while (head && head < mine.len && is_middle(mine.at[head]))
		head--;
	while (tail < least - head &&
	       mine.at[mine.len - 1 - tail] == other.at[other.len - 1 - tail])
		tail++;
	while (tail && is_middle(mine.at[mine.len - tail]))
		tail--;
	put_piece(c, list, (struct str){ mine.at, head }, false);
	put_piece(c, list, (struct str){ mine.at + head, mine.len - head - tail }, true);
	put_piece(c, list, (struct str){ mine.at + mine.len - tail, tail }, false);
}

static void put_side(struct ctx *c, struct node *row, const char *name, struct str mine,
		     struct str other)
{
	struct node *list = data_list(c, row, name);

	if (!mine.len)
		put_piece(c, list, STR("not said"), false);
	else if (!other.len || str_eq(mine, other))
		put_piece(c, list, mine, false);
	else if (mine.len == other.len && is_ascii(mine) && is_ascii(other))
		put_places(c, list, mine, other);
	else
		put_between(c, list, mine, other);
}

static void put_row(struct ctx *c, struct node *rows, const char *label, struct str a,
		    struct str b)
{
	struct node *row;

	if (!a.len && !b.len)
		return;
	row = data_object(c, rows, NULL);
	data_words(c, row, "label", label);
	put_side(c, row, "pa", a, b);
	put_side(c, row, "pb", b, a);
	data_words(c, row, "verdict",
		   !a.len || !b.len	 ? "One side only"
		   : str_eq(a, b)	 ? "The same"
					 : "Different");
	if (a.len && b.len && !str_eq(a, b))
		node_add_bool(c->arena, row, "differs", true);
}

/* --- the rows --- */

static struct str phone_of(struct arena *a, const struct node *patient)
{
	node_each(telecom, node_get(patient, "telecom"))
		if (str_is(node_str(telecom, "system"), "phone"))
			return say_phone(a, node_str(telecom, "value"));
	return (struct str){ 0 };
}

static struct str born_of(struct arena *a, const struct node *patient)
{
	struct moment born;

	return moment_read(node_str(patient, "birthDate"), &born) ? say_date(a, born)
								  : (struct str){ 0 };
}

static struct str died_of(struct arena *a, const struct node *patient)
{
	struct moment died;

	return moment_read(node_str(patient, "deceasedDateTime"), &died) ? say_date(a, died)
									 : (struct str){ 0 };
}

/* All names but the best one. */
static struct str other_names(struct arena *a, const struct node *patient)
{
	const struct node *best = name_best(node_get(patient, "name"));
	struct buf b;

	buf_init(&b, a, 0);
	node_each(name, node_get(patient, "name")) {
		if (name == best)
			continue;
		if (b.len)
			buf_cstr(&b, "; ");
		node_each(given, node_get(name, "given"))
			buf_printf(&b, STR_FMT " ", STR_ARG(node_text(given)));
		buf_str(&b, node_str(name, "family"));
	}
	return buf_get(&b);
}

static struct str gp_of(struct arena *a, const struct node *patient)
{
	const struct node *gp = node_at(node_get(patient, "generalPractitioner"), 0);
	struct str words = node_str(gp, "display");

	(void)a;
	return words.len ? words : node_str(gp, "reference");
}

static struct str nhs_of(struct arena *a, const struct node *patient)
{
	return say_nhs_number(a, nhs_number_of(node_get(patient, "identifier")));
}

static struct str gender_of(struct arena *a, const struct node *patient)
{
	return say_code(a, node_str(patient, "gender"));
}

static struct str address_of(struct arena *a, const struct node *patient)
{
	return address_line(a, node_get(patient, "address"));
}

static const struct {
	const char *label;
	struct str (*say)(struct arena *a, const struct node *patient);
} said[] = {
	{ "Name", name_formal },     { "Other names", other_names }, { "Born", born_of },
	{ "Died", died_of },	     { "Gender", gender_of },	     { "NHS number", nhs_of },
	{ "Address", address_of },   { "Phone", phone_of },	     { "GP", gp_of },
};

/* --- what each holds --- */

static bool id_like(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= '0' && s.at[i] <= '9') || (s.at[i] >= 'A' && s.at[i] <= 'Z') ||
		      (s.at[i] >= 'a' && s.at[i] <= 'z') || s.at[i] == '-'))
			return false;
	return s.len <= 64;
}

/* The name of the organisation with the code that a meta.source ends in, else that code. */
static enum err org_name(struct ctx *c, struct map *known, struct str source, struct str *out)
{
	struct str last = source, rest = source, *kept = map_get(known, source);
	const struct search *search;
	struct search_page page;
	struct node *org;

	if (kept) {
		*out = *kept;
		return OK;
	}
	while (rest.at)
		last = str_cut(&rest, '/');
	*out = last.len ? last : STR("Source not said");
	if (last.len && id_like(last)) {
		TRY(search_parse(c, STR("Organization"),
				 SAY(c->arena, "identifier=" STR_FMT, STR_ARG(last)), &search));
		TRY(search_run(c, search, &page));
		if (page.len) {
			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[0].body, &org));
			*out = node_str(org, "name").len ? node_str(org, "name") : last;
		}
	}
	kept = NEW(c->arena, struct str);
	*kept = *out;
	map_set(known, source, kept);
	return OK;
}

enum { ITEMS_SHOWN = 400 };

/* The items of one line of the table, A's and then B's, each leading to what it says. */
static enum err put_items(struct ctx *c, struct node *row, const struct merge_preview *look,
			  const struct merge_count *of, size_t *shown)
{
	struct node *list = data_list(c, row, "items");
	int64_t left = of->survivor + of->other;

	for (size_t i = 0; i < look->item_len && *shown < ITEMS_SHOWN; i++) {
		const struct merge_item *item = &look->items[i];
		struct str person = item->of_other ? look->other.id : look->survivor.id;
		struct version v;
		struct node *resource, *one;

		if (!str_eq(item->type, of->type) || !str_eq(item->org, of->org))
			continue;
		TRY(record_read(c, item->type, item->id, &v));
		TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
		one = data_object(c, list, NULL);
		data_words(c, one, "side", item->of_other ? "B" : "A");
		++*shown;
		left--;
		if (is_restricted(resource)) {
			data_str(c, one, "item_words", kind_in_words(c, item->type));
			continue;
		}
		data_str(c, one, "item_words", source_heading(c, resource));
		data_str(c, one, "item_href",
			 SAY(c->arena, "/people/" STR_FMT "/source/" STR_FMT "/" STR_FMT, STR_ARG(person),
			     STR_ARG(item->type), STR_ARG(item->id)));
	}
	node_add_bool(c->arena, row, "has_items", list->len > 0);
	if (left)
		data_str(c, row, "more", say_count(c->arena, left));
	return OK;
}

static enum err put_holds(struct ctx *c, struct node *data, const struct merge_preview *look)
{
	struct node *list = data_list(c, data, "holds");
	struct map orgs;
	size_t shown = 0;

	map_init(&orgs, c->arena);
	for (size_t i = 0; i < look->count_len; i++) {
		const struct merge_count *n = &look->counts[i];
		struct node *row;
		struct str org;

		if (str_is(n->type, "Patient"))
			continue;
		TRY(org_name(c, &orgs, n->org, &org));
		row = data_object(c, list, NULL);
		data_str(c, row, "kind", kind_in_words(c, n->type));
		data_str(c, row, "org", org);
		data_str(c, row, "count_a", say_count(c->arena, n->survivor));
		data_str(c, row, "count_b", say_count(c->arena, n->other));
		TRY(put_items(c, row, look, n, &shown));
	}
	if (list->len)
		node_add_bool(c->arena, data, "has_holds", true);
	return OK;
}

enum err put_pair(struct ctx *c, struct node *data, struct str a, struct str b)
{
	struct merge_preview look;
	struct node *one, *two, *rows = data_list(c, data, "rows");
	struct node *conflicts = data_list(c, data, "conflicts");

	TRY(merge_look(c, a, b, &look));
	TRY(looked_open(c, a, "identity"));
	TRY(looked_open(c, b, "identity"));
	TRY(put_patient(c, data, "a", a));
	TRY(put_patient(c, data, "b", b));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, look.survivor.body, &one));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, look.other.body, &two));
	for (unsigned i = 0; i < sizeof said / sizeof *said; i++)
		put_row(c, rows, said[i].label, said[i].say(c->arena, one),
			said[i].say(c->arena, two));
	for (size_t i = 0; i < look.conflict_count; i++) {
		struct node *row = data_object(c, conflicts, NULL);

		data_words(c, row, "text", look.conflicts[i].text);
		if (look.conflicts[i].speaks == MERGE_FORBIDS) {
			node_add_bool(c->arena, row, "forbids", true);
			if (!node_get(data, "needs_force"))
				node_add_bool(c->arena, data, "needs_force", true);
		}
	}
	return put_holds(c, data, &look);
}

/* --- why --- */

/* "2.31" as thousandths. */
static int64_t weight_of(const struct node *n)
{
	char text[32] = "";
	struct str s = node_text(n);

	memcpy(text, s.at ? s.at : "", s.len < sizeof text ? s.len : 0);
	return (int64_t)(strtod(text, NULL) * 1000);
}

static void put_reason(struct ctx *c, struct node *list, const struct node *reason)
{
	int64_t weight = weight_of(node_get(reason, "weight")), size = llabs(weight) / 100;
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "column", node_str(reason, "column"));
	data_str(c, row, "level", node_str(reason, "level"));
	data_words(c, row, weight < 0 ? "against" : "for",
		   arena_printf(c->arena, "%s%lld.%lld", weight < 0 ? "\xe2\x88\x92" : "+",
				(long long)size / 10, (long long)size % 10));
	data_str(c, row, "bar",
		 SAY(c->arena, "%lld", (long long)(size > 200 ? 100 : (size + 1) / 2)));
}

enum err put_evidence(struct ctx *c, struct node *data, const struct doubt *d)
{
	struct node *why, *list = data_list(c, data, "reasons");
	int64_t bits = llabs(d->weight) / 100;

	TRY(json_read(c, c->arena, d->why, &(struct json_options){ 0 }, &why));
	data_str(c, data, "why_text", node_str(why, "text"));
	if (node_is(why, NODE_ARRAY))
		node_each(reason, why)
			put_reason(c, list, reason);
	if (list->len)
		node_add_bool(c->arena, data, "has_reasons", true);
	data_str(c, data, "weight",
		 SAY(c->arena, "%s%lld.%lld", d->weight < 0 ? "\xe2\x88\x92" : "+",
		     (long long)bits / 10, (long long)bits % 10));
	data_str(c, data, "chance",
		 SAY(c->arena, "%lld.%lld %%", (long long)d->probability / 10000,
		     (long long)d->probability / 1000 % 10));
	return OK;
}
