/* fhir.h - what another FHIR server tells, on its way into the record; for fhir*.c only.
 *
 *	fhir_work.c      Bundles and resources told: read, given ids of here, written as one transaction
 *	fhir_delete.c    what it deleted: said as a message, and done
 *	fhir_pull.c      asking it: what changed, page by page
 *	fhir_history.c   asking it for its history, which tells deletions too
 */
#ifndef FEED_FHIR_H
#define FEED_FHIR_H

#include "base/map.h"
#include "feed/feeds.h"
#include "feed/remote.h"

/* --- told --- */

/* A resource of the message. */
struct told {
	struct str type, id;       /* theirs: "Patient" "123" */
	struct str full;           /* fullUrl; may be empty */
	struct node *resource;     /* NULL: deleted */
	struct str ours;           /* id here; of a Patient when admitted */
	struct state *state;
	struct str updated, version; /* meta.lastUpdated and meta.versionId */
	bool old;                  /* something newer was told before */
};

struct hearing {
	struct ctx *c;
	const struct feed *feed;
	struct message *m;
	struct str org, source;
	VEC(struct told) told;
	VEC(struct state *) states;
	VEC(struct put) puts;
	VEC(struct admission *) admissions; /* to be written with the rest */
	struct map by_name;        /* "Patient/123" and full URLs -> index + 1 */
	bool news;
	const char *place;
	const char *note;          /* what was left out; NULL */
};

/* "Patient/1", "https://theirs/fhir/Patient/1/_history/2": type and id; what there is of them. */
void fhir_reference_split(struct str ref, struct str *type, struct str *id);
/* The same; false: no type that is known, or no id. */
bool fhir_reference_parts(struct hearing *h, struct str ref, struct str *type, struct str *id);
/* An entry of a Bundle that deletes; `when`: meta of the Bundle, for its time and version. ERR_UNSUPPORTED when it
 * names no Type/id. */
NODISCARD enum err fhir_hear_deletion(struct hearing *h, struct str url, const struct node *when);
/* Do what was told to be deleted, each on its own: doing it twice does nothing. Only what came from there goes:
 * what somebody else has changed since, and people others know, stay, and the message is noted. */
NODISCARD enum err fhir_delete_all(struct hearing *h);
/* A deletion as a message: a Bundle of one entry. `url` is "Type/id" as the other server says it; `time` and `version`
 * are in it so that the same resource, made again and deleted again, is told of again; version may be empty. */
struct str fhir_deletion(struct arena *a, struct str url, struct str time, struct str version);

/* --- asked --- */

struct pulling {
	struct ctx *c;
	const struct feed *feed;
	struct remote remote;
	const struct progress *progress;
	struct pull_count count;
	unsigned expired; /* pages of histories that were named and not known any more */
};

/* What is remembered of asking for `type` (empty: for all at once). */
NODISCARD enum err pull_state(struct pulling *p, struct ctx *c, const char *type, struct state *out);
NODISCARD enum err pull_keep(struct ctx *c, struct state *s);
/* Tell one body; `at`: when it was so, 0 unknown. */
NODISCARD enum err pull_tell(struct pulling *p, struct ctx *c, struct str body, struct str kind, int64_t at);
NODISCARD enum err pull_tick(struct pulling *p, struct ctx *c);
/* The address of the page after this one, checked, into `url`; *more: there is one. */
NODISCARD enum err pull_next(struct pulling *p, struct ctx *c, const struct node *bundle, char *url, size_t size,
			     bool *more);
/* meta.lastUpdated or the like in microseconds; 0: none. */
int64_t pull_time(struct str instant);

/* May histories be asked for? Of each type, or of all at once; from the CapabilityStatement. */
struct history_way {
	const struct node *statement; /* NULL: it has none */
	bool system;
};
NODISCARD enum err history_way_find(struct pulling *p, struct history_way *out);
/* "Patient", "" for all at once, or NULL: it does not tell the history of that type. */
const char *history_scope(const struct history_way *way, const char *type);
/* Before the first asking for what there is: remember where the history stands. *can: false when the server refuses
 * after all. */
NODISCARD enum err history_begin(struct pulling *p, const char *scope, bool *can);
/* What happened since: changes and deletions, newest first, page by page; goes on after the last page. */
NODISCARD enum err history_pull(struct pulling *p, const char *scope);

#endif
