/* search_part.h - what the parts of search share; for search_*.c alone.
 *
 *	search_parse.c      query string  -> struct search (conditions and how to answer)
 *	search_condition.c  one name and value -> struct condition, through chains and _has
 *	search_value.c      one value     -> struct value, struct box
 *	search_leaf.c       a condition   -> streams of pairs, from the index tables
 *	search_stream.c     and, or, minus over streams
 *	search_scan.c       statements as streams
 *	search_set.c        counts by sets kept from one to the next
 *	search_gather.c     pairs that come in no order -> a sorted array
 *	search_check.c      a stream that asks each resource; identifier:of-type
 *	search_near.c       near on Location
 *	search_words.c      _text and _content
 *	search_composite.c  conditions that must hold in one place of a resource
 *	search_hop.c        chains, _has and _list: conditions on what stands at the other end
 *	search_same.c       Patients that are one person
 *	search_compartment.c  all that is in a compartment
 *	search_guard.c      what of it the asker may see
 *	search_plan.c       all conditions -> one stream, cheapest first
 *	search_match.c      a condition against the rows of one resource, without SQL
 *	search_sort.c       _sort
 *	search_include.c    _include and _revinclude
 *	search_back.c       the page before, of streams that only go forward
 *	search_page.c       one page: bodies, links, total
 *	search_element.c    _elements and _summary
 */
#ifndef RECORD_SEARCH_PART_H
#define RECORD_SEARCH_PART_H

#include "base/vec.h"
#include "record/inside.h"
#include "record/reindex.h"
#include "record/search.h"

/* ---- limits ---- */
#define SEARCH_CONDITIONS 100   /* in one query */
#define SEARCH_VALUES 1000      /* joined by commas, in one query */
#define SEARCH_VALUE_BYTES 2000 /* of one value: as long as the index keeps them */
#define SEARCH_QUERY_BYTES 65536
#define SEARCH_HOPS 8            /* references followed in one name */
#define SEARCH_ENDS 1000         /* types that the chains of one query may lead to */
#define SEARCH_HOP_VALUES 10000  /* values, told anew for each of those types */
#define SEARCH_INNER 1000000     /* resources found at the other end of a hop */
#define SEARCH_INCLUDES 50       /* _include and _revinclude in one query */
#define SEARCH_INCLUDED_MAX 1000 /* resources brought along on one page */
#define SEARCH_SORTS 8
#define SEARCH_COUNT_MAX 1000
#define SEARCH_COUNT_DEFAULT 20
#define SEARCH_GATHERED 20000000 /* pairs in memory for one condition */
#define SEARCH_CHEAP_TOTAL 128   /* found resources counted though nobody asked */

/* ---- a parsed query ---- */

/* clang-format off */
enum modifier {
	MOD_NONE, MOD_MISSING, MOD_EXACT, MOD_CONTAINS, MOD_TEXT, MOD_NOT, MOD_IN, MOD_NOT_IN,
	MOD_ABOVE, MOD_BELOW, MOD_IDENTIFIER, MOD_TYPE, MOD_OF_TYPE
};

enum prefix {
	PREFIX_EQ, PREFIX_NE, PREFIX_LT, PREFIX_GT, PREFIX_LE, PREFIX_GE, PREFIX_SA, PREFIX_EB,
	PREFIX_AP, PREFIX_COUNT
};
/* clang-format on */

/* A place on the line of dates (n) or of numbers (key: dec_sort_key). */
struct bound {
	int64_t n;
	struct str key;
};

/* Rows whose low is in [low_from, low_to) and whose high is in [high_from, high_to). For dates
 * the ends are inclusive, so that INT64_MAX, which stands for "open", can be inside. */
struct box {
	struct bound low_from, low_to, high_from, high_to;
};

struct condition;

/* A circle on the earth. */
struct near {
	double latitude, longitude, km;
};

/* One of the values of a condition; which members count depends on the parameter's type. */
struct value {
	bool missing;      /* :missing */
	bool piped;        /* token, quantity: a | was written, so an empty system means none */
	struct str system; /* token, quantity */
	struct str code; /* token, quantity; string as written; uri; id or URL of a reference */
	struct str folded; /* string: the code without case and accents */
	struct str target; /* reference: its type; empty: any, or an absolute URL. of-type: the
			    * type's code, with its system; `code` is the identifier's value */
	bool absolute;     /* reference: code is a URL of elsewhere */
	struct box boxes[2]; /* date, number, quantity: where a row must be, any of them */
	unsigned box_count;
	struct near near;        /* near */
	const struct ask *ask;   /* _text, _content: search_words.c */
	struct condition *parts; /* composite: one for each component, of one value each */
};

/* Parameters that have a column of their own. */
enum column { COLUMN_NONE, COLUMN_ID, COLUMN_UPDATED };

static inline enum column column_of(const struct fhir_param *param)
{
	return !strcmp(param->code, "_id")            ? COLUMN_ID
	       : !strcmp(param->code, "_lastUpdated") ? COLUMN_UPDATED
						      : COLUMN_NONE;
}

/* One step along a reference: the condition is met by what stands at the other end. */
struct hop_end {
	const struct fhir_type *type;
	struct condition *condition;
};
struct hop {
	bool back;            /* _has: they at the end refer to us; else we refer to them */
	struct hop_end *ends; /* any of them; when back, one */
	size_t end_count;
};

/* All that concerns a resource: what refers to it by certain parameters, and it itself. */
struct compartment {
	struct str type, id;
};

struct condition {
	const struct compartment *inside; /* then nothing else counts */
	const struct fhir_param *param;   /* with a hop: the reference, of whoever refers */
	const struct hop *hop;            /* then nothing below but `as` counts */
	enum modifier modifier;
	enum column column;   /* answered by the table of resources itself */
	const char *marks;    /* _text, _content: of the words that count (words.h); else NULL */
	struct str target;    /* MOD_TYPE: the type after the colon */
	struct str as;        /* as written, for messages: "name:exact" */
	struct value *values; /* any of them */
	size_t value_count;
};

/* _include: what those of type `from` refer to by `param`; back, _revinclude: those of type `from`
 * that refer to it by `param`. */
struct include {
	bool back, iterate;
	const struct fhir_type *from;   /* NULL: any */
	const struct fhir_param *param; /* NULL: any */
	struct str target;              /* only references to this type; empty: any */
};

struct sort_key {
	const struct fhir_param *param;
	enum column column;
	bool down;
};

/* Where a page goes on: after this pair; when sorted, after this sort value and then pair. */
struct pair {
	int64_t person, key;
};
struct cursor {
	bool set;
	bool back; /* rather the page that ends there, with that pair if it still is found */
	struct pair pair;
	struct str sort; /* search_sort.c's bytes */
};

/* Where one way of doing it becomes dearer than the other; the result is the same. Tests move
 * these, to see that it is. */
struct search_choice {
	size_t small;    /* so many found resources are sorted by looking at each (2,000) */
	size_t probed;   /* so many are tested one by one rather than gathered for (5,000) */
	size_t worth;    /* testing one costs as much as gathering so many (64) */
	size_t chunk;    /* so many rows at most are read at a time (8,192) */
	size_t followed; /* so many at the other end of a hop are followed at once (64) */
	size_t kept;     /* sets of so many are kept for other counts (4,096); SIZE_MAX: none */
};

struct search {
	const struct fhir_type *type;         /* NULL: several */
	const struct fhir_type *const *types; /* asked for, NULL-ended; NULL: all */
	struct condition *conditions;
	size_t condition_count;
	struct sort_key sorts[SEARCH_SORTS];
	size_t sort_count;
	struct include *includes;
	size_t include_count;
	int64_t count;
	bool total_asked;
	enum search_total total;
	enum search_summary summary;
	struct str *elements;
	size_t element_count;
	struct search_choice choice;
	const struct compartment *inside; /* NULL: everywhere; the last condition says it too */
	struct str cursor_text;           /* _cursor as it came */
	struct cursor cursor;
	struct str self; /* without _cursor */
};

/* What a query may have only so much of. */
struct tally {
	size_t values, ends;
};
/* A name and value of the query as a condition on resources of a type. */
NODISCARD enum err condition_parse(struct ctx *c, const struct fhir_type *type, struct str name,
				   struct str value, struct tally *tally,
				   struct condition *out);
/* Fail because the type has no such parameter, with what may have been meant. */
NODISCARD enum err search_unknown(struct ctx *c, const struct fhir_type *type, struct str name);
/* One value as written between commas, percent-encoding and \, undone. `at` is its place from 1,
 * for the message. */
NODISCARD enum err value_parse(struct ctx *c, const struct condition *condition,
			       struct str text, size_t at, struct value *out);
/* Cut at the first `sep` that has no \ before it, like str_cut. */
struct str search_cut(struct str *s, char sep);
/* May a reference parameter refer to this type? A bare id is looked for in these. */
bool search_targets(const struct fhir_param *param, struct str type);
/* Without the \ before , | $ and \. */
struct str search_unescape(struct arena *a, struct str s);

/* Where the next page goes on, as text that holds for this query only, and back. */
struct str cursor_write(struct ctx *c, const struct search *s, const struct cursor *at);
NODISCARD enum err cursor_read(struct ctx *c, const struct search *s, struct cursor *out);

/* ---- streams ---- */

/* Pairs come ordered by person, then resource. */
#define PAIR_END ((struct pair){ INT64_MAX, INT64_MAX })

static inline int pair_cmp(struct pair a, struct pair b)
{
	if (a.person != b.person)
		return a.person < b.person ? -1 : 1;
	return (a.key > b.key) - (a.key < b.key);
}

static inline bool pair_end(struct pair p)
{
	return p.key == INT64_MAX;
}

static inline struct pair pair_after(struct pair p)
{
	return (struct pair){ p.person, p.key + 1 };
}

/* What a search works on: one connection inside db_begin. */
struct scope {
	struct ctx *c;
	struct db *db;
	const struct search *search;
	size_t scans; /* opened so far */
	struct moment {
		bool asked, sound;  /* sound: sets may be used */
		int64_t seq, event; /* the last change, and the last that is no version */
	} moment;
	VEC(struct stream *) reading; /* scans of which sets are being made */
};

struct stream;
struct bits;
struct stream_ops {
	/* Move to the first pair >= from and put it, or PAIR_END, into s->at. Only forward. */
	enum err (*seek)(struct scope *sc, struct stream *s, struct pair from);
	/* Is this pair in the stream? Any order, whatever seek has done. */
	enum err (*has)(struct scope *sc, struct stream *s, struct pair p, bool *out);
	/* What seek remembers is forgotten. */
	void (*rewind)(struct stream *s);
	/* All of it as a set of resources' keys, of c->arena and free to be changed; NULL when that is not at
	 * hand, and then what is read from now on may be kept for the next time. No function: never. */
	enum err (*set)(struct scope *sc, struct stream *s, struct bits **out);
};
struct stream {
	const struct stream_ops *ops;
	struct pair at;
};

static inline enum err stream_seek(struct scope *sc, struct stream *s, struct pair from)
{
	return pair_cmp(s->at, from) >= 0 ? OK : s->ops->seek(sc, s, from);
}

/* Every stream starts before all pairs. */
#define PAIR_START ((struct pair){ -1, -1 })

/* Seeking starts anew. What was gathered is kept. */
static inline void stream_rewind(struct stream *s)
{
	s->at = PAIR_START;
	s->ops->rewind(s);
}

static inline enum err stream_set(struct scope *sc, struct stream *s, struct bits **out)
{
	*out = NULL;
	return s->ops->set ? s->ops->set(sc, s, out) : OK;
}

/* One statement of the index. Its parameters are args, then in ordered ones person and resource
 * to start from (in `people` the person alone), then how many rows to give. */
enum arg_kind { ARG_INT, ARG_TEXT, ARG_BLOB };
struct arg {
	enum arg_kind kind;
	int64_t n;
	struct str s;
};
#define SCAN_ARGS 7
struct scan_kind {
	struct sql sql;
	unsigned args;
	bool ordered;
	struct sql count;  /* how many pairs, each different; or no text */
	struct sql people; /* of an ordered one: from the first pair of a person on */
	struct sql person; /* and what one person has of it, from a resource on */
	bool subject;      /* the second argument says whose all of it is */
};
struct scan {
	const struct scan_kind *kind;
	struct arg args[SCAN_ARGS];
};

/* Sorted pairs in memory, each in 64 bits: the person above, the resource below. */
struct pairs {
	uint64_t *at;
	size_t len, cap;
};
#define PAIR_LIMIT UINT32_MAX
static inline uint64_t pair_pack(struct pair p)
{
	return (uint64_t)p.person << 32 | (uint64_t)p.key;
}
static inline struct pair pair_unpack(uint64_t k)
{
	return (struct pair){ (int64_t)(k >> 32), (int64_t)(k & UINT32_MAX) };
}

/* ERR_LIMIT for one that does not fit into 64 bits. */
NODISCARD enum err pair_fits(struct ctx *c, struct pair p);
struct pairs *pairs_new(struct ctx *c); /* freed with c->arena */
void pairs_add(struct pairs *k, struct pair p);
void pairs_sort(struct pairs *k); /* and drop what is there twice */
bool pairs_has(const struct pairs *k, struct pair p);
/* Run unordered scans to their end and add what they give; not sorted. *fits false, and the rest
 * left, when there are more than `cap`. */
NODISCARD enum err pairs_gather(struct scope *sc, const struct scan *scans, size_t count,
				size_t cap, struct pairs *k, bool *fits);

struct stream *stream_none(struct arena *a);
struct stream *stream_scan(struct arena *a, const struct scan *scan);
/* How many pairs a stream has that has not been moved; *known false when it must be walked. */
NODISCARD enum err stream_count(struct scope *sc, struct stream *s, bool *known, int64_t *out);
/* Whose all that a scan of a subject gives is; 0: another stream, or it is not known. */
int64_t stream_subject(const struct stream *s);
/* Nothing but what is of these people (sorted) will be asked of a stream: a scan then names each. */
void stream_narrow(struct stream *s, const int64_t *people, size_t count);
/* After a stream was walked to its end: scans that are nearly through are read to theirs, to be kept. */
NODISCARD enum err scans_finish(struct scope *sc);
struct stream *stream_pairs(struct arena *a, const struct pairs *k);
struct stream *stream_or(struct arena *a, struct stream **at, size_t len);
struct stream *stream_and(struct arena *a, struct stream **at, size_t len);
struct stream *stream_minus(struct arena *a, struct stream *from, struct stream *what);
NODISCARD static inline enum err stream_has(struct scope *sc, struct stream *s, struct pair p,
					    bool *out)
{
	return s->ops->has(sc, s, p, out);
}

/* ---- sets: search_set.c ---- */

struct scan_set; /* being made of what a scan reads from its start to its end */
/* The set of a scan as it is now, or NULL; and then, if one may be kept, *reading to be filled. */
NODISCARD enum err scan_set_find(struct scope *sc, struct stream *stream, const struct scan *scan,
				 struct bits **out, struct scan_set **reading);
/* The next pairs, and where the reading goes on; with the last ones the set is kept. False: that was all,
 * or it cannot be kept. */
bool scan_set_add(struct scope *sc, struct scan_set *set, const struct pair *at, size_t len,
		  struct pair next, bool last);
struct pair scan_set_next(const struct scan_set *set);
/* So many rows more are worth reading to make it whole. */
size_t scan_set_rest(const struct scope *sc, const struct scan_set *set);
NODISCARD enum err set_of_all(struct scope *sc, struct stream **at, size_t len, bool all,
			      struct bits **out);
NODISCARD enum err set_of_pairs(struct scope *sc, const struct pairs *pairs, struct bits **out);
NODISCARD enum err set_minus(struct scope *sc, struct stream *from, struct stream *what,
			     struct bits **out);
/* All that a stream over everything of a type gives (not moved yet), kept under a key of the caller's that says what
 * it hangs on besides the versions of the place; NULL: sets do not hold now. */
NODISCARD enum err set_of_stream(struct scope *sc, struct str key, struct stream *all, struct bits **out);
/* How many a stream has, if that can be said without walking it. */
NODISCARD enum err set_count(struct scope *sc, struct stream *found, bool *known, int64_t *out);

/* ---- from conditions to streams ---- */

/* What answers one condition for one type: streams in order, and scans that have to be gathered.
 * `negate`: all resources of the type but these. */
struct leaf {
	const struct condition *condition;
	bool negate;
	VEC(struct stream *) ordered;
	VEC(struct scan) loose;
	struct hop_plan *hop; /* to be gathered by hop_gather instead of scans */
};
NODISCARD enum err leaf_open(struct scope *sc, const struct fhir_type *type,
			     const struct condition *condition, struct leaf *out);
/* All resources of a type. */
NODISCARD enum err leaf_type(struct scope *sc, const struct fhir_type *type,
			     struct stream **out);
/* All values of a parameter in its own table: what it can be sorted by. Loose. */
NODISCARD enum err leaf_values(struct scope *sc, const struct fhir_type *type,
			       const struct fhir_param *param, struct scan *out);
/* The same for a composite parameter. */
NODISCARD enum err composite_open(struct scope *sc, const struct fhir_type *type,
				  const struct condition *condition, struct leaf *out);
NODISCARD enum err composite_value(struct ctx *c, const struct condition *condition,
				   struct str text, size_t at, struct value *out);
/* Asked of a resource that the index offers; *out is false before. */
typedef enum err check_resource(struct scope *sc, const struct node *resource, const void *arg,
				bool *out);
struct stream *stream_check(struct arena *a, struct stream *from, check_resource *fits,
			    const void *arg);
check_resource check_of_type; /* arg: the value */
NODISCARD enum err near_value(struct ctx *c, const struct condition *condition, struct str text,
			      size_t at, struct value *out);
/* What must be looked at: low latitude, high longitude; and then a stream of what is near. */
unsigned near_boxes(struct arena *a, const struct near *near, struct box boxes[2]);
struct stream *near_stream(struct arena *a, struct stream *box, const struct near *near);
/* _text and _content: their values, their streams, and asked of one resource. */
NODISCARD enum err words_value(struct ctx *c, const struct condition *condition,
			       struct str text, size_t at, struct value *out);
NODISCARD enum err words_open(struct scope *sc, const struct fhir_type *type,
			      const struct condition *condition, struct leaf *out);
NODISCARD enum err words_fit(struct scope *sc, const struct condition *condition,
			     const struct node *resource, bool *out);
check_resource check_words; /* arg: the condition */
/* The same for a compartment. */
NODISCARD enum err compartment_open(struct scope *sc, const struct fhir_type *type,
				    const struct compartment *inside, struct leaf *out);
unsigned composite_parts(const struct fhir_param *param);
/* The current resource of a type with an id. */
NODISCARD enum err pair_find(struct scope *sc, struct str type, struct str id, struct pair *out,
			     bool *there);
/* Who refers to a resource by a parameter (its key): in order, and loose. */
struct stream *stream_referring(struct arena *a, int64_t param, int64_t target);
/* The same for a parameter that search_is_subject: all of them are that person's. */
struct stream *stream_owned(struct arena *a, int64_t param, int64_t person);
/* Is whatever refers to a Patient by this parameter of the type that Patient's own? */
bool search_is_subject(const struct fhir *f, const struct fhir_type *type,
		       const struct fhir_param *param);
struct scan scan_referring(int64_t param, int64_t target);

/* A condition with a hop, for one type. Opened once: what was found at the other end is kept. */
NODISCARD enum err hop_open(struct scope *sc, const struct fhir_type *type,
			    const struct condition *condition, struct hop_plan **out);
/* Its streams, if they are cheap; else leaf->hop is set and it has to be gathered. */
NODISCARD enum err hop_streams(struct scope *sc, struct hop_plan *h, struct leaf *leaf);
/* Add all its pairs, not sorted. *fits false when that means more than `cap`. */
NODISCARD enum err hop_gather(struct scope *sc, struct hop_plan *h, size_t cap,
			      struct pairs *out, bool *fits);
/* Does one resource meet it? */
NODISCARD enum err hop_has(struct scope *sc, struct hop_plan *h, struct pair p, bool *out);

/* Some conditions, one type. Every search for resources of a type passes through here, also those
 * at the other end of a chain: what nobody may see is kept from all of them in this one place. */
NODISCARD enum err plan_conditions(struct scope *sc, const struct fhir_type *type,
				   const struct condition *conditions, size_t count,
				   struct stream **out);
/* Of the resources of a type that a stream finds those the asker may see; `from` itself when that is
 * all of them. */
NODISCARD enum err stream_guarded(struct scope *sc, const struct fhir_type *type,
				  struct stream *from, struct stream **out);
/* All conditions, all types. */
NODISCARD enum err plan_open(struct scope *sc, struct stream **out);

/* The type and id of what a row of a reference parameter refers to; false: nothing local. */
bool row_target(struct ctx *c, const struct index_row *row, struct str *type, struct str *id);
/* Does this row of the condition's parameter fit one of its values? */
bool match_value(struct scope *sc, const struct condition *condition, const struct value *value,
		 const struct index_row *row);
/* Does a resource with these rows meet the condition? What it gives is what the scans give. */
NODISCARD enum err match_rows(struct scope *sc, const struct condition *condition,
			      const struct index_rows *rows, bool *out);

/* ---- Patients that are one person: search_same.c ---- */

/* The conditions with every Patient they name widened to all Patients of that person. */
NODISCARD enum err same_conditions(struct scope *sc, const struct fhir_type *type,
				   const struct condition *conditions, size_t count,
				   const struct condition **out);
/* Sorted keys (pairs without a person) and those of the same persons' other Patients. */
NODISCARD enum err same_widen(struct scope *sc, struct pairs *keys);

/* ---- bodies ---- */

/* Current versions of resources, in the order of the pairs. What is not there is an ERR_STORE. */
NODISCARD enum err search_load(struct scope *sc, const struct pair *pairs, size_t len,
			       struct version *out);
/* One that is looked at only to see whether it fits or where it stands: nothing of it leaves. */
NODISCARD enum err search_look(struct scope *sc, struct pair pair, struct version *out);
/* The index rows of one current version. */
NODISCARD enum err search_rows(struct scope *sc, const struct version *v,
			       struct index_rows *out);

/* ---- sorting, page, elements ---- */

NODISCARD enum err include_parse(struct ctx *c, struct search *s, struct str name,
				 struct str value);
/* What the resources of a page (whole, not cut down) bring along, in c->arena. */
NODISCARD enum err include_run(struct scope *sc, const struct pair *found,
			       const struct version *at, size_t len, struct version **out,
			       size_t *count);

/* The last `want` of `found` up to and with `to`, in their own order. */
NODISCARD enum err take_back(struct scope *sc, struct stream *found, struct pair to, size_t want,
			     struct pair *out, size_t *len);
/* The next `want` of `found` in the order asked, after the cursor (going back: the last up to it), with their sort values; `out`
 * and `values` have room for them. */
NODISCARD enum err sort_page(struct scope *sc, struct stream *found, size_t want,
			     struct pair *out, size_t *len, struct str *values);

#endif
