/* valid_value.c - validation of single values: formats, codes, references. */
#include <ctype.h>
#include <string.h>

#include "base/when.h"
#include "fhir/code.h"
#include "fhir/valid_int.h"

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)

/* ---- primitives: a table of formats (FHIR R4, datatypes.html#primitive) ---- */

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* No control characters but tab and the ends of lines, and not only space. */
static bool is_string(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < ' ' && !is_space(s.at[i]))
			return false;
	return str_trim(s).len > 0;
}

static bool has_no_space(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_space(s.at[i]))
			return false;
	return s.len > 0;
}

/* [^\s]+(\s[^\s]+)*: no space at either end, single ones inside. */
static bool is_code(struct str s)
{
	bool space = true;

	for (size_t i = 0; i < s.len; i++) {
		if (is_space(s.at[i]) && space)
			return false;
		space = is_space(s.at[i]);
	}
	return !space;
}

static bool is_id(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.at[i]) && s.at[i] != '-' && s.at[i] != '.')
			return false;
	return s.len >= 1 && s.len <= 64;
}

static bool is_oid(struct str s)
{
	if (!str_starts(s, STR("urn:oid:")) || s.len < 11)
		return false;
	for (size_t i = 8; i < s.len; i++)
		if (!isdigit((unsigned char)s.at[i]) && s.at[i] != '.')
			return false;
	return s.at[8] >= '0' && s.at[8] <= '2' && s.at[s.len - 1] != '.';
}

static bool is_uuid(struct str s)
{
	if (!str_starts(s, STR("urn:uuid:")) || s.len != 45)
		return false;
	for (size_t i = 9; i < s.len; i++) {
		bool dash = i == 17 || i == 22 || i == 27 || i == 32;
		if (dash ? s.at[i] != '-' : !isxdigit((unsigned char)s.at[i]))
			return false;
	}
	return true;
}

static bool is_base64(struct str s)
{
	size_t digits = 0, ends = 0;

	for (size_t i = 0; i < s.len; i++) {
		char ch = s.at[i];
		if (is_space(ch))
			continue;
		if (ch == '=')
			ends++;
		else if (ends || (!isalnum((unsigned char)ch) && ch != '+' && ch != '/'))
			return false;
		else
			digits++;
	}
	return digits > 0 && ends <= 2 && (digits + ends) % 4 == 0;
}

static bool is_xhtml(struct str s)
{
	s = str_trim(s);
	return str_starts(s, STR("<")) && (str_ends(s, STR("</div>")) || str_ends(s, STR("/>")));
}

static bool is_date(struct str s)
{
	struct when w;
	return when_parse_date(s, &w);
}

static bool is_datetime(struct str s)
{
	struct when w;
	return when_parse_datetime(s, &w);
}

static bool is_instant(struct str s)
{
	struct when w;
	return when_parse_instant(s, &w);
}

static bool is_time(struct str s)
{
	struct when w;
	return when_parse_time(s, &w);
}

static bool is_integer_from(struct str s, int64_t least)
{
	int64_t n;
	return str_int(s, &n) && n >= least && n <= INT32_MAX;
}

static bool is_integer(struct str s)
{
	return is_integer_from(s, INT32_MIN);
}

static bool is_unsigned(struct str s)
{
	return is_integer_from(s, 0);
}

static bool is_positive(struct str s)
{
	return is_integer_from(s, 1);
}

static bool is_any(struct str s)
{
	(void)s;
	return true;
}

struct format {
	const char *type;
	enum node_kind kind;
	bool (*fits)(struct str s);
	const char *form; /* for the reader */
};

static const struct format formats[] = {
	{ "string", NODE_STRING, is_string, "text that is not blank and has no control characters" },
	{ "code", NODE_STRING, is_code, "a code: no space at its ends, single spaces inside" },
	{ "uri", NODE_STRING, has_no_space, "a URI without spaces" },
	{ "boolean", NODE_BOOL, is_any, "true or false" },
	{ "dateTime", NODE_STRING, is_datetime, "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz" },
	{ "date", NODE_STRING, is_date, "YYYY, YYYY-MM or YYYY-MM-DD" },
	{ "decimal", NODE_NUMBER, is_any, "a number" }, /* JSON's grammar is FHIR's */
	{ "integer", NODE_NUMBER, is_integer, "a whole number of 32 bits" },
	{ "positiveInt", NODE_NUMBER, is_positive, "a whole number from 1" },
	{ "unsignedInt", NODE_NUMBER, is_unsigned, "a whole number from 0" },
	{ "instant", NODE_STRING, is_instant, "YYYY-MM-DDThh:mm:ss.sss+zz:zz" },
	{ "time", NODE_STRING, is_time, "hh:mm:ss" },
	{ "id", NODE_STRING, is_id, "1 to 64 letters, digits, - and ." },
	{ "canonical", NODE_STRING, has_no_space, "a URL without spaces" },
	{ "url", NODE_STRING, has_no_space, "a URL without spaces" },
	{ "markdown", NODE_STRING, is_string, "text that is not blank and has no control characters" },
	{ "xhtml", NODE_STRING, is_xhtml, "one XHTML div" },
	{ "base64Binary", NODE_STRING, is_base64, "base64" },
	{ "oid", NODE_STRING, is_oid, "urn:oid: and an OID" },
	{ "uuid", NODE_STRING, is_uuid, "urn:uuid: and a UUID" },
};

void valid_primitive(struct checker *k, const struct spot *spot, const struct fhir_type *type,
		     const struct node *node)
{
	const struct format *format = formats, *end = formats + sizeof formats / sizeof *formats;
	struct str text = node_text(node);

	while (format < end && strcmp(format->type, type->name) != 0)
		format++;
	if (format == end)
		return;
	if (node->kind != format->kind)
		error(k, spot, "structure", "%s is written as %s in JSON", type->name,
		      format->kind == NODE_BOOL ? "true or false" :
		      format->kind == NODE_NUMBER ? "a number" : "a string");
	else if (!format->fits(text))
		error(k, spot, "value", "\"%.40s\" is no %s: %s", str_dup(k->c->arena, text), type->name,
		      format->form);
}

/* ---- codes ---- */

static enum code_answer coding_answer(const struct fhir *f, const char *set, const struct node *coding)
{
	struct str system = node_str(coding, "system"), code = node_str(coding, "code");

	return code.len && system.len ? code_in_set(f, set, system, code) : CODE_UNKNOWN;
}

static enum code_answer concept_answer(const struct fhir *f, const char *set, const struct node *concept)
{
	enum code_answer answer = CODE_UNKNOWN;
	bool out = false;

	node_each(coding, node_get(concept, "coding")) {
		answer = coding_answer(f, set, coding);
		if (answer != CODE_OUT)
			return answer;
		out = true;
	}
	return out ? CODE_OUT : CODE_UNKNOWN;
}

static struct str bound_code(const struct node *node)
{
	const struct node *coding = node_at(node_get(node, "coding"), 0);

	if (node->kind == NODE_STRING)
		return node_text(node);
	return node_str(coding ? coding : node, "code");
}

void valid_code(struct checker *k, const struct spot *spot, char binding, const char *value_set,
		const struct node *node)
{
	enum code_answer answer;

	if (!value_set || !node || (binding != 'r' && binding != 'e'))
		return;
	if (node->kind == NODE_STRING)
		answer = code_in_set(k->f, value_set, STR(""), node_text(node));
	else if (node_get(node, "coding"))
		answer = concept_answer(k->f, value_set, node);
	else
		answer = coding_answer(k->f, value_set, node);
	if (answer == CODE_OUT)
		valid_issue(k, spot, binding == 'r' ? ISSUE_ERROR : ISSUE_WARNING,
			    "code-invalid", "\"%.60s\" is not in the value set %s",
			    str_dup(k->c->arena, bound_code(node)), value_set);
}

void valid_binding(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		   struct fhir_value v)
{
	if (elem->binding == 'r')
		valid_code(k, spot, 'r', elem->value_set, v.node);
}

/* ---- references ---- */

/* Type in "Patient/1", "https://host/fhir/Patient/1/_history/2"; empty when there is none to see. */
static struct str literal_type(const struct fhir *f, struct str reference)
{
	struct str before = { 0 }, part, rest = reference;

	while (rest.at) {
		part = str_cut(&rest, '/');
		if (fhir_resource_type(f, part) && rest.at && rest.len)
			before = part;
	}
	return before;
}

static const struct node *contained_by_id(const struct checker *k, struct str id)
{
	node_each(contained, node_key(k->root.node, k->f->key_contained))
		if (str_eq(node_str(contained, "id"), id))
			return contained;
	return NULL;
}

struct str valid_reference_type(const struct checker *k, const struct node *reference)
{
	struct str literal = node_str(reference, "reference");

	if (str_starts(literal, STR("#")))
		return node_str(contained_by_id(k, (struct str){ literal.at + 1, literal.len - 1 }), "resourceType");
	return literal.len ? literal_type(k->f, literal) : node_str(reference, "type");
}

bool valid_is_target(const struct fhir *f, const char *const *targets, struct str name)
{
	const struct fhir_type *type = fhir_type(f, name);

	for (; *targets; targets++)
		if (str_is(name, *targets) || fhir_is_a(type, fhir_type(f, str_of(*targets))))
			return true;
	return false;
}

void valid_reference(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		     struct fhir_value v)
{
	struct str type;

	if (!elem->targets || !v.node)
		return;
	type = valid_reference_type(k, v.node);
	if (type.len && fhir_resource_type(k->f, type) &&
	    !valid_is_target(k->f, elem->targets, type))
		error(k, spot, "value", "%s may not refer to %.40s", elem->name, str_dup(k->c->arena, type));
}
