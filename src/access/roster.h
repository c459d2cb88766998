/* roster.h - joiners, movers and leavers as a list: what a personnel system sends.
 *
 *	login,name,role,org,practitioner,state
 *	ada.clarke,Ada Clarke,social-worker,WXL,prac-clarke,
 *	b.jones,Ben Jones,,,,left
 *
 * A login in several lines holds several roles, under one name; the same line twice counts once; all it holds and is not listed with ends. Accounts not
 * in the list are left alone. It is read and compared first, so that the differences can be looked at,
 * and applied only when no line is wrong.
 */
#ifndef ACCESS_ROSTER_H
#define ACCESS_ROSTER_H

#include "access/session.h"

#define ROSTER_LINES 20000

enum roster_change { ROSTER_SAME, ROSTER_JOINS, ROSTER_RENAMED, ROSTER_GAINS, ROSTER_LOSES, ROSTER_LEAVES,
	ROSTER_UNKNOWN /* leaves, and has no account: nothing to do, but told, for the login may be mistyped */, ROSTER_WRONG };

struct roster_line {
	int64_t number; /* of the file; 0: it follows from the others */
	enum roster_change change;
	struct str login, words; /* "gains social-worker at WXL", or what is wrong */
	struct joiner joiner;    /* joins, gains, renamed */
	int64_t account, employment; /* renamed, gains, loses, leaves; loses */
};

struct roster {
	struct roster_line *at;
	size_t len;
	size_t count[ROSTER_WRONG + 1];
};

/* What the file would change, in c->arena. ERR_SYNTAX, ERR_INVALID when it is no such list. */
NODISCARD enum err roster_read(struct ctx *c, const char *path, struct roster *out);
/* The same from text that was pasted. */
NODISCARD enum err roster_read_text(struct ctx *c, struct str text, struct roster *out);
/* Change it in one transaction: all or nothing. ERR_INVALID when any line is wrong; else the line that could not be done. */
NODISCARD enum err roster_apply(struct ctx *c, const struct roster *roster);

struct roster_link {
	struct str login, name;
	char token[TOKEN_SIZE];
};
/* First links ("/welcome/TOKEN") for those of the list who have an account, no password yet and no provider: new ones, those
 * made before are worth nothing. In c->arena. */
NODISCARD enum err roster_invite(struct ctx *c, const struct roster *roster, int64_t seconds, struct roster_link **out,
				 size_t *len);

#endif
