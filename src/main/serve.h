/* serve.h - the running server: one place over HTTP until it is told to stop. */
#ifndef MAIN_SERVE_H
#define MAIN_SERVE_H

#include "access/audit.h"
#include "act/tell.h"
#include "api/api.h"
#include "cli/command.h"
#include "feed/feed.h"

struct serve {
	const char *address;
	int64_t port;
	const struct clock *clock; /* NULL: the system's */
	const char *exports;       /* folder for bulk exports; NULL: none */
	struct bulk_limits export_limits;
	const char *hooks;         /* destinations of Subscriptions */
	struct hook_limits hook_limits;
	struct tell_setup tell;    /* who is told of work outside of Causeway */
	const char *url;           /* how people reach it; NULL: by names of this machine */
	bool open;                 /* nobody signs in */
	bool demo;                 /* people are chosen from a list */
	bool log;                  /* JSON lines on standard error */
	struct feed *feeds;        /* that listen or are only named */
	size_t feed_count;
	struct audit_setup audit;
	int ready_fd;              /* the port is written here once it listens; -1: nowhere */
};

/* Where exports go unless it is said: DB.bulk beside an SQLite file, in c->arena; NULL else. */
const char *serve_exports(struct ctx *c, const char *db);
/* Serve c->place until c->stop is set. Prints the address on in->out. */
NODISCARD enum err serve_place(struct ctx *c, const struct invocation *in, const struct serve *serve);

extern const struct command serve_commands[]; /* serve */
extern const struct command demo_commands[];  /* demo */
extern const struct command emit_commands[];  /* emit */
extern const struct command feed_commands[];  /* feed-send, feed-list, feed-replay */
extern const struct command rows_commands[];  /* feed-file */
extern const struct command purge_commands[]; /* purge */

#endif
