/* bulk_ask.c - what an export is asked for: parameters of the address, or a Parameters resource. */
#include "api/bulk.h"

#include "access/smart.h"
#include "base/html.h"
#include "base/when.h"
#include "http/negotiate.h"
#include "record/guard.h"

struct param {
	struct str name, value;
};
struct asked {
	VEC(struct param) params;
	bool lenient; /* what is not known is passed over */
};

/* --- where parameters come from --- */

static enum err from_query(struct ctx *c, const struct request *r, struct asked *out)
{
	struct str query = r->query;

	while (query.len) {
		struct str value = str_cut(&query, '&'), name = str_cut(&value, '=');
		struct param *p;

		if (!name.len)
			continue;
		p = vec_push(&out->params, c->arena);
		if (!url_unescape(c->arena, name, true, &p->name) ||
		    (value.len && !url_unescape(c->arena, value, true, &p->value)))
			return fail(c, ERR_BAD_REQUEST,
				    "The address holds a malformed percent-encoding.");
	}
	return OK;
}

static enum err from_body(struct ctx *c, const struct request *r, struct asked *out)
{
	struct node *o;

	TRY(body_read(c, r, &o));
	if (!str_is(node_str(o, "resourceType"), "Parameters"))
		return fail(c, ERR_BAD_REQUEST,
			    "The body of an export is a Parameters resource.");
	node_each(one, node_get(o, "parameter")) {
		struct param *p = vec_push(&out->params, c->arena);

		p->name = node_str(one, "name");
		node_each(member, one) {
			struct str name = { member->name, member->name_len };
			if (str_starts(name, STR("value")))
				p->value = node_text(member);
		}
		if (!p->value.at)
			return fail(c, ERR_BAD_REQUEST,
				    "The parameter %.64s has no simple value.",
				    str_dup(c->arena, p->name));
	}
	return OK;
}

/* --- what each one means --- */

static enum err take_format(struct ctx *c, struct str value, struct bulk_ask *ask)
{
	static const char *const formats[] = { "application/fhir+ndjson", "application/ndjson",
					       "ndjson" };
	char *text = str_dup(c->arena, value);

	(void)ask;
	for (char *at = text; *at; at++)
		*at = *at == ' ' ? '+' : *at; /* a + in an address is a space to a form */
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(text, formats[i]) == 0)
			return OK;
	}
	return fail(c, ERR_BAD_REQUEST,
		    "An export is written as application/fhir+ndjson, not as %.64s.", text);
}

/* An instant; a + of its zone may have become a space. */
static enum err instant(struct ctx *c, const char *name, struct str value, int64_t *from)
{
	char *text = str_dup(c->arena, value);
	struct when when;
	int64_t to;

	for (char *at = text; *at; at++)
		*at = *at == ' ' ? '+' : *at;
	if (!when_parse_instant(str_of(text), &when) &&
	    !when_parse_datetime(str_of(text), &when))
		return fail(c, ERR_BAD_REQUEST, "%s is not an instant as FHIR writes it.",
			    name);
	when_range(when, 0, from, &to);
	return OK;
}

/* Times are told to the millisecond: what was changed in that very one is known already. */
static enum err take_since(struct ctx *c, struct str value, struct bulk_ask *ask)
{
	int64_t from;

	TRY(instant(c, "_since", value, &from));
	ask->since = from + BULK_TICK;
	return OK;
}

static enum err take_until(struct ctx *c, struct str value, struct bulk_ask *ask)
{
	return instant(c, "_until", value, &ask->until);
}

static enum err take_type(struct ctx *c, struct str value, struct bulk_ask *ask)
{
	while (value.at) {
		struct str name = str_trim(str_cut(&value, ','));
		const struct fhir_type *type = fhir_resource_type(c->place->fhir, name);
		bool there = false;

		if (!type)
			return fail(c, ERR_BAD_REQUEST,
				    "_type: %.64s is not a resource type of FHIR R4.",
				    str_dup(c->arena, name));
		TRY(smart_need(c, name, LET_LIST)); /* named, and not let: said rather than left out */
		for (size_t i = 0; i < ask->types.len; i++)
			there = there || ask->types.at[i] == type->name;
		if (!there)
			*vec_push(&ask->types, c->arena) = type->name;
	}
	return OK;
}

/* Parameters of a search that say how to answer, not what to find. */
static enum err only_conditions(struct ctx *c, struct str query)
{
	static const char *const refused[] = { "_sort",       "_count",     "_include",
					       "_revinclude", "_summary",   "_elements",
					       "_total",      "_contained", "_cursor",
					       "_format" };

	while (query.len) {
		struct str value = str_cut(&query, '&'), name = str_cut(&value, '=');

		name = str_cut(&name, ':');
		for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
			if (str_is(name, refused[i]))
				return fail(c, ERR_BAD_REQUEST,
					    "%s has no place in a _typeFilter.", refused[i]);
		}
	}
	return OK;
}

static enum err take_filter(struct ctx *c, struct str filter, struct bulk_ask *ask)
{
	struct str query = filter, type = str_cut(&query, '?');
	const struct search *search;

	if (!query.len || !fhir_resource_type(c->place->fhir, type))
		return fail(c, ERR_BAD_REQUEST,
			    "_typeFilter: %.128s is not a search such as "
			    "Observation?status=final.",
			    str_dup(c->arena, filter));
	TRY(only_conditions(c, query));
	TRY(search_parse(c, type, query, &search));
	*vec_push(&ask->filters, c->arena) = filter;
	return OK;
}

/* Where the next filter begins: after a comma that a type and ? follow; other commas belong to
 * the values of a search. */
static size_t filter_end(const struct ctx *c, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		struct str rest = { s.at + i + 1, s.len - i - 1 };

		if (s.at[i] == ',' && str_find(rest, STR("?")) > 0 &&
		    fhir_resource_type(c->place->fhir, str_cut(&rest, '?')))
			return i;
	}
	return s.len;
}

static enum err take_filters(struct ctx *c, struct str value, struct bulk_ask *ask)
{
	while (value.len) {
		size_t end = filter_end(c, value);

		TRY(take_filter(c, (struct str){ value.at, end }, ask));
		if (end == value.len)
			break;
		value = (struct str){ value.at + end + 1, value.len - end - 1 };
	}
	return OK;
}

static const struct {
	const char *name;
	enum err (*take)(struct ctx *c, struct str value, struct bulk_ask *ask);
} known[] = {
	{ "_outputFormat", take_format }, { "_since", take_since },
	{ "_until", take_until },         { "_type", take_type },
	{ "_typeFilter", take_filters },
};

static enum err take(struct ctx *c, const struct asked *asked, const struct param *p,
		     struct bulk_ask *ask)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (str_is(p->name, known[i].name))
			return known[i].take(c, p->value, ask);
	}
	if (asked->lenient)
		return OK;
	return fail(c, ERR_BAD_REQUEST,
		    "The parameter %.64s is not known to an export; with Prefer: "
		    "handling=lenient it is passed over.",
		    str_dup(c->arena, p->name));
}

static enum err check_filters(struct ctx *c, const struct bulk_ask *ask)
{
	for (size_t i = 0; i < ask->filters.len; i++) {
		struct str of = ask->filters.at[i], type = str_cut(&of, '?');
		bool there = ask->types.len == 0;

		for (size_t j = 0; j < ask->types.len; j++)
			there = there || str_is(type, ask->types.at[j]);
		if (!there)
			return fail(c, ERR_BAD_REQUEST,
				    "_typeFilter is about " STR_FMT ", which _type leaves out.",
				    STR_ARG(type));
	}
	return OK;
}

static struct str address(struct ctx *c, const struct request *r)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_str(&b, r->base);
	buf_str(&b, r->path);
	if (r->query.len) {
		buf_char(&b, '?');
		buf_str(&b, r->query);
	}
	return buf_get(&b);
}

enum err bulk_ask_read(struct ctx *c, const struct request *r, enum bulk_level level,
		       struct bulk_ask *out)
{
	struct bulk_ask ask = { .level = level,
				.owner = guard_owner(c),
				.request = address(c, r) };
	struct asked asked = { .lenient = prefers(r, "handling=lenient") };

	if (!prefers(r, "respond-async"))
		return fail(c, ERR_BAD_REQUEST,
			    "An export takes a while: ask for it with Prefer: respond-async.");
	if (level == BULK_GROUP)
		ask.group = r->part[0];
	TRY(from_query(c, r, &asked));
	if (r->body.len)
		TRY(from_body(c, r, &asked));
	for (size_t i = 0; i < asked.params.len; i++)
		TRY(take(c, &asked, &asked.params.at[i], &ask));
	TRY(check_filters(c, &ask));
	*out = ask;
	return OK;
}
