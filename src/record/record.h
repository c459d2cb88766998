/* record.h - the versioned record: every resource, every version, never overwritten.
 *
 * A write is made in two steps. Preparing needs no database and runs on the caller's thread: read,
 * validate, fill in meta, find the index rows, compress. Applying runs inside store_write: check the
 * version, give keys, insert. So the single writer of SQLite does little but insert.
 *
 * Everything works on c->place. Bodies are JSON text with id and meta (versionId, lastUpdated)
 * filled in; all else is as it was sent, numbers to the letter.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "record/place.h"

enum method { METHOD_POST = 1, METHOD_PUT, METHOD_DELETE, METHOD_PATCH };

struct version {
	struct str type, id;
	int64_t version, updated; /* updated: microseconds since 1970 */
	int64_t seq;              /* orders all changes of the place */
	int64_t person;           /* key of the person it belongs to; 0: none */
	int64_t key;              /* resource.key; 0 where it is not known (of what was just written) */
	enum method method;
	bool deleted;             /* then body is empty */
	struct str body;          /* JSON */
};

/* Current version. ERR_NOT_FOUND, ERR_GONE. Result in c->arena, here and below. */
NODISCARD enum err record_read(struct ctx *c, struct str type, struct str id, struct version *out);
/* One version; ERR_GONE when that version is the deletion. */
NODISCARD enum err record_vread(struct ctx *c, struct str type, struct str id, int64_t version,
				struct version *out);

/* Every current resource of one person (their Patient compartment), the Patient among them, by type
 * (all Patients that are the same person, and what is theirs: same.h); at most `cap`, *more when there are others. One consistent moment. ERR_NOT_FOUND, ERR_GONE. */
NODISCARD enum err record_person(struct ctx *c, struct str id, size_t cap, struct version **out,
				 size_t *len, bool *more);

/* A person's whole record: their Patient compartment, and what it refers to that belongs to
 * nobody (practitioners, organisations, places, medicines …). */
struct everything_at {
	int64_t type, key;
};
struct everything {
	struct str id;                        /* of the Patient */
	const struct fhir_type *const *types; /* NULL-ended; NULL: all */
	int64_t since;                        /* changed then or later; microseconds, 0: ever */
	size_t count;                         /* of the compartment on a page; at least 1 */
	struct everything_at after;                  /* `next` of the page before; 0, 0: the first */
};
struct everything_page {
	size_t own, referred;      /* of the compartment; and what those refer to */
	struct everything_at next; /* 0, 0: this is the last page */
};
/* One page as of one moment; it ends early when it grows too large. Each resource is shown as it is
 * read, those of the compartment (own) first; the version and its texts are gone when `each`
 * returns. ERR_NOT_FOUND, ERR_GONE. */
NODISCARD enum err record_everything(struct ctx *c, const struct everything *ask,
				     enum err (*each)(struct ctx *c, void *arg,
						      const struct version *v, bool own),
				     void *arg, struct everything_page *out);

/* The key of a resource and whose it is, whoever asks: for the audit alone. 0, 0: there is none. */
NODISCARD enum err record_whose(struct ctx *c, struct str type, struct str id, int64_t *key,
				int64_t *person);

struct write {
	struct str source;        /* text `resource` was read from, for positions; may be empty */
	struct node *resource;    /* keys filled in; may be changed (id, meta) */
	struct str if_none_exist; /* create: search query; empty: none */
	int64_t if_match;         /* update, delete: version that must be current; 0: any */
	bool if_none_match;       /* update: only when there is none (If-None-Match: *) */
	bool patch;               /* update: told as PATCH */
	bool named;               /* update: the id is the choice of who asks, not of the place: see guard.names */
	struct str org;           /* organisation it came from (meta.source or the actor's); may be empty */
};

/* What became of a write. */
struct written {
	struct version version;
	bool created;  /* 201 */
	bool existed;  /* conditional create that found one: 200, nothing written */
	bool unchanged; /* update equal to the current version but for meta: 200, nothing written */
};

NODISCARD enum err record_create(struct ctx *c, struct str type, struct write *w, struct written *out);
/* id as in the URL; must equal resource.id. ERR_STALE, ERR_CONFLICT. Creates when there is none. */
NODISCARD enum err record_update(struct ctx *c, struct str type, struct str id, struct write *w,
				 struct written *out);
/* Update or delete what a search finds: none: create / nothing; one: it; more: ERR_AMBIGUOUS. */
NODISCARD enum err record_update_where(struct ctx *c, struct str type, struct str query,
				       struct write *w, struct written *out);
/* Deleting what is not there is OK and writes nothing (out->version.version 0). */
NODISCARD enum err record_delete(struct ctx *c, struct str type, struct str id, int64_t if_match,
				 struct written *out);
NODISCARD enum err record_delete_where(struct ctx *c, struct str type, struct str query,
				       struct written *out);

/* A change told as operations: a list is JSON Patch, a Parameters resource FHIRPath Patch; or what
 * `edit` does with it. */
struct patch {
	struct str source;       /* text `tree` was read from, for positions; may be empty */
	const struct node *tree; /* keys filled in */
	enum err (*edit)(struct ctx *c, struct node *resource, const struct node *tree); /* mostly NULL */
};
/* Change what is current, all operations or none. ERR_NOT_FOUND, ERR_GONE, ERR_STALE; ERR_INVALID
 * when the operations do not fit, or what comes out is no valid resource. */
NODISCARD enum err record_patch(struct ctx *c, struct str type, struct str id, const struct patch *patch,
				int64_t if_match, struct written *out);
/* The one that a search finds; ERR_NOT_FOUND, ERR_AMBIGUOUS. */
NODISCARD enum err record_patch_where(struct ctx *c, struct str type, struct str query,
				      const struct patch *patch, struct written *out);

/* An id nobody has yet, in c->arena. */
struct str record_new_id(struct ctx *c);

/* Several resources written under their ids as one transaction, with what the caller has to write in
 * it besides (`also`, on the writer's connection, before them; it runs even when no resource says
 * anything new). */
struct put {
	struct str type, id;
	struct write write;
	bool companion;         /* written only when another of them says anything new */
	bool left;              /* set by `also`: it is not written after all */
	struct written written; /* filled in; `unchanged` before `also` runs */
};
/* ERR_STALE where write.if_match or if_none_match no longer holds, or `also` says so: all is undone. */
NODISCARD enum err record_put_all(struct ctx *c, struct put *at, size_t len, store_work *also,
				  void *arg);
/* The same where it comes often and `also` bears being run again although it went well (store_write_often). */
NODISCARD enum err record_put_often(struct ctx *c, struct put *at, size_t len, store_work *also, void *arg);

/* A Bundle of type transaction (all or nothing) or batch (each for itself), as FHIR orders the
 * verbs: DELETE, POST, PUT/PATCH, GET. urn:uuid and conditional references are resolved. The
 * response Bundle is a new tree. For a transaction that fails, the issues name Bundle.entry[n]. */
NODISCARD enum err record_bundle(struct ctx *c, struct str source, struct node *bundle,
				 struct node **response);

/* What one entry came to; only for as long as it is told. */
struct bundle_done {
	enum err error;                /* of a batch's entry */
	struct str type, id;           /* as asked; id may be empty */
	const struct written *written; /* NULL: it asked, and was answered with: */
	const struct version *shown;
	size_t shown_len;
	bool search;
	struct str query; /* of a search */
};
/* The same, and `told` is called for each entry when all is on disk: whoever keeps account of who saw and
 * changed what. */
NODISCARD enum err record_bundle_told(struct ctx *c, struct str source, struct node *bundle,
				      void (*told)(struct ctx *c, const struct bundle_done *done),
				      struct node **response);

struct history {
	struct str type, id;  /* empty: all types; all ids */
	int64_t since, at;    /* microseconds; 0: none */
	unsigned count;       /* versions on a page, 1 … 1000 */
	int64_t before;       /* page cursor: seq to go on below; 0: the newest */
};
struct history_page {
	struct version *at;
	size_t len;
	int64_t total;        /* of versions that match */
	int64_t next;         /* `before` of the next page; 0: the last */
};
/* Newest first. ERR_NOT_FOUND when an id is named that never was. */
NODISCARD enum err record_history(struct ctx *c, const struct history *query, struct history_page *out);

/* How many current resources of each type: for the home page and metrics. */
struct type_count {
	struct str type;
	int64_t count;
};
NODISCARD enum err record_counts(struct ctx *c, struct type_count **out, size_t *len);

/* Progress of long work; called at most ten times a second. Return false to stop. */
struct progress {
	bool (*tick)(void *arg, int64_t done, int64_t total, const char *unit);
	void *arg;
};

/* Prove the store: versions without gaps, current pointers, bodies readable and equal to their
 * rows, index rows equal to what extraction gives now, references that lead nowhere counted.
 * Findings become issues; ERR_INVALID if any is an error. */
struct check_report {
	int64_t resources, versions, index_rows, view_rows, dangling;
};
NODISCARD enum err record_check(struct ctx *c, const struct progress *progress, struct check_report *out);
/* Throw away and make again all that can be derived. */
NODISCARD enum err record_rebuild(struct ctx *c, const struct progress *progress, int64_t *resources);

/* Make the search values and views of new or changed definitions, while others read and write: for a place
 * opened with STORE_STALE. Goes on where it was stopped or killed; nothing to do when all is ready. */
NODISCARD enum err record_reindex(struct ctx *c, const struct progress *progress, int64_t *resources);
/* How far that is; false: everything is ready. Any thread. */
struct reindex_state {
	unsigned parameters; /* that are not ready */
	bool views;          /* nor are the tables of views */
	int64_t done, total; /* resources */
};
bool record_reindex_state(const struct ctx *c, struct reindex_state *out);

/* Between these two, on a place opened with STORE_BULK that nobody else has open, what is written is durable at once
 * and found by searches only after the second, which puts all index rows in order into their
 * tables: for millions that is several times faster, and ends in the same. Without `large`, or when
 * others have the place open, it does nothing but to finish what an earlier load could not. After a load that
 * was cut short the place can be opened only to do it again, or to rebuild. */
NODISCARD enum err record_load_begin(struct ctx *c, bool large, const struct progress *progress);
NODISCARD enum err record_load_end(struct ctx *c, const struct progress *progress);

/* Every current resource, in order of (type, person, key): for export and views. `each` may stop
 * it with an error; what it allocates in c->arena is gone when it returns OK. Types: NULL-ended or
 * NULL for all. One consistent moment; constant memory. */
NODISCARD enum err record_each(struct ctx *c, const char *const *types,
			       enum err (*each)(struct ctx *c, void *arg, const struct version *v),
			       void *arg);

/* --- the place at one moment, in pieces: for bulk export (moment.c) --- */

typedef enum err record_visit(struct ctx *c, void *arg, const struct version *v);

/* The versions of a type that were current when `moment` was the last change, by seq. It can be
 * stopped between two pieces and taken up from `after`, at any later time, by another program. */
struct sweep {
	struct str type;
	int64_t moment;       /* seq of the last change that counts */
	int64_t since, until; /* microseconds: updated in [since, until); 0: open */
	int64_t since_seq;    /* with since: and all after this change, however stamped; 0: none */
	bool persons;         /* only what belongs to a person */
	bool deletions;       /* what was deleted then, in place of what was there */
	int64_t after;        /* seq that the next piece goes on after */
};
/* The seq of the last change so far; 0 when there is none. `db`: a reader, here and below. */
NODISCARD enum err record_moment(struct ctx *c, struct db *db, int64_t *seq);
/* The earliest time stamped on a change after that moment; INT64_MAX when there is none. A change
 * is stamped before it is written, so this may be earlier than the moment. */
NODISCARD enum err record_moment_after(struct ctx *c, struct db *db, int64_t seq,
				       int64_t *updated);
/* Set `after` so that a sweep with `since` begins with the first version that can count. */
NODISCARD enum err record_sweep_since(struct ctx *c, struct db *db, struct sweep *w);
/* Look at the next `count` versions; `each` as in record_each. *end: there are no more. When it
 * fails, `after` is the last that `each` took. */
NODISCARD enum err record_sweep(struct ctx *c, struct db *db, struct sweep *w, unsigned count,
			       record_visit *each, void *arg, bool *end);
/* The key (version.person) of the person with that id; 0 when there is none now. */
NODISCARD enum err record_person_key(struct ctx *c, struct db *db, struct str id, int64_t *key);

#endif
