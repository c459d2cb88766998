/* smart.c - SMART scopes read, written, met with each other, and made into a guard. */
#include "access/smart.h"

#include "access/account_part.h"
#include "base/vec.h"
#include "record/guard_row.h"

static const char letter_names[] = "cruds"; /* in the order of enum guard_letter's bits */
static const char *const contexts[] = { NULL, "system", "user", "patient" };
#define LET_ALL (LET_CREATE | LET_READ | LET_UPDATE | LET_DELETE | LET_SEARCH)

typedef VEC(struct smart_scope) scope_list;

/* --- reading --- */

static bool read_letters(struct str text, unsigned *out)
{
	static const struct {
		const char *word;
		unsigned letters;
	} older[] = { { "read", LET_LIST },
		      { "write", LET_CREATE | LET_UPDATE | LET_DELETE },
		      { "*", LET_ALL } };
	const char *next = letter_names;

	for (unsigned i = 0; i < sizeof older / sizeof *older; i++)
		if (str_is(text, older[i].word)) {
			*out = older[i].letters;
			return true;
		}
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.at[i] ? strchr(next, text.at[i]) : NULL;

		if (!at)
			return false; /* unknown, twice, or out of order */
		*out |= 1u << (at - letter_names);
		next = at + 1;
	}
	return *out != 0;
}

static bool is_ours(struct str word, enum smart_context *out)
{
	for (unsigned i = SMART_SYSTEM; i <= SMART_PATIENT; i++) {
		size_t len = strlen(contexts[i]);

		if (word.len > len && !memcmp(word.at, contexts[i], len) && word.at[len] == '/') {
			*out = (enum smart_context)i;
			return true;
		}
	}
	return false;
}

static enum err no_sense(struct ctx *c, struct str word, const char *why)
{
	return fail(c, ERR_BAD_REQUEST, "The scope %.200s makes no sense: %s.", str_dup(c->arena, word), why);
}

static enum err read_one(struct ctx *c, struct str word, enum smart_context context,
			 struct smart_scope *out)
{
	struct str rest = word, type, letters;
	struct smart_scope s = { .context = context };
	const struct search *query;

	str_cut(&rest, '/');
	s.query = rest;
	rest = str_cut(&s.query, '?');
	letters = rest;
	type = str_cut(&letters, '.');
	if (!letters.at || !read_letters(letters, &s.letters))
		return no_sense(c, word, "after the type come letters of cruds, in that order");
	if (!str_is(type, "*")) {
		s.type = fhir_resource_type(c->place->fhir, type);
		if (!s.type)
			return no_sense(c, word, "there is no such type of resource");
	}
	if (!s.query.at)
		s.query = STR("");
	if (s.query.len) {
		if (!s.type || (s.letters & ~(unsigned)LET_LIST))
			return no_sense(c, word, "a query goes with one type, and with r and s alone");
		TRY(scope_query(c, type, s.query, &query));
	}
	*out = s;
	return OK;
}

/* Letters of the same kind and query together. */
static void add(struct ctx *c, scope_list *list, const struct smart_scope *s)
{
	for (size_t i = 0; i < list->len; i++) {
		struct smart_scope *at = &list->at[i];

		if (at->context == s->context && at->type == s->type && str_eq(at->query, s->query)) {
			at->letters |= s->letters;
			return;
		}
	}
	*vec_push(list, c->arena) = *s;
}

enum err smart_read(struct ctx *c, struct str text, struct smart *out)
{
	scope_list list = { 0 };
	enum smart_context context;
	struct smart_scope one;

	if (text.len > SMART_BYTES)
		return fail(c, ERR_BAD_REQUEST, "There are more than %d bytes of scopes.", SMART_BYTES);
	while (text.at && text.len) {
		struct str word = str_cut(&text, ' ');

		if (!is_ours(word, &context))
			continue;
		TRY(read_one(c, word, context, &one));
		add(c, &list, &one);
		if (list.len > SMART_MOST)
			return fail(c, ERR_BAD_REQUEST, "There are more than %d scopes.", SMART_MOST);
	}
	*out = (struct smart){ .at = list.at, .len = list.len };
	return OK;
}

struct str smart_write(struct ctx *c, const struct smart *s)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < s->len; i++) {
		const struct smart_scope *one = &s->at[i];

		buf_printf(&b, "%s%s/%s.", i ? " " : "", contexts[one->context],
			   one->type ? one->type->name : "*");
		for (unsigned k = 0; letter_names[k]; k++)
			if (one->letters & 1u << k)
				buf_char(&b, letter_names[k]);
		if (one->query.len)
			buf_printf(&b, "?" STR_FMT, STR_ARG(one->query));
	}
	return buf_get(&b);
}

/* --- meeting --- */

static bool meet_one(struct ctx *c, const struct smart_scope *a, const struct smart_scope *b,
		     struct smart_scope *out)
{
	if (a->context != b->context || (a->type && b->type && a->type != b->type) ||
	    !(a->letters & b->letters))
		return false;
	*out = (struct smart_scope){ a->context, a->type ? a->type : b->type, a->letters & b->letters,
				     a->query.len ? a->query : b->query };
	if (a->query.len && b->query.len && !str_eq(a->query, b->query)) /* both must hold */
		out->query = str_of(arena_printf(c->arena, STR_FMT "&" STR_FMT, STR_ARG(a->query),
						 STR_ARG(b->query)));
	if (out->query.len)
		out->letters &= LET_LIST;
	return out->letters != 0;
}

enum err smart_meet(struct ctx *c, const struct smart *most, const struct smart *asked,
		    struct smart *out)
{
	scope_list list = { 0 };
	struct smart_scope one;

	for (size_t i = 0; i < asked->len; i++)
		for (size_t k = 0; k < most->len; k++)
			if (meet_one(c, &asked->at[i], &most->at[k], &one))
				add(c, &list, &one);
	if (list.len > SMART_MOST)
		return fail(c, ERR_BAD_REQUEST, "There are more than %d scopes.", SMART_MOST);
	*out = (struct smart){ .at = list.at, .len = list.len };
	return OK;
}

void smart_keep(struct smart *s, bool system)
{
	struct smart_scope *at = (struct smart_scope *)(uintptr_t)s->at;
	size_t kept = 0;

	for (size_t i = 0; i < s->len; i++)
		if ((at[i].context == SMART_SYSTEM) == system)
			at[kept++] = at[i];
	s->len = kept;
}

/* --- the guard --- */

/* A scope for a person's app has no say over a program, nor the other way round. */
static bool counts(const struct ctx *c, const struct smart_scope *s)
{
	return c->actor && (c->actor->kind == ACTOR_PROGRAM) == (s->context == SMART_SYSTEM);
}

static enum err limits_of(struct ctx *c, const struct smart *s, struct guard_scope *scope)
{
	VEC(struct guard_limit) limits = { 0 };

	for (size_t i = 0; i < s->len; i++) {
		const struct smart_scope *one = &s->at[i];
		const struct search *query;

		if (!one->query.len || !counts(c, one))
			continue;
		TRY(scope_query(c, str_of(one->type->name), one->query, &query));
		*vec_push(&limits, c->arena) = (struct guard_limit){
			one->type, (uint8_t)(one->letters & LET_LIST), query
		};
	}
	scope->limits = limits.at;
	scope->limit_count = limits.len;
	return OK;
}

static const uint8_t *letters_by_type(struct ctx *c, const struct smart *s, bool *patient)
{
	unsigned count = c->place->fhir->type_count;
	uint8_t *letters = NEW_N(c->arena, uint8_t, count);

	for (size_t i = 0; i < s->len; i++) {
		const struct smart_scope *one = &s->at[i];

		if (!counts(c, one))
			continue;
		*patient |= one->context == SMART_PATIENT;
		for (unsigned n = 0; n < count && !one->query.len; n++)
			if (!one->type || one->type->number == n)
				letters[n] |= (uint8_t)one->letters;
	}
	return letters;
}

/* What may not be read, found or written in any way is not there at all. */
static const uint8_t *kinds_left(struct ctx *c, const struct guard *g, const uint8_t *kinds)
{
	unsigned count = c->place->fhir->type_count;
	uint8_t *left = NEW_N(c->arena, uint8_t, count);

	for (unsigned n = 0; kinds && n < count; n++) {
		bool any = g->scope->letters[n] != 0;

		for (size_t i = 0; i < g->scope->limit_count; i++)
			any |= g->scope->limits[i].type->number == n;
		left[n] = any ? kinds[n] : (uint8_t)GUARD_NEVER;
	}
	return left;
}

/* Types that are open whosesoever they are become the one person's, where they can be anybody's; all, of what is written. */
static const uint8_t *of_one_person(struct ctx *c, const uint8_t *kinds, bool writes)
{
	const struct fhir *f = c->place->fhir;
	uint8_t *left = NEW_N(c->arena, uint8_t, f->type_count);

	memcpy(left, kinds, f->type_count);
	for (unsigned i = 0; i < f->type_count; i++) {
		unsigned n = f->types[i]->number;
		bool persons = strcmp(f->types[i]->name, "Patient") == 0 || compartment_params(f, "Patient", f->types[i]);

		if (left[n] == GUARD_ALWAYS && (writes || persons))
			left[n] = GUARD_RELATED;
	}
	return left;
}

/* Of a person alone: those who let it in themselves, or whom it was opened about, as far as they have to do with them. */
static enum err keep_person(struct ctx *c, struct db *db, const struct smart *s, const struct guard *whole, struct guard *g)
{
	int64_t *only = NEW(c->arena, int64_t);

	*only = s->person ? s->person : c->actor->person;
	g->everyone = false;
	g->people = only;
	g->people_count = *only && guard_related(whole, *only);
	g->given_count = 0;
	if (s->person) {
		g->kinds = of_one_person(c, g->kinds, false);
		g->writes = of_one_person(c, g->writes, true);
	}
	return guard_unite(c, db, g);
}

enum err smart_guard(struct ctx *c, struct db *db, const struct smart *s,
		     const struct guard *whole, const struct guard **out)
{
	struct guard_scope *scope = NEW(c->arena, struct guard_scope);
	struct guard *g = NEW(c->arena, struct guard);
	struct str text = smart_write(c, s);
	bool patient = false;

	*g = *whole;
	scope->of = whole;
	scope->letters = letters_by_type(c, s, &patient);
	TRY(limits_of(c, s, scope));
	g->scope = scope;
	g->kinds = kinds_left(c, g, whole->kinds);
	g->writes = kinds_left(c, g, whole->writes);
	if (patient)
		TRY(keep_person(c, db, s, whole, g));
	g->stamp = whole->stamp ^ hash_keyed((const uint64_t[2]){ 0x736d617274, 2 + (uint64_t)s->person }, text.at, text.len);
	g->asker = whole->asker | s->key << 32;
	*out = g;
	return OK;
}

bool smart_lets(const struct smart *s, const struct fhir_type *type, unsigned letters)
{
	unsigned let = 0;

	for (size_t i = 0; s && i < s->len; i++)
		if (!s->at[i].type || s->at[i].type == type)
			let |= s->at[i].letters;
	return !s || (let & letters) == letters;
}

enum err smart_need(struct ctx *c, struct str type, unsigned letters)
{
	const struct smart *s = c->actor ? c->actor->scopes : NULL;
	const struct fhir_type *of = type.len ? fhir_resource_type(c->place->fhir, type) : NULL;
	char words[6] = { 0 };

	if (!s || (type.len && !of)) /* what is no type is refused by who looks for it */
		return OK;
	for (unsigned k = 0, n = 0; letter_names[k]; k++)
		if (letters & 1u << k)
			words[n++] = letter_names[k];
	if (!smart_lets(s, of, letters))
		return fail(c, ERR_FORBIDDEN, "It needs the scope %s/%s.%s, which was not given.",
			    c->actor->kind == ACTOR_PROGRAM ? "system" : "user", of ? of->name : "*", words);
	return OK;
}

/* --- numbered --- */

struct putting {
	int64_t account, key;
	struct str text;
};

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	struct putting *p = arg;
	bool row;
	STMT(find);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key FROM grant_scope WHERE account = ?1 AND scope = ?2"), &find));
	stmt_bind_int(find, 1, p->account);
	stmt_bind_text(find, 2, p->text);
	TRY(stmt_step(c, find, &row));
	if (row) {
		p->key = stmt_int(find, 0);
		return account_run(c, db, SQL("UPDATE grant_scope SET ended = 0 WHERE key = ?1 AND ended <> 0"),
				   p->key, 0);
	}
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM grant_scope"), &p->key));
	TRY(db_stmt(c, db, SQL("INSERT INTO grant_scope (key, account, scope, ended) VALUES (?1, ?2, ?3, 0)"),
		    &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, p->account);
	stmt_bind_text(s, 3, p->text);
	return stmt_run(c, s);
}

enum err smart_put(struct ctx *c, int64_t account, struct str text, int64_t *key)
{
	struct putting p = { .account = account, .text = text };

	TRY(store_write(c, c->place->store, put, &p));
	*key = p.key;
	return OK;
}

enum err smart_at(struct ctx *c, struct db *db, int64_t account, int64_t key, const struct smart **out)
{
	struct smart *smart = NEW(c->arena, struct smart);
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT scope FROM grant_scope WHERE key = ?1 AND account = ?2 AND ended = 0"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, account);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "What was given has been taken back.");
	struct str text = account_keep(c, stmt_text(s, 0));
	TRY(smart_read(c, text, smart));
	smart->key = key;
	while (text.at && text.len) {
		struct str word = str_cut(&text, ' ');

		if (str_starts(word, STR("person:")))
			(void)str_int((struct str){ word.at + 7, word.len - 7 }, &smart->person);
	}
	*out = smart;
	return OK;
}

enum err smart_end(struct ctx *c, struct db *db, int64_t account)
{
	return account_run(c, db, SQL("UPDATE grant_scope SET ended = ?2 WHERE account = ?1 AND ended = 0"),
			   account, clock_now(c->clock));
}
