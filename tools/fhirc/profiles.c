/* profiles.c - profiles and extension definitions into profiles.tsv.
 *
 * A profile says what it asks beyond its base, so its differential is what is written, and only what
 * can be right or wrong: not names, descriptions, mappings. The reader lays one over the other.
 */
#include "fhirc/fhirc.h"

struct writer {
	struct arena *a;
	const struct definitions *d;
	struct buf *out;
};

#define CORE "http://hl7.org/fhir/StructureDefinition/"

/* "Patient" for the URL of a type of the standard, else the URL of a profile. */
static struct str short_url(const struct writer *w, struct str url)
{
	struct str bare = url_bare(url), tail = url_tail(url);

	return str_starts(bare, STR(CORE)) && map_get(&w->d->names, tail) ? tail : bare;
}

/* " {a,b}" or "(a,b)" behind a type: the profiles of a list, a type of the standard by its name. */
static void write_urls(const struct writer *w, const struct node *list, const char *brackets)
{
	node_each(url, list) {
		buf_char(w->out, url == list->first ? brackets[0] : ',');
		buf_str(w->out, short_url(w, node_text(url)));
	}
	if (list && list->len)
		buf_char(w->out, brackets[1]);
}

static void write_types(const struct writer *w, const struct node *types)
{
	bool first = true;

	node_each(type, types) {
		struct str code = node_str(type, "code");

		if (str_starts(code, STR("http://hl7.org/fhirpath/")))
			continue; /* id and url: always a string */
		if (!first)
			buf_char(w->out, ' ');
		first = false;
		buf_str(w->out, code);
		write_urls(w, node_get(type, "profile"), "{}");
		write_urls(w, node_get(type, "targetProfile"), "()");
	}
}

/* The member "fixedUri", "patternCoding" …, with the head given. */
static const struct node *choice(const struct node *elem, const char *head)
{
	size_t len = strlen(head);

	node_each(member, elem)
		if (member->name_len > len && !memcmp(member->name, head, len))
			return member;
	return NULL;
}

static void write_value(const struct writer *w, const struct node *elem, const char *head)
{
	const struct node *value = choice(elem, head);

	if (!value)
		return;
	buf_printf(w->out, "V\t%s\t", head);
	json_write(w->out, value, 0);
	buf_char(w->out, '\n');
}

static void write_slicing(const struct writer *w, const struct node *slicing)
{
	if (!slicing)
		return;
	buf_printf(w->out, "S\t" STR_FMT "\t%s\t", STR_ARG(node_str(slicing, "rules")),
		   str_is(node_text(node_get(slicing, "ordered")), "true") ? "ordered" : "-");
	node_each(d, node_get(slicing, "discriminator")) {
		buf_printf(w->out, STR_FMT ":" STR_FMT "%s", STR_ARG(node_str(d, "type")),
			   STR_ARG(node_str(d, "path")), d->next ? " " : "");
	}
	buf_char(w->out, '\n');
}

static void write_rules(const struct writer *w, const struct node *elem)
{
	node_each(rule, node_get(elem, "constraint")) {
		struct str key = node_str(rule, "key");

		/* the standard's own, which hold everywhere */
		if (!node_str(rule, "expression").len || str_is(key, "ele-1") ||
		    str_is(key, "ext-1"))
			continue;
		buf_printf(w->out, "R\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\n",
			   STR_ARG(key), STR_ARG(node_str(rule, "severity")),
			   STR_ARG(row_text(w->a, node_str(rule, "expression"))),
			   STR_ARG(row_text(w->a, node_str(rule, "human"))));
	}
}

/* The id of an element without the type it begins with; "." for the type itself. */
static struct str elem_id(const struct writer *w, const struct node *elem)
{
	struct str id = node_str(elem, "id"), rest = id;

	if (!id.len) /* then the path and the name of the slice say it as far as they can */
		id = node_str(elem, "sliceName").len
			     ? str_of(arena_printf(w->a, STR_FMT ":" STR_FMT,
						   STR_ARG(node_str(elem, "path")),
						   STR_ARG(node_str(elem, "sliceName"))))
			     : node_str(elem, "path");
	rest = id;
	str_cut(&rest, '.');
	return rest.at ? rest : STR(".");
}

static bool says_something(const struct node *elem)
{
	static const char *const members[] = {
		"sliceName", "min",     "max",     "mustSupport",
		"type",      "binding", "slicing", "constraint"
	};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (node_get(elem, members[i]))
			return true;
	return choice(elem, "fixed") || choice(elem, "pattern");
}

static char binding_letter(struct str strength)
{
	return str_is(strength, "example") ? 'x' : strength.len ? strength.at[0] : '-';
}

static void write_elem(const struct writer *w, const struct node *elem)
{
	const struct node *binding = node_get(elem, "binding");
	bool must = str_is(node_text(node_get(elem, "mustSupport")), "true");

	if (!says_something(elem))
		return;
	buf_printf(w->out, "E\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t%s\t",
		   STR_ARG(elem_id(w, elem)), STR_ARG(node_text(node_get(elem, "min"))),
		   STR_ARG(node_str(elem, "max")), must ? "s" : "-");
	write_types(w, node_get(elem, "type"));
	if (node_str(binding, "valueSet").len)
		buf_printf(w->out, "\t%c\t" STR_FMT,
			   binding_letter(node_str(binding, "strength")),
			   STR_ARG(url_bare(node_str(binding, "valueSet"))));
	buf_char(w->out, '\n');
	write_value(w, elem, "fixed");
	write_value(w, elem, "pattern");
	write_slicing(w, node_get(elem, "slicing"));
	write_rules(w, elem);
}

static void write_profile(const struct writer *w, const struct node *def)
{
	const struct node *elements = node_get(node_get(def, "differential"), "element");

	if (!elements)
		elements = node_get(node_get(def, "snapshot"), "element");
	buf_printf(w->out, "P\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\n",
		   STR_ARG(node_str(def, "url")), STR_ARG(node_str(def, "type")),
		   STR_ARG(short_url(w, node_str(def, "baseDefinition"))),
		   STR_ARG(node_str(def, "version")));
	node_each(context, node_get(def, "context"))
		buf_printf(w->out, "C\t" STR_FMT "\t" STR_FMT "\n",
			   STR_ARG(node_str(context, "type")),
			   STR_ARG(row_text(w->a, node_str(context, "expression"))));
	node_each(elem, elements)
		write_elem(w, elem);
}

void profiles_write(struct ctx *c, const struct definitions *d, struct buf *profiles)
{
	struct writer w = { c->arena, d, profiles };

	for (size_t i = 0; i < d->types.len; i++)
		if (str_is(node_str(d->types.at[i], "derivation"), "constraint"))
			write_profile(&w, d->types.at[i]);
}
