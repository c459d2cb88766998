/* learn.c - see learn.h. */
#include "identity/learn.h"

#include <math.h>

#include "base/when.h"
#include "identity/link.h"
#include "identity/matcher.h"
#include "record/parts.h"

enum { LEAST_PEOPLE = 1000, LEAST_MATCHES = 300, MOST_VALUES = 3000 };

/* ---- the people ---- */

static enum err add_person(struct ctx *c, void *arg, const struct version *v)
{
	struct people *p = arg;
	struct str texts[FACT_COUNT] = { 0 };
	struct facts facts;
	struct node *tree;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &tree));
	if (!node_get(tree, "name") || node_get(tree, "link"))
		return OK;
	facts_take(c->arena, tree, &facts);
	for (unsigned i = 0; i < FACT_COUNT; i++)
		texts[i] = facts.of[i].len ? facts.of[i].at[0] : STR("");
	return people_add(c, p, texts);
}

/* In an arena of their own: what is allocated in c->arena while the record is read does not stay. */
static enum err read_people(struct ctx *c, struct arena *own, struct people **out)
{
	static const char *const types[] = { "Patient", NULL };

	TRY(people_new(c, &c->place->share, own, out));
	for (unsigned i = 0; i < FACT_COUNT; i++)
		people_add_column(*out, fact_roles[i], role_rows[fact_roles[i]].word);
	TRY(record_each(c, types, add_person, *out));
	if ((*out)->len < LEAST_PEOPLE)
		return fail(c, ERR_INVALID, "%u people are too few to learn from: %d are needed.",
			    (*out)->len, LEAST_PEOPLE);
	(*out)->first_of_second = (*out)->len;
	people_count(*out);
	return OK;
}

/* ---- what was learnt, as text ---- */

static void write_levels(struct buf *b, const char *name, enum kind kind, const double *p)
{
	unsigned n = level_count(kind);

	buf_printf(b, "\"%s\":{", name);
	for (unsigned l = 1; l < n; l++)
		buf_printf(b, "%s\"%s\":%.9g", l > 1 ? "," : "", level_row(kind, l)->name,
			   fmax(p[l], 1e-10));
	buf_char(b, '}');
}

static bool usable(const struct model *m, const struct people *p, unsigned fact)
{
	return p->columns[fact].filled > LEAST_PEOPLE / 10 && m->p[CLASS_CHANCE][fact][1] > 0;
}

static void write_field(struct buf *b, const struct people *p, const struct model *learnt,
			const struct model *before, unsigned fact, bool of_matches)
{
	enum kind kind = p->columns[fact].kind;
	const struct model *chance = usable(learnt, p, fact) ? learnt : before;
	const struct model *match = of_matches && chance == learnt ? learnt : before;

	buf_printf(b, "%s\"%s\":{", fact ? "," : "", p->columns[fact].name);
	write_levels(b, "match", kind, match->p[CLASS_MATCH][fact]);
	buf_char(b, ',');
	write_levels(b, "chance", kind, chance->p[CLASS_CHANCE][fact]);
	if (!before->personal[fact]) {
		buf_char(b, ',');
		write_levels(b, "kin", kind, before->p[CLASS_KIN][fact]);
	}
	buf_char(b, '}');
}

/* The values more common than one in ten thousand, and under * what the others come to. */
static void write_frequency(struct buf *b, const struct people *p, unsigned fact)
{
	const struct column *column = &p->columns[fact];
	double filled = (double)column->filled, rest = 0, squares = 0;
	uint32_t least = column->filled / 10000 > 5 ? (uint32_t)(column->filled / 10000) : 5;
	unsigned n = 0;

	for (size_t v = 1; v < column->values->text.len; v++) {
		double count = column->counts[v];

		if (column->counts[v] >= least && n < MOST_VALUES) {
			buf_char(b, n++ ? ',' : ' ');
			json_write_string(b, column->values->text.at[v]);
			buf_printf(b, ":%.6g", count / filled);
		} else {
			rest += count;
			squares += count * count;
		}
	}
	if (rest > 0)
		buf_printf(b, "%s\"*\":%.6g", n ? "," : "", squares / rest / filled);
}

static struct str model_text(struct ctx *c, const struct people *p, const struct model *learnt,
			     const struct matcher *before, bool of_matches)
{
	static const enum fact common[] = { FACT_GIVEN, FACT_FAMILY };
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_printf(&b,
		   "{\"name\":\"learnt\",\"date\":\"%.10s\",\"source\":\"causeway match-learn of %u "
		   "people\",\"upper\":%.6g,\"lower\":%.6g,\"present\":%.6g,\"kin\":%.6g,"
		   "\"other_id\":%.6g,\"renamed\":{\"female\":%.6g,\"male\":%.6g},\"fields\":{",
		   when_print_us(c->arena, clock_now(c->clock)).at, p->len, before->upper,
		   before->lower, before->present, before->kin, before->other_id, before->renamed_female,
		   before->renamed_male);
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		write_field(&b, p, learnt, &before->model, fact, of_matches);
	buf_cstr(&b, "},\"frequency\":{");
	for (unsigned i = 0; i < 2; i++) {
		buf_printf(&b, "%s\"%s\":{", i ? "," : "", p->columns[common[i]].name);
		write_frequency(&b, p, common[i]);
		buf_char(&b, '}');
	}
	buf_cstr(&b, "}}");
	return buf_get(&b);
}

/* ---- storing ---- */

static enum err put_model(struct ctx *c, struct db *db, void *arg)
{
	const struct str *text = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO match_model (key, learnt, body) "
			"SELECT coalesce(max(key), 0) + 1, ?1, ?2 FROM match_model"),
		    &s));
	stmt_bind_int(s, 1, clock_now(c->clock));
	stmt_bind_text(s, 2, *text);
	return stmt_run(c, s);
}

static enum err read_before(struct ctx *c, const struct matcher **out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return matcher_of(c, db, out);
}

/* The share of pairs taken for one person that agree in a fact, or differ in it as one slip does. */
static double agree(const struct model *m, enum fact fact, unsigned from)
{
	double sum = 0;

	for (unsigned l = from; l < m->levels[fact]; l++)
		sum += m->p[CLASS_MATCH][fact][l];
	return sum;
}

/* Where nobody has two Patients, what is most alike are households, and EM takes them for matches: those
 * have other first names, other dates of birth (mostly of another year), and every second time another
 * sex. Records of one person, however carelessly kept, differ by slips: a typing error, a nickname or
 * an initial, two digits of a date swapped. A fact that the place does not keep says nothing; without
 * both first names and dates of birth nothing tells the one from the other. */
static bool of_people(const struct model *m, const struct people *p)
{
	static const struct {
		enum fact fact;
		unsigned from;
		double least;
		bool needed;
	} rows[] = {
		{ FACT_GIVEN, LEVEL(NAME, EDIT), 0.7, true },
		{ FACT_DOB, LEVEL(DATE, FIRST), 0.7, true },
		{ FACT_SEX, LEVEL(SEX, EXACT), 0.9, false },
	};

	if (m->matches < LEAST_MATCHES)
		return false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool kept = usable(m, p, rows[i].fact);

		if (kept ? agree(m, rows[i].fact, rows[i].from) < rows[i].least : rows[i].needed)
			return false;
	}
	return true;
}

enum err identity_learn(struct ctx *c, unsigned workers, const struct progress *progress,
			struct lesson *out)
{
	struct link_options options = { .threshold = 0.5,
					.workers = workers,
					.rules = { .max_size = 200 },
					.progress = *progress };
	struct link_result *result = NEW(c->arena, struct link_result);
	struct link_source source = { 0 };
	const struct matcher *before;
	struct matcher *trial;
	struct str text;
	bool of_matches;
	ARENA(own);

	TRY(read_before(c, &before));
	TRY(read_people(c, &own, &source.people));
	TRY(link_run(c, &options, &source, result));
	of_matches = of_people(&result->model, source.people);
	text = model_text(c, source.people, &result->model, before, of_matches);
	TRY(matcher_read(c, text, &trial)); /* what cannot be read is not stored */
	matcher_free(trial);
	TRY(store_write(c, c->place->store, put_model, &text));
	*out = (struct lesson){ source.people->len, result->compared, result->model.matches,
				of_matches };
	return OK;
}
