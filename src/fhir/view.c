/* view.c - a ViewDefinition read, checked and compiled; see view.h. */
#include <stdio.h>

#include "fhir/view_int.h"

/* ---- what all parts of a definition need */

enum err view_fail(struct view_maker *m, const struct node *at, const char *where,
		   const char *format, ...)
{
	char reason[sizeof m->c->why];
	uint32_t line = 0, column = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	json_position(m->text, at->pos, &line, &column);
	issue_add(m->c, ISSUE_ERROR, "invalid", where, line, column, "%s", reason);
	return fail(m->c, ERR_INVALID, "line %u, column %u: %s: %s", line, column, where,
		    reason);
}

static bool is_listed(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_is(name, *names))
			return true;
	return false;
}

enum err view_check_members(struct view_maker *m, const struct node *element, const char *where,
			    const char *const *allowed)
{
	static const char *const always[] = { "id", "extension", "modifierExtension",
					      "fhir_comments", NULL };

	if (!node_is(element, NODE_OBJECT))
		return view_fail(m, element, where, "is no object");
	node_each(member, element) {
		struct str name = { member->name, member->name_len };

		if (name.len && name.at[0] != '_' && !is_listed(name, allowed) &&
		    !is_listed(name, always))
			return view_fail(m, member, where,
					 "there is no such element as '" STR_FMT "'",
					 STR_ARG(name));
	}
	return OK;
}

static bool is_letter(char ch)
{
	return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
}

bool view_is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_letter(name.at[i]) &&
		    (i == 0 || (name.at[i] != '_' && (name.at[i] < '0' || name.at[i] > '9'))))
			return false;
	return name.len > 0 && name.len <= 255;
}

enum err view_text(struct view_maker *m, const struct node *object, const char *name,
		   const char *where, const char **out)
{
	const struct node *text = node_get(object, name);

	if (text && (text->kind != NODE_STRING || !text->len))
		return view_fail(m, text, where, "%s must be a text", name);
	*out = text ? arena_dup(m->life, text->text, text->len) : NULL;
	return OK;
}

enum err view_list(struct view_maker *m, const struct node *object, const char *name,
		   const char *where, const struct node **out)
{
	const struct node *list = node_get(object, name);

	if (list && (list->kind != NODE_ARRAY || !list->len))
		return view_fail(m, list, where, "%s must be a list of at least one", name);
	*out = list;
	return OK;
}

/* Compile an expression; its own position is part of the reason. Only constants, %rowIndex and what
 * FHIRPath gives may be used in it. */
enum err view_path(struct view_maker *m, const struct node *text, const struct fhir_type *type,
		   const char *where, const struct path **out)
{
	char reason[sizeof m->c->why];
	uint32_t line, column;
	struct str missing;
	enum err e;

	if (!node_is(text, NODE_STRING) || !str_trim(node_text(text)).len)
		return view_fail(m, text, where, "an expression must be a text");
	e = path_compile(m->c, m->life, m->f, type, node_text(text), out);
	if (e != OK) {
		json_position(m->text, text->pos, &line, &column);
		snprintf(reason, sizeof reason, "%s", m->c->why);
		return fail(m->c, e, "line %u, column %u: %s: %s", line, column, where, reason);
	}
	if (path_lacks(*out, m->view->constants, &missing))
		return view_fail(m, text, where, "there is no constant '" STR_FMT "'",
				 STR_ARG(missing));
	m->view->clock |= path_uses_clock(*out);
	if (path_lacks(*out, m->view->constants + 1, &missing))
		m->view->counts = true;
	return OK;
}

/* ---- the definition */

static enum err make_where(struct view_maker *m, const struct node *node, const char *where,
			   struct view_where *out)
{
	static const char *const allowed[] = { "path", "description", NULL };
	const struct node *path = node_get(node, "path");

	out->where = where;
	TRY(view_check_members(m, node, where, allowed));
	if (!path)
		return view_fail(m, node, where, "path is missing");
	TRY(view_path(m, path, m->view->resource, arena_printf(m->life, "%s.path", where),
		      &out->path));
	if (!(path_kinds(out->path) & 1u << ITEM_BOOLEAN))
		return view_fail(m, path, where,
				 "a condition must be true or false, and this never is");
	return OK;
}

static enum err make_wheres(struct view_maker *m, const struct node *definition)
{
	const struct node *list = NULL;

	TRY(view_list(m, definition, "where", "where", &list));
	m->view->wheres = list ? NEW_N(m->life, struct view_where, list->len) : NULL;
	node_each(one, list) {
		unsigned n = m->view->where_count++;
		TRY(make_where(m, one, arena_printf(m->life, "where[%u]", n),
			       &m->view->wheres[n]));
	}
	return OK;
}

static enum err make_select(struct view_maker *m, const struct node *definition)
{
	struct view_select *top = &m->view->top;
	const struct node *list = NULL;

	TRY(view_list(m, definition, "select", "select", &list));
	if (!list)
		return view_fail(m, definition, "ViewDefinition", "select is missing");
	top->where = "ViewDefinition";
	top->selects = NEW_N(m->life, struct view_select, list->len);
	node_each(one, list) {
		unsigned n = top->select_count++;
		TRY(view_select_make(m, one, m->view->resource,
				     arena_printf(m->life, "select[%u]", n), &top->selects[n]));
	}
	return view_gather(m, list, top);
}

static enum err check_columns(struct view_maker *m, const struct node *definition)
{
	const struct view_select *top = &m->view->top;

	if (top->width > VIEW_COLUMNS_MAX)
		return view_fail(m, definition, "ViewDefinition",
				 "%u columns; at most %u are allowed", top->width,
				 VIEW_COLUMNS_MAX);
	for (unsigned i = 0; i < top->width; i++)
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(top->columns[i]->name, top->columns[j]->name)) {
				const struct view_field *field = (const void *)top->columns[i];
				return view_fail(m, definition, field->where,
						 "a second column is called '%s'",
						 top->columns[i]->name);
			}
	return OK;
}

static enum err make_head(struct view_maker *m, const struct node *definition)
{
	struct view *view = m->view;
	struct str type = node_str(definition, "resourceType");
	const struct node *resource = node_get(definition, "resource");

	if (type.len && !str_is(type, "ViewDefinition"))
		return view_fail(m, definition, "ViewDefinition", "this is a " STR_FMT,
				 STR_ARG(type));
	TRY(view_text(m, definition, "name", "ViewDefinition", &view->name));
	TRY(view_text(m, definition, "title", "ViewDefinition", &view->title));
	TRY(view_text(m, definition, "description", "ViewDefinition", &view->description));
	if (view->name && !view_is_name(str_of(view->name)))
		return view_fail(m, node_get(definition, "name"), "name",
				 "'%s' is no name for a table: letters, digits and _ after a "
				 "first letter",
				 view->name);
	if (!resource)
		return view_fail(m, definition, "ViewDefinition", "resource is missing");
	view->resource = fhir_resource_type(m->f, node_text(resource));
	if (!view->resource)
		return view_fail(m, resource, "resource",
				 "'" STR_FMT "' is no type of resource",
				 STR_ARG(node_text(resource)));
	return OK;
}

static const char *const definition_members[] = { "resourceType",
						  "meta",
						  "implicitRules",
						  "language",
						  "text",
						  "contained",
						  "url",
						  "identifier",
						  "version",
						  "versionAlgorithmString",
						  "versionAlgorithmCoding",
						  "name",
						  "title",
						  "status",
						  "experimental",
						  "date",
						  "publisher",
						  "contact",
						  "description",
						  "useContext",
						  "jurisdiction",
						  "purpose",
						  "copyright",
						  "copyrightLabel",
						  "approvalDate",
						  "lastReviewDate",
						  "effectivePeriod",
						  "topic",
						  "author",
						  "editor",
						  "reviewer",
						  "endorser",
						  "relatedArtifact",
						  "resource",
						  "profile",
						  "fhirVersion",
						  "constant",
						  "select",
						  "where",
						  NULL };

enum err view_compile(struct ctx *c, struct arena *life, const struct fhir *f, struct str text,
		      const struct view **out)
{
	struct str kept = { arena_dup(life, text.at, text.len), text.len };
	struct json_options options = { .atoms = f->atoms, .bytes = (size_t)16 << 20 };
	struct view_maker m = { .c = c, .life = life, .f = f, .text = kept };
	struct node *definition;

	TRY(json_read(c, life, kept, &options, &definition));
	m.view = NEW(life, struct view);
	m.view->fhir = f;
	TRY(view_check_members(&m, definition, "ViewDefinition", definition_members));
	TRY(make_head(&m, definition));
	TRY(view_constants(&m, definition));
	TRY(make_select(&m, definition));
	TRY(check_columns(&m, definition));
	TRY(make_wheres(&m, definition));
	*out = m.view;
	return OK;
}

/* ---- looking */

const char *view_name(const struct view *v)
{
	return v->name;
}

const char *view_title(const struct view *v)
{
	return v->title;
}

const char *view_description(const struct view *v)
{
	return v->description;
}

bool view_uses_clock(const struct view *v)
{
	return v->clock;
}

const struct fhir_type *view_resource(const struct view *v)
{
	return v->resource;
}

const struct view_column *const *view_columns(const struct view *v, unsigned *len)
{
	*len = v->top.width;
	return v->top.columns;
}

const char *view_type_name(const struct view_column *column)
{
	static const char *const kinds[] = {
		[ITEM_NODE] = "element",      [ITEM_BOOLEAN] = "Boolean",
		[ITEM_INTEGER] = "Integer",   [ITEM_DECIMAL] = "Decimal",
		[ITEM_STRING] = "String",     [ITEM_DATE] = "Date",
		[ITEM_DATETIME] = "DateTime", [ITEM_TIME] = "Time",
		[ITEM_QUANTITY] = "Quantity",
	};

	if (column->type)
		return column->type->name;
	return column->known ? kinds[column->kind] : "any";
}
