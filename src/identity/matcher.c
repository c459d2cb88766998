/* matcher.c - see matcher.h. */
#include "identity/matcher.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static const char *const class_names[CLASS_COUNT] = {
	[CLASS_CHANCE] = "chance", [CLASS_KIN] = "kin", [CLASS_MATCH] = "match"
};

/* ---- reading ---- */

static enum err number(struct ctx *c, const struct node *object, const char *name, double low,
		       double high, double *out)
{
	const struct node *n = node_get(object, name);
	double value = n && n->kind == NODE_NUMBER ? strtod(str_dup(c->arena, node_text(n)), NULL) : NAN;

	if (!(value >= low && value <= high))
		return fail(c, ERR_INVALID, "The match model's \"%s\" is no number from %g to %g.",
			    name, low, high);
	*out = value;
	return OK;
}

static enum err read_levels(struct ctx *c, struct matcher *m, enum fact fact, enum class class,
			    const struct node *levels)
{
	enum kind kind = role_rows[fact_roles[fact]].kind;
	double *p = m->model.p[class][fact], sum = 0;

	m->model.levels[fact] = level_count(kind);
	for (unsigned l = 1; l < m->model.levels[fact]; l++) {
		TRY(number(c, levels, level_row(kind, l)->name, 1e-12, 1, &p[l]));
		sum += p[l];
	}
	for (unsigned l = 1; l < m->model.levels[fact]; l++)
		m->model.log2p[class][fact][l] = log2(p[l] /= sum);
	return OK;
}

static enum err read_field(struct ctx *c, struct matcher *m, enum fact fact,
			   const struct node *fields)
{
	const char *word = role_rows[fact_roles[fact]].word;
	const struct node *field = node_get(fields, word);

	m->model.personal[fact] = !node_get(field, "kin");
	for (unsigned class = 0; class < CLASS_COUNT; class++) {
		const char *name = class_names[class];

		if (class == CLASS_KIN && m->model.personal[fact])
			name = class_names[CLASS_CHANCE];
		if (!node_get(field, name))
			return fail(c, ERR_INVALID, "The match model has no \"%s\" of %s.", name,
				    word);
		TRY(read_levels(c, m, fact, (enum class)class, node_get(field, name)));
	}
	return OK;
}

static enum err read_frequencies(struct ctx *c, struct matcher *m, enum fact fact,
				 const struct node *all)
{
	map_init(&m->often[fact], &m->life);
	node_each(n, node_get(all, role_rows[fact_roles[fact]].word))
	{
		double *share = NEW(&m->life, double);
		struct str name = { arena_dup(&m->life, n->name, n->name_len), n->name_len };

		*share = strtod(str_dup(c->arena, node_text(n)), NULL);
		if (!(*share > 0 && *share <= 1))
			return fail(c, ERR_INVALID, "A frequency of the match model is none.");
		map_set(&m->often[fact], name, share);
	}
	return OK;
}

/* Models learnt before there was such a thing have none: then sex says nothing of it. */
static enum err read_renamed(struct ctx *c, struct matcher *m, const struct node *renamed)
{
	if (!renamed)
		return OK;
	TRY(number(c, renamed, "female", -10, 10, &m->renamed_female));
	return number(c, renamed, "male", -10, 10, &m->renamed_male);
}

static enum err fill(struct ctx *c, struct matcher *m, struct str text)
{
	static const struct json_options options = { 0 };
	struct node *tree;

	TRY(json_read(c, c->arena, text, &options, &tree));
	m->name = str_of(str_dup(&m->life, node_str(tree, "name")));
	m->date = str_of(str_dup(&m->life, node_str(tree, "date")));
	TRY(number(c, tree, "upper", 0.5, 1, &m->upper));
	TRY(number(c, tree, "lower", 0, m->upper, &m->lower));
	TRY(number(c, tree, "present", 1e-3, 1, &m->present));
	TRY(number(c, tree, "kin", 1e-3, 100, &m->kin));
	TRY(number(c, tree, "other_id", -100, 0, &m->other_id));
	TRY(read_renamed(c, m, node_get(tree, "renamed")));
	m->model.width = FACT_COUNT;
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		TRY(read_field(c, m, (enum fact)fact, node_get(tree, "fields")));
		TRY(read_frequencies(c, m, (enum fact)fact, node_get(tree, "frequency")));
	}
	return people_new(c, &c->place->share, &m->life, &m->root);
}

void matcher_free(struct matcher *m)
{
	while (m) {
		struct matcher *older = m->older;

		arena_done(&m->life);
		free(m);
		m = older;
	}
}

enum err matcher_read(struct ctx *c, struct str text, struct matcher **out)
{
	struct matcher *m = calloc(1, sizeof *m);
	enum err e;

	if (!m)
		abort();
	arena_init(&m->life);
	e = fill(c, m, text);
	if (e) {
		matcher_free(m);
		return e;
	}
	*out = m;
	return OK;
}

/* ---- the place's ---- */

static enum err stored_key(struct ctx *c, struct db *db, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM match_model"), &s));
	TRY(stmt_step(c, s, &row));
	*key = stmt_int(s, 0);
	return OK;
}

static enum err stored_text(struct ctx *c, struct db *db, int64_t key, struct str *out)
{
	bool row;
	STMT(s);

	if (!key)
		return share_read(c, &c->place->share, c->arena, "identity/match.json", out);
	TRY(db_stmt(c, db, SQL("SELECT body FROM match_model WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	*out = str_of(str_dup(c->arena, stmt_text(s, 0)));
	return OK;
}

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static enum err make(struct ctx *c, struct db *db, int64_t key, struct matcher **out)
{
	struct place *place = c->place;
	struct str text;

	if (place->matcher && place->matcher->key == key) {
		*out = place->matcher;
		return OK;
	}
	TRY(stored_text(c, db, key, &text));
	TRY(matcher_read(c, text, out));
	(*out)->key = key;
	(*out)->older = place->matcher;
	place->matcher = *out;
	place->matcher_free = matcher_free;
	return OK;
}

enum err matcher_of(struct ctx *c, struct db *db, const struct matcher **out)
{
	struct matcher *m = NULL;
	int64_t key;
	enum err e;

	TRY(stored_key(c, db, &key));
	pthread_mutex_lock(&making);
	e = make(c, db, key, &m);
	pthread_mutex_unlock(&making);
	if (e == OK)
		*out = m;
	return e;
}
