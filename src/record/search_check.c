/* search_check.c - a stream that asks each resource itself, where the index says only "perhaps".
 *
 * Composite parameters, near and identifier:of-type narrow by the index and then look.
 */
#include "record/search_part.h"

struct check {
	struct stream stream;
	struct stream *from;
	check_resource *fits;
	const void *arg;
};

static enum err read_and_ask(struct scope *sc, const struct check *k, struct pair p, bool *out)
{
	struct node *resource;
	struct version v;

	TRY(ctx_check(sc->c));
	TRY(search_look(sc, p, &v));
	TRY(fhir_read_json(sc->c, sc->c->place->fhir, sc->c->arena, v.body, &resource));
	*out = false;
	return k->fits(sc, resource, k->arg, out);
}

/* All that it takes is given back: there may be thousands. */
static enum err ask(struct scope *sc, const struct check *k, struct pair p, bool *out)
{
	struct arena *kept = sc->c->arena;
	enum err e;
	ARENA(scratch);

	sc->c->arena = &scratch;
	e = read_and_ask(sc, k, p, out);
	sc->c->arena = kept;
	return e;
}

static enum err check_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct check *k = (struct check *)stream;
	bool met = false;

	for (; !met; from = pair_after(k->from->at)) {
		TRY(stream_seek(sc, k->from, from));
		if (pair_end(k->from->at))
			break;
		TRY(ask(sc, k, k->from->at, &met));
	}
	stream->at = k->from->at;
	return OK;
}

static enum err check_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct check *k = (struct check *)stream;

	TRY(stream_has(sc, k->from, p, out));
	return *out ? ask(sc, k, p, out) : OK;
}

static void check_rewind(struct stream *stream)
{
	stream_rewind(((struct check *)stream)->from);
}

static const struct stream_ops check_ops = { check_seek, check_has, check_rewind, NULL };

struct stream *stream_check(struct arena *a, struct stream *from, check_resource *fits,
			    const void *arg)
{
	struct check *k = NEW(a, struct check);

	*k = (struct check){ { &check_ops, PAIR_START }, from, fits, arg };
	return &k->stream;
}

/* ---- identifier:of-type ---- */

/* One identifier with that value, and among its types that code. */
static bool is_of_type(const struct node *identifier, const struct value *v)
{
	if (!str_eq(node_str(identifier, "value"), v->code))
		return false;
	node_each(coding, node_path(identifier, "type.coding"))
		if (str_eq(node_str(coding, "system"), v->system) &&
		    str_eq(node_str(coding, "code"), v->target))
			return true;
	return false;
}

enum err check_of_type(struct scope *sc, const struct node *resource, const void *arg,
		       bool *out)
{
	const struct node *identifier = node_get(resource, "identifier");

	(void)sc;
	if (!identifier)
		return OK;
	if (identifier->kind == NODE_OBJECT)
		*out = is_of_type(identifier, arg);
	node_each(each, identifier)
		if (identifier->kind == NODE_ARRAY)
			*out = *out || is_of_type(each, arg);
	return OK;
}
