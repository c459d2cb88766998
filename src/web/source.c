/* source.c - the resource behind a line of a page: what it says in plain words, its JSON, and its
 * versions with what changed between them. */
#include "web/pages.h"
#include "web/person.h"

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

/* "clinicalStatus" as "clinical status"; the value[x] of a type as "value". */
static struct str member_words(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 200);
	for (uint32_t i = 0; i < n->name_len; i++) {
		char letter = n->name[i];
		bool upper = letter >= 'A' && letter <= 'Z';
		if (upper && i)
			buf_char(&b, ' ');
		buf_char(&b, upper ? (char)(letter + 32) : letter);
	}
	return buf_get(&b);
}

static bool is_hidden(const struct node *n)
{
	static const char *const names[] = { "resourceType", "system", "div", "data" };

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

static struct str display_value(struct ctx *c, const struct node *n)
{
	struct str text = node_text(n);
	struct moment m;

	if (n->kind == NODE_STRING && text.len >= 10 && moment_read(text, &m) &&
	    m.when.precision >= WHEN_DAY)
		return say_full(c->arena, m, m.from);
	return text;
}

static void flatten(struct flattening *f, const struct node *n, struct str path, unsigned depth)
{
	if (depth > DEPTH_MAX || f->rows.len >= ROWS_MAX)
		return;
	if (n->kind < NODE_ARRAY) {
		*vec_push(&f->rows, f->c->arena) =
			(struct flat){ path, display_value(f->c, n), link_of(f, n) };
		return;
	}
	node_each(child, n) {
		struct str name = path;
		if (is_hidden(child))
			continue;
		if (child->name) {
			struct str words = member_words(f->c, child);
			name = path.len ? SAY(f->c->arena, STR_FMT ", " STR_FMT, STR_ARG(path),
					      STR_ARG(words))
					: words;
		}
		flatten(f, child, name, depth + 1);
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

static struct str heading_of(struct ctx *c, const struct node *resource)
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

static bool is_restricted(const struct node *resource)
{
	node_each(label, node_path(resource, "meta.security"))
		if (str_is(node_str(label, "code"), "R") ||
		    str_is(node_str(label, "code"), "V"))
			return true;
	return false;
}

/* Is it about somebody else? Task and others have no person's key. */
static bool is_of_another(const struct version *v, const struct node *resource,
			  const struct version *patient)
{
	static const char *const members[] = { "for", "subject", "patient" };

	if (v->person)
		return v->person != patient->person;
	for (unsigned i = 0; i < 3; i++) {
		struct str who = node_str(node_get(resource, members[i]), "reference");
		if (str_starts(who, STR("Patient/")) &&
		    !str_eq((struct str){ who.at + 8, who.len - 8 }, patient->id))
			return true;
	}
	return false;
}

enum err source_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str person = r->part[0], type = r->part[1], id = r->part[2];
	struct node *data, *resource, *patient;
	struct version v, who;
	struct buf json;

	TRY(record_read(c, STR("Patient"), person, &who));
	TRY(record_read(c, type, id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, who.body, &patient));
	if (is_of_another(&v, resource, &who) || is_restricted(resource))
		return fail(c, ERR_NOT_FOUND, "There is no such record about this person.");
	data = page_new(c, r, "Record");
	data_str(c, data, "id", person);
	data_str(c, data, "person", name_formal(c->arena, patient));
	data_str(c, data, "heading", heading_of(c, resource));
	data_str(c, data, "type", type);
	data_str(c, data, "rid", id);
	put_attachment(c, data, resource);
	struct flattening rows = flat_of(c, person, resource);
	put_rows(c, data, &rows);
	buf_init(&json, c->arena, 4u << 20);
	json_write(&json, resource, 2);
	data_str(c, data, "json", buf_get(&json));
	TRY(put_history(c, data, type, id, person));
	return page_show(c, "source", data, reply);
}
