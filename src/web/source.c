/* source.c - the resource behind a line of a page: what it says in plain words, its JSON, and its
 * versions with what changed between them. */
#include "access/petition.h"
#include "record/same.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"
#include "web/source.h"

#define VERSIONS_MAX 20
#define DEPTH_MAX 12
#define ROWS_MAX 400

struct flat {
	struct str path, value, link;
};

struct flattening {
	struct ctx *c;
	struct str person; /* for links to what belongs to the same person */
	VEC(struct flat) rows;
};

/* ---- a tree as rows: "Code, text": "Osteoporosis" ---- */

static bool is_upper(const struct node *n, uint32_t i)
{
	return i < n->name_len && n->name[i] >= 'A' && n->name[i] <= 'Z';
}

/* "clinicalStatus" as "clinical status", "NHSCommunication" as "NHS communication". */
static struct str member_words(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 200);
	for (uint32_t i = 0; i < n->name_len; i++) {
		bool upper = is_upper(n, i), before = i && is_upper(n, i - 1);
		bool after = is_upper(n, i + 1) || (before && i + 1 == n->name_len);
		if (upper && i && !(before && after))
			buf_char(&b, ' ');
		buf_char(&b, upper && !after ? (char)(n->name[i] + 32) : n->name[i]);
	}
	return buf_get(&b);
}

static bool is_hidden(const struct node *n)
{
	static const char *const names[] = { "resourceType", "id",       "system",
					     "div",          "data",     "profile",
					     "lastUpdated",  "versionId" };

	for (unsigned i = 0; n->name && i < sizeof names / sizeof *names; i++)
		if (str_is((struct str){ n->name, n->name_len }, names[i]))
			return true;
	return false;
}

static struct str link_of(const struct flattening *f, const struct node *n)
{
	struct str value = node_text(n), rest = value, type;

	if (!n->name || !str_is((struct str){ n->name, n->name_len }, "reference") ||
	    !str_find(value, STR("://")))
		return (struct str){ 0 };
	type = str_cut(&rest, '/');
	if (!rest.len || str_find(rest, STR("/")) >= 0 || str_find(value, STR(":")) >= 0)
		return (struct str){ 0 };
	if (str_is(type, "Patient"))
		return SAY(f->c->arena, "/people/" STR_FMT, STR_ARG(rest));
	return SAY(f->c->arena, "/people/" STR_FMT "/source/" STR_FMT "/" STR_FMT,
		   STR_ARG(f->person), STR_ARG(type), STR_ARG(rest));
}

/* Always with its year: this page is about any time. */
static struct str date_words(struct ctx *c, struct moment m)
{
	struct str day = say_date(c->arena, m), full = say_full(c->arena, m, m.from);

	if (!m.timed || full.len < 5)
		return day;
	return SAY(c->arena, STR_FMT ", %.5s", STR_ARG(day), full.at + full.len - 5);
}

static struct str display_value(struct ctx *c, const struct node *n)
{
	struct str text = node_text(n);
	struct moment m;

	if (n->kind == NODE_STRING && text.len >= 10 && moment_read(text, &m) &&
	    m.when.precision >= WHEN_DAY)
		return date_words(c, m);
	return text;
}

static void add_row(struct flattening *f, struct str path, struct str value, struct str link)
{
	if (value.len && f->rows.len < ROWS_MAX)
		*vec_push(&f->rows, f->c->arena) = (struct flat){ path, value, link };
}

/* ---- shapes that are read as one value: a reference, a concept, a quantity, a period ---- */

static bool is_reference(struct flattening *f, const struct node *n, struct str path)
{
	struct str words = node_str(n, "display");
	const struct node *reference = node_get(n, "reference");

	if (!reference)
		return false;
	add_row(f, path, words.len ? words : node_text(reference), link_of(f, reference));
	return true;
}

/* "Osteoporosis (64859006)" */
static bool is_concept(struct flattening *f, const struct node *n, struct str path)
{
	struct arena *a = f->c->arena;
	struct str words = concept_words(a, n), code = node_str(n, "code");

	if (!code.len)
		code = node_str(node_at(node_get(n, "coding"), 0), "code");
	if (!node_get(n, "coding") && !(code.len && node_get(n, "system")))
		return false;
	if (words.len && code.len && !str_eq(words, say_code(a, code)))
		words = SAY(a, STR_FMT " (" STR_FMT ")", STR_ARG(words), STR_ARG(code));
	add_row(f, path, words, (struct str){ 0 });
	return true;
}

static bool is_amount(struct flattening *f, const struct node *n, struct str path)
{
	struct str value = node_str(n, "value"), unit = node_str(n, "unit");

	if (!node_is(node_get(n, "value"), NODE_NUMBER))
		return false;
	if (node_get(n, "currency"))
		value = say_money(f->c->arena, n);
	else if (unit.len)
		value = SAY(f->c->arena, STR_FMT " " STR_FMT, STR_ARG(value), STR_ARG(unit));
	add_row(f, path, value, (struct str){ 0 });
	return true;
}

static struct str tail_of(struct str url)
{
	for (size_t i = url.len; i > 0; i--)
		if (url.at[i - 1] == '/')
			return (struct str){ url.at + i, url.len - i };
	return url;
}

/* "9990166137 (nhs number)", "01632 960112 (phone)" */
static bool is_numbered(struct flattening *f, const struct node *n, struct str path)
{
	struct str system = node_str(n, "system"), value = node_str(n, "value"), kind;

	if (!node_is(node_get(n, "value"), NODE_STRING) || !system.len)
		return false;
	kind = lower_first(f->c->arena, say_code(f->c->arena, tail_of(system)));
	add_row(f, path,
		SAY(f->c->arena, STR_FMT " (" STR_FMT ")", STR_ARG(value), STR_ARG(kind)),
		(struct str){ 0 });
	return true;
}

static bool is_period(struct flattening *f, const struct node *n, struct str path)
{
	const struct node *start = node_get(n, "start"), *end = node_get(n, "end");
	struct str from, to;

	if (n->len > 2 || (!start && !end) || node_is(start, NODE_OBJECT) ||
	    (n->len == 2 && !(start && end)))
		return false;
	from = start ? display_value(f->c, start) : STR("not said");
	to = end ? display_value(f->c, end) : STR("not ended");
	add_row(f, path, SAY(f->c->arena, STR_FMT " to " STR_FMT, STR_ARG(from), STR_ARG(to)),
		(struct str){ 0 });
	return true;
}

static bool is_whole(struct flattening *f, const struct node *n, struct str path)
{
	static bool (*const shapes[])(struct flattening *, const struct node *,
				      struct str) = { is_reference, is_concept, is_amount,
						      is_numbered, is_period };

	for (unsigned i = 0;
	     n->kind == NODE_OBJECT && path.len && i < sizeof shapes / sizeof *shapes; i++)
		if (shapes[i](f, n, path))
			return true;
	return false;
}

/* "…/StructureDefinition/weekly-cost" as "weekly cost", "Extension-UKCore-EthnicCategory" as
 * "ethnic category". */
static struct str extension_words(struct ctx *c, const struct node *extension)
{
	static const char *const heads[] = { "Extension-", "UKCore-" };
	struct str name = tail_of(node_str(extension, "url"));
	struct node member = { 0 };

	for (unsigned i = 0; i < 2; i++)
		if (str_starts(name, str_of(heads[i])))
			name = (struct str){ name.at + strlen(heads[i]),
					     name.len - strlen(heads[i]) };
	member.name = name.at;
	member.name_len = (uint32_t)name.len;
	name = member_words(c, &member);
	return lower_first(c->arena, say_code(c->arena, name));
}

static struct str joined_path(struct ctx *c, struct str path, struct str words)
{
	return path.len && words.len
		       ? SAY(c->arena, STR_FMT ", " STR_FMT, STR_ARG(path), STR_ARG(words))
	       : path.len ? path
			  : words;
}

static void flatten(struct flattening *f, const struct node *n, struct str path, unsigned depth)
{
	if (depth > DEPTH_MAX || f->rows.len >= ROWS_MAX || is_whole(f, n, path))
		return;
	if (n->kind < NODE_ARRAY) {
		add_row(f, path, display_value(f->c, n), link_of(f, n));
		return;
	}
	node_each(child, n) {
		struct str name = { child->name, child->name_len }, words = { 0 };
		if (is_hidden(child))
			continue;
		if (n->kind == NODE_ARRAY && n->name &&
		    str_is((struct str){ n->name, n->name_len }, "extension"))
			words = extension_words(f->c, child);
		else if (str_is(name, "extension") || (str_is(name, "url") && n->len > 1))
			words = (struct str){ 0 };
		else if (name.len && (str_is(name, "value") || !str_starts(name, STR("value"))))
			words = member_words(f->c, child);
		if (str_is(name, "url") && n->len > 1)
			continue;
		flatten(f, child, joined_path(f->c, path, words), depth + 1);
	}
}

static struct flattening flat_of(struct ctx *c, struct str person, const struct node *resource)
{
	struct flattening f = { .c = c, .person = person };

	flatten(&f, resource, (struct str){ 0 }, 0);
	return f;
}

static bool has_row(const struct flattening *f, const struct flat *row)
{
	for (size_t i = 0; i < f->rows.len; i++)
		if (str_eq(f->rows.at[i].path, row->path) &&
		    str_eq(f->rows.at[i].value, row->value))
			return true;
	return false;
}

static void put_rows(struct ctx *c, struct node *data, const struct flattening *f)
{
	struct node *list = data_list(c, data, "rows");

	for (size_t i = 0; i < f->rows.len; i++) {
		struct node *row = data_object(c, list, NULL);
		data_str(c, row, "path", say_code(c->arena, f->rows.at[i].path));
		data_str(c, row, "value", f->rows.at[i].value);
		data_str(c, row, "row_link", f->rows.at[i].link);
	}
}

void source_put_rows(struct ctx *c, struct node *data, struct str person, const struct node *resource)
{
	struct flattening f = flat_of(c, person, resource);

	put_rows(c, data, &f);
}

/* ---- history ---- */

/* What a version says that the other does not. */
static void put_changes(struct ctx *c, struct node *to, const char *name,
			const struct flattening *has, const struct flattening *other)
{
	struct node *list = data_list(c, to, name);

	for (size_t i = 0; i < has->rows.len && list->len < 30; i++) {
		struct node *row;
		const struct flat *flat = &has->rows.at[i];
		if (has_row(other, flat) || str_starts(flat->path, STR("meta, ")))
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "path", say_code(c->arena, flat->path));
		data_str(c, row, "value", flat->value);
	}
}

static enum err put_version(struct ctx *c, struct node *list, const struct version *v,
			    const struct version *before, struct str person)
{
	static const char *const methods[] = { "Changed", "Created", "Written", "Deleted",
					       "Changed" };
	struct node *row = data_object(c, list, NULL), *now, *then;
	struct moment at = moment_at(c->arena, v->updated);

	data_str(c, row, "number", say_count(c->arena, v->version));
	data_words(c, row, "did",
		   v->version == 1 ? "First written" : methods[v->deleted ? 3 : v->method % 5]);
	data_time(c, row, "at", at, say_full(c->arena, at, clock_now(c->clock)));
	if (!before || v->deleted || before->deleted)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &now));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, before->body, &then));
	struct flattening new_rows = flat_of(c, person, now),
			  old_rows = flat_of(c, person, then);
	put_changes(c, row, "added", &new_rows, &old_rows);
	put_changes(c, row, "removed", &old_rows, &new_rows);
	return OK;
}

static enum err put_history(struct ctx *c, struct node *data, struct str type, struct str id,
			    struct str person)
{
	struct history query = { .type = type, .id = id, .count = VERSIONS_MAX };
	struct history_page page;
	struct node *list = data_list(c, data, "versions");

	TRY(record_history(c, &query, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(put_version(c, list, &page.at[i], i + 1 < page.len ? &page.at[i + 1] : NULL,
				person));
	if (page.next)
		data_str(c, data, "older",
			 SAY(c->arena, "The newest %d of " STR_FMT " versions are listed.",
			     VERSIONS_MAX, STR_ARG(say_count(c->arena, page.total))));
	return OK;
}

/* ---- the page ---- */

/* The text of a document that is plain text, so that it can be read here. */
static void put_attachment(struct ctx *c, struct node *data, const struct node *resource)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct node *attachment = node_path(resource, "content.attachment");
	struct str packed = node_str(attachment, "data");
	struct buf text;
	uint32_t bits = 0, have = 0;
	size_t bad;

	if (!str_starts(node_str(attachment, "contentType"), STR("text/plain")) ||
	    packed.len > 100000)
		return;
	buf_init(&text, c->arena, 100000);
	for (size_t i = 0; i < packed.len; i++) {
		const char *digit = packed.at[i] ? strchr(digits, packed.at[i]) : NULL;
		if (!digit)
			continue;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_char(&text, (char)(bits >> have & 0xff));
		}
	}
	if (str_utf8(buf_get(&text), &bad))
		data_str(c, data, "document", buf_get(&text));
}

struct str source_heading(struct ctx *c, const struct node *resource)
{
	static const char *const members[] = {
		"code",        "title",      "description", "type", "medicationCodeableConcept",
		"vaccineCode", "reasonCode", "category"
	};
	const struct node *name = node_get(resource, "name");

	if (node_is(name, NODE_STRING))
		return node_text(name);
	if (name)
		return name_plain(c->arena, resource);
	for (unsigned i = 0; i < sizeof members / sizeof *members; i++) {
		const struct node *member = node_get(resource, members[i]);
		struct str words = node_is(member, NODE_STRING)
					   ? node_text(member)
					   : concept_words(c->arena, member);
		if (words.len)
			return words;
	}
	return node_str(resource, "resourceType");
}

/* Which organisation sent it, by its ODS code or as meta.source says. */
static struct str source_words(struct ctx *c, const struct node *resource)
{
	struct person p = { .c = c, .a = c->arena, .now = clock_now(c->clock) };
	const struct org *org;

	map_init(&p.by_ref, p.a);
	map_init(&p.orgs, p.a);
	org = person_source(&p, resource);
	return org ? org->name : (struct str){ 0 };
}

static enum err find_same(struct ctx *c, int64_t person, struct same *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return same_find(c, db, person, out);
}

/* Is it about somebody else? Task and others have no person's key. */
static bool is_of_another(const struct version *v, const struct node *resource,
			  const struct version *patient, const struct same *same)
{
	static const char *const members[] = { "for", "subject", "patient" };

	if (v->person)
		return !same_has(same, v->person);
	for (unsigned i = 0; i < 3; i++) {
		struct str who = node_str(node_get(resource, members[i]), "reference");
		if (str_starts(who, STR("Patient/")) &&
		    !str_eq((struct str){ who.at + 8, who.len - 8 }, patient->id))
			return true;
	}
	return false;
}

/* Whoever reads an item that its person disputes is told so: it waits for an answer, or they disagree with it. */
static enum err put_disputes(struct ctx *c, struct node *data, struct str person, struct str type, struct str id)
{
	struct str item = SAY(c->arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id));
	struct node *list = data_list(c, data, "disputes");
	struct petition *all;
	size_t len;

	TRY(petition_list(c, PETITION_CORRECTION, person, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct moment at = moment_at(c->arena, all[i].asked);
		struct node *row;

		if (!str_eq(all[i].focus, item) || str_is(all[i].status, "completed"))
			continue;
		row = data_object(c, list, NULL);
		data_time(c, row, "disputed_at", at, say_date(c->arena, at));
		if (petition_open(&all[i]))
			data_str(c, row, "disputed", all[i].words);
		else
			data_str(c, row, "disagreed", petition_said(&all[i], "statement"));
	}
	return OK;
}

enum err source_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str person = r->part[0], type = r->part[1], id = r->part[2];
	struct node *data, *resource, *patient;
	struct person p = { .c = c, .a = c->arena, .now = clock_now(c->clock) };
	struct version v, who;
	struct buf json;
	struct same same;

	TRY(record_read(c, STR("Patient"), person, &who));
	enum err e = record_read(c, type, id, &v);
	if (e)
		return looked_refused(c, e, person, "source");
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, who.body, &patient));
	TRY(find_same(c, who.person, &same));
	if (is_of_another(&v, resource, &who, &same) || is_restricted(resource))
		return fail(c, ERR_NOT_FOUND, "There is no such record about this person.");
	TRY(looked_item(c, person, type, id, v.version));
	data = page_new(c, r, "Record");
	p.id = person;
	p.patient = patient;
	person_put_head(&p, data);
	data_str(c, data, "heading", source_heading(c, resource));
	data_str(c, data, "from", source_words(c, resource));
	data_str(c, data, "type", type);
	data_str(c, data, "rid", id);
	if (c->actor && c->actor->kind == ACTOR_STAFF)
		data_str(c, data, "why_link",
			 SAY(c->arena, "/people/" STR_FMT "/why?item=" STR_FMT "/" STR_FMT, STR_ARG(person),
			     STR_ARG(type), STR_ARG(id)));
	put_attachment(c, data, resource);
	struct flattening rows = flat_of(c, person, resource);
	put_rows(c, data, &rows);
	buf_init(&json, c->arena, 4u << 20);
	json_write(&json, resource, 2);
	data_str(c, data, "json", buf_get(&json));
	TRY(put_history(c, data, type, id, person));
	TRY(put_disputes(c, data, person, type, id));
	return page_show(c, "source", data, reply);
}
