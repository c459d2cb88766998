/* bundle.h - the parts of a Bundle being worked on; for bundle*.c only.
 *
 *	bundle_read.c   entries -> struct entry: verb, address, conditions; refuses what makes no sense
 *	bundle.c        names, links, preparing; one transaction of the writer
 *	bundle_reply.c  struct entry -> the response Bundle
 */
#ifndef RECORD_BUNDLE_H
#define RECORD_BUNDLE_H

#include "record/later.h"
#include "record/refs.h"
#include "record/search.h"

/* In the order FHIR runs them. */
enum verb { VERB_DELETE, VERB_POST, VERB_PUT, VERB_PATCH, VERB_GET, VERB_COUNT };

struct entry {
	unsigned number;   /* in the Bundle, from 0 */
	const char *where; /* "Bundle.entry[3]" */
	const struct node *node;
	struct node *resource;
	struct str full_url;
	enum verb verb;
	const struct fhir_type *type;
	struct str url, id, query; /* of request.url; id and query may be empty */
	struct write write;
	struct patch patch; /* of a PATCH: `resource` is made of it */
	int64_t patched;    /* and of this version */
	struct conditional condition; /* If-None-Exist, or the query of PUT and DELETE */
	bool conditional;
	bool existed; /* condition found one for a POST */
	const struct entry *twin; /* an earlier entry that creates on the same condition */
	struct prepared prepared;
	struct written written;
	struct version read; /* of a GET */
	struct node *found;  /* of a GET that searches */
	const struct version *shown; /* what a GET brought */
	size_t shown_len;
	enum err error;      /* of a batch's entry, and why */
	const char *why;
	struct issues issues;
};

struct bundle {
	struct str source;
	struct node *tree;
	bool transaction;
	struct entry *at;
	size_t len;
	struct refs refs;
	struct map names; /* "Patient/1" of entries that write -> the entry */
	struct map creates; /* "Patient?identifier=…" of entries that create on a condition */
	struct later_rows later;
	bool again;       /* a condition found something else inside the writer */
	size_t held;      /* bytes of the arena before anything was read for an answer */
	bool applied; /* what is written stays; from now on a failure is its entry's alone */
};

#define BUNDLE_ENTRIES 20000
#define BUNDLE_ANSWERS ((size_t)256 << 20) /* bytes of memory that what is read may take together */

NODISCARD enum err bundle_read(struct ctx *c, struct str source, struct node *tree,
			       struct bundle *out);
/* One entry's failure: in a batch it stays with the entry and OK is returned, in a transaction
 * the issues are given the entry's place and the failure goes on up. */
NODISCARD enum err bundle_failed(struct ctx *c, struct bundle *b, struct entry *e,
				 enum err error);
struct node *bundle_reply(struct ctx *c, const struct bundle *b);
/* What a GET asks for, into the entry. */
NODISCARD enum err bundle_get(struct ctx *c, struct entry *e);

#endif
