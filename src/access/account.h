/* account.h - who uses the place: staff, residents and those they let, programs.
 *
 * An account says who somebody is; an employment where they work and as what. One may hold several
 * and works in one at a time. Organisations are Organization resources, known here by ODS code.
 * Nothing is deleted: who leaves is ended, and what became of an account stays in account_event.
 * Times are microseconds since 1970; texts are in c->arena.
 */
#ifndef ACCESS_ACCOUNT_H
#define ACCESS_ACCOUNT_H

#include "access/role.h"
#include "store/db.h"

#define ODS_SYSTEM "https://fhir.nhs.uk/Id/ods-organization-code"
#define LOGIN_MAX 100

struct user {
	int64_t key;
	enum actor_kind kind;
	struct str login;        /* folded to lower case */
	struct str name;         /* as others see it */
	struct str practitioner; /* id of their Practitioner; empty: none */
	int64_t person;          /* resource.key of their own Patient; 0: none */
	int64_t made, ended;     /* ended 0: not */
};

struct employment {
	int64_t key, account;
	int64_t org;       /* name.key, as in resource.org; 0: the place itself */
	struct str org_id; /* its ODS code */
	const struct role *role; /* never NULL */
	int64_t since, until; /* until 0: open */
};

/* Who is added. Empty texts and NULL are allowed where said. */
struct joiner {
	enum actor_kind kind;
	struct str login;        /* letters, digits and . - _ @ + ; folded */
	struct str name;
	struct str practitioner; /* id; may be empty */
	struct str person;       /* Patient id; residents: their own record; may be empty */
	struct str role;         /* of role.tsv */
	struct str org;          /* ODS code; may be empty: the place itself */
};

/* ERR_INVALID when a text is none, the role is not of that kind or an id leads nowhere; ERR_CONFLICT
 * when the login is taken. One transaction, with its first employment. */
NODISCARD enum err account_add(struct ctx *c, const struct joiner *joiner, int64_t *key);
/* What account_add refuses without looking into the place. */
NODISCARD enum err account_check(struct ctx *c, const struct joiner *joiner);
/* Lower case, without spaces around: how logins are kept and compared. */
struct str login_fold(struct ctx *c, struct str login);
/* A leaver: employments and delegations end, sessions die, links and credentials are worth nothing. */
NODISCARD enum err account_end(struct ctx *c, int64_t account);
NODISCARD enum err account_rename(struct ctx *c, int64_t account, struct str name);
NODISCARD enum err account_find(struct ctx *c, struct db *db, struct str login, struct user *out);
NODISCARD enum err account_at(struct ctx *c, struct db *db, int64_t key, struct user *out);
/* By name; those whose login or name holds `part` (folded), at most `cap`, from `skip` on. */
NODISCARD enum err account_list(struct ctx *c, struct db *db, struct str part, size_t skip, size_t cap,
				struct user **out, size_t *len);
/* Is there an administrator who can sign in? Until then only their making is served. */
NODISCARD enum err account_any_administrator(struct ctx *c, struct db *db, bool *out);

/* A mover: a role more, or the end of one. */
NODISCARD enum err employment_give(struct ctx *c, int64_t account, struct str role, struct str org,
				   int64_t since, int64_t until, int64_t *key);
NODISCARD enum err employment_end(struct ctx *c, int64_t account, int64_t employment);
/* Those in force at `now`; `now` 0: all there ever were. The earliest first. */
NODISCARD enum err employment_list(struct ctx *c, struct db *db, int64_t account, int64_t now,
				   struct employment **out, size_t *len);
/* ERR_NOT_FOUND when it is not in force. */
NODISCARD enum err employment_at(struct ctx *c, struct db *db, int64_t key, int64_t now,
				 struct employment *out);

/* Who works for one of these organisations (name.key) at `now`, and as what; by account. */
NODISCARD enum err employment_at_orgs(struct ctx *c, struct db *db, const int64_t *orgs, size_t count, int64_t now,
				      struct employment **out, size_t *len);

/* Teams: CareTeams, Groups and Organizations below one's organisation. "CareTeam/77". */
NODISCARD enum err team_join(struct ctx *c, int64_t account, struct str type, struct str id);
NODISCARD enum err team_leave(struct ctx *c, int64_t account, int64_t team);
/* *next as in fact_holds. */
NODISCARD enum err team_list(struct ctx *c, struct db *db, int64_t account, int64_t now, int64_t **out,
			     size_t *len, int64_t *next);

/* Whom a person lets see their record: see delegation.h for how one is asked and let in. */
struct delegation {
	int64_t key, account, person;
	struct str capacity; /* "carer", "attorney", "parent" */
	struct str scope;    /* categories of share/access/label.tsv, parted by spaces; empty: none */
	struct str note;     /* what was seen as proof; empty: the person gave it themselves */
	int64_t since, until; /* until 0: open */
};
/* May somebody let in so speak for the person: choose, let others in, ask who looked? */
bool capacity_speaks(struct str capacity);
NODISCARD enum err delegation_give(struct ctx *c, const struct delegation *d, int64_t *key);
/* From this moment. ERR_NOT_FOUND when it is not that person's to revoke. */
NODISCARD enum err delegation_revoke(struct ctx *c, int64_t person, int64_t key);
/* Of an account (person 0) or of a person (account 0), in force at `now`. */
NODISCARD enum err delegation_list(struct ctx *c, struct db *db, int64_t account, int64_t person,
				   int64_t now, struct delegation **out, size_t *len);

/* The last moment at which an account might see a person's record (person 0: anybody's), of what has ended by `now`; 0: there was
 * nothing. */
NODISCARD enum err delegation_ended(struct ctx *c, struct db *db, int64_t account, int64_t person, int64_t now,
				    int64_t *until);

/* What became of an account, inside store_write: a code ("role-given") and codes, never names. */
NODISCARD enum err account_note(struct ctx *c, struct db *db, int64_t account, const char *what,
				struct str detail);
struct account_event {
	struct str what, detail;
	int64_t at, actor;
};
/* The newest first, at most `cap`. */
NODISCARD enum err account_events(struct ctx *c, struct db *db, int64_t account, size_t cap,
				  struct account_event **out, size_t *len);

#endif
