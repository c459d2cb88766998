/* view_make.c - the selects, columns and constants of a definition. */
#include "fhir/view_int.h"

/* ---- kinds of columns */

/* What a column of each kind takes. A text takes any single value; a Decimal an Integer. */
bool view_takes(uint8_t column, uint8_t value)
{
	static const uint16_t moments =
		1u << ITEM_DATE | 1u << ITEM_DATETIME | 1u << ITEM_TIME | 1u << ITEM_STRING;
	static const uint16_t taken[] = {
		[ITEM_NODE] = 1u << ITEM_NODE | 1u << ITEM_QUANTITY,
		[ITEM_BOOLEAN] = 1u << ITEM_BOOLEAN,
		[ITEM_INTEGER] = 1u << ITEM_INTEGER,
		[ITEM_DECIMAL] = 1u << ITEM_INTEGER | 1u << ITEM_DECIMAL,
		[ITEM_STRING] = 0xffff & ~(1u << ITEM_NODE | 1u << ITEM_QUANTITY),
		[ITEM_DATE] = moments,
		[ITEM_DATETIME] = moments,
		[ITEM_TIME] = moments,
		[ITEM_QUANTITY] = 1u << ITEM_NODE | 1u << ITEM_QUANTITY,
	};

	return taken[column] & 1u << value;
}

static bool takes_any(uint8_t column, uint16_t kinds)
{
	for (unsigned kind = ITEM_NODE; kind <= ITEM_TYPE; kind++)
		if ((kinds & 1u << kind) && view_takes(column, (uint8_t)kind))
			return true;
	return false;
}

static struct str without(struct str s, const char *head)
{
	size_t len = strlen(head);

	return str_starts(s, str_of(head)) ? (struct str){ s.at + len, s.len - len } : s;
}

/* "string", "System.String", or the URL of either. */
static bool column_type(const struct fhir *f, struct str name, struct view_column *column)
{
	static const struct {
		const char *name;
		enum item_kind kind;
	} systems[] = {
		{ "Boolean", ITEM_BOOLEAN },   { "Integer", ITEM_INTEGER },
		{ "Long", ITEM_DECIMAL },      { "Decimal", ITEM_DECIMAL },
		{ "String", ITEM_STRING },     { "Date", ITEM_DATE },
		{ "DateTime", ITEM_DATETIME }, { "Time", ITEM_TIME },
		{ "integer64", ITEM_DECIMAL },
	};

	name = without(name, "http://hl7.org/fhir/StructureDefinition/");
	name = without(without(name, "http://hl7.org/fhirpath/"), "FHIR.");
	column->type = fhir_type(f, name);
	if (column->type) {
		column->kind = (uint8_t)type_kind(column->type);
		return true;
	}
	name = without(name, "System.");
	for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
		if (str_is(name, systems[i].name)) {
			column->kind = (uint8_t)systems[i].kind;
			return true;
		}
	return false;
}

/* A column that does not say its type has that of its path, where the path has one. */
static void infer_type(const struct path *path, struct view_column *column)
{
	uint16_t kinds = path_kinds(path);

	column->kind = ITEM_STRING;
	column->type = path_type(path);
	for (unsigned kind = ITEM_NODE; kind < ITEM_TYPE; kind++)
		if (kinds == 1u << kind) {
			column->kind = (uint8_t)kind;
			column->known = true;
		}
	if (kinds == (1u << ITEM_INTEGER | 1u << ITEM_DECIMAL)) {
		column->kind = ITEM_DECIMAL;
		column->known = true;
	}
}

/* ---- columns */

static enum err make_tags(struct view_maker *m, const struct node *node, const char *where,
			  struct view_column *column)
{
	static const char *const allowed[] = { "name", "value", NULL };
	const struct node *list;

	TRY(view_list(m, node, "tag", where, &list));
	node_each(tag, list) {
		const char *name, *value;
		TRY(view_check_members(m, tag, where, allowed));
		TRY(view_text(m, tag, "name", where, &name));
		TRY(view_text(m, tag, "value", where, &value));
		if (!name || !value)
			return view_fail(m, tag, where, "a tag needs a name and a value");
		if (!strcmp(name, "ansi/type"))
			column->ansi = value;
		if (!strcmp(name, "causeway/index"))
			column->indexed = true;
	}
	return OK;
}

static enum err make_type(struct view_maker *m, const struct node *node, const char *where,
			  struct view_field *field)
{
	struct view_column *column = &field->column;
	const struct node *type = node_get(node, "type"),
			  *collection = node_get(node, "collection");

	if (collection && collection->kind != NODE_BOOL)
		return view_fail(m, collection, where, "collection must be true or false");
	column->collection = collection && collection->truth;
	if (!type) {
		infer_type(field->path, column);
		return OK;
	}
	if (type->kind != NODE_STRING || !column_type(m->f, node_text(type), column))
		return view_fail(m, type, where, "'" STR_FMT "' is no type of FHIR or FHIRPath",
				 STR_ARG(node_text(type)));
	column->known = true;
	if (!takes_any(column->kind, path_kinds(field->path)))
		return view_fail(m, type, where, "what '%s' gives is never of type " STR_FMT,
				 path_text(field->path), STR_ARG(node_text(type)));
	return OK;
}

static enum err make_field(struct view_maker *m, const struct node *node,
			   const struct fhir_type *type, struct view_field *out)
{
	static const char *const allowed[] = { "path", "name", "description", "collection",
					       "type", "tag",  NULL };
	const struct node *path = node_get(node, "path");

	TRY(view_check_members(m, node, out->where, allowed));
	TRY(view_text(m, node, "name", out->where, &out->column.name));
	TRY(view_text(m, node, "description", out->where, &out->column.description));
	if (!out->column.name)
		return view_fail(m, node, out->where, "a column needs a name");
	if (!view_is_name(str_of(out->column.name)))
		return view_fail(m, node_get(node, "name"), out->where,
				 "'%s' is no name for a column: letters, digits and _ after a "
				 "first letter",
				 out->column.name);
	if (!path)
		return view_fail(m, node, out->where, "column '%s' needs a path",
				 out->column.name);
	TRY(view_path(m, path, type, arena_printf(m->life, "%s.path", out->where), &out->path));
	TRY(make_tags(m, node, out->where, &out->column));
	return make_type(m, node, out->where, out);
}

static enum err make_fields(struct view_maker *m, const struct node *node,
			    const struct fhir_type *type, struct view_select *select)
{
	const struct node *list;

	TRY(view_list(m, node, "column", select->where, &list));
	select->fields = NEW_N(m->life, struct view_field, list ? list->len : 0);
	node_each(one, list) {
		struct view_field *field = &select->fields[select->field_count];
		field->where = arena_printf(m->life, "%s.column[%u]", select->where,
					    select->field_count++);
		TRY(make_field(m, one, type, field));
	}
	return OK;
}

/* ---- selects */

/* forEach, forEachOrNull or repeat, at most one of them; `type` becomes that of each item. */
static enum err make_each(struct view_maker *m, const struct node *node,
			  const struct fhir_type **type, struct view_select *select)
{
	static const char *const names[] = { [EACH_ITEM] = "forEach",
					     [EACH_OR_NULL] = "forEachOrNull",
					     [EACH_REPEAT] = "repeat" };
	const struct node *each = NULL;

	for (unsigned i = EACH_ITEM; i <= EACH_REPEAT; i++) {
		const struct node *found = node_get(node, names[i]);
		if (found && each)
			return view_fail(m, found, select->where,
					 "%s and %s cannot stand together", names[select->each],
					 names[i]);
		if (found)
			each = found, select->each = (uint8_t)i;
	}
	if (!each)
		return OK;
	if (select->each != EACH_REPEAT) {
		select->paths = NEW(m->life, const struct path *);
		select->path_count = 1;
		TRY(view_path(
			m, each, *type,
			arena_printf(m->life, "%s.%s", select->where, names[select->each]),
			&select->paths[0]));
		*type = path_type(select->paths[0]);
		return OK;
	}
	TRY(view_list(m, node, "repeat", select->where, &each));
	select->paths = NEW_N(m->life, const struct path *, each->len);
	node_each(one, each) {
		unsigned n = select->path_count++;
		TRY(view_path(m, one, NULL,
			      arena_printf(m->life, "%s.repeat[%u]", select->where, n),
			      &select->paths[n]));
	}
	*type = NULL; /* what one step finds is where the next begins: any type there is */
	return OK;
}

static enum err make_children(struct view_maker *m, const struct node *node, const char *name,
			      const struct fhir_type *type, const struct view_select *parent,
			      struct view_select **out, unsigned *count)
{
	const struct node *list;

	TRY(view_list(m, node, name, parent->where, &list));
	*out = NEW_N(m->life, struct view_select, list ? list->len : 0);
	node_each(one, list) {
		unsigned n = (*count)++;
		TRY(view_select_make(m, one, type,
				     arena_printf(m->life, "%s.%s[%u]", parent->where, name, n),
				     &(*out)[n]));
	}
	return OK;
}

/* All unions give the same columns in the same order. */
static enum err check_unions(struct view_maker *m, const struct node *node,
			     const struct view_select *select)
{
	const struct view_select *one = &select->unions[0];
	const struct node *at = node_get(node, "unionAll");

	for (unsigned i = 1; i < select->union_count; i++) {
		const struct view_select *other = &select->unions[i];
		if (other->width != one->width)
			return view_fail(m, at, other->where, "%u columns, but %s has %u",
					 other->width, one->where, one->width);
		for (unsigned j = 0; j < one->width; j++) {
			const struct view_column *a = one->columns[j], *b = other->columns[j];
			if (strcmp(a->name, b->name) != 0)
				return view_fail(m, at, other->where,
						 "column %u is '%s', but in %s it is '%s'",
						 j + 1, b->name, one->where, a->name);
			if (a->collection != b->collection ||
			    (a->known && b->known && !view_takes(a->kind, b->kind) &&
			     !view_takes(b->kind, a->kind)))
				return view_fail(m, at, other->where,
						 "column '%s' is of another type than in %s",
						 b->name, one->where);
		}
	}
	return OK;
}

enum err view_gather(struct view_maker *m, const struct node *node, struct view_select *select)
{
	const struct view_select *one = select->union_count ? &select->unions[0] : NULL;
	size_t room = select->field_count + (one ? one->width : 0);

	for (unsigned i = 0; i < select->select_count; i++)
		room += select->selects[i].width;
	select->columns = NEW_N(m->life, const struct view_column *, room + 1);
	for (unsigned i = 0; i < select->field_count; i++)
		select->columns[select->width++] = &select->fields[i].column;
	for (unsigned i = 0; i < select->select_count; i++)
		for (unsigned j = 0; j < select->selects[i].width; j++)
			select->columns[select->width++] = select->selects[i].columns[j];
	for (unsigned j = 0; one && j < one->width; j++)
		select->columns[select->width++] = one->columns[j];
	return one ? check_unions(m, node, select) : OK;
}

enum err view_select_make(struct view_maker *m, const struct node *node,
			  const struct fhir_type *type, const char *where,
			  struct view_select *out)
{
	static const char *const allowed[] = { "column", "select",   "forEach", "forEachOrNull",
					       "repeat", "unionAll", NULL };

	out->where = where;
	TRY(view_check_members(m, node, where, allowed));
	TRY(make_each(m, node, &type, out));
	TRY(make_fields(m, node, type, out));
	TRY(make_children(m, node, "select", type, out, &out->selects, &out->select_count));
	TRY(make_children(m, node, "unionAll", type, out, &out->unions, &out->union_count));
	if (!out->field_count && !out->select_count && !out->union_count)
		return view_fail(m, node, where, "a select needs column, select or unionAll");
	return view_gather(m, node, out);
}

/* ---- constants */

/* Each value[x] the specification allows: how JSON writes it. */
static const struct constant_type {
	const char *member, *type;
	uint8_t kind;
} constant_types[] = {
	{ "valueBase64Binary", "base64Binary", NODE_STRING },
	{ "valueBoolean", "boolean", NODE_BOOL },
	{ "valueCanonical", "canonical", NODE_STRING },
	{ "valueCode", "code", NODE_STRING },
	{ "valueDate", "date", NODE_STRING },
	{ "valueDateTime", "dateTime", NODE_STRING },
	{ "valueDecimal", "decimal", NODE_NUMBER },
	{ "valueId", "id", NODE_STRING },
	{ "valueInstant", "instant", NODE_STRING },
	{ "valueInteger", "integer", NODE_NUMBER },
	{ "valueInteger64", NULL, NODE_STRING },
	{ "valueOid", "oid", NODE_STRING },
	{ "valueString", "string", NODE_STRING },
	{ "valuePositiveInt", "positiveInt", NODE_NUMBER },
	{ "valueTime", "time", NODE_STRING },
	{ "valueUnsignedInt", "unsignedInt", NODE_NUMBER },
	{ "valueUri", "uri", NODE_STRING },
	{ "valueUrl", "url", NODE_STRING },
	{ "valueUuid", "uuid", NODE_STRING },
};

static const struct constant_type *constant_type(struct str member)
{
	for (size_t i = 0; i < sizeof constant_types / sizeof *constant_types; i++)
		if (str_is(member, constant_types[i].member))
			return &constant_types[i];
	return NULL;
}

/* integer64 is no type of R4: its number as FHIRPath's. */
static bool large_integer(struct view_maker *m, const struct node *value, struct item *item)
{
	struct dec *number = NEW(m->life, struct dec);
	int64_t n;

	if (!str_int(node_text(value), &n))
		return false;
	*number = dec_int(n);
	*item = (struct item){ .kind = ITEM_DECIMAL, .number = number };
	if (n >= INT32_MIN && n <= INT32_MAX)
		*item = (struct item){ .kind = ITEM_INTEGER, .integer = n };
	return true;
}

/* Is the text one of its type? What FHIRPath works with are numbers, dates and times. */
static bool constant_reads(const struct fhir_type *type, const struct node *value)
{
	struct when when;
	struct dec number;
	int64_t n;

	switch (type_kind(type)) {
	case ITEM_INTEGER:
		return str_int(node_text(value), &n) &&
		       n >= (type->name[0] == 'p'   ? 1
			     : type->name[0] == 'u' ? 0
						    : INT32_MIN) &&
		       n <= INT32_MAX;
	case ITEM_DECIMAL:
		return dec_parse(node_text(value), &number);
	case ITEM_DATE:
		return when_parse_date(node_text(value), &when);
	case ITEM_TIME:
		return when_parse_time(node_text(value), &when);
	case ITEM_DATETIME:
		return type->name[0] == 'i' ? when_parse_instant(node_text(value), &when)
					    : when_parse_datetime(node_text(value), &when);
	case ITEM_STRING:
		return value->len > 0;
	default:
		return true;
	}
}

static enum err make_value(struct view_maker *m, const struct node *value,
			   const struct constant_type *row, const char *where,
			   struct item *item)
{
	const struct fhir_type *type = row->type ? fhir_type(m->f, str_of(row->type)) : NULL;
	bool number = !row->type && value->kind == NODE_NUMBER;

	if ((value->kind != row->kind && !number) ||
	    (type ? !constant_reads(type, value) : !large_integer(m, value, item)))
		return view_fail(m, value, where, "%s holds no %s", row->member,
				 row->type ? row->type : "integer64");
	if (type)
		*item = (struct item){ .kind = ITEM_NODE,
				       .value = { .type = type, .node = value } };
	return OK;
}

static enum err make_constant(struct view_maker *m, const struct node *node, const char *where)
{
	static const char *const given[] = { "context", "resource", "rootResource", "ucum",
					     "sct",     "loinc",    "rowIndex" };
	struct path_var *constant = &m->view->constants[1 + m->view->constant_count];
	struct item *item = NEW(m->life, struct item);
	const struct node *value = NULL;

	TRY(view_text(m, node, "name", where, &constant->name));
	if (!constant->name || !view_is_name(str_of(constant->name)))
		return view_fail(
			m, node, where,
			"a constant needs a name: letters, digits and _ after a first letter");
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		if (!strcmp(given[i], constant->name))
			return view_fail(m, node, where,
					 "%%%s is given and cannot be a constant", given[i]);
	for (unsigned i = 0; i < m->view->constant_count; i++)
		if (!strcmp(m->view->constants[1 + i].name, constant->name))
			return view_fail(m, node, where, "a second constant is called '%s'",
					 constant->name);
	node_each(member, node) {
		const struct constant_type *row =
			constant_type((struct str){ member->name, member->name_len });
		if (row && value)
			return view_fail(m, member, where, "constant '%s' has two values",
					 constant->name);
		if (row)
			TRY(make_value(m, value = member, row, where, item));
	}
	if (!value)
		return view_fail(m, node, where, "constant '%s' has no value", constant->name);
	constant->items = (struct items){ item, 1 };
	m->view->constant_count++;
	return OK;
}

enum err view_constants(struct view_maker *m, const struct node *definition)
{
	const char *allowed[2 + sizeof constant_types / sizeof *constant_types] = { "name" };
	const struct node *list;
	unsigned n = 0;

	for (size_t i = 0; i < sizeof constant_types / sizeof *constant_types; i++)
		allowed[1 + i] = constant_types[i].member;
	TRY(view_list(m, definition, "constant", "constant", &list));
	m->view->constants = NEW_N(m->life, struct path_var, 2 + (list ? list->len : 0));
	m->view->constants[0].name = "rowIndex";
	node_each(one, list) {
		const char *where = arena_printf(m->life, "constant[%u]", n++);
		TRY(view_check_members(m, one, where, allowed));
		TRY(make_constant(m, one, where));
	}
	return OK;
}
