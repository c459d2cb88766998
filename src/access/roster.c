/* roster.c - a list of who works here compared with who has an account, and applied. */
#include "access/roster.h"

#include <sys/mman.h>
#include <unistd.h>

#include "access/account_part.h"
#include "access/credential.h"
#include "base/map.h"
#include "base/sheet.h"
#include "base/vec.h"

static const char *const columns[] = { "login", "name", "role", "org", "practitioner", "state" };
enum { LOGIN, NAME, ROLE, ORG, PRACTITIONER, STATE, COLUMN_COUNT };

struct entry { /* a line of the file */
	int64_t number;
	struct str cell[COLUMN_COUNT];
	struct entry *next; /* of the same login */
};

struct listed { /* the lines of one login */
	struct entry *first, *last;
};

struct comparing {
	VEC(struct entry) entries;
	VEC(struct roster_line) lines;
	struct map logins; /* struct listed */
	bool begun;        /* it has a first line */
};

static struct roster_line *say(struct ctx *c, struct comparing *m, const struct entry *e,
			       enum roster_change change, const char *words)
{
	struct roster_line *line = vec_push(&m->lines, c->arena);

	*line = (struct roster_line){ .number = e->number,
				      .change = change,
				      .login = e->cell[LOGIN],
				      .words = str_of(words),
				      .joiner = { .kind = ACTOR_STAFF,
						  .login = e->cell[LOGIN],
						  .name = e->cell[NAME],
						  .practitioner = e->cell[PRACTITIONER],
						  .role = e->cell[ROLE],
						  .org = e->cell[ORG] } };
	return line;
}

/* --- reading --- */

static enum err take_row(struct ctx *c, void *arg, const struct sheet_row *row)
{
	struct comparing *m = arg;
	struct entry *e;

	if (row->number == 1) {
		m->begun = true;
		for (unsigned i = 0; i < COLUMN_COUNT; i++)
			if (i >= row->len || !str_is(row->fields[i], columns[i]))
				return fail(c, ERR_INVALID,
					    "The first line must be login,name,role,org,practitioner,state.");
		return OK;
	}
	if (m->entries.len == ROSTER_LINES)
		return fail(c, ERR_TOO_LARGE, "A list has at most %d lines.", ROSTER_LINES);
	e = vec_push(&m->entries, c->arena);
	e->number = row->number;
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		e->cell[i] = i < row->len ? account_keep(c, row->fields[i]) : STR("");
	e->cell[LOGIN] = login_fold(c, e->cell[LOGIN]);
	return OK;
}

/* --- comparing --- */

static const struct employment *held(const struct employment *at, size_t len, const struct entry *e)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(at[i].role->name, e->cell[ROLE]) && str_eq(at[i].org_id, e->cell[ORG]))
			return &at[i];
	return NULL;
}

static const char *role_at(struct ctx *c, struct str role, struct str org)
{
	return org.len ? arena_printf(c->arena, STR_FMT " at " STR_FMT, STR_ARG(role), STR_ARG(org))
		       : str_dup(c->arena, role);
}

/* Somebody new is to be a Practitioner who is there. */
static enum err knows_practitioner(struct ctx *c, struct comparing *m, struct db *db, const struct entry *e, bool *known)
{
	int64_t key;
	enum err error;

	*known = true;
	if (!e->cell[PRACTITIONER].len || str_is(e->cell[STATE], "left"))
		return OK;
	error = account_resource(c, db, "Practitioner", e->cell[PRACTITIONER], &key);
	*known = error != ERR_INVALID;
	if (*known)
		return error;
	say(c, m, e, ROSTER_WRONG, arena_str(c->arena, c->why));
	return OK;
}

static bool is_wrong(struct ctx *c, struct comparing *m, const struct entry *e, bool leaves)
{
	struct joiner j = { ACTOR_STAFF,	  e->cell[LOGIN], e->cell[NAME], e->cell[PRACTITIONER],
			    { 0 },		  e->cell[ROLE],  e->cell[ORG] };

	if (!leaves && account_check(c, &j) == OK && (!e->cell[STATE].len || str_is(e->cell[STATE], "active")))
		return false;
	if (leaves)
		return false;
	say(c, m, e, ROSTER_WRONG,
	    e->cell[STATE].len && !str_is(e->cell[STATE], "active")
		    ? "The state is active, left or empty."
		    : arena_str(c->arena, c->why));
	return true;
}

/* A line that says what one before it of the same login said, or something else than it. */
static bool is_said(struct ctx *c, struct comparing *m, const struct entry *first, const struct entry *e)
{
	bool leaves = str_is(e->cell[STATE], "left");

	for (const struct entry *one = first; one != e; one = one->next) {
		const char *line = arena_printf(c->arena, "Line %lld", (long long)one->number);

		if (str_is(one->cell[STATE], "left") != leaves)
			say(c, m, e, ROSTER_WRONG, arena_printf(c->arena, "%s says the contrary: who leaves holds no role.", line));
		else if (!leaves && !str_eq(str_trim(one->cell[NAME]), str_trim(e->cell[NAME])))
			say(c, m, e, ROSTER_WRONG, arena_printf(c->arena, "%s gives them another name.", line));
		else if (leaves || (str_eq(one->cell[ROLE], e->cell[ROLE]) && str_eq(one->cell[ORG], e->cell[ORG])))
			say(c, m, e, ROSTER_SAME, arena_printf(c->arena, "as %s", line));
		else
			continue;
		return true;
	}
	return false;
}

/* Somebody new: the first line makes the account, the others add roles. */
static void compare_new(struct ctx *c, struct comparing *m, const struct entry *e, bool *joined)
{
	bool leaves = str_is(e->cell[STATE], "left");

	if (is_wrong(c, m, e, leaves))
		return;
	if (leaves)
		say(c, m, e, ROSTER_UNKNOWN, "leaves, and has no account: is the login right?");
	else
		say(c, m, e, *joined ? ROSTER_GAINS : ROSTER_JOINS, role_at(c, e->cell[ROLE], e->cell[ORG]));
	*joined = *joined || !leaves;
}

static void compare_known(struct ctx *c, struct comparing *m, const struct entry *e,
			  const struct user *user, const struct employment *jobs, size_t len)
{
	bool leaves = str_is(e->cell[STATE], "left");

	if (is_wrong(c, m, e, leaves))
		return;
	if (user->ended || user->kind != ACTOR_STAFF) {
		bool fine = leaves && user->ended;
		say(c, m, e, fine ? ROSTER_SAME : ROSTER_WRONG,
		    fine ? "left before" : "This login is of somebody who left, or of no member of staff.");
		return;
	}
	if (leaves) {
		say(c, m, e, ROSTER_LEAVES, "leaves")->account = user->key;
		return;
	}
	if (!str_eq(str_trim(e->cell[NAME]), user->name))
		say(c, m, e, ROSTER_RENAMED, arena_printf(c->arena, "was " STR_FMT, STR_ARG(user->name)))
			->account = user->key;
	bool has = held(jobs, len, e);
	say(c, m, e, has ? ROSTER_SAME : ROSTER_GAINS, role_at(c, e->cell[ROLE], e->cell[ORG]))->account =
		user->key;
}

/* What is held and not listed any more. */
static void compare_lost(struct ctx *c, struct comparing *m, const struct entry *first, const struct user *user,
			 const struct employment *jobs, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool listed = false, leaves = false;
		struct entry e = { .cell = { first->cell[LOGIN], user->name } };

		for (const struct entry *one = first; one; one = one->next) {
			listed = listed || held(&jobs[i], 1, one);
			leaves = leaves || str_is(one->cell[STATE], "left");
		}
		if (listed || leaves)
			continue;
		struct roster_line *line = say(c, m, &e, ROSTER_LOSES,
					       role_at(c, jobs[i].role->name, jobs[i].org_id));
		line->account = user->key;
		line->employment = jobs[i].key;
	}
}

static enum err compare_login(struct ctx *c, struct comparing *m, struct db *db, const struct entry *first)
{
	struct employment *jobs = NULL;
	struct user user;
	bool joined = false;
	size_t len = 0;
	enum err e = account_find(c, db, first->cell[LOGIN], &user);
	bool known = e == OK;

	if (e != OK && e != ERR_NOT_FOUND)
		return e;
	if (known)
		TRY(employment_list(c, db, user.key, clock_now(c->clock), &jobs, &len));
	for (const struct entry *one = first; one; one = one->next) {
		if (is_said(c, m, first, one))
			continue;
		if (known) {
			compare_known(c, m, one, &user, jobs, len);
			continue;
		}
		bool there;
		TRY(knows_practitioner(c, m, db, one, &there));
		if (there)
			compare_new(c, m, one, &joined);
	}
	if (known && !user.ended && user.kind == ACTOR_STAFF)
		compare_lost(c, m, first, &user, jobs, len);
	return OK;
}

/* In the order of their first lines. */
static void gather(struct ctx *c, struct comparing *m)
{
	for (size_t i = 0; i < m->entries.len; i++) {
		struct entry *one = &m->entries.at[i];
		struct listed *of = map_get(&m->logins, one->cell[LOGIN]);

		if (of) {
			of->last = of->last->next = one;
			continue;
		}
		of = NEW(c->arena, struct listed);
		of->first = of->last = one;
		map_set(&m->logins, one->cell[LOGIN], of);
	}
}

enum err roster_read(struct ctx *c, const char *path, struct roster *out)
{
	struct comparing m = { 0 };
	READER(db);

	map_init(&m.logins, c->arena);
	TRY(sheet_read(c, path, take_row, &m));
	if (!m.begun)
		return fail(c, ERR_INVALID, "The list is empty: its first line is login,name,role,org,practitioner,state.");
	TRY(store_reader(c, c->place->store, &db));
	gather(c, &m);
	for (size_t i = 0; i < m.logins.len; i++)
		TRY(compare_login(c, &m, db, ((struct listed *)m.logins.entries[i].value)->first));
	*out = (struct roster){ .at = m.lines.at, .len = m.lines.len };
	for (size_t i = 0; i < out->len; i++)
		out->count[out->at[i].change]++;
	return OK;
}

/* sheet.h reads files: this one is in memory alone. */
enum err roster_read_text(struct ctx *c, struct str text, struct roster *out)
{
	int fd = memfd_create("roster", MFD_CLOEXEC);
	enum err e;

	if (fd < 0)
		return fail(c, ERR_IO, "There is no memory for the list.");
	if (write(fd, text.at, text.len) != (ssize_t)text.len)
		e = fail(c, ERR_IO, "There is no memory for the list.");
	else
		e = roster_read(c, arena_printf(c->arena, "/proc/self/fd/%d", fd), out);
	close(fd);
	return e;
}

/* --- applying --- */

static enum err apply_one(struct ctx *c, struct db *db, const struct roster_line *line)
{
	int64_t key = line->account;
	struct user user;

	switch (line->change) {
	case ROSTER_JOINS:
		return account_add_in(c, db, &line->joiner, &key);
	case ROSTER_RENAMED:
		return account_rename_in(c, db, key, line->joiner.name);
	case ROSTER_GAINS:
		if (!key) { /* joined by a line before */
			TRY(account_find(c, db, line->login, &user));
			key = user.key;
		}
		return employment_give_in(c, db, key, line->joiner.role, line->joiner.org);
	case ROSTER_LOSES:
		return employment_end_in(c, db, key, line->employment);
	case ROSTER_LEAVES:
		return account_end_in(c, db, key);
	default:
		return OK;
	}
}

static enum err apply_all(struct ctx *c, struct db *db, void *arg)
{
	const struct roster *roster = arg;

	for (size_t i = 0; i < roster->len; i++) {
		const struct roster_line *line = &roster->at[i];
		enum err e = apply_one(c, db, line);

		if (e && line->number)
			return fail(c, e, "Line %lld: %s Nothing was changed.", (long long)line->number,
				    arena_str(c->arena, c->why));
		TRY(e);
	}
	return OK;
}

enum err roster_apply(struct ctx *c, const struct roster *roster)
{
	if (roster->count[ROSTER_WRONG])
		return fail(c, ERR_INVALID, "%zu lines are wrong; nothing was changed.",
			    roster->count[ROSTER_WRONG]);
	return store_write(c, c->place->store, apply_all, (void *)(uintptr_t)roster);
}

/* --- first links --- */

struct inviting {
	const struct roster *roster;
	int64_t seconds;
	VEC(struct roster_link) links;
};

/* Has never signed in: has no password, and is nobody of a provider's. */
static enum err is_new(struct ctx *c, struct db *db, const struct user *user, bool *out)
{
	bool password, provider;
	STMT(s);

	*out = false;
	if (user->ended || user->kind != ACTOR_STAFF)
		return OK;
	TRY(password_known(c, db, user->key, &password));
	TRY(db_stmt(c, db, SQL("SELECT 1 FROM provider_link WHERE account = ?1"), &s));
	stmt_bind_int(s, 1, user->key);
	TRY(stmt_step(c, s, &provider));
	*out = !password && !provider;
	return OK;
}

static enum err invite_all(struct ctx *c, struct db *db, void *arg)
{
	struct inviting *v = arg;
	struct map seen;

	v->links.len = 0;
	map_init(&seen, c->arena);
	for (size_t i = 0; i < v->roster->len; i++) {
		struct str login = v->roster->at[i].login;
		struct roster_link *link;
		struct user user;
		bool new;

		if (!map_set(&seen, login, v))
			continue;
		enum err e = account_find(c, db, login, &user);
		if (e == ERR_NOT_FOUND)
			continue;
		TRY(e);
		TRY(is_new(c, db, &user, &new));
		if (!new)
			continue;
		link = vec_push(&v->links, c->arena);
		*link = (struct roster_link){ .login = user.login, .name = user.name };
		TRY(invitation_make_in(c, db, user.key, v->seconds, link->token));
	}
	return OK;
}

enum err roster_invite(struct ctx *c, const struct roster *roster, int64_t seconds, struct roster_link **out,
		       size_t *len)
{
	struct inviting v = { .roster = roster, .seconds = seconds };

	TRY(store_write(c, c->place->store, invite_all, &v));
	*out = v.links.at;
	*len = v.links.len;
	return OK;
}
