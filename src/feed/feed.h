/* feed.h - other systems' messages: what every kind of feed shares.
 *
 * A feed is a named stream from one organisation: HL7 v2 over MLLP, files of rows, resources pushed
 * by another server. Whatever the kind, a message is kept as it came (table `message`), with what
 * became of it, in the same transaction as what it changed. So nothing acknowledged is lost,
 * nothing is applied twice, what was not understood can be looked at and replayed after a fix, and
 * one page shows all feeds.
 *
 *	message_seen(…)      has this very message come before, and what became of it?
 *	  … the kind of feed works out what it means …
 *	message_keep(…)      inside the transaction of what it changed, or alone when it changed nothing
 *
 * Times are microseconds since 1970. Results live in c->arena.
 */
#ifndef FEED_FEED_H
#define FEED_FEED_H

#include "base/buf.h"
#include "record/record.h"

enum feed_kind { FEED_HL7V2 = 1, FEED_CSV, FEED_FHIR };

/* What became of a message. */
enum message_state {
	MESSAGE_RECEIVED = 1, /* kept, not yet worked on */
	MESSAGE_APPLIED,
	MESSAGE_SUPERSEDED,   /* understood; all it says was overtaken by something newer, or known */
	MESSAGE_REJECTED,     /* not something this feed takes: another kind, another version */
	MESSAGE_QUARANTINED,  /* it should have been understood and was not */
	MESSAGE_STATES
};
const char *message_state_name(enum message_state state); /* "applied" */

enum message_flags {
	MESSAGE_REUSED = 1, /* its control id came before with another content */
	MESSAGE_NOTED = 2,  /* something in it was left out; `reason` says what */
};

struct feed {
	int64_t key;             /* of the table feed; 0 until feed_register */
	const char *name;        /* "royal-pas" */
	const char *title;       /* for people */
	enum feed_kind kind;
	const char *org;         /* ODS code of who sends; empty: MSH-4 of each message says */
	int64_t silent_after;    /* microseconds without a message until people are told; 0: never */
	const char *mapping;     /* version of the tables it is read with */
	const char *rows;        /* of FEED_CSV: name of the mapping of its rows */
	const char *folder;      /* of FEED_CSV: watched for files; NULL */
	const char *pattern;     /* names of the files taken from there: "*.csv" */
	/* of FEED_FHIR that is pulled: */
	const char *url;         /* base of the other server; NULL: it pushes */
	const char *types;       /* "Patient Encounter Observation", in the order they are asked for */
	const char *token_file;  /* holds a bearer token; readable by its owner alone; NULL: none */
	const char *client, *key_file; /* signs in as this client by this key (access/jwt_sign.h); NULL: not */
	const char *token_url;   /* where tokens are given; NULL: as the other server says */
	const char *scope;       /* asked for; NULL: reading `types` */
	bool bulk;               /* by $export rather than page by page */
	const char *export;      /* of what: "$export" (NULL), "Patient/$export", "Group/7/$export" */
	const char *files;       /* the one other origin that files may come from; NULL: none */
	int64_t every;           /* microseconds between pulls; 0: only when told */
	/* of HL7 v2: */
	const char *address;     /* to listen on */
	unsigned port;           /* 0: any free one */
	bool listens;
	const char *charset;     /* as MSH-18 names it, where that is empty; NULL: guessed */
	unsigned connections;    /* at most, at once */
	unsigned idle_seconds;
	const char *tls_cert, *tls_key, *tls_client_ca; /* NULL: none */
};

/* The feeds of a file (docs/feeds.md). ERR_SYNTAX, ERR_INVALID with file and line. In `life`. */
NODISCARD enum err feeds_read(struct ctx *c, struct arena *life, const char *file,
			      struct feed **out, size_t *len);
/* One feed made of "[ADDRESS:]PORT". ERR_USAGE. */
NODISCARD enum err feed_of_port(struct ctx *c, struct arena *life, const char *text,
				struct feed *out);
/* 3 to 10 capitals and digits. */
bool feed_org_valid(struct str org);
/* Make it known to the place: gives feed->key, keeps what the page shows of it. */
NODISCARD enum err feed_register(struct ctx *c, struct feed *feed);
/* By its name. ERR_NOT_FOUND. */
NODISCARD enum err feed_named(struct ctx *c, const char *name, struct feed *out);
/* The feed a message came by, as the place remembers it. ERR_NOT_FOUND. */
NODISCARD enum err feed_find(struct ctx *c, int64_t key, struct feed *out);
/* Where items of an organisation say they come from (meta.source). */
struct str feed_source(struct arena *a, struct str org);

struct message {
	int64_t key;           /* 0: not kept yet */
	int64_t feed;
	int64_t received, sent; /* sent: as it says itself; 0: it does not */
	struct str control;    /* who sent it and its number: with `hash` what makes it the same */
	struct str kind;       /* "ADT^A01"; empty: not even that could be read */
	struct str hash;       /* of its bytes, 32 hex digits */
	enum message_state state;
	int64_t state_at;
	unsigned flags;        /* enum message_flags */
	unsigned tries;        /* how often it was worked on */
	struct str place;      /* where the offence is: "PID-7" */
	struct str reason;     /* one sentence, without personal data */
	struct str mapping;    /* version of the tables that read it last */
	struct str body;       /* the bytes as they came; only from message_read */
	struct str packed;     /* as they are kept, by message_pack; empty: packed when it is kept */
	int64_t size;
	int64_t file, row;     /* feed_file.key it came in last, and where in it; 0: in none */
	unsigned part;         /* of those one message was cut into: the second is 2; 0, 1: the whole, or the first */
	struct str earlier;    /* the parts before it, for places in the whole; not kept */
};

/* 32 hex digits of 128 bits of BLAKE2b, the same on every machine. In `a`. */
struct str message_hash(struct arena *a, struct str bytes);
/* Fill in key, state and flags if this message (feed, control, hash) came before; key 0 if not.
 * m->flags gets MESSAGE_REUSED when its control id came with another content. */
NODISCARD enum err message_seen(struct ctx *c, struct db *db, struct message *m);
/* Pack its bytes on the caller's thread, so that the writer need not. */
NODISCARD enum err message_pack(struct ctx *c, struct message *m);
/* And back; in c->arena. */
NODISCARD enum err message_unpack(struct ctx *c, struct str packed, int64_t size, struct str *out);
/* Keep it, or what became of it now (key known). `db`: of store_write. ERR_STALE when it was kept meanwhile. */
NODISCARD enum err message_keep(struct ctx *c, struct db *db, const struct message *m);
/* The same in a transaction of its own. */
NODISCARD enum err message_keep_alone(struct ctx *c, struct message *m);
/* One message with its bytes. ERR_NOT_FOUND. */
NODISCARD enum err message_read(struct ctx *c, int64_t key, struct message *out);

struct message_query {
	int64_t feed;      /* 0: all */
	int64_t file;      /* 0: of any or none */
	unsigned states;   /* bits 1 << state; 0: all */
	int64_t before;    /* keys below; 0: the newest */
	int64_t from, to;  /* received; 0: open. Minutes of the sparkline */
	unsigned limit;    /* at least 1 */
};
/* Newest first, without bodies. */
NODISCARD enum err message_list(struct ctx *c, const struct message_query *query,
				struct message **out, size_t *len);

enum { FEED_MINUTES = 60 };
/* Whether a server that is asked page by page tells what is deleted there. */
enum feed_deletions { DELETIONS_UNKNOWN, DELETIONS_TOLD, DELETIONS_SOME, DELETIONS_UNTOLD };
/* A feed as the page, the metrics and feed-list show it. */
struct feed_view {
	struct feed feed;
	int64_t since;              /* first made known */
	int64_t last, last_sent;    /* received and sent time of the last message; 0: none */
	int64_t lag;                /* of that message: received - sent; 0 when not known */
	int64_t counts[MESSAGE_STATES];
	int64_t minutes[FEED_MINUTES]; /* messages per minute of the last hour, oldest first */
	int64_t day;                /* messages of the last 24 hours */
	bool silent;                /* for longer than silent_after */
	int64_t asked;              /* when the other server was last asked to good effect; 0: never, or it is not asked */
	const char *failed;         /* why it could not be, the last time; NULL */
	enum feed_deletions deletions;
};
NODISCARD enum err feed_views(struct ctx *c, struct feed_view **out, size_t *len);
/* What people call a field of HL7 v2 (0: the segment); NULL where the tables do not say. */
const char *feed_field_name(struct ctx *c, const char *segment, unsigned field);
/* For /metrics. */
NODISCARD enum err feed_metrics(struct ctx *c, struct buf *out);

/* --- files of rows --- */

enum file_state { FILE_RUNNING = 1, FILE_DONE, FILE_REFUSED, FILE_STOPPED, FILE_STATES };
const char *file_state_name(enum file_state state);

/* A file that came, how far it is, and what became of its rows. */
struct feed_file {
	int64_t key, feed;
	struct str name, hash, mapping, reason;
	enum file_state state;
	int64_t began, ended;
	int64_t done, total, applied, unchanged, refused, gone;
};
/* By feed and hash; makes it, or fills in the key of one that came before. */
NODISCARD enum err file_begin(struct ctx *c, struct feed_file *f);
/* Keep how far it is. */
NODISCARD enum err file_keep(struct ctx *c, struct feed_file *f);
/* Newest first; feed 0: all. */
NODISCARD enum err file_list(struct ctx *c, int64_t feed, unsigned limit, struct feed_file **out,
			     size_t *len);
NODISCARD enum err file_find(struct ctx *c, int64_t key, struct feed_file *out);

/* --- other FHIR servers --- */

struct pull_count {
	int64_t resources, refused; /* told; not understood at first */
	int64_t changed;            /* of those told, said something new (bulk alone) */
	int64_t mended;             /* of those not understood, understood when all had come */
	int64_t wait;               /* the other server is not ready: ask again after so many seconds; 0: done */
};
/* Fetch what changed since the last time. ERR_IO, ERR_FORBIDDEN, ERR_INVALID, ERR_STOPPED; what came
 * before that is kept, and the next goes on from there. A feed in bulk does not wait for the other server to
 * be ready: out->wait says when to call again. */
NODISCARD enum err feed_pull(struct ctx *c, const struct feed *feed, const struct progress *progress,
			     struct pull_count *out);
/* Take a file of FHIR: one Bundle or resource, or NDJSON (a resource a line). */
NODISCARD enum err feed_fhir_file(struct ctx *c, const struct feed *feed, const char *path,
				  const struct progress *progress, struct pull_count *out);
/* What a program pushed: a Bundle or a resource, as one message. m->state says what became of it. */
NODISCARD enum err feed_fhir_take(struct ctx *c, const struct feed *feed, struct str body, struct message *out);

/* Give back what working on messages holds for a place; before place_close. */
void feeds_shut(struct place *place);

/* What feeds keep of people, for a purge (record/purge.h): the bytes of messages about them, and what
 * is remembered of them, their visits and orders. The rows of messages stay, without a word. */
struct purge_part;
extern const struct purge_part feed_purge;

/* Work on a message that has come: m->feed, received and body are there. It is kept with what became
 * of it; *answer goes back to the sender. Fails only when it could not be kept (ERR_STORE, ERR_BUSY,
 * ERR_STOPPED), and for a kind of feed that takes no messages one by one (ERR_UNSUPPORTED). */
NODISCARD enum err message_take(struct ctx *c, const struct feed *feed, struct message *m,
				struct str *answer);
/* Work on a kept message again, now. *state: what became of it. */
NODISCARD enum err message_replay(struct ctx *c, int64_t key, enum message_state *state);
/* All that were rejected or quarantined, of a feed (0: all), oldest first. */
NODISCARD enum err message_replay_all(struct ctx *c, int64_t feed, const struct progress *progress,
				      int64_t *applied, int64_t *still);

#endif
