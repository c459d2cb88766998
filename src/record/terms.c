/* terms.c - value sets and code systems that are stored, and what they take from those shipped. */
#include "record/terms.h"

#include "base/json.h"
#include "fhir/param.h"
#include "record/inside.h"
#include "record/guard_row.h"

#define DEPTH_MAX 8 /* value sets in value sets */

/* ---- finding what is stored */

static enum err read_body(struct ctx *c, struct db *db, struct stmt *s, struct node **out)
{
	struct version v;

	TRY(version_take(c, db, s, &v));
	return json_read(c, c->arena, v.body, &(struct json_options){ 0 }, out);
}

static enum err stored_by_id(struct ctx *c, struct db *db, int64_t type, struct str id,
			     struct node **out)
{
	bool row, may = false;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			" FROM resource r JOIN version v ON v.seq = r.seq "
			"WHERE r.type = ?1 AND r.id = ?2 AND r.deleted = 0 AND r.version > 0"),
		    &s));
	stmt_bind_int(s, 1, type);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	if (row)
		TRY(row_may(c, db, s, VERSION_WIDTH, &may));
	return may ? read_body(c, db, s, out) : OK;
}

/* Of several with the URL the one of the version asked for, or the one that changed last. */
static enum err stored_by_url(struct ctx *c, struct db *db, int64_t param, struct str url,
			      struct node **out)
{
	struct str version = url, bare = str_cut(&version, '|');
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			" FROM uri u JOIN resource r ON r.key = u.resource "
			"JOIN version v ON v.seq = r.seq WHERE u.param = ?1 AND u.value = ?2 "
			"ORDER BY r.updated DESC, r.key"),
		    &s));
	stmt_bind_int(s, 1, param);
	stmt_bind_text(s, 2, bare);
	for (;;) {
		struct node *found;
		bool may;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(row_may(c, db, s, VERSION_WIDTH, &may));
		if (!may)
			continue;
		TRY(read_body(c, db, s, &found));
		if (!version.at || str_eq(node_str(found, "version"), version)) {
			*out = found;
			return OK;
		}
	}
}

enum err terms_stored(struct ctx *c, struct db *db, const char *type, struct str name,
		      struct node **out)
{
	const struct fhir *f = c->place->fhir;
	const struct fhir_type *t = fhir_resource_type(f, str_of(type));
	struct str id = name, head = str_cut(&id, '/');
	int64_t key;

	*out = NULL;
	if (id.at && str_is(head, type)) {
		TRY(name_find(c, db, head, &key));
		return key ? stored_by_id(c, db, key, id, out) : OK;
	}
	TRY(param_key(c, db, t, param_find(f, t, STR("url")), VARIANT_PLAIN, &key));
	return key ? stored_by_url(c, db, key, name, out) : OK;
}

/* ---- code systems */

static struct str keep(struct ctx *c, struct str s)
{
	return (struct str){ str_dup(c->arena, s), s.len };
}

/* Concepts in concepts; depth is bounded by the reader of JSON. */
static enum err add_concepts(struct ctx *c, struct str url, const struct node *concepts,
			     struct str parent, struct code_list *out)
{
	node_each(concept, concepts) {
		struct str code = node_str(concept, "code");

		if (out->list.len >= CODES_MAX)
			return fail(c, ERR_LIMIT, "The code system holds more than %d codes.",
				    CODES_MAX);
		*vec_push(&out->list, c->arena) =
			(struct code_item){ url, code, node_str(concept, "display"), parent };
		TRY(add_concepts(c, url, node_get(concept, "concept"), code, out));
	}
	return OK;
}

enum err terms_system(struct ctx *c, struct db *db, struct str url, enum code_system *kind,
		      struct code_list *out)
{
	struct node *stored;
	struct code_list list = { 0 };
	struct str version = url, bare = keep(c, str_cut(&version, '|'));

	TRY(terms_stored(c, db, "CodeSystem", url, &stored));
	if (stored) {
		struct str own = node_str(stored, "url");

		TRY(add_concepts(c, own.len ? own : bare, node_get(stored, "concept"),
				 (struct str){ 0 }, &list));
		*kind = str_is(node_str(stored, "content"), "complete") ? SYSTEM_COMPLETE
									: SYSTEM_PARTIAL;
	} else {
		*kind = code_system(c->place->fhir, bare);
		code_system_list(c->arena, c->place->fhir, bare, &list);
	}
	*out = list;
	return OK;
}

const struct code_item *terms_find(const struct code_list *list, struct str system,
				   struct str code)
{
	for (size_t i = 0; i < list->list.len; i++) {
		const struct code_item *item = &list->list.at[i];

		if (str_eq(item->code, code) && (!system.len || str_eq(item->system, system)))
			return item;
	}
	return NULL;
}

/* ---- value sets */

struct whole { /* a system whose codes are looked at */
	enum code_system kind;
	struct code_list codes;
	struct map by_code; /* -> the code_item */
};

static enum err expand(struct ctx *c, struct db *db, struct str name, unsigned depth,
		       struct code_list *out);

static enum err whole_read(struct ctx *c, struct db *db, struct str url, struct whole *w)
{
	TRY(terms_system(c, db, url, &w->kind, &w->codes));
	map_init(&w->by_code, c->arena);
	for (size_t i = 0; i < w->codes.list.len; i++)
		map_set(&w->by_code, w->codes.list.at[i].code, &w->codes.list.at[i]);
	return OK;
}

/* At the ancestor or below it. The tables know of second parents too. */
static bool is_below(const struct fhir *f, const struct whole *w, const struct code_item *item,
		     struct str ancestor)
{
	if (code_is_below(f, item->system, item->code, ancestor))
		return true;
	for (size_t up = 0; item && up <= w->codes.list.len; up++) {
		if (str_eq(item->code, ancestor))
			return true;
		item = item->parent.len ? map_get(&w->by_code, item->parent) : NULL;
	}
	return false;
}

static bool is_listed(struct str list, struct str code)
{
	while (list.at)
		if (str_eq(str_trim(str_cut(&list, ',')), code))
			return true;
	return false;
}

static enum err passes(struct ctx *c, const struct whole *w, const struct code_item *item,
		       const struct node *filters, bool *out)
{
	const struct fhir *f = c->place->fhir;

	*out = true;
	node_each(filter, filters) {
		struct str op = node_str(filter, "op"), value = node_str(filter, "value");
		struct str property = node_str(filter, "property");
		bool about_code = str_is(property, "concept") || str_is(property, "code");

		if (about_code && str_is(op, "is-a"))
			*out &= is_below(f, w, item, value);
		else if (about_code && str_is(op, "descendent-of"))
			*out &= !str_eq(item->code, value) && is_below(f, w, item, value);
		else if (about_code && str_is(op, "is-not-a"))
			*out &= !is_below(f, w, item, value);
		else if (about_code && str_is(op, "="))
			*out &= str_eq(item->code, value);
		else if (about_code && str_is(op, "in"))
			*out &= is_listed(value, item->code);
		else if (about_code && str_is(op, "not-in"))
			*out &= !is_listed(value, item->code);
		else if (str_is(property, "parent") && str_is(op, "="))
			*out &= str_eq(item->parent, value);
		else
			return fail(
				c, ERR_UNSUPPORTED,
				"The value set asks for %.64s %.32s, which is not known here.",
				str_dup(c->arena, property), str_dup(c->arena, op));
	}
	return OK;
}

static enum err take_rule(struct ctx *c, const struct node *include, const struct whole *w,
			  struct code_list *out)
{
	const struct node *filters = node_get(include, "filter");

	if (w->kind != SYSTEM_COMPLETE)
		return fail(
			c, ERR_UNSUPPORTED,
			"The value set takes codes of %.200s by a rule that cannot be followed "
			"without all of its codes, which are not here.",
			str_dup(c->arena, node_str(include, "system")));
	for (size_t i = 0; i < w->codes.list.len; i++) {
		bool in;

		TRY(passes(c, w, &w->codes.list.at[i], filters, &in));
		if (in)
			*vec_push(&out->list, c->arena) = w->codes.list.at[i];
	}
	return OK;
}

static void take_listed(struct ctx *c, const struct node *include, const struct whole *w,
			struct code_list *out)
{
	struct str system = node_str(include, "system");

	node_each(concept, node_get(include, "concept")) {
		struct str code = node_str(concept, "code");
		const struct code_item *known = map_get(&w->by_code, code);
		struct code_item item = { system, code, node_str(concept, "display"), { 0 } };

		if (!item.display.len)
			item.display = known ? known->display
					     : code_display(c->place->fhir, system, code);
		*vec_push(&out->list, c->arena) = item;
	}
}

static void keep_common(const struct code_list *other, struct code_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->list.len; i++)
		if (terms_find(other, list->list.at[i].system, list->list.at[i].code))
			list->list.at[kept++] = list->list.at[i];
	list->list.len = kept;
}

/* What one include or exclude speaks of: of its system, and in every set it names. */
static enum err expand_part(struct ctx *c, struct db *db, const struct node *part,
			    unsigned depth, struct code_list *out)
{
	struct str system = node_str(part, "system");
	struct code_list list = { 0 };
	bool any = false;

	if (system.len) {
		struct whole w = { 0 };

		TRY(whole_read(c, db, system, &w));
		if (node_get(part, "concept"))
			take_listed(c, part, &w, &list);
		else
			TRY(take_rule(c, part, &w, &list));
		any = true;
	}
	node_each(set, node_get(part, "valueSet")) {
		struct code_list other = { 0 };

		if (depth == 0)
			return fail(c, ERR_LIMIT,
				    "The value set holds others more than %d deep.", DEPTH_MAX);
		TRY(expand(c, db, node_text(set), depth - 1, &other));
		if (any)
			keep_common(&other, &list);
		else
			list = other;
		any = true;
	}
	*out = list;
	return OK;
}

/* "system|code" */
static struct str code_key(struct arena *a, const struct code_item *item)
{
	return str_of(arena_printf(a, STR_FMT "|" STR_FMT, STR_ARG(item->system),
				   STR_ARG(item->code)));
}

static enum err compose(struct ctx *c, struct db *db, const struct node *rules, unsigned depth,
			struct code_list *out)
{
	struct code_list list = { 0 };
	struct map seen; /* what is out, or in already */

	map_init(&seen, c->arena);
	node_each(part, node_get(rules, "exclude")) {
		struct code_list some;

		TRY(expand_part(c, db, part, depth, &some));
		for (size_t i = 0; i < some.list.len; i++)
			map_set(&seen, code_key(c->arena, &some.list.at[i]), c);
	}
	node_each(part, node_get(rules, "include")) {
		struct code_list some;

		TRY(expand_part(c, db, part, depth, &some));
		for (size_t i = 0; i < some.list.len; i++) {
			if (!map_set(&seen, code_key(c->arena, &some.list.at[i]), c))
				continue;
			if (list.list.len >= CODES_MAX)
				return fail(c, ERR_LIMIT,
					    "The value set holds more than %d codes.",
					    CODES_MAX);
			*vec_push(&list.list, c->arena) = some.list.at[i];
		}
	}
	*out = list;
	return OK;
}

/* An expansion made elsewhere, which the set brings along. */
static void take_contains(struct ctx *c, const struct node *contains, struct code_list *out)
{
	node_each(item, contains) {
		if (node_str(item, "code").len && out->list.len < CODES_MAX)
			*vec_push(&out->list, c->arena) =
				(struct code_item){ node_str(item, "system"),
						    node_str(item, "code"),
						    node_str(item, "display"),
						    { 0 } };
		take_contains(c, node_get(item, "contains"), out);
	}
}

static enum err expand_node(struct ctx *c, struct db *db, const struct node *set,
			    unsigned depth, struct code_list *out)
{
	const struct node *contains = node_get(node_get(set, "expansion"), "contains");
	const struct node *rules = node_get(set, "compose");
	enum err e = rules ? compose(c, db, rules, depth, out) : ERR_UNSUPPORTED;

	if (contains && e == ERR_UNSUPPORTED) {
		*out = (struct code_list){ 0 };
		take_contains(c, contains, out);
		return OK;
	}
	if (!rules) {
		*out = (struct code_list){ 0 };
		return OK;
	}
	return e;
}

static enum err expand(struct ctx *c, struct db *db, struct str name, unsigned depth,
		       struct code_list *out)
{
	struct node *stored;

	TRY(terms_stored(c, db, "ValueSet", name, &stored));
	return stored ? expand_node(c, db, stored, depth, out)
		      : code_expand(c, c->place->fhir, name, out);
}

enum err terms_expand(struct ctx *c, struct db *db, struct str set, struct code_list *out)
{
	return expand(c, db, set, DEPTH_MAX, out);
}

enum err terms_expand_set(struct ctx *c, struct db *db, const struct node *set,
			  struct code_list *out)
{
	return expand_node(c, db, set, DEPTH_MAX, out);
}
