/* check.c - proving a place: every version readable and in its row, the index what extraction
 * gives now, nothing in it that belongs to nothing.
 *
 * Index rows have no way back from a resource to its rows, so they are proved by two facts: each
 * row that must be there is there, and there are as many as must be.
 */
#include "record/label.h"
#include "record/reindex.h"
#include "record/view_part.h"

struct checker {
	struct ctx *c;   /* findings go here */
	struct ctx work; /* one resource's memory, on `scratch` */
	struct db *db;
	const char *where; /* "Patient/1" */
	struct check_report report;
	int64_t *view_rows; /* how many each view should have, and view_error at the end */
	int64_t words;      /* how many the table of words should have */
	int64_t labelled;   /* versions that have labels */
	unsigned findings;
};

#define FINDING(k, ...)                                                                        \
	((k)->findings++, issue_add((k)->c, ISSUE_ERROR, "exception",                          \
				    arena_str((k)->c->arena, (k)->where), 0, 0, __VA_ARGS__))

/* A version of the resource being checked. */
struct checked {
	const struct fhir_type *type;
	struct str id;
	int64_t key, type_key;
	struct standing row;    /* what the resource's row says */
	int64_t count, updated; /* of the versions seen so far */
	int64_t seq;
	bool deleted;
	struct node *tree; /* of the last version */
	struct rows rows;  /* of it */
	uint64_t labels;   /* of the last that is no deletion */
	uint64_t row_labels; /* what the resource's row says */
};

/* --- labels --- */

/* A version's labels as they are kept are those its rows give. */
static enum err check_labels(struct checker *k, struct checked *r, const struct version *v)
{
	uint64_t kept = 0;

	TRY(rows_make(&k->work, k->db, r->type, r->tree, &r->rows));
	r->labels = labels_of(k->c->place, r->type, &r->rows);
	TRY(version_labels(k->c, k->db, v->seq, &kept));
	k->labelled += r->labels != 0;
	if (kept != r->labels)
		FINDING(k, "Version %lld has other labels than it should; run `causeway rebuild`.",
			(long long)v->version);
	return OK;
}

/* --- versions --- */

static void check_body(struct checker *k, struct checked *r, const struct version *v)
{
	struct ctx *c = &k->work;
	const struct node *meta;
	struct str updated = when_print_us(c->arena, v->updated);

	if (fhir_read_json(c, c->place->fhir, c->arena, v->body, &r->tree)) {
		r->tree = NULL;
		FINDING(k, "Version %lld cannot be read: %s", (long long)v->version, c->why);
		return;
	}
	meta = node_get(r->tree, "meta");
	if (!str_is(node_str(r->tree, "resourceType"), r->type->name) ||
	    !str_eq(node_str(r->tree, "id"), r->id))
		FINDING(k, "Version %lld has a body of another resource.",
			(long long)v->version);
	if (!str_is(node_str(meta, "versionId"),
		    arena_printf(c->arena, "%lld", (long long)v->version)) ||
	    !str_eq(node_str(meta, "lastUpdated"), updated))
		FINDING(k, "Version %lld says another version or time in meta.",
			(long long)v->version);
}

static void check_version(struct checker *k, struct checked *r, const struct version *v)
{
	k->report.versions++;
	r->count++;
	if (v->version != r->count)
		FINDING(k, "Version %lld stands where %lld should.", (long long)v->version,
			(long long)r->count);
	if (v->updated <= r->updated)
		FINDING(k, "Version %lld is not later than the one before.",
			(long long)v->version);
	if (v->deleted != (v->method == METHOD_DELETE))
		FINDING(k, "Version %lld is half a deletion.", (long long)v->version);
	r->updated = v->updated;
	r->seq = v->seq;
	r->deleted = v->deleted;
	r->tree = NULL;
	if (!v->deleted)
		check_body(k, r, v);
}

static enum err check_versions(struct checker *k, struct checked *r)
{
	bool row;
	STMT(s);

	TRY(db_stmt(k->c, k->db,
		    SQL("SELECT " VERSION_COLUMNS
			" FROM version v JOIN resource r ON r.key = v.resource "
			"WHERE v.resource = ?1 ORDER BY v.version"),
		    &s));
	stmt_bind_int(s, 1, r->key);
	for (;;) {
		struct version v;

		TRY(stmt_step(k->c, s, &row));
		if (!row)
			break;
		enum err e = version_take(&k->work, k->db, s, &v);
		if (e) {
			FINDING(k, "%s", k->work.why);
			r->count++;
			continue;
		}
		check_version(k, r, &v);
		if (r->tree)
			TRY(check_labels(k, r, &v));
	}
	if (r->labels != r->row_labels)
		FINDING(k, "It has other labels than it should; run `causeway rebuild`.");
	if (r->count != r->row.version || r->seq != r->row.seq ||
	    r->updated != r->row.updated || r->deleted != r->row.deleted)
		FINDING(k, "The current version is not the last one.");
	return OK;
}

/* --- index --- */

static enum err check_person(struct checker *k, const struct checked *r)
{
	struct ctx *c = &k->work;
	int64_t person = 0, patient;
	struct str *people;
	size_t count;

	TRY(fhir_people(c, c->place->fhir, r->tree, &people, &count));
	if (strcmp(r->type->name, "Patient") == 0) {
		person = r->key;
	} else if (count) {
		TRY(name_find(c, k->db, STR("Patient"), &patient));
		TRY(resource_key(c, k->db, patient, people[0], &person));
	}
	if (person != r->row.person)
		FINDING(k, "It is filed under another person than it is about.");
	return OK;
}

static enum err check_index(struct checker *k, const struct checked *r)
{
	struct rows rows = r->rows;
	unsigned missing = 0;

	for (size_t i = 0; i < rows.len; i++) {
		bool there;

		TRY(row_has(&k->work, k->db, &rows.at[i], r->row.person, r->key, &there));
		missing += !there;
	}
	k->report.index_rows += (int64_t)rows.len;
	if (missing)
		FINDING(k, "%u of its %zu index rows are missing.", missing, rows.len);
	TRY(words_missing(&k->work, k->db, r->type_key, rows.words, r->row.person, r->key,
			  &missing));
	k->words += (int64_t)words_len(rows.words);
	if (missing)
		FINDING(k, "%u of its words cannot be found.", missing);
	return check_person(k, r);
}

/* Rows of views: those there must be are there; check_sums counts the others. */
static enum err check_views(struct checker *k, const struct checked *r)
{
	struct prepared p = { .type = r->type, .id = r->id, .key = r->key, .resource = r->tree };
	unsigned missing = 0;

	if (!record_views_current(k->c))
		return OK;
	TRY(views_prepare(&k->work, &p));
	TRY(views_missing(&k->work, k->db, &p, r->row.person, k->view_rows, &missing));
	if (missing)
		FINDING(k, "%u of its rows in views are missing or differ.", missing);
	return OK;
}

static enum err check_resource(struct checker *k, struct checked *r)
{
	if (r->row.version == 0) {
		k->report.dangling += !standing_purged(&r->row);
		return OK;
	}
	k->report.resources += !r->row.deleted;
	TRY(check_versions(k, r));
	if (r->row.deleted || !r->tree)
		return OK;
	TRY(check_index(k, r));
	return check_views(k, r);
}

/* --- all of them --- */

static enum err take_row(struct checker *k, struct stmt *s, struct checked *r)
{
	struct str type;

	*r = (struct checked){ .key = stmt_int(s, 0), .type_key = stmt_int(s, 1), .id = stmt_text(s, 2) };
	r->row = (struct standing){
		r->key,         stmt_int(s, 3),     0, stmt_int(s, 4), stmt_int(s, 5),
		stmt_int(s, 6), stmt_int(s, 7) != 0
	};
	r->row_labels = (uint64_t)stmt_int(s, 8);
	TRY(name_text(&k->work, k->db, stmt_int(s, 1), &type));
	r->type = fhir_resource_type(k->c->place->fhir, type);
	k->where =
		arena_printf(k->work.arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(r->id));
	return OK;
}

static enum err check_resources(struct checker *k, struct ticker *t)
{
	int64_t done = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(k->c, k->db,
		    SQL("SELECT key, type, id, person, seq, version, updated, deleted, labels FROM "
			"resource "
			"ORDER BY key"),
		    &s));
	for (;;) {
		struct checked r;

		TRY(ticker_tick(k->c, t, done, "resources"));
		TRY(stmt_step(k->c, s, &row));
		if (!row)
			return OK;
		arena_reset(k->work.arena);
		k->work.issues = (struct issues){ 0 };
		enum err e = take_row(k, s, &r);
		if (!e && !r.type)
			FINDING(k, "This program does not know its type.");
		if (!e && r.type)
			e = check_resource(k, &r);
		if (e)
			return fail(k->c, e, "%s",
				    e == ERR_STORE && k->work.why[0] ? k->work.why : k->c->why);
		done++;
	}
}

static enum err count(struct checker *k, struct sql sql, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(k->c, k->db, sql, &s));
	TRY(stmt_step(k->c, s, &row));
	*out = row ? stmt_int(s, 0) : 0;
	return OK;
}

/* Versions whose columns, by which histories are read, are not those of their resource. Whom an
 * earlier version was about only its Patient's own tell; the others may have been moved since. One
 * filed under nobody is as it was: a version is never changed, and a later rule (people.tsv), after
 * which a rebuild files the resource, may know whom it is about where that of its day did not. */
static enum err check_columns(struct checker *k)
{
	int64_t astray;

	TRY(count(k,
		  SQL("SELECT count(*) FROM version v JOIN resource r ON r.key = v.resource "
		      "WHERE v.type <> r.type OR (v.seq = r.seq AND ((v.person <> r.person "
		      "AND v.person <> 0) OR v.org <> r.org)) OR (r.person = r.key AND v.person <> r.key)"),
		  &astray));
	if (astray)
		FINDING(k, "%lld versions are filed under another type, person or organisation "
			   "than their resource.",
			(long long)astray);
	return OK;
}

/* What no resource accounts for. */
static enum err check_sums(struct checker *k)
{
	bool sound;
	int64_t versions, counted, index_rows, totals, words, labelled, purging;

	k->where = "the place";
	TRY(count(k, SQL("SELECT count(*) FROM version"), &versions));
	TRY(rows_count(k->c, k->db, &index_rows));
	TRY(words_count(k->c, k->db, &words));
	TRY(count(k,
		  SQL("SELECT count(*) FROM (SELECT type, count(*) AS n FROM resource WHERE "
		      "deleted = 0 AND "
		      "version > 0 GROUP BY type) r FULL JOIN (SELECT * FROM total WHERE "
		      "type <> 0 AND current <> 0) t ON t.type = r.type "
		      "WHERE t.current IS DISTINCT FROM r.n"),
		  &totals));
	TRY(count(k, SQL("SELECT current FROM total WHERE type = 0"), &counted));
	TRY(reindex_proved(k->c, k->db, &sound));
	if (!sound)
		FINDING(k, "It says wrongly of which definitions its index is; run `causeway rebuild`.");
	TRY(count(k, SQL("SELECT count(*) FROM version_label"), &labelled));
	if (labelled != k->labelled)
		FINDING(k,
			"There are labels of %lld versions where %lld should have any; run `causeway "
			"rebuild`.",
			(long long)labelled, (long long)k->labelled);
	TRY(count(k, SQL("SELECT count(*) FROM purging"), &purging));
	if (purging)
		FINDING(k, "The table purging has %lld rows outside a purge.", (long long)purging);
	if (versions != counted)
		FINDING(k, "%lld versions are counted where there are %lld; run `causeway rebuild`.",
			(long long)counted, (long long)versions);
	if (versions != k->report.versions)
		FINDING(k, "%lld versions belong to no resource.",
			(long long)(versions - k->report.versions));
	if (index_rows != k->report.index_rows)
		FINDING(k,
			"There are %lld index rows where %lld should be; run `causeway "
			"rebuild`.",
			(long long)index_rows, (long long)k->report.index_rows);
	if (words != k->words)
		FINDING(k,
			"There are %lld words where %lld should be; run `causeway "
			"rebuild`.",
			(long long)words, (long long)k->words);
	if (totals)
		FINDING(k, "The totals of %lld types are wrong; run `causeway rebuild`.",
			(long long)totals);
	return OK;
}

static enum err check_view_sums(struct checker *k)
{
	unsigned len;
	const struct view_table *tables = record_views(k->c, &len);

	if (!record_views_current(k->c)) {
		FINDING(k, "The tables of views were not made with this program's definitions; run "
			   "`causeway view rebuild`.");
		return OK;
	}
	for (unsigned i = 0; i <= len; i++) {
		const char *name = i < len ? tables[i].name : "view_error";
		int64_t rows;

		if (i < len && tables[i].first != i)
			continue;
		TRY(count(k, i < len ? tables[i].count : SQL("SELECT count(*) FROM view_error"), &rows));
		k->report.view_rows += rows;
		if (rows != k->view_rows[i])
			FINDING(k, "%s has %lld rows where %lld should be; run `causeway view rebuild`.",
				name, (long long)rows, (long long)k->view_rows[i]);
	}
	return OK;
}

static enum err check_all(struct checker *k, const struct progress *progress)
{
	struct ticker ticker = { .progress = progress };
	enum err structure;

	TRY(db_begin(k->c, k->db));
	structure = db_check(k->c, k->db);
	if (structure == ERR_INVALID)
		k->findings++;
	else
		TRY(structure);
	TRY(count(k, SQL("SELECT count(*) FROM resource"), &ticker.total));
	TRY(check_resources(k, &ticker));
	TRY(check_columns(k));
	TRY(check_sums(k));
	return check_view_sums(k);
}

enum err record_check(struct ctx *c, const struct progress *progress, struct check_report *out)
{
	ARENA(scratch);
	READER(db);
	struct checker k = { .c = c };

	TRY(store_reader(c, c->place->store, &db));
	k.db = db;
	k.work = *c;
	k.work.arena = &scratch;
	k.view_rows = NEW_N(c->arena, int64_t, c->place->record->views->len + 1);
	TRY(check_all(&k, progress));
	*out = k.report;
	if (k.findings)
		return fail(c, ERR_INVALID, "The place has %u faults.", k.findings);
	return OK;
}
