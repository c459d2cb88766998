/* search_words.c - _text and _content: words, phrases and beginnings of words.
 *
 *	_content=diabet* (foot OR feet) "type 2"
 *
 * Words beside each other must all be there; OR, brackets and quotes are what they seem, AND may be
 * left out, and a comma between values is another OR. What is asked becomes a tree, and the tree a
 * query of the engine in which every word is quoted: nothing the asker writes is its syntax. The
 * table knows which words a resource has, not where they stand, so phrases are looked up in those
 * resources that have all their words. The tree asked of one resource's words is also how few
 * candidates are tested: words_fit.
 */
#include "record/search_part.h"
#include "record/words.h"

enum ask_kind { ASK_WORD, ASK_BEGINS, ASK_PHRASE, ASK_AND, ASK_OR };

/* A phrase, an AND and an OR have parts; those of a phrase are words. */
struct ask {
	enum ask_kind kind;
	struct str word;
	struct ask *first, *next;
};

#define ASK_DEPTH 16
#define ASK_WORDS 64

/* ---- parsing ---- */

struct reading {
	struct ctx *c;
	struct str rest;
	const struct condition *condition;
	unsigned depth, words;
};

static struct ask *ask_new(struct reading *r, enum ask_kind kind)
{
	struct ask *ask = NEW(r->c->arena, struct ask);

	ask->kind = kind;
	return ask;
}

/* A part goes to the end; NULL is none. */
static void ask_add(struct ask *ask, struct ask *part)
{
	struct ask **end = &ask->first;

	while (*end)
		end = &(*end)->next;
	*end = part;
}

/* One part alone stands for itself; no part is nothing. */
static struct ask *ask_only(struct ask *ask)
{
	return ask->first && !ask->first->next ? ask->first : ask->first ? ask : NULL;
}

static enum err bad_words(struct reading *r, const char *what)
{
	return fail(r->c, ERR_BAD_REQUEST, "'" STR_FMT "' %s.", STR_ARG(r->condition->as),
		    what);
}

/* The words of a text that stand beside each other. */
static enum err read_phrase(struct reading *r, struct str text, struct ask **out)
{
	struct str folded = str_fold(r->c->arena, text), word;
	struct ask *phrase = ask_new(r, ASK_PHRASE);

	while (word_next(&folded, &word)) {
		struct ask *part = ask_new(r, ASK_WORD);

		if (++r->words > ASK_WORDS)
			return fail(r->c, ERR_LIMIT, "'" STR_FMT "' has more than %d words.",
				    STR_ARG(r->condition->as), ASK_WORDS);
		part->word = word;
		ask_add(phrase, part);
	}
	*out = ask_only(phrase);
	return OK;
}

static bool at_any(const struct reading *r, const char *any)
{
	return r->rest.len && r->rest.at[0] && strchr(any, r->rest.at[0]);
}

static struct str take(struct reading *r, size_t len)
{
	struct str taken = { r->rest.at, len };

	r->rest.at += len;
	r->rest.len -= len;
	return taken;
}

static void skip_spaces(struct reading *r)
{
	while (at_any(r, " \t\n"))
		take(r, 1);
}

/* Up to a space, a bracket or a quote. */
static struct str read_bare(struct reading *r)
{
	size_t len = 0;

	while (len < r->rest.len && (!r->rest.at[len] || !strchr(" \t\n()\"", r->rest.at[len])))
		len++;
	return take(r, len);
}

static enum err read_quoted(struct reading *r, struct ask **out)
{
	take(r, 1);
	const char *end = r->rest.len ? memchr(r->rest.at, '"', r->rest.len) : NULL;
	if (!end)
		return bad_words(r, "has a quote that is not closed");
	struct str text = take(r, (size_t)(end - r->rest.at));
	take(r, 1);
	return read_phrase(r, text, out);
}

static enum err read_word(struct reading *r, struct ask **out)
{
	struct str text = read_bare(r);
	bool begins = str_ends(text, STR("*"));

	TRY(read_phrase(r, text, out));
	if (begins && *out && (*out)->kind == ASK_PHRASE)
		return bad_words(r, "has a * after several words; it stands after one");
	if (begins && *out)
		(*out)->kind = ASK_BEGINS;
	return OK;
}

static enum err read_any(struct reading *r, struct ask **out);

static enum err read_unit(struct reading *r, struct ask **out)
{
	if (at_any(r, "\""))
		return read_quoted(r, out);
	if (!at_any(r, "("))
		return read_word(r, out);
	if (++r->depth > ASK_DEPTH)
		return fail(r->c, ERR_LIMIT, "'" STR_FMT "' has more than %d brackets.",
			    STR_ARG(r->condition->as), ASK_DEPTH);
	take(r, 1);
	TRY(read_any(r, out));
	if (!at_any(r, ")"))
		return bad_words(r, "has a bracket that is not closed");
	take(r, 1);
	r->depth--;
	return OK;
}

/* Is the next word this one? */
static bool next_is(const struct reading *r, const char *word)
{
	struct reading ahead = *r;

	return str_is(read_bare(&ahead), word);
}

/* What stands beside each other, up to OR or a closing bracket. */
static enum err read_all(struct reading *r, struct ask **out)
{
	struct ask *all = ask_new(r, ASK_AND), *part;

	for (;;) {
		skip_spaces(r);
		if (!r->rest.len || at_any(r, ")") || next_is(r, "OR"))
			break;
		if (next_is(r, "AND") || next_is(r, "and")) {
			read_bare(r);
			continue;
		}
		TRY(read_unit(r, &part));
		ask_add(all, part);
	}
	*out = ask_only(all);
	return OK;
}

static enum err read_any(struct reading *r, struct ask **out)
{
	struct ask *any = ask_new(r, ASK_OR), *part;

	for (;;) {
		TRY(read_all(r, &part));
		if (!part)
			return bad_words(r, "has nothing to look for in one of its parts");
		ask_add(any, part);
		if (!r->rest.len || at_any(r, ")"))
			break;
		read_bare(r); /* OR */
	}
	*out = ask_only(any);
	return OK;
}

enum err words_value(struct ctx *c, const struct condition *condition, struct str text,
		     size_t at, struct value *out)
{
	struct reading r = { c, search_unescape(c->arena, text), condition, 0, 0 };
	struct ask *ask;

	(void)at;
	TRY(read_any(&r, &ask));
	if (r.rest.len)
		return bad_words(&r, "has a bracket that was not opened");
	out->ask = ask;
	return OK;
}

/* ---- asked of the engine ---- */

struct dialect {
	const char *quote, *and, *or, *begins;
};
static const struct dialect fts5 = { "\"", " AND ", " OR ", " *" };
static const struct dialect tsquery = { "'", " & ", " | ", ":*" };

struct writing {
	struct buf b;
	const struct dialect *dialect;
	const char *marks; /* of the condition */
	long long type;
};

/* A word under each mark. */
static void write_word(struct writing *w, const struct ask *ask)
{
	const char *end = ask->kind == ASK_BEGINS ? w->dialect->begins : "";

	buf_char(&w->b, '(');
	for (const char *mark = w->marks; *mark; mark++)
		buf_printf(&w->b, "%s%s%lld%c" STR_FMT "%s%s", mark > w->marks ? w->dialect->or : "",
			   w->dialect->quote, w->type, *mark, STR_ARG(ask->word),
			   w->dialect->quote, end);
	buf_char(&w->b, ')');
}

/* No deeper than ASK_DEPTH brackets. */
static void write_ask(struct writing *w, const struct ask *ask)
{
	if (ask->kind == ASK_WORD || ask->kind == ASK_BEGINS) {
		write_word(w, ask);
		return;
	}
	buf_char(&w->b, '(');
	for (const struct ask *part = ask->first; part; part = part->next) {
		if (part != ask->first)
			buf_cstr(&w->b, ask->kind == ASK_OR ? w->dialect->or : w->dialect->and);
		write_ask(w, part);
	}
	buf_char(&w->b, ')');
}

static bool has_kind(const struct ask *ask, enum ask_kind kind)
{
	bool has = ask->kind == kind;

	for (const struct ask *part = ask->first; part && !has; part = part->next)
		has = has_kind(part, kind);
	return has;
}

/* clang-format off */
/* Rows of a person lie together: person << 32 | resource. */
static const struct scan_kind WORDS_SCAN = {
	SQL("SELECT rowid >> 32, rowid & 4294967295 FROM words WHERE words MATCH ?1"
	    " AND rowid >= (?2 << 32) + ?3 ORDER BY rowid LIMIT ?4"), 1, true, { NULL },
	SQL("SELECT rowid >> 32, rowid & 4294967295 FROM words WHERE words MATCH ?1"
	    " AND rowid >= (?2 << 32) ORDER BY rowid LIMIT ?3")
};
/* Beginnings of words are put together anew each time, so they are read once. */
static const struct scan_kind WORDS_BEGIN = {
	SQL("SELECT rowid >> 32, rowid & 4294967295 FROM words WHERE words MATCH ?1 LIMIT ?2"), 1
};
static const struct scan_kind WORDS_LIST = {
	SQL("SELECT person, resource FROM words WHERE list @@ CAST(?1 AS tsquery) LIMIT ?2"), 1
};
/* clang-format on */

static enum err gathered(struct scope *sc, const struct condition *condition,
			 const struct scan *scan, struct stream **out)
{
	struct pairs *pairs = pairs_new(sc->c);
	bool fits;

	TRY(pairs_gather(sc, scan, 1, SEARCH_GATHERED, pairs, &fits));
	if (!fits)
		return fail(sc->c, ERR_LIMIT,
			    "'" STR_FMT "' fits more than %d resources; ask for less.",
			    STR_ARG(condition->as), SEARCH_GATHERED);
	pairs_sort(pairs);
	*out = stream_pairs(sc->c->arena, pairs);
	return OK;
}

static enum err words_leaf(struct scope *sc, const struct condition *condition,
			   const struct value *v, int64_t type, struct leaf *out)
{
	struct arena *a = sc->c->arena;
	bool sqlite = strcmp(store_engine(sc->c->place->store), "sqlite") == 0;
	struct writing w = { .dialect = sqlite ? &fts5 : &tsquery,
			     .marks = condition->marks,
			     .type = type };
	struct scan scan = { .kind = !sqlite                          ? &WORDS_LIST
				     : has_kind(v->ask, ASK_BEGINS) ? &WORDS_BEGIN
								    : &WORDS_SCAN };
	struct stream *stream;

	buf_init(&w.b, a, 0);
	write_ask(&w, v->ask);
	scan.args[0] = (struct arg){ .kind = ARG_TEXT, .s = buf_get(&w.b) };
	bool phrase = has_kind(v->ask, ASK_PHRASE);
	if (!scan.kind->ordered && !phrase) {
		*vec_push(&out->loose, a) = scan;
		return OK;
	}
	if (scan.kind->ordered)
		stream = stream_scan(a, &scan);
	else
		TRY(gathered(sc, condition, &scan, &stream));
	sc->scans++;
	if (phrase)
		stream = stream_check(a, stream, check_words, condition);
	*vec_push(&out->ordered, a) = stream;
	return OK;
}

enum err words_open(struct scope *sc, const struct fhir_type *type,
		    const struct condition *condition, struct leaf *out)
{
	int64_t key;

	TRY(name_find(sc->c, sc->db, str_of(type->name), &key));
	for (size_t i = 0; i < condition->value_count; i++)
		TRY(words_leaf(sc, condition, &condition->values[i], key, out));
	return OK;
}

/* ---- asked of one resource ---- */

static bool is_asked(const struct condition *condition, const struct word *word)
{
	return word->narrative || strchr(condition->marks, WORD_ELSEWHERE);
}

static bool begins_here(const struct ask *phrase, const struct words *words, size_t at)
{
	uint32_t run = words->at[at].run;

	for (const struct ask *part = phrase->first; part; part = part->next, at++)
		if (at == words->len || words->at[at].run != run ||
		    !str_eq(words->at[at].text, part->word))
			return false;
	return true;
}

static bool stands_here(const struct ask *ask, const struct words *words, size_t at)
{
	const struct word *word = &words->at[at];

	return ask->kind == ASK_WORD	 ? str_eq(word->text, ask->word)
	       : ask->kind == ASK_BEGINS ? str_starts(word->text, ask->word)
					 : begins_here(ask, words, at);
}

static bool fits_words(const struct condition *condition, const struct ask *ask,
		       const struct words *words)
{
	bool any = ask->kind == ASK_OR;

	if (ask->kind != ASK_OR && ask->kind != ASK_AND) {
		for (size_t i = 0; i < words->len; i++)
			if (is_asked(condition, &words->at[i]) && stands_here(ask, words, i))
				return true;
		return false;
	}
	for (const struct ask *part = ask->first; part; part = part->next)
		if (fits_words(condition, part, words) == any)
			return any;
	return !any;
}

enum err words_fit(struct scope *sc, const struct condition *condition,
		   const struct node *resource, bool *out)
{
	struct words words;

	TRY(words_find(sc->c, resource, &words));
	*out = false;
	for (size_t i = 0; i < condition->value_count && !*out; i++)
		*out = fits_words(condition, condition->values[i].ask, &words);
	return OK;
}

enum err check_words(struct scope *sc, const struct node *resource, const void *arg, bool *out)
{
	return words_fit(sc, arg, resource, out);
}
