/* search_leaf.c - one condition, for one type: which statements of the index answer it.
 *
 * Where the columns before (person, resource) are bound by equality the pairs come in order and
 * can be sought: a stream. Where they are a range the pairs come by value: a loose scan, to be
 * gathered. Statements are literals; a query only binds.
 */
#include "record/search_part.h"

#include <assert.h>

#include "fhir/code.h"
#include "record/inside.h"
#include "record/terms.h"

#define DAY_US 86400000000
#define DISTINCT_MAX 10000 /* codes of one parameter looked at for :in, :above, :below */

/* clang-format off */
/* An ordered scan three times: from a pair on; from a person on, which SQLite walks faster as it need not
 * compare two columns in each row; and of one person alone. Its arguments are between. */
#define ORDERED(head, key, n, m, limit, count)                                                \
	SQL(head " AND (person, " key ") >= (?" #n ", ?" #m ") ORDER BY person, " key         \
	    " LIMIT ?" #limit), n - 1, true, count,                                           \
	SQL(head " AND person >= ?" #n " ORDER BY person, " key " LIMIT ?" #m),               \
	SQL(head " AND person = ?" #n " AND " key " >= ?" #m " ORDER BY " key " LIMIT ?" #limit)

static const struct scan_kind TYPE_SCAN = {
	ORDERED("SELECT person, key FROM resource WHERE type = ?1 AND deleted = 0 AND version > 0",
		"key", 2, 3, 4,
		SQL("SELECT coalesce(sum(current), 0) FROM total WHERE type = ?1"))
};
static const struct scan_kind TOKEN_SCAN = {
	ORDERED("SELECT person, resource FROM token WHERE param = ?1 AND code = ?2 AND system = ?3",
		"resource", 4, 5, 6,
		SQL("SELECT count(*) FROM token WHERE param = ?1 AND code = ?2 AND system = ?3"))
};
static const struct scan_kind STRING_SCAN = {
	ORDERED("SELECT person, resource FROM string WHERE param = ?1 AND value = ?2"
		" AND CASE exact WHEN '' THEN value ELSE exact END = ?3",
		"resource", 4, 5, 6, { NULL })
};
static const struct scan_kind REFERENCE_SCAN = {
	ORDERED("SELECT person, resource FROM reference WHERE param = ?1 AND target = ?2",
		"resource", 3, 4, 5,
		SQL("SELECT count(*) FROM reference WHERE param = ?1 AND target = ?2"))
};
/* Of a reference to the subject: whatever refers to a Patient by it is that Patient's. */
static const struct scan_kind SUBJECT_SCAN = {
	ORDERED("SELECT person, resource FROM reference"
		" WHERE param = ?1 AND target = ?2 AND person = ?2",
		"resource", 3, 4, 5,
		SQL("SELECT count(*) FROM reference"
		    " WHERE param = ?1 AND target = ?2 AND person = ?2")),
	.subject = true
};
static const struct scan_kind URI_SCAN = {
	ORDERED("SELECT person, resource FROM uri WHERE param = ?1 AND value = ?2",
		"resource", 3, 4, 5,
		SQL("SELECT count(*) FROM uri WHERE param = ?1 AND value = ?2"))
};

static const struct scan_kind TOKEN_SYSTEM = {
	SQL("SELECT person, resource FROM token WHERE param = ?1 AND system = ?2 LIMIT ?3"), 2
};
static const struct scan_kind STRING_PREFIX = {
	SQL("SELECT person, resource FROM string WHERE param = ?1 AND value >= ?2 AND value < ?3"
	    " LIMIT ?4"), 3
};
static const struct scan_kind STRING_CONTAINS = {
	SQL("SELECT person, resource FROM string WHERE param = ?1 AND replace(value, ?2, '') <> value"
	    " LIMIT ?3"), 2
};
static const struct scan_kind URI_PREFIX = {
	SQL("SELECT person, resource FROM uri WHERE param = ?1 AND value >= ?2 AND value < ?3"
	    " LIMIT ?4"), 3
};
static const struct scan_kind DATE_BOX = {
	SQL("SELECT person, resource FROM date WHERE param = ?1 AND low BETWEEN ?2 AND ?3"
	    " AND high BETWEEN ?4 AND ?5 LIMIT ?6"), 5
};
static const struct scan_kind DATE_LONG_BOX = {
	SQL("SELECT person, resource FROM date INDEXED BY date_long WHERE param = ?1"
	    " AND low BETWEEN ?2 AND ?3 AND high BETWEEN ?4 AND ?5"
	    " AND high > low + 86400000000 LIMIT ?6"), 5
};
static const struct scan_kind NUMBER_BOX = {
	SQL("SELECT person, resource FROM number WHERE param = ?1 AND low >= ?2 AND low < ?3"
	    " AND high >= ?4 AND high < ?5 LIMIT ?6"), 5
};
static const struct scan_kind QUANTITY_BOX = {
	SQL("SELECT person, resource FROM quantity WHERE param = ?1 AND low >= ?2 AND low < ?3"
	    " AND high >= ?4 AND high < ?5 AND (code = ?6 OR ?6 = '')"
	    " AND (system = ?7 OR ?7 = -1) LIMIT ?8"), 7
};
static const struct scan_kind UPDATED_BOX = {
	SQL("SELECT person, key FROM resource WHERE type = ?1 AND updated BETWEEN ?2 AND ?3"
	    " AND deleted = 0 AND version > 0 LIMIT ?4"), 3
};
static const struct scan_kind ALL_TOKENS = {
	SQL("SELECT person, resource FROM token WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_STRINGS = {
	SQL("SELECT person, resource FROM string WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_DATES = {
	SQL("SELECT person, resource FROM date WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_NUMBERS = {
	SQL("SELECT person, resource FROM number WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_QUANTITIES = {
	SQL("SELECT person, resource FROM quantity WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_REFERENCES = {
	SQL("SELECT person, resource FROM reference WHERE param = ?1 LIMIT ?2"), 1
};
static const struct scan_kind ALL_URIS = {
	SQL("SELECT person, resource FROM uri WHERE param = ?1 LIMIT ?2"), 1
};
/* clang-format on */

static struct arg arg_int(int64_t n)
{
	return (struct arg){ .kind = ARG_INT, .n = n };
}

static struct arg arg_text(struct str s)
{
	return (struct arg){ .kind = ARG_TEXT, .s = s };
}

static struct arg arg_blob(struct str s)
{
	return (struct arg){ .kind = ARG_BLOB, .s = s };
}

/* What is being opened: the arguments of every function below. */
struct opening {
	struct scope *sc;
	const struct fhir_type *type;
	const struct condition *condition;
	struct leaf *leaf;
	int64_t param; /* number of the values' name */
};

static void add_ordered(struct opening *o, const struct scan_kind *kind, struct arg a,
			struct arg b)
{
	struct arena *arena = o->sc->c->arena;
	struct scan scan = { kind, { arg_int(o->param), a, b } };

	*vec_push(&o->leaf->ordered, arena) = stream_scan(arena, &scan);
	o->sc->scans++;
}

static void add_loose(struct opening *o, const struct scan_kind *kind, struct arg a,
		      struct arg b)
{
	struct scan scan = { kind, { arg_int(o->param), a, b } };

	*vec_push(&o->leaf->loose, o->sc->c->arena) = scan;
}

enum err leaf_type(struct scope *sc, const struct fhir_type *type, struct stream **out)
{
	int64_t key;

	TRY(name_find(sc->c, sc->db, str_of(type->name), &key));
	struct scan scan = { &TYPE_SCAN, { arg_int(key) } };
	*out = stream_scan(sc->c->arena, &scan);
	return OK;
}

/* ---- tokens ---- */

/* A code without a system: one stream for each system it occurs with, found by skipping from one
 * to the next. */
static enum err token_any_system(struct opening *o, struct str code)
{
	struct scope *sc = o->sc;
	int64_t system = -1;
	bool row;
	STMT(s);

	TRY(db_stmt(
		sc->c, sc->db,
		SQL("SELECT system FROM token WHERE param = ?1 AND code = ?2 AND system > ?3"
		    " ORDER BY system LIMIT 1"),
		&s));
	stmt_bind_int(s, 1, o->param);
	stmt_bind_text(s, 2, code);
	for (;;) {
		stmt_bind_int(s, 3, system);
		TRY(stmt_step(sc->c, s, &row));
		if (!row)
			return OK;
		system = stmt_int(s, 0);
		add_ordered(o, &TOKEN_SCAN, arg_text(code), arg_int(system));
		stmt_reset(s);
	}
}

static enum err token_exact(struct opening *o, const struct value *v)
{
	int64_t system = 0;

	if (!v->piped)
		return token_any_system(o, v->code);
	if (v->system.len) {
		TRY(name_find(o->sc->c, o->sc->db, v->system, &system));
		if (system == 0)
			return OK;
	}
	if (v->code.len)
		add_ordered(o, &TOKEN_SCAN, arg_text(v->code), arg_int(system));
	else
		add_loose(o, &TOKEN_SYSTEM, arg_int(system), arg_int(0));
	return OK;
}

/* Every code the parameter has, each once, handed to `wanted`; those it takes are added. */
static enum err token_each(struct opening *o, const struct value *v,
			   enum err (*wanted)(struct opening *o, const struct value *v,
					      struct str system, struct str code, bool *out))
{
	struct scope *sc = o->sc;
	struct str code = STR(""), system_text;
	int64_t system = -1;
	bool row, take;
	STMT(s);

	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT code, system FROM token WHERE param = ?1"
			" AND (code, system) > (?2, ?3) ORDER BY code, system LIMIT 1"),
		    &s));
	for (int seen = 0;; seen++) {
		stmt_bind_int(s, 1, o->param);
		stmt_bind_text(s, 2, code);
		stmt_bind_int(s, 3, system);
		TRY(stmt_step(sc->c, s, &row));
		if (!row)
			return OK;
		if (seen == DISTINCT_MAX)
			return fail(sc->c, ERR_LIMIT,
				    "'" STR_FMT "' has too many codes to look at.",
				    STR_ARG(o->condition->as));
		struct str next = stmt_text(s, 0);
		code = (struct str){ str_dup(sc->c->arena, next), next.len };
		system = stmt_int(s, 1);
		stmt_reset(s);
		system_text = STR("");
		if (system)
			TRY(name_text(sc->c, sc->db, system, &system_text));
		TRY(wanted(o, v, system_text, code, &take));
		if (take)
			add_ordered(o, &TOKEN_SCAN, arg_text(code), arg_int(system));
	}
}

static enum err wanted_in_set(struct opening *o, const struct value *v, struct str system,
			      struct str code, bool *out)
{
	const char *set = str_dup(o->sc->c->arena, v->code);
	enum code_answer answer = code_in_set(o->sc->c->place->fhir, set, system, code);

	if (answer == CODE_UNKNOWN)
		return fail(o->sc->c, ERR_UNSUPPORTED,
			    "'" STR_FMT "' names a value set that cannot be listed here.",
			    STR_ARG(o->condition->as));
	*out = answer == CODE_IN;
	return OK;
}

/* The codes of a value set that is stored, each with its system. */
static enum err token_stored_set(struct opening *o, const struct value *v, bool *found)
{
	struct scope *sc = o->sc;
	struct code_list codes;
	struct node *set;

	TRY(terms_stored(sc->c, sc->db, "ValueSet", v->code, &set));
	*found = set != NULL;
	if (!set)
		return OK;
	TRY(terms_expand_set(sc->c, sc->db, set, &codes));
	if (codes.list.len > DISTINCT_MAX)
		return fail(sc->c, ERR_LIMIT, "'" STR_FMT "' has too many codes to look at.",
			    STR_ARG(o->condition->as));
	for (size_t i = 0; i < codes.list.len; i++) {
		const struct code_item *item = &codes.list.at[i];
		struct value one = { .piped = item->system.len > 0,
				     .system = item->system,
				     .code = item->code };

		TRY(token_exact(o, &one));
	}
	return OK;
}

static enum err token_set(struct opening *o, const struct value *v)
{
	bool stored;

	TRY(token_stored_set(o, v, &stored));
	return stored ? OK : token_each(o, v, wanted_in_set);
}

static enum err wanted_by_tree(struct opening *o, const struct value *v, struct str system,
			       struct str code, bool *out)
{
	const struct fhir *f = o->sc->c->place->fhir;

	*out = str_eq(system, v->system) &&
	       (o->condition->modifier == MOD_BELOW ? code_is_below(f, system, code, v->code)
						    : code_is_below(f, system, v->code, code));
	return OK;
}

static enum err token_tree(struct opening *o, const struct value *v)
{
	if (v->system.len == 0 || v->code.len == 0)
		return fail(o->sc->c, ERR_BAD_REQUEST, "'" STR_FMT "' needs system|code.",
			    STR_ARG(o->condition->as));
	if (code_display(o->sc->c->place->fhir, v->system, v->code).len == 0)
		return fail(o->sc->c, ERR_UNSUPPORTED,
			    "'" STR_FMT "' names a code whose system cannot be listed here.",
			    STR_ARG(o->condition->as));
	return token_each(o, v, wanted_by_tree);
}

static enum err token_leaf(struct opening *o, const struct value *v)
{
	switch (o->condition->modifier) {
	case MOD_IN:
	case MOD_NOT_IN:
		return token_set(o, v);
	case MOD_ABOVE:
	case MOD_BELOW:
		return token_tree(o, v);
	default:
		return token_exact(o, v);
	}
}

/* ---- strings and uris ---- */

static struct str joined(struct arena *a, struct str s, const char *tail)
{
	char *text = arena_printf(a, STR_FMT "%s", STR_ARG(s), tail);

	return str_of(text);
}

/* Above all that begin with s: it ends in the last of all characters. */
static struct str prefix_end(struct arena *a, struct str s)
{
	return joined(a, s, "\xF4\x8F\xBF\xBF");
}

static void add_prefix(struct opening *o, const struct scan_kind *kind, struct str prefix)
{
	add_loose(o, kind, arg_text(prefix), arg_text(prefix_end(o->sc->c->arena, prefix)));
}

static enum err string_leaf(struct opening *o, const struct value *v)
{
	if (o->condition->modifier == MOD_EXACT)
		add_ordered(o, &STRING_SCAN, arg_text(v->folded), arg_text(v->code));
	else if (o->condition->modifier == MOD_CONTAINS)
		add_loose(o, &STRING_CONTAINS, arg_text(v->folded), arg_int(0));
	else
		add_prefix(o, &STRING_PREFIX, v->folded);
	return OK;
}

/* The address and each that it lies below, one path segment after the other. */
static void uri_above(struct opening *o, struct str uri)
{
	for (;;) {
		add_ordered(o, &URI_SCAN, arg_text(uri), arg_int(0));
		const char *slash = uri.len ? memrchr(uri.at, '/', uri.len) : NULL;
		if (!slash || slash == uri.at)
			return;
		size_t keep = (size_t)(slash - uri.at);
		/* The address is there with and without its last slash. */
		if (keep + 1 < uri.len)
			keep++;
		uri.len = keep;
	}
}

static enum err uri_leaf(struct opening *o, const struct value *v)
{
	struct str uri = v->code;

	if (o->condition->modifier == MOD_ABOVE) {
		uri_above(o, uri);
		return OK;
	}
	add_ordered(o, &URI_SCAN, arg_text(uri), arg_int(0));
	if (o->condition->modifier == MOD_BELOW) {
		if (uri.len && uri.at[uri.len - 1] == '/')
			uri.len--;
		add_prefix(o, &URI_PREFIX, joined(o->sc->c->arena, uri, "/"));
	}
	return OK;
}

/* ---- references ---- */

static enum err add_target(struct opening *o, struct str type, struct str id)
{
	struct scope *sc = o->sc;
	int64_t type_key, target = 0;

	TRY(name_find(sc->c, sc->db, type, &type_key));
	if (type_key)
		TRY(resource_key(sc->c, sc->db, type_key, id, &target));
	if (!target)
		return OK;
	bool own = str_is(type, "Patient") &&
		   search_is_subject(sc->c->place->fhir, o->type, o->condition->param);
	add_ordered(o, own ? &SUBJECT_SCAN : &REFERENCE_SCAN, arg_int(target), arg_int(0));
	return OK;
}

bool search_targets(const struct fhir_param *param, struct str type)
{
	const char *const *target = param->targets;

	if (!target || !*target)
		return true;
	for (; *target; target++)
		if (str_is(type, *target) || !strcmp(*target, "Resource"))
			return true;
	return false;
}

static enum err add_any_target(struct opening *o, struct str id)
{
	const struct fhir_param *param = o->condition->param;
	const struct fhir *f = o->sc->c->place->fhir;

	if (!search_targets(param, STR("Resource"))) {
		for (const char *const *target = param->targets; *target; target++)
			TRY(add_target(o, str_of(*target), id));
		return OK;
	}
	for (unsigned i = 0; i < f->type_count; i++)
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			TRY(add_target(o, str_of(f->types[i]->name), id));
	return OK;
}

static enum err reference_leaf(struct opening *o, const struct value *v)
{
	if (v->absolute) {
		add_ordered(o, &URI_SCAN, arg_text(v->code), arg_int(0));
		return OK;
	}
	if (v->target.len)
		return add_target(o, v->target, v->code);
	return add_any_target(o, v->code);
}

static const struct scan_kind REFERRING = {
	SQL("SELECT person, resource FROM reference WHERE param = ?1 AND target = ?2 LIMIT ?3"),
	2
};

struct scan scan_referring(int64_t param, int64_t target)
{
	return (struct scan){ &REFERRING, { arg_int(param), arg_int(target) } };
}

struct stream *stream_referring(struct arena *a, int64_t param, int64_t target)
{
	struct scan scan = { &REFERENCE_SCAN, { arg_int(param), arg_int(target) } };

	return stream_scan(a, &scan);
}

struct stream *stream_owned(struct arena *a, int64_t param, int64_t person)
{
	struct scan scan = { &SUBJECT_SCAN, { arg_int(param), arg_int(person) } };

	return stream_scan(a, &scan);
}

/* ---- dates, numbers, quantities ---- */

static enum err date_leaf(struct opening *o, const struct value *v)
{
	struct arena *a = o->sc->c->arena;

	for (unsigned i = 0; i < v->box_count; i++) {
		const struct box *b = &v->boxes[i];
		struct scan scan = { &DATE_BOX,
				     { arg_int(o->param), arg_int(b->low_from.n),
				       arg_int(b->low_to.n), arg_int(b->high_from.n),
				       arg_int(b->high_to.n) } };
		/* What ends at high_from or later begins at most a day before, or is long. */
		if (b->high_from.n != INT64_MIN && b->low_from.n < b->high_from.n - DAY_US) {
			int64_t day_before = b->high_from.n - DAY_US;
			struct scan lengthy = scan;

			lengthy.kind = &DATE_LONG_BOX;
			if (b->low_to.n >= day_before)
				lengthy.args[2].n = day_before - 1;
			*vec_push(&o->leaf->loose, a) = lengthy;
			scan.args[1].n = day_before;
		}
		*vec_push(&o->leaf->loose, a) = scan;
	}
	return OK;
}

static void add_number_box(struct opening *o, const struct scan_kind *kind, const struct box *b,
			   struct arg code, struct arg system)
{
	struct scan scan = { kind,
			     { arg_int(o->param), arg_blob(b->low_from.key),
			       arg_blob(b->low_to.key), arg_blob(b->high_from.key),
			       arg_blob(b->high_to.key), code, system } };

	*vec_push(&o->leaf->loose, o->sc->c->arena) = scan;
}

static struct scan number_box(const struct opening *o, const struct box *b)
{
	return (struct scan){ &NUMBER_BOX,
			      { arg_int(o->param), arg_blob(b->low_from.key),
				arg_blob(b->low_to.key), arg_blob(b->high_from.key),
				arg_blob(b->high_to.key) } };
}

static enum err number_leaf(struct opening *o, const struct value *v)
{
	for (unsigned i = 0; i < v->box_count; i++)
		add_number_box(o, &NUMBER_BOX, &v->boxes[i], arg_int(0), arg_int(0));
	return OK;
}

/* What is in the boxes around the circle, each asked whether it is in the circle. */
static enum err near_leaf(struct opening *o, const struct value *v)
{
	struct scope *sc = o->sc;
	struct arena *a = sc->c->arena;
	struct pairs *pairs = pairs_new(sc->c);
	VEC(struct scan) kept = { 0 };
	struct box boxes[2];
	unsigned count = near_boxes(a, &v->near, boxes);
	bool fits;

	for (unsigned i = 0; i < count; i++)
		*vec_push(&kept, a) = number_box(o, &boxes[i]);
	TRY(pairs_gather(sc, kept.at, kept.len, SEARCH_INNER, pairs, &fits));
	if (!fits)
		return fail(sc->c, ERR_LIMIT, "'near' has more than %d places to look at.",
			    SEARCH_INNER);
	pairs_sort(pairs);
	*vec_push(&o->leaf->ordered, a) = near_stream(a, stream_pairs(a, pairs), &v->near);
	return OK;
}

/* Those with the identifier's value, each asked whether it is of the type. */
static enum err of_type_leaf(struct opening *o, const struct value *v)
{
	struct arena *a = o->sc->c->arena;
	struct leaf any = { .condition = o->condition };
	struct opening inner = { o->sc, o->type, o->condition, &any, o->param };

	TRY(token_any_system(&inner, v->code));
	*vec_push(&o->leaf->ordered, a) = stream_check(
		a, stream_or(a, any.ordered.at, any.ordered.len), check_of_type, v);
	return OK;
}

static enum err quantity_leaf(struct opening *o, const struct value *v)
{
	int64_t system = -1; /* any */

	if (v->system.len) {
		TRY(name_find(o->sc->c, o->sc->db, v->system, &system));
		if (system == 0)
			return OK;
	}
	for (unsigned i = 0; i < v->box_count; i++)
		add_number_box(o, &QUANTITY_BOX, &v->boxes[i], arg_text(v->code),
			       arg_int(system));
	return OK;
}

/* ---- _lastUpdated, _id and :missing ---- */

/* As a date it is the millisecond written in meta.lastUpdated; the column may hold more digits. */
#define MILLI INT64_C(1000)

static int64_t milli_floor(int64_t us)
{
	return us - ((us % MILLI) + MILLI) % MILLI;
}

/* The values of the column that lie in a box, [*from, *to]. */
static void updated_span(const struct box *b, int64_t *from, int64_t *to)
{
	int64_t low = b->low_from.n > 0 ? b->low_from.n : 0;
	int64_t high = b->low_to.n;

	if (b->high_from.n > low + MILLI)
		low = b->high_from.n - MILLI;
	if (b->high_to.n - MILLI < high)
		high = b->high_to.n - MILLI;
	*from = milli_floor(low + MILLI - 1);
	*to = high < 0                       ? -1
	      : high > INT64_MAX - 2 * MILLI ? INT64_MAX
					     : milli_floor(high) + MILLI - 1;
}

static enum err updated_leaf(struct opening *o)
{
	int64_t type;

	TRY(name_find(o->sc->c, o->sc->db, str_of(o->type->name), &type));
	o->param = type;
	for (size_t i = 0; i < o->condition->value_count; i++) {
		const struct value *v = &o->condition->values[i];

		for (unsigned j = 0; j < v->box_count; j++) {
			int64_t from, to;

			updated_span(&v->boxes[j], &from, &to);
			add_loose(o, &UPDATED_BOX, arg_int(from), arg_int(to));
		}
	}
	return OK;
}

enum err pair_find(struct scope *sc, struct str type, struct str id, struct pair *out,
		   bool *there)
{
	int64_t key;
	STMT(s);

	TRY(name_find(sc->c, sc->db, type, &key));
	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT person, key FROM resource WHERE type = ?1 AND id = ?2"
			" AND deleted = 0 AND version > 0"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(sc->c, s, there));
	if (!*there)
		return OK;
	*out = (struct pair){ stmt_int(s, 0), stmt_int(s, 1) };
	return pair_fits(sc->c, *out);
}

static enum err ids_leaf(struct opening *o)
{
	struct arena *a = o->sc->c->arena;
	struct pairs *pairs = pairs_new(o->sc->c);

	if (o->condition->modifier == MOD_MISSING) { /* from none, or from all but none */
		o->leaf->negate = !o->condition->values[0].missing;
		return OK;
	}
	for (size_t i = 0; i < o->condition->value_count; i++) {
		struct pair p;
		bool there;

		TRY(pair_find(o->sc, str_of(o->type->name), o->condition->values[i].code, &p,
			      &there));
		if (there)
			pairs_add(pairs, p);
	}
	pairs_sort(pairs);
	*vec_push(&o->leaf->ordered, a) = stream_pairs(a, pairs);
	return OK;
}

static const struct scan_kind *const all_of[] = {
	[PARAM_TOKEN] = &ALL_TOKENS,
	[PARAM_STRING] = &ALL_STRINGS,
	[PARAM_DATE] = &ALL_DATES,
	[PARAM_NUMBER] = &ALL_NUMBERS,
	[PARAM_QUANTITY] = &ALL_QUANTITIES,
	[PARAM_REFERENCE] = &ALL_REFERENCES,
	[PARAM_URI] = &ALL_URIS,
};

enum err leaf_values(struct scope *sc, const struct fhir_type *type,
		     const struct fhir_param *param, struct scan *out)
{
	int64_t key;

	TRY(param_ready(sc->c, sc->db, type, param, VARIANT_PLAIN, &key));
	*out = (struct scan){ all_of[param->type], { arg_int(key) } };
	return OK;
}

static enum err missing_leaf(struct opening *o)
{
	const struct fhir_param *param = o->condition->param;

	add_loose(o, all_of[param->type], arg_int(0), arg_int(0));
	if (param->type == PARAM_TOKEN) { /* some have words and no code */
		TRY(param_ready(o->sc->c, o->sc->db, o->type, param, VARIANT_TEXT, &o->param));
		add_loose(o, &ALL_STRINGS, arg_int(0), arg_int(0));
	}
	if (param->type == PARAM_REFERENCE) {
		add_loose(o, &ALL_URIS, arg_int(0), arg_int(0));
		TRY(param_ready(o->sc->c, o->sc->db, o->type, param, VARIANT_IDENTIFIER,
			      &o->param));
		add_loose(o, &ALL_TOKENS, arg_int(0), arg_int(0));
	}
	return OK;
}

/* ---- all ---- */

typedef enum err leaf_fn(struct opening *o, const struct value *v);

static leaf_fn *const by_type[PARAM_SPECIAL + 1] = {
	[PARAM_TOKEN] = token_leaf,       [PARAM_STRING] = string_leaf,
	[PARAM_DATE] = date_leaf,         [PARAM_NUMBER] = number_leaf,
	[PARAM_QUANTITY] = quantity_leaf, [PARAM_REFERENCE] = reference_leaf,
	[PARAM_URI] = uri_leaf,           [PARAM_SPECIAL] = near_leaf,
};

static leaf_fn *plain_leaf(const struct fhir_param *param)
{
	return param ? by_type[param->type] : NULL;
}

enum err leaf_open(struct scope *sc, const struct fhir_type *type,
		   const struct condition *condition, struct leaf *out)
{
	struct opening o = { sc, type, condition, out, 0 };
	enum variant variant = condition->modifier == MOD_TEXT         ? VARIANT_TEXT
			       : condition->modifier == MOD_IDENTIFIER ? VARIANT_IDENTIFIER
								       : VARIANT_PLAIN;
	leaf_fn *fn = condition->modifier == MOD_TEXT         ? string_leaf
		      : condition->modifier == MOD_OF_TYPE    ? of_type_leaf
		      : condition->modifier == MOD_IDENTIFIER ? token_exact
							      : plain_leaf(condition->param);

	memset(out, 0, sizeof *out);
	out->condition = condition;
	out->negate = condition->modifier == MOD_NOT || condition->modifier == MOD_NOT_IN;
	if (condition->inside)
		return compartment_open(sc, type, condition->inside, out);
	if (condition->marks)
		return words_open(sc, type, condition, out);
	if (condition->column == COLUMN_ID)
		return ids_leaf(&o);
	if (condition->column == COLUMN_UPDATED)
		return updated_leaf(&o);
	if (condition->param->type == PARAM_COMPOSITE)
		return composite_open(sc, type, condition, out);
	TRY(param_ready(sc->c, sc->db, type, condition->param, variant, &o.param));
	if (condition->modifier == MOD_MISSING) {
		out->negate = condition->values[0].missing;
		return missing_leaf(&o);
	}
	for (size_t i = 0; i < condition->value_count; i++)
		TRY(fn(&o, &condition->values[i]));
	return OK;
}
