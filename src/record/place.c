/* place.c - opening one place: its definitions, its store, and what record/ remembers. */
#include <stdlib.h>

#include "record/bits.h"
#include "record/copy.h"
#include "record/invariant.h"
#include "record/label.h"
#include "record/later.h"
#include "record/reindex.h"
#include "record/view_part.h"

static enum err make_record(struct ctx *c, struct place *place, unsigned flags)
{
	struct record *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	place->record = r;
	r->names = names_new(place->fhir);
	r->known = known_new();
	r->sets = sets_new();
	TRY(labels_load(c, place, &r->labels));
	TRY(invariants_load(c, place, &r->invariants));
	return bodies_open(c, place, flags, &r->bodies);
}

enum err meta_get(struct ctx *c, struct db *db, struct str name, struct str *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT value FROM meta WHERE name = ?1"), &s));
	stmt_bind_text(s, 1, name);
	TRY(stmt_step(c, s, &row));
	*out = (struct str){ 0 };
	if (row)
		*out = str_of(str_dup(c->arena, stmt_text(s, 0)));
	return OK;
}

enum err meta_set(struct ctx *c, struct db *db, struct str name, struct str value)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO meta (name, value) VALUES (?1, ?2) "
			"ON CONFLICT (name) DO UPDATE SET value = ?2"),
		    &s));
	stmt_bind_text(s, 1, name);
	stmt_bind_text(s, 2, value);
	return stmt_run(c, s);
}

/* Raised when the code finds other values in the same resources: a place that is served makes its index
 * again meanwhile (reindex.h). */
#define INDEX_MADE 8
/* Raised when it finds other words or labels: those only a rebuild makes. */
#define WHOLE_MADE 0

/* The index must have been made with the definitions the program has now. Between the dot and the dash
 * stands what cannot be made good beside others who use the place. Labels are among it: nobody is shown
 * what is sensitive because its label is still to come. */
struct str index_digest(struct ctx *c)
{
	return str_of(arena_printf(
		c->arena, "%d.%08x-%016llx", INDEX_MADE,
		(unsigned)labels_digest(c->place->record->labels) + WHOLE_MADE,
		(unsigned long long)c->place->fhir->digest));
}

static enum err first_digest(struct ctx *c, struct db *db, void *arg)
{
	struct str seen;

	(void)arg;
	TRY(meta_get(c, db, STR("digest"), &seen));
	return seen.len ? OK : reindex_whole(c, db);
}

/* A copy without its last row is no place, for anybody. */
static enum err check_whole(struct ctx *c, struct place *place)
{
	struct str seen;
	READER(db);

	TRY(store_reader(c, place->store, &db));
	TRY(meta_get(c, db, META_COPYING, &seen));
	return seen.len ? fail(c, ERR_CONFLICT,
			       "%s is an unfinished copy; `causeway copy` again goes on with it.",
			       store_name(place->store))
			: OK;
}

/* What a digest says of words and labels. */
static struct str whole_of(struct str digest)
{
	(void)str_cut(&digest, '.');
	return str_cut(&digest, '-');
}

/* Are words and labels as this program finds them? Then all else can be made again beside others. */
static bool is_made_alike(struct ctx *c, struct str seen)
{
	return str_starts(seen, STR(LOADING)) || str_is(seen, "reindexing") ||
	       str_eq(whole_of(seen), whole_of(index_digest(c)));
}

static enum err check_digest(struct ctx *c, struct place *place, unsigned flags)
{
	struct str seen;
	{
		READER(db);

		TRY(store_reader(c, place->store, &db));
		TRY(meta_get(c, db, STR("digest"), &seen));
	}
	if (!seen.len)
		return flags & STORE_READ_ONLY
			       ? OK
			       : store_write(c, place->store, first_digest, NULL);
	if (str_eq(seen, index_digest(c)) || ((flags & STORE_STALE) && is_made_alike(c, seen)))
		return OK;
	if (str_is(seen, "reindexing"))
		return fail(c, ERR_CONFLICT,
			    "The search index is being made with new definitions, or that was not "
			    "finished; `causeway reindex` or `causeway serve` goes on with it.");
	if (str_starts(seen, STR(LOADING)))
		return flags & STORE_BULK /* to be loaded, which ends the load before */
			       ? OK
			       : fail(c, ERR_CONFLICT,
				      "A load of this database was cut short: run `causeway import` "
				      "again, or `causeway rebuild`.");
	if (str_is(seen, "rebuilding"))
		return fail(c, ERR_CONFLICT,
			    "A rebuild of the search index was not finished; run "
			    "`causeway rebuild` again.");
	if (!is_made_alike(c, seen))
		return fail(c, ERR_CONFLICT,
			    "The words resources are found by, or the labels that make them sensitive, are "
			    "others with this program or pack; run `causeway rebuild`.");
	return fail(c, ERR_CONFLICT,
		    "The search index was made with other definitions than this program "
		    "has; run `causeway reindex` or `causeway rebuild`, or serve it: it is "
		    "indexed meanwhile.");
}

static enum err fill(struct ctx *c, struct place *place, const char *address, unsigned flags,
		     bool rebuilding)
{
	if (!place->fhir)
		TRY(fhir_load(c, &place->life, &place->share, &place->fhir));
	if (!address)
		return OK;
	TRY(store_open(c, &place->share, address, flags, &place->store));
	TRY(check_whole(c, place));
	TRY(make_record(c, place, flags));
	if (!rebuilding)
		TRY(check_digest(c, place, flags));
	TRY(views_open(c, place, flags, rebuilding || (flags & STORE_STALE), &place->record->views));
	return flags & STORE_STALE ? reindex_open(c, place) : OK;
}

enum err place_open(struct ctx *c, const struct share *share, const char *address,
		    unsigned store_flags, bool rebuilding, struct place **out)
{
	return place_open_with(c, NULL, share, address, store_flags, rebuilding, out);
}

enum err place_open_with(struct ctx *c, const struct fhir *fhir, const struct share *share,
			 const char *address, unsigned store_flags, bool rebuilding,
			 struct place **out)
{
	struct place *place = calloc(1, sizeof *place), *before = c->place;

	if (!place)
		abort();
	arena_init(&place->life);
	place->share = *share;
	place->fhir = fhir;
	place->base_url = "http://127.0.0.1:8080/fhir";
	place->validate = true;
	place->references = REFERENCES_TRANSACTION;
	c->place = place;
	enum err e = fill(c, place, address, store_flags, rebuilding);
	if (e) {
		place_close(place);
		c->place = before;
		return e;
	}
	*out = place;
	return OK;
}

void place_close(struct place *place)
{
	if (!place)
		return;
	store_close(place->store); /* the writer may still use what follows */
	if (place->matcher)
		place->matcher_free(place->matcher);
	if (place->decisions)
		place->decisions_free(place->decisions);
	if (place->forms)
		place->forms_free(place->forms);
	if (place->record) {
		names_free(place->record->names);
		known_free(place->record->known);
		sets_free(place->record->sets);
		bodies_free(place->record->bodies);
		later_free(place->record->later);
		reindex_free(place->record->reindex);
		free(place->record);
	}
	arena_done(&place->life);
	free(place);
}
