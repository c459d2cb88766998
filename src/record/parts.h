/* parts.h - the parts a write passes through: prepared outside the writer, applied inside.
 *
 *	prepare.c     resource -> struct prepared: id, meta, rows, packed body. Readers only
 *	index_rows.c  what fhir_index found -> rows of the index tables
 *	apply.c       struct prepared -> inserts, in store_write
 *	write.c       the verbs: prepare, then apply
 *	bundle.c      the same for many at once
 */
#ifndef RECORD_PARTS_H
#define RECORD_PARTS_H

#include "base/map.h"
#include "base/vec.h"
#include "record/claim.h"
#include "record/inside.h"
#include "record/words.h"

/* --- place.c --- */
/* A fact of the whole database; empty when there is none. In c->arena. */
NODISCARD enum err meta_get(struct ctx *c, struct db *db, struct str name, struct str *out);
NODISCARD enum err meta_set(struct ctx *c, struct db *db, struct str name, struct str value);
/* meta 'digest' of a place whose load has not ended, before the last change it had before. */
#define LOADING "loading "
/* What the search index depends on, as text. */
struct str index_digest(struct ctx *c);

/* --- ids.c --- */
/* [A-Za-z0-9-.]{1,64} */
bool id_valid(struct str id);
/* A new one, in c->arena. */
struct str id_make(struct ctx *c);

/* --- index_rows.c: one row of an index table --- */

enum table {
	TABLE_TOKEN,
	TABLE_STRING,
	TABLE_DATE,
	TABLE_NUMBER,
	TABLE_QUANTITY,
	TABLE_REFERENCE,
	TABLE_URI,
	TABLE_COUNT
};

/* Keys that were found inside the writer: worth nothing if the transaction is begun anew. */
enum learnt {
	LEARNT_PARAM = 1,
	LEARNT_SYSTEM = 2,
	LEARNT_TARGET = 4,
	LEARNT_KEY = 8,
	LEARNT_TYPE = 16,
	LEARNT_ORG = 32
};

struct row {
	uint8_t table, variant, learnt;
	const struct fhir_param *param;
	struct str system, code, text; /* text: of a string, as written */
	struct str target;             /* of a reference: the type; its id is `code` */
	int64_t lo, hi;
	struct str low, high;
	/* As numbers; 0 not known yet, and `system` empty means none. */
	int64_t param_key, system_key, target_key;
};

struct rows {
	struct row *at;
	size_t len;
	struct str words; /* words.h: what _text and _content find */
};

/* The rows of a resource, sorted, without duplicates, in c->arena; keys filled in as far as `db`
 * knows them. */
NODISCARD enum err rows_make(struct ctx *c, struct db *db, const struct fhir_type *type,
			     const struct node *resource, struct rows *out);
/* Order of rows by what they say, not by their keys. */
int row_cmp(const struct row *a, const struct row *b);
NODISCARD enum err row_put(struct ctx *c, struct db *db, const struct row *r, int64_t person,
			   int64_t resource);
NODISCARD enum err row_drop(struct ctx *c, struct db *db, const struct row *r, int64_t person,
			    int64_t resource);
NODISCARD enum err row_has(struct ctx *c, struct db *db, const struct row *r, int64_t person,
			   int64_t resource, bool *out);
/* How many rows all index tables have; and throw them all away. */
NODISCARD enum err rows_count(struct ctx *c, struct db *db, int64_t *out);
NODISCARD enum err rows_clear(struct ctx *c, struct db *db);
/* The local resource a reference text names: "Patient/1", base_url + "/Patient/1", with or without
 * _history. False: another server's, a fragment, a urn. */
bool reference_local(const struct place *place, struct str text, struct str *type,
		     struct str *id);

/* --- prepare.c --- */

struct prepared {
	const struct fhir_type *type;
	struct str id;
	bool fresh; /* the id was just made: nobody has it */
	enum method method;
	int64_t if_match;
	bool if_none_match, named;
	struct node *resource;  /* NULL: a deletion */
	struct node *stamps[2]; /* meta.versionId, meta.lastUpdated in it */
	struct str body, packed;
	int64_t version, updated; /* as stamped into the body */
	struct rows rows;
	struct str person; /* id of the Patient; empty: none */
	uint64_t labels;   /* found with its rows */
	struct str org;
	int64_t type_key, org_key; /* 0: not known yet */
	/* What stood there when it was prepared, so that the writer need not look again. */
	struct standing seen;
	struct rows seen_rows;
	struct view_part *views; /* what views make of it: view_part.h */
	unsigned view_count;
	bool unchanged; /* the resource says what is there already; then it has no rows yet */
	bool settled;   /* whose its identifiers are was decided already: nobody asks */
	struct claim claim; /* why it was refused; holder 0: it was not, or for something else */
	int64_t key;    /* given by the writer */
	unsigned learnt;           /* which keys the writer gave */
};

/* A create (METHOD_POST; id empty: one is made), an update or an update that creates. `db`: a
 * reader. */
NODISCARD enum err prepare_put(struct ctx *c, struct db *db, const struct fhir_type *type,
			       struct str id, enum method method, const struct write *w,
			       struct prepared *out);
/* An update that is part of something done: rules on what is written as such do not count (invariant.h). */
NODISCARD enum err prepare_done(struct ctx *c, struct db *db, const struct fhir_type *type, struct str id,
				const struct write *w, struct prepared *out);
NODISCARD enum err prepare_delete(struct ctx *c, struct db *db, const struct fhir_type *type,
				  struct str id, int64_t if_match, struct prepared *out);
/* What the asker may not see cannot be written (ERR_NOT_FOUND), and deleting it is deleting what is
 * not there: then *now becomes that. Under an id of the asker's own choosing (write.named) what is hidden and, from who may
 * record nothing so, what is not there are one refusal (ERR_FORBIDDEN). */
NODISCARD enum err hide(struct ctx *c, struct db *db, const struct prepared *p,
			 struct standing *now);
/* Does the scope of the request let it be written? ERR_FORBIDDEN, even when nothing would change. */
NODISCARD enum err let_write(struct ctx *c, const struct prepared *p);
/* Person and index rows of p->resource; done already unless p->unchanged. */
NODISCARD enum err prepare_rows(struct ctx *c, struct db *db, struct prepared *p);
/* The same resource as another version: stamped, written and packed again. */
NODISCARD enum err prepare_again(struct ctx *c, struct prepared *p, int64_t version,
				 int64_t after);
/* The index rows of a stored version. */
NODISCARD enum err stored_rows(struct ctx *c, struct db *db, const struct fhir_type *type,
			       int64_t seq, struct rows *out);
/* A tree made by code has no keys yet, and would be indexed by nothing: fill them in. */
void adopt(struct ctx *c, struct node *resource);
/* Give a resource an id, so that it can be prepared as an update. */
void add_id(struct ctx *c, struct node *resource, struct str id);
/* The concrete type of that name, or ERR_NOT_FOUND. */
NODISCARD enum err resource_type(struct ctx *c, struct str name, const struct fhir_type **out);
/* The same by the key of its name. (names.c) */
NODISCARD enum err type_of_key(struct ctx *c, struct db *db, int64_t key, const struct fhir_type **out);

/* --- patch.c --- */
/* The version changed by the patch: a new tree with keys and without positions. */
NODISCARD enum err patch_apply(struct ctx *c, const struct patch *patch,
			       const struct version *v, struct node **out);

/* --- apply.c --- */

/* All that who may not write is told. */
#define NOT_YOURS "This may not be written with the role, the relationship and the purpose there is."

struct later_rows; /* later.h */

struct total {
	int64_t type, change;
};

/* One transaction of the writer. */
struct apply {
	struct ctx *c;
	struct db *db;
	int64_t next_key; /* 0: not asked yet */
	int64_t first_key; /* the first that this transaction gives */
	int64_t next_seq; /* known with it */
	struct map words; /* "http://loinc.org" -> key, of this transaction */
	struct map keys;  /* "Patient/1" -> key, of this transaction */
	struct map newcomers; /* ids of Patients that this transaction records, where somebody asks */
	VEC(struct total) totals;
	struct later_rows *later; /* where rows go during a load; NULL: into their tables */
	struct words_changes lists; /* words_rows.c, written at the end */
};

void apply_init(struct apply *a, struct ctx *c, struct db *db);
/* First of all: an engine may run a transaction again, and what the first time gave is void. */
void apply_forget(struct prepared *p);
/* Give a fresh resource its key before others refer to it. */
NODISCARD enum err apply_reserve(struct apply *a, struct prepared *p);
/* ERR_STALE, or anything the store says. Fails before it writes anything unless it is ERR_STORE. */
NODISCARD enum err apply_write(struct apply *a, struct prepared *p, struct written *out);
/* Pass `e` of a refused write on; where it was for an identifier, after asking people. Outside any
 * transaction. */
NODISCARD enum err claim_refused(struct ctx *c, enum err e, const struct prepared *p);
/* The labels a version has; nothing to do without any, or when they are there. */
NODISCARD enum err version_label(struct ctx *c, struct db *db, int64_t seq, uint64_t labels);
/* At the end. */
NODISCARD enum err apply_done(struct apply *a);
/* The key of the person p belongs to; 0: nobody. p->key must be known. */
NODISCARD enum err apply_person(struct apply *a, const struct prepared *p, int64_t *person);
/* Keys for what was not known yet: the rows' parameters, systems and targets. */
NODISCARD enum err apply_settle(struct apply *a, const struct fhir_type *type,
				struct rows *rows);

/* --- progress.c: telling how far long work has come --- */
struct ticker {
	const struct progress *progress; /* may be NULL */
	int64_t total, last;             /* last: clock_monotonic() when it was told */
};
/* ERR_STOPPED when the work shall end. */
NODISCARD enum err ticker_tick(struct ctx *c, struct ticker *t, int64_t done, const char *unit);

#endif
