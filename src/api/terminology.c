/* terminology.c - ValueSet/$expand, ValueSet/$validate-code, CodeSystem/$lookup, $validate-code and
 * $subsumes, for the code systems whose codes are here, shipped or stored. Of others (SNOMED CT …) the
 * answer is that it cannot be given, never a guess.
 */
#include "api/inside.h"

#include "base/when.h"
#include "fhir/code.h"
#include "record/terms.h"

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

/* Without a version: there is one of each here. */
static struct str bare(struct str url)
{
	return str_cut(&url, '|');
}

/* The codes of a system; ERR_NOT_FOUND when it is not here at all. */
static enum err system_codes(struct ctx *c, struct db *db, struct str system,
			     enum code_system *kind, struct code_list *codes)
{
	TRY(terms_system(c, db, system, kind, codes));
	if (*kind == SYSTEM_UNKNOWN)
		return fail(c, ERR_NOT_FOUND, "The codes of the system %.200s are not here.",
			    str_dup(c->arena, system));
	return OK;
}

/* A code of a system that is stored or shipped: ERR_NOT_FOUND when nothing is known of the system,
 * ERR_UNSUPPORTED when the code may be among those that are not here; *in false: there is none. */
static enum err code_seek(struct ctx *c, struct str system, struct str code,
			  struct code_item *out, bool *in)
{
	const struct code_item *found;
	struct code_list codes;
	enum code_system kind;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(system_codes(c, db, system, &kind, &codes));
	found = terms_find(&codes, (struct str){ 0 }, code);
	if (!found && kind == SYSTEM_PARTIAL)
		return fail(c, ERR_UNSUPPORTED,
			    "Only some codes of the system are here, and not this one.");
	*in = found;
	if (found)
		*out = *found;
	return OK;
}

/* The ValueSet an operation is about: sent along, the one of the address, or named by its URL. */
struct asked_set {
	struct node *stored; /* or sent; NULL: shipped */
	struct str url;
};

static enum err set_find(struct ctx *c, struct db *db, const struct request *r,
			 const struct given *given, struct asked_set *out)
{
	struct node *sent = (struct node *)(uintptr_t)given_part(given, "valueSet");
	struct str url = given_text(c, given, "url");
	struct asked_set set = { sent, sent ? node_str(sent, "url") : url };

	if (!sent && r->part[0].len) {
		set.url = str_of(
			arena_printf(c->arena, "ValueSet/" STR_FMT, STR_ARG(r->part[0])));
		TRY(terms_stored(c, db, "ValueSet", set.url, &set.stored));
		if (!set.stored)
			return fail(c, ERR_NOT_FOUND, "%.100s is not known here.",
				    str_dup(c->arena, set.url));
		set.url = node_str(set.stored, "url");
	} else if (!sent) {
		if (!url.len)
			return fail(c, ERR_BAD_REQUEST, "The parameter url is needed.");
		TRY(terms_stored(c, db, "ValueSet", url, &set.stored));
	}
	*out = set;
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
					     "valueSet",
					     "valueSetVersion",
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
	struct asked_set asked;
	struct given given;
	READER(db);

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(given_count(c, &given, "count", -1, &page.count));
	TRY(given_count(c, &given, "offset", 0, &page.offset));
	page.filter = str_trim(given_text(c, &given, "filter"));
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(set_find(c, db, r, &given, &asked));
	if (asked.stored)
		TRY(terms_expand_set(c, db, asked.stored, &codes));
	else
		TRY(code_expand(c, c->place->fhir, asked.url, &codes));
	node_add_cstr(c->arena, set, "resourceType", "ValueSet");
	if (asked.url.len)
		node_add_str(c->arena, set, "url", bare(asked.url));
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

/* Is one of the codings in a set whose codes are listed here? */
static enum err judge_listed(struct ctx *c, struct db *db, const struct node *set,
			     const struct codings *codings, struct coding *best, bool *in,
			     struct str *display)
{
	struct code_list codes;

	*in = false;
	TRY(terms_expand_set(c, db, set, &codes));
	for (size_t i = 0; i < codings->list.len && !*in; i++) {
		const struct coding *one = &codings->list.at[i];
		const struct code_item *found = terms_find(&codes, one->system, one->code);

		if (!found)
			continue;
		*best = *one;
		*display = found->display;
		*in = true;
	}
	return OK;
}

/* And in one of those shipped? */
static enum err judge_shipped(struct ctx *c, struct str url, const struct codings *codings,
			      struct coding *best, bool *in, struct str *display)
{
	const struct fhir *f = c->place->fhir;
	enum code_answer all = CODE_OUT;

	if (!code_set_known(f, url))
		return fail(c, ERR_NOT_FOUND, "The value set %.200s is not known here.",
			    str_dup(c->arena, url));
	for (size_t i = 0; i < codings->list.len && all != CODE_IN; i++) {
		struct coding *coding = &codings->list.at[i];
		enum code_answer answer =
			code_in_set(f, str_dup(c->arena, url), coding->system, coding->code);

		if (answer == CODE_IN)
			*best = *coding;
		all = answer == CODE_OUT ? all : answer;
	}
	if (all == CODE_UNKNOWN)
		return fail(c, ERR_UNSUPPORTED,
			    "Whether the code is in the value set cannot be said without codes "
			    "that are not here.");
	if (!best->system.len)
		best->system = code_set_system(f, str_dup(c->arena, url));
	*in = all == CODE_IN;
	*display = code_display(f, best->system, best->code);
	return OK;
}

enum err api_validate_in_set(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format",  "_pretty",         "url",
					     "valueSet", "valueSetVersion", "code",
					     "system",   "systemVersion",   "display",
					     "coding",   "codeableConcept", "displayLanguage",
					     NULL };
	struct codings codings = { 0 };
	struct str display = { 0 };
	struct asked_set asked;
	struct format format;
	struct coding found;
	struct given given;
	bool in;
	READER(db);

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(set_find(c, db, r, &given, &asked));
	TRY(read_codings(c, &given, given_text(c, &given, "system"), &codings));
	found = codings.list.at[0];
	if (asked.stored)
		TRY(judge_listed(c, db, asked.stored, &codings, &found, &in, &display));
	else
		TRY(judge_shipped(c, asked.url, &codings, &found, &in, &display));
	return reply_verdict(c, &format, &found, in, display, "the value set", reply);
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
	TRY(code_seek(c, coding.system, coding.code, &item, &in));
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
	bool in;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	TRY(read_codings(c, &given, bare(given_text(c, &given, "system")), &codings));
	coding = codings.list.at[0];
	item.display =
		code_display(f, coding.system, coding.code); /* or of what value sets name */
	if (!item.display.len || code_system(f, coding.system) != SYSTEM_UNKNOWN)
		TRY(code_seek(c, coding.system, coding.code, &item, &in));
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

/* Bounded by the number of codes, for a system whose parents go round. */
static bool stands_above(const struct code_list *codes, struct str ancestor,
			 const struct code_item *item)
{
	for (size_t n = 0; item && n < codes->list.len; n++) {
		if (str_eq(item->code, ancestor))
			return true;
		item = item->parent.len ? terms_find(codes, (struct str){ 0 }, item->parent)
					: NULL;
	}
	return false;
}

/* How two codes stand to each other; both must be known. */
static enum err compare(struct ctx *c, struct str system, struct str a, struct str b,
			struct str *out)
{
	const struct code_item *one, *other;
	struct code_list codes;
	enum code_system kind;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(system_codes(c, db, system, &kind, &codes));
	one = terms_find(&codes, (struct str){ 0 }, a);
	other = terms_find(&codes, (struct str){ 0 }, b);
	if (!one || !other)
		return fail(c, ERR_NOT_FOUND, "The system has no code \"%.100s\".",
			    str_dup(c->arena, one ? b : a));
	*out = str_eq(a, b)                     ? STR("equivalent")
	       : stands_above(&codes, a, other) ? STR("subsumes")
	       : stands_above(&codes, b, one)   ? STR("subsumed-by")
						: STR("not-subsumed");
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
	TRY(compare(c, system, a, b, &outcome));
	if (str_is(outcome, "not-subsumed") && code_is_below(f, system, b, a))
		outcome = STR("subsumes"); /* by a second parent, which only the tables know */
	else if (str_is(outcome, "not-subsumed") && code_is_below(f, system, a, b))
		outcome = STR("subsumed-by");
	add_text(c, list, "outcome", "valueCode", outcome);
	return reply_node(c, &format, o, reply);
}
