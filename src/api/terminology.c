/* terminology.c - ValueSet/$expand, ValueSet/$validate-code, CodeSystem/$lookup, $validate-code and
 * $subsumes, for the code systems whose codes are here. Of others (SNOMED CT …) the answer is that it
 * cannot be given, never a guess.
 */
#include "api/inside.h"

#include "base/when.h"
#include "fhir/code.h"

#define EXPAND_WHOLE 10000 /* codes given without being asked page by page */

/* ---- what is asked about */

struct coding {
	struct str system, code, display;
};
struct codings {
	VEC(struct coding) list;
};

static void add_coding(struct ctx *c, struct codings *to, const struct node *coding)
{
	if (node_str(coding, "code").len)
		*vec_push(&to->list, c->arena) =
			(struct coding){ node_str(coding, "system"), node_str(coding, "code"),
					 node_str(coding, "display") };
}

/* code with its system, coding, or codeableConcept: one of them. */
static enum err read_codings(struct ctx *c, const struct given *given, struct str system,
			     struct codings *out)
{
	struct coding plain = { system, given_text(c, given, "code"),
				given_text(c, given, "display") };

	if (plain.code.len)
		*vec_push(&out->list, c->arena) = plain;
	add_coding(c, out, given_part(given, "coding"));
	node_each(coding, node_get(given_part(given, "codeableConcept"), "coding"))
		add_coding(c, out, coding);
	return out->list.len ? OK
			     : fail(c, ERR_BAD_REQUEST,
				    "A code is needed: code, coding or codeableConcept.");
}

static enum err needed(struct ctx *c, const struct given *given, const char *name,
		       struct str *out)
{
	*out = given_text(c, given, name);
	return out->len ? OK : fail(c, ERR_BAD_REQUEST, "The parameter %s is needed.", name);
}

/* Without a version: there is one of each here. */
static struct str bare(struct str url)
{
	return str_cut(&url, '|');
}

static enum err system_check(struct ctx *c, struct str system)
{
	if (code_system(c->place->fhir, system) == SYSTEM_UNKNOWN)
		return fail(c, ERR_NOT_FOUND, "The codes of the system %.200s are not here.",
			    str_dup(c->arena, system));
	return OK;
}

/* ---- answers */

static struct node *answer_new(struct ctx *c, struct node **list)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, o, "resourceType", "Parameters");
	*list = node_add(c->arena, o, "parameter", NODE_ARRAY);
	return o;
}

static struct node *add_part(struct ctx *c, struct node *list, const char *name)
{
	struct node *part = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, part, "name", name);
	return part;
}

static void add_text(struct ctx *c, struct node *list, const char *name, const char *type,
		     struct str text)
{
	if (text.len)
		node_add_str(c->arena, add_part(c, list, name), type, text);
}

/* ---- ValueSet/$expand */

static bool fits(struct ctx *c, const struct code_item *code, struct str filter)
{
	return !filter.len || str_find(str_fold(c->arena, code->display), filter) >= 0 ||
	       str_find(str_fold(c->arena, code->code), filter) >= 0;
}

static void add_contains(struct ctx *c, struct node *list, const struct code_item *code)
{
	struct node *o = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_str(c->arena, o, "system", code->system);
	node_add_str(c->arena, o, "code", code->code);
	if (code->display.len)
		node_add_str(c->arena, o, "display", code->display);
}

struct page {
	struct str filter;
	int64_t offset, count; /* count -1: not said */
};

static enum err expansion(struct ctx *c, const struct code_list *codes, const struct page *page,
			  struct node *expansion)
{
	struct node *contains = node_new(c->arena, NODE_ARRAY);
	struct str filter = str_fold(c->arena, page->filter);
	int64_t total = 0;

	for (size_t i = 0; i < codes->list.len; i++) {
		const struct code_item *code = &codes->list.at[i];

		if (!fits(c, code, filter))
			continue;
		if (total >= page->offset &&
		    (page->count < 0 || total < page->offset + page->count))
			add_contains(c, contains, code);
		total++;
	}
	if (page->count < 0 && contains->len > EXPAND_WHOLE)
		return fail(c, ERR_LIMIT,
			    "The value set holds %u codes: ask for a count of at most some "
			    "thousands.",
			    contains->len);
	node_add_int(c->arena, expansion, "total", total);
	node_add_int(c->arena, expansion, "offset", page->offset);
	if (contains->len)
		node_append(expansion, "contains", contains);
	return OK;
}

enum err api_expand(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format",
					     "_pretty",
					     "url",
					     "filter",
					     "count",
					     "offset",
					     "displayLanguage",
					     "includeDesignations",
					     "includeDefinition",
					     "excludeNested",
					     NULL };
	struct node *set = node_new(c->arena, NODE_OBJECT), *o;
	struct page page = { 0 };
	struct code_list codes;
	struct format format;
	struct str url;
	struct given given;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(needed(c, &given, "url", &url));
	TRY(given_count(c, &given, "count", -1, &page.count));
	TRY(given_count(c, &given, "offset", 0, &page.offset));
	page.filter = str_trim(given_text(c, &given, "filter"));
	TRY(code_expand(c, c->place->fhir, url, &codes));
	node_add_cstr(c->arena, set, "resourceType", "ValueSet");
	node_add_str(c->arena, set, "url", bare(url));
	node_add_cstr(c->arena, set, "status", "active");
	o = node_add(c->arena, set, "expansion", NODE_OBJECT);
	node_add_str(c->arena, o, "timestamp", when_print_us(c->arena, clock_now(c->clock)));
	TRY(expansion(c, &codes, &page, o));
	return reply_node(c, &format, set, reply);
}

/* ---- $validate-code */

static bool display_fits(struct ctx *c, const struct coding *coding, struct str display)
{
	return !coding->display.len || !display.len ||
	       str_eq(str_fold(c->arena, coding->display), str_fold(c->arena, display));
}

static enum err reply_verdict(struct ctx *c, const struct format *format,
			      const struct coding *coding, bool in, struct str display,
			      const char *where, struct reply *reply)
{
	struct node *list, *o = answer_new(c, &list);
	bool named = display_fits(c, coding, display);
	const char *why = NULL;

	node_add_bool(c->arena, add_part(c, list, "result"), "valueBoolean", in && named);
	if (!in)
		why = arena_printf(c->arena, "\"%.100s\" is not in %s.",
				   str_dup(c->arena, coding->code), where);
	else if (!named)
		why = arena_printf(c->arena, "\"%.100s\" is called \"%s\".",
				   str_dup(c->arena, coding->code), str_dup(c->arena, display));
	add_text(c, list, "message", "valueString", str_of(why));
	add_text(c, list, "display", "valueString", in ? display : (struct str){ 0 });
	return reply_node(c, format, o, reply);
}

enum err api_validate_in_set(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format", "_pretty",         "url",
					     "code",    "system",          "display",
					     "coding",  "codeableConcept", "displayLanguage",
					     NULL };
	const struct fhir *f = c->place->fhir;
	enum code_answer best = CODE_OUT;
	struct codings codings = { 0 };
	struct format format;
	struct coding found;
	struct str url;
	struct given given;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(needed(c, &given, "url", &url));
	TRY(read_codings(c, &given, given_text(c, &given, "system"), &codings));
	if (!code_set_known(f, url))
		return fail(c, ERR_NOT_FOUND, "The value set %.200s is not known here.",
			    str_dup(c->arena, url));
	found = codings.list.at[0];
	for (size_t i = 0; i < codings.list.len && best != CODE_IN; i++) {
		struct coding *coding = &codings.list.at[i];
		enum code_answer answer =
			code_in_set(f, str_dup(c->arena, url), coding->system, coding->code);

		if (answer == CODE_IN)
			found = *coding;
		best = answer == CODE_OUT ? best : answer;
	}
	if (best == CODE_UNKNOWN)
		return fail(c, ERR_UNSUPPORTED,
			    "Whether the code is in the value set cannot be said without codes "
			    "that are not here.");
	if (!found.system.len)
		found.system = code_set_system(f, str_dup(c->arena, url));
	return reply_verdict(c, &format, &found, best == CODE_IN,
			     code_display(f, found.system, found.code), "the value set", reply);
}

enum err api_validate_in_system(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = {
		"_format",         "_pretty",         "url", "code", "display", "coding",
		"codeableConcept", "displayLanguage", NULL
	};
	struct codings codings = { 0 };
	struct code_item item = { 0 };
	struct format format;
	struct coding coding;
	struct given given;
	bool in;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(read_codings(c, &given, bare(given_text(c, &given, "url")), &codings));
	coding = codings.list.at[0];
	TRY(system_check(c, coding.system));
	in = code_find(c->place->fhir, coding.system, coding.code, &item);
	if (!in && code_system(c->place->fhir, coding.system) == SYSTEM_PARTIAL)
		return fail(c, ERR_UNSUPPORTED,
			    "Only some codes of the system are here, and not this one.");
	return reply_verdict(c, &format, &coding, in, item.display, "the code system", reply);
}

/* ---- CodeSystem/$lookup */

/* The end of a URL stands for the name of a system. */
static struct str name_of(struct str system)
{
	struct str last = system;

	while (system.at)
		last = str_cut(&system, '/');
	return last;
}

static void add_parent(struct ctx *c, struct node *list, struct str parent)
{
	struct node *parts;

	if (!parent.len)
		return;
	parts = node_add(c->arena, add_part(c, list, "property"), "part", NODE_ARRAY);
	add_text(c, parts, "code", "valueCode", STR("parent"));
	add_text(c, parts, "value", "valueCode", parent);
}

enum err api_lookup(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format", "_pretty",  "system",          "code",
					     "coding",  "property", "displayLanguage", NULL };
	const struct fhir *f = c->place->fhir;
	struct codings codings = { 0 };
	struct code_item item = { 0 };
	struct node *list, *o = answer_new(c, &list);
	struct format format;
	struct coding coding;
	struct given given;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(read_codings(c, &given, bare(given_text(c, &given, "system")), &codings));
	coding = codings.list.at[0];
	if (!code_find(f, coding.system, coding.code, &item)) {
		item.display = code_display(f, coding.system,
					    coding.code); /* of what value sets name */
		if (!item.display.len)
			TRY(system_check(c, coding.system));
	}
	if (!item.code.len && !item.display.len)
		return fail(c, ERR_NOT_FOUND, "The system has no code \"%.100s\".",
			    str_dup(c->arena, coding.code));
	add_text(c, list, "name", "valueString", name_of(coding.system));
	add_text(c, list, "display", "valueString",
		 item.display.len ? item.display : coding.code);
	add_parent(c, list, item.parent);
	return reply_node(c, &format, o, reply);
}

/* ---- CodeSystem/$subsumes */

static enum err code_check(struct ctx *c, struct str system, struct str code)
{
	struct code_item item;

	if (!code_find(c->place->fhir, system, code, &item))
		return fail(c, ERR_NOT_FOUND, "The system has no code \"%.100s\".",
			    str_dup(c->arena, code));
	return OK;
}

enum err api_subsumes(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format", "_pretty", "system",  "codeA",
					     "codeB",   "codingA", "codingB", NULL };
	const struct fhir *f = c->place->fhir;
	struct str system, a, b, outcome = STR("not-subsumed");
	struct node *list, *o = answer_new(c, &list);
	const struct node *one, *other;
	struct format format;
	struct given given;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	one = given_part(&given, "codingA");
	other = given_part(&given, "codingB");
	a = one ? node_str(one, "code") : given_text(c, &given, "codeA");
	b = other ? node_str(other, "code") : given_text(c, &given, "codeB");
	system = bare(one ? node_str(one, "system") : given_text(c, &given, "system"));
	if (!a.len || !b.len || !system.len ||
	    (other && !str_eq(node_str(other, "system"), system)))
		return fail(c, ERR_BAD_REQUEST,
			    "Two codes of one system are needed: codeA, codeB and system.");
	TRY(system_check(c, system));
	TRY(code_check(c, system, a));
	TRY(code_check(c, system, b));
	if (str_eq(a, b))
		outcome = STR("equivalent");
	else if (code_is_below(f, system, b, a))
		outcome = STR("subsumes");
	else if (code_is_below(f, system, a, b))
		outcome = STR("subsumed-by");
	add_text(c, list, "outcome", "valueCode", outcome);
	return reply_node(c, &format, o, reply);
}
