/* act.c - reading for an action, and what it keeps. */
#include "act/act.h"

#include <assert.h>
#include <stdarg.h>

/* --- what was given --- */

struct str act_text(const struct act *act, const char *name)
{
	return node_str(act->input, name);
}

bool act_true(const struct act *act, const char *name)
{
	return str_is(act_text(act, name), "true");
}

bool act_when(const struct act *act, const char *name, struct when *out)
{
	struct str text = act_text(act, name);

	return text.len && when_parse_datetime(text, out);
}

const struct node *act_list(const struct act *act, const char *name)
{
	return node_get(act->input, name);
}

void act_refuse(struct ctx *c, enum err e, const char *field, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *why = arena_vprintf(c->arena, format, args);
	va_end(args);
	if (field)
		issue_add(c, ISSUE_ERROR, err_row(e)->issue, field, 0, 0, "%s", why);
	err_fail(c, e, "%s", why);
}

/* --- reading --- */

static bool type_among(struct str type, const char *types)
{
	struct str rest = types ? str_of(types) : (struct str){ 0 };

	if (!types)
		return true;
	while (rest.at)
		if (str_eq(str_cut(&rest, '|'), type))
			return true;
	return false;
}

static enum err reference_read(struct ctx *c, struct str reference, const char *types,
			       struct str *type, struct str *id)
{
	struct str rest = reference;

	*type = str_cut(&rest, '/');
	*id = rest.at ? rest : (struct str){ 0 };
	if (!id->len || !fhir_resource_type(c->place->fhir, *type))
		return fail(c, ERR_BAD_REQUEST, "\"" STR_FMT "\" is no reference such as Patient/1.",
			    reference.len > 80 ? 80 : (int)reference.len, reference.at);
	if (!type_among(*type, types))
		return fail(c, ERR_BAD_REQUEST, "It must refer to %s.", types);
	return OK;
}

static enum err read_tree(struct ctx *c, struct str type, struct str id, int64_t *version,
			  struct node **out)
{
	struct version v;

	TRY(record_read(c, type, id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, out));
	*version = v.version;
	return OK;
}

enum err act_look(struct ctx *c, struct str reference, const char *types, struct node **out)
{
	struct str type, id;
	int64_t version;

	TRY(reference_read(c, reference, types, &type, &id));
	return read_tree(c, type, id, &version, out);
}

static struct act_put *put_of(struct act *act, struct str type, struct str id)
{
	for (size_t i = 0; i < act->puts.len; i++)
		if (str_eq(act->puts.at[i].id, id) && str_eq(act->puts.at[i].type, type))
			return &act->puts.at[i];
	return NULL;
}

enum err act_edit(struct ctx *c, struct act *act, struct str reference, const char *types,
		  struct node **out)
{
	struct act_put *put, fresh = { 0 };

	TRY(reference_read(c, reference, types, &fresh.type, &fresh.id));
	put = put_of(act, fresh.type, fresh.id);
	if (!put) {
		TRY(read_tree(c, fresh.type, fresh.id, &fresh.version, &fresh.resource));
		put = vec_push(&act->puts, c->arena);
		*put = fresh;
	}
	*out = put->resource;
	return OK;
}

/* --- keeping --- */

/* Made from the caller's word, so that the same word makes the same id. */
static struct str id_of_word(struct ctx *c, struct act *act)
{
	static const uint64_t keys[2][2] = { { 0x6361757365776179, 1 }, { 0x6361757365776179, 2 } };
	const char *text = arena_printf(c->arena, "%s %u " STR_FMT, act->action->name, ++act->made,
					STR_ARG(act->once));

	return str_of(arena_printf(c->arena, "%016llx%016llx",
				   (unsigned long long)hash_keyed(keys[0], text, strlen(text)),
				   (unsigned long long)hash_keyed(keys[1], text, strlen(text))));
}

struct str act_keep(struct ctx *c, struct act *act, struct node *resource)
{
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");
	struct act_put *put = NULL;

	for (size_t i = 0; i < act->puts.len && !put; i++)
		if (act->puts.at[i].resource == resource)
			put = &act->puts.at[i];
	if (!put) {
		if (!id.len) {
			id = act->once.len ? id_of_word(c, act) : record_new_id(c);
			struct node *text = node_new(c->arena, NODE_STRING);
			text->text = id.at;
			text->len = (uint32_t)id.len;
			node_insert(resource, node_get(resource, "resourceType"), "id", text);
		}
		put = vec_push(&act->puts, c->arena);
		*put = (struct act_put){ .type = type, .id = id, .resource = resource };
	}
	put->keep = true;
	return str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(put->type),
				   STR_ARG(put->id)));
}

void act_also(struct act *act, store_work *work, void *arg)
{
	assert(!act->also);
	act->also = work;
	act->also_arg = arg;
}
