/* words_fhir.c - names, addresses, numbers and codes of FHIR in words. */
#include "web/words.h"

const struct node *name_best(const struct node *names)
{
	static const char *const order[] = { "official", "usual", "temp", "" };

	for (unsigned i = 0; i < sizeof order / sizeof *order; i++)
		node_each(name, names)
			if (str_is(node_str(name, "use"), order[i]))
				return name;
	return node_at(names, 0);
}

static void put_joined(struct buf *b, const struct node *list)
{
	node_each(part, list) {
		if (b->len && b->at[b->len - 1] != ' ' && b->at[b->len - 1] != '(')
			buf_char(b, ' ');
		buf_str(b, node_text(part));
	}
}

struct str name_formal(struct arena *a, const struct node *resource)
{
	const struct node *name = name_best(node_get(resource, "name"));
	struct buf b;

	buf_init(&b, a, 400);
	buf_str(&b, str_upper(a, node_str(name, "family")));
	if (b.len && node_get(name, "given"))
		buf_cstr(&b, ", ");
	put_joined(&b, node_get(name, "given"));
	if (!b.len)
		buf_str(&b, node_str(name, "text"));
	if (!b.len)
		return STR("Name not known");
	if (node_get(name, "prefix")) {
		buf_cstr(&b, " (");
		put_joined(&b, node_get(name, "prefix"));
		buf_char(&b, ')');
	}
	return buf_get(&b);
}

struct str name_plain(struct arena *a, const struct node *resource)
{
	const struct node *names = node_get(resource, "name");
	const struct node *name = name_best(names);
	struct buf b;

	if (node_is(names, NODE_STRING))
		return node_text(names);
	buf_init(&b, a, 400);
	put_joined(&b, node_get(name, "prefix"));
	put_joined(&b, node_get(name, "given"));
	if (b.len && node_get(name, "family"))
		buf_char(&b, ' ');
	buf_str(&b, node_str(name, "family"));
	if (!b.len)
		buf_str(&b, node_str(name, "text"));
	return b.len ? buf_get(&b) : STR("Name not known");
}

static const struct node *address_best(const struct node *addresses)
{
	node_each(address, addresses)
		if (str_is(node_str(address, "use"), "home"))
			return address;
	return node_at(addresses, 0);
}

static void put_part(struct buf *b, struct str part)
{
	if (!part.len)
		return;
	if (b->len)
		buf_cstr(b, ", ");
	buf_str(b, part);
}

struct str address_line(struct arena *a, const struct node *addresses)
{
	const struct node *address = address_best(addresses);
	struct buf b;

	buf_init(&b, a, 600);
	node_each(line, node_get(address, "line"))
		put_part(&b, node_text(line));
	put_part(&b, node_str(address, "city"));
	put_part(&b, node_str(address, "postalCode"));
	if (!b.len)
		put_part(&b, node_str(address, "text"));
	return buf_get(&b);
}

struct str nhs_number_of(const struct node *identifiers)
{
	node_each(identifier, identifiers)
		if (str_is(node_str(identifier, "system"), "https://fhir.nhs.uk/Id/nhs-number"))
			return node_str(identifier, "value");
	return (struct str){ 0 };
}

/* Terms of SNOMED CT end in what kind of thing they are, which people do not say. */
static struct str without_kind(struct str term)
{
	static const char *const kinds[] = { " (disorder)",
					     " (finding)",
					     " (procedure)",
					     " (situation)",
					     " (event)",
					     " (regime/therapy)",
					     " (observable entity)",
					     " (morphologic abnormality)",
					     " (substance)",
					     " (product)",
					     " (person)" };

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_ends(term, str_of(kinds[i])))
			return (struct str){ term.at, term.len - strlen(kinds[i]) };
	return term;
}

struct str concept_words(struct arena *a, const struct node *concept)
{
	if (node_is(concept, NODE_ARRAY))
	concept = node_at(concept, 0);
	if (node_str(concept, "text").len)
		return without_kind(node_str(concept, "text"));
	node_each(coding, node_get(concept, "coding"))
		if (node_str(coding, "display").len)
			return without_kind(node_str(coding, "display"));
	if (node_str(concept, "display").len)
		return node_str(concept, "display");
	node_each(coding, node_get(concept, "coding"))
		if (node_str(coding, "code").len)
			return say_code(a, node_str(coding, "code"));
	return say_code(a, node_str(concept, "code"));
}

bool concept_has(const struct node *concept, const char *code)
{
	if (node_is(concept, NODE_ARRAY)) {
		node_each(one, concept)
			if (concept_has(one, code))
				return true;
		return false;
	}
	node_each(coding, node_get(concept, "coding"))
		if (str_is(node_str(coding, "code"), code))
			return true;
	return str_is(node_str(concept, "code"), code);
}
