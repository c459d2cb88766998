/* tell.h - people are told outside of Causeway that work has come to them: by e-mail, or another program by a webhook.
 *
 * share/care/tell.tsv says of whose work, and where it goes. The log of changes is the outbox: a Task that has come to
 * somebody (or whose priority was raised) becomes a row of `tell`, written with how far the log was looked at in one
 * transaction; a row is struck off after it was sent, so after a crash it may be sent again, never not at all.
 * An e-mail says that there is work and where Causeway is, nothing about anybody; several that wait for one address
 * are one. A webhook gets keys and codes, signed.
 *
 *	tell.c        the table, and what is owed
 *	tell_rows.c   what is owed, as rows
 *	tell_send.c   one e-mail, one webhook
 *	tell_serve.c  the thread of a server
 */
#ifndef ACT_TELL_H
#define ACT_TELL_H

#include "record/record.h"

enum tell_state { TELL_WAITING, TELL_SENT, TELL_GIVEN_UP };

/* One that is owed, was sent or was given up. Texts in c->arena. */
struct tell {
	int64_t key, seq;             /* seq: the version it tells of, the last of them */
	struct str way, address;      /* "email", "webhook" */
	struct str holder;            /* whose work: "CareTeam/1" */
	struct str task, kind, step, priority; /* id of the Task; codes */
	int64_t count, urgent;        /* how many it tells of, and of those urgent ones */
	enum tell_state state;
	int64_t tries, due, made, at; /* microseconds; at: last tried, 0 never */
	struct str why;               /* it failed the last time */
};

/* How a server sends. Texts outlive it. */
struct tell_setup {
	const char *smtp;     /* smtp://host:port or smtps://…; NULL: none */
	const char *from;     /* the sender's address */
	const char *login;    /* a file: name and password, a line each; NULL: none is asked for */
	const char *key;      /* a file: the secret that webhooks are signed with; NULL: none */
	int64_t tries, pause; /* until it is given up; microseconds after the first failure, doubled each time */
	int64_t timeout;      /* microseconds */
};

/* Begin; *out is NULL where share/care/tell.tsv tells nobody. ERR_INVALID naming file and line of a row that cannot be,
 * ERR_USAGE when a way is named for which the server has no means, ERR_FORBIDDEN for a secret that others can read. */
struct telling;
NODISCARD enum err tell_start(struct ctx *c, const struct tell_setup *setup, struct telling **out);
/* NULL is none. Waits for what it is at. */
void tell_stop(struct telling *telling);

/* --- to be looked at --- */

/* Rows in a state: those that wait from the oldest, others from the newest. */
NODISCARD enum err tell_list(struct ctx *c, enum tell_state state, size_t cap, struct tell **out, size_t *len);
/* Let what was given up wait again: one, or all (0). *count of them. */
NODISCARD enum err tell_again(struct ctx *c, int64_t key, int64_t *count);

#endif
