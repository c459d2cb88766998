/* words.c - what a person would read in a resource, word by word.
 *
 * Human text is what the definitions call string, markdown or xhtml, less what is a key, a
 * reference or a measure in spite of its type (`no_text`). Codes, dates, numbers and addresses of
 * the web have parameters of their own.
 */
#include "record/words.h"

#include <stdlib.h>

#include "fhir/type.h"

/* clang-format off */
static const struct no_text {
	const char *type, *element; /* NULL: all of the type */
} no_text[] = {
	{ "Reference",    "reference" },
	{ "Identifier",   "value" },
	{ "ContactPoint", "value" },
	{ "Coding",       "version" },
	{ "Quantity",     "unit" },
	{ "SampledData",  "data" },
	{ "Expression",   "expression" },
	{ "Meta",         NULL },
};
/* clang-format on */

struct finding {
	struct ctx *c;
	VEC(struct word) words;
	uint32_t run;
	size_t bytes;
};

bool word_next(struct str *folded, struct str *word)
{
	*word = str_word(folded);
	if (word->len > WORD_BYTES) {
		word->len = WORD_BYTES;
		while ((word->at[word->len] & 0xC0) == 0x80)
			word->len--;
	}
	return word->len > 0;
}

static void add_words(struct finding *f, struct str text, bool narrative)
{
	struct str folded = str_fold(f->c->arena, text), word;

	f->run++;
	while (f->bytes < WORDS_BYTES && word_next(&folded, &word)) {
		f->bytes += word.len;
		*vec_push(&f->words, f->c->arena) = (struct word){ word, f->run, narrative };
	}
}

/* --- narrative: text between tags --- */

/* A letter with an accent is named after the letter: "eacute" is an e. Others part words. */
static char entity_letter(struct str name)
{
	static const char *const accents[] = { "acute", "grave", "circ",  "uml",
					       "tilde", "ring",  "cedil", "slash" };

	for (size_t i = 0; i < sizeof accents / sizeof *accents; i++)
		if (name.len == 1 + strlen(accents[i]) && str_ends(name, str_of(accents[i])))
			return name.at[0];
	return ' ';
}

static void add_entity(struct buf *b, struct str name)
{
	static const char digits[] = "0123456789abcdef";
	bool hex = str_starts(name, STR("#x")) || str_starts(name, STR("#X"));
	uint32_t point = 0;

	if (!str_starts(name, STR("#"))) {
		buf_char(b, entity_letter(name));
		return;
	}
	for (size_t i = hex ? 2 : 1; i < name.len && point <= 0x10FFFF; i++) {
		const char *digit = strchr(digits, name.at[i] | 0x20);

		point = point * (hex ? 16 : 10) + (uint32_t)(digit ? digit - digits : 0);
	}
	if (point > 0x20 && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF))
		buf_utf8(b, point);
	else
		buf_char(b, ' ');
}

/* xhtml without its tags; a tag parts words. */
static struct str without_tags(struct arena *a, struct str html)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < html.len; i++) {
		const char *end = NULL;

		if (html.at[i] == '<')
			end = memchr(html.at + i, '>', html.len - i);
		if (html.at[i] == '&')
			end = memchr(html.at + i, ';', html.len - i < 12 ? html.len - i : 12);
		if (!end) {
			buf_char(&b, html.at[i]);
			continue;
		}
		size_t at = (size_t)(end - html.at);
		if (html.at[i] == '<')
			buf_char(&b, ' ');
		else
			add_entity(&b, (struct str){ html.at + i + 1, at - i - 1 });
		i = at;
	}
	return buf_get(&b);
}

/* --- the walk --- */

static bool is_text(const struct fhir_type *type, const struct fhir_elem *elem)
{
	if (!strcmp(elem->name, "id"))
		return false;
	for (; type; type = type->base)
		for (size_t i = 0; i < sizeof no_text / sizeof *no_text; i++)
			if (no_text[i].element && !strcmp(elem->name, no_text[i].element) &&
			    !strcmp(type->name, no_text[i].type))
				return false;
	return true;
}

static bool is_walked(const struct fhir_type *type)
{
	for (size_t i = 0; i < sizeof no_text / sizeof *no_text; i++)
		if (!no_text[i].element && !strcmp(type->name, no_text[i].type))
			return false;
	return true;
}

static void walk(struct finding *f, const struct fhir_type *type, const struct node *object);

static void take(struct finding *f, const struct fhir_type *in, const struct fhir_elem *elem,
		 const struct fhir_type *type, const struct node *value)
{
	const struct fhir *fhir = f->c->place->fhir;

	if (value->kind == NODE_OBJECT) {
		const struct fhir_type *own =
			fhir_is_a(type, fhir->resource) ? fhir_type_of(fhir, value) : type;
		if (own && is_walked(own))
			walk(f, own, value);
	} else if (value->kind != NODE_STRING || type->kind != FHIR_PRIMITIVE) {
		return;
	} else if (!strcmp(type->name, "xhtml")) {
		add_words(f, without_tags(f->c->arena, node_text(value)), true);
	} else if ((!strcmp(type->name, "string") || !strcmp(type->name, "markdown")) &&
		   is_text(in, elem)) {
		add_words(f, node_text(value), false);
	}
}

/* Depth is that of the JSON read, at most 64. */
static void walk(struct finding *f, const struct fhir_type *type, const struct node *object)
{
	node_each(child, object)
	{
		const struct fhir_form *form;
		bool extra;
		const struct fhir_elem *elem = fhir_member(type, child->key, &form, &extra);

		if (!elem)
			continue;
		const struct fhir_type *of = extra ? f->c->place->fhir->element : form->type;
		if (child->kind != NODE_ARRAY) {
			take(f, type, elem, of, child);
			continue;
		}
		node_each(item, child)
			take(f, type, elem, of, item);
	}
}

enum err words_find(struct ctx *c, const struct node *resource, struct words *out)
{
	struct finding f = { .c = c };
	const struct fhir_type *type = fhir_type_of(c->place->fhir, resource);

	if (type)
		walk(&f, type, resource);
	*out = (struct words){ f.words.at, f.words.len };
	return ctx_check(c);
}

/* --- the list --- */

/* By what they say; one of the narrative before the same elsewhere. */
static int word_cmp(const void *one, const void *other)
{
	const struct word *a = one, *b = other;
	int order = str_cmp(a->text, b->text);

	return order ? order : (int)b->narrative - (int)a->narrative;
}

enum err words_list(struct ctx *c, const struct node *resource, struct str *out)
{
	struct words words;
	struct buf b;

	TRY(words_find(c, resource, &words));
	if (words.len)
		qsort(words.at, words.len, sizeof *words.at, word_cmp);
	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < words.len; i++) {
		const struct word *w = &words.at[i];

		if (i && str_eq(w->text, w[-1].text))
			continue;
		if (b.len)
			buf_char(&b, ' ');
		buf_char(&b, w->narrative ? WORD_NARRATIVE : WORD_ELSEWHERE);
		buf_str(&b, w->text);
	}
	*out = buf_get(&b);
	return OK;
}
