/* accounts_end.c - before a role or an account ends: what it takes away, and who loses what. Asked once. */
#include "web/accounts.h"

#include "access/decide.h"
#include "access/session.h"
#include "base/sorted.h"
#include "record/guard.h"
#include "web/govern.h"

enum { NAMED = 6 };

/* As they would ask in this role. */
static enum err actor_in(struct ctx *c, struct db *db, const struct user *user, const struct employment *job,
			 struct actor *out)
{
	int64_t next = INT64_MAX, *teams;

	*out = (struct actor){ .kind = user->kind, .account = user->key, .name = user->name,
			       .practitioner = user->practitioner, .role = job->role, .org = job->org,
			       .org_id = job->org_id, .person = user->person, .purpose = job->role->purpose };
	TRY(team_list(c, db, user->key, clock_now(c->clock), &teams, &out->team_count, &next));
	out->teams = teams;
	return OK;
}

struct reach {
	bool everyone;
	const int64_t *people; /* sorted, in c->arena */
	size_t len;
};

static enum err reach_of(struct ctx *c, struct db *db, const struct user *user, const struct employment *job,
			 struct reach *out)
{
	const struct actor *asks = c->actor;
	const struct guard *guard;
	struct actor actor;
	int64_t *people;

	TRY(actor_in(c, db, user, job, &actor));
	c->actor = &actor;
	enum err e = guard_make(c, &guard);
	c->actor = asks;
	TRY(e);
	people = NEW_N(c->arena, int64_t, guard->people_count + 1);
	for (size_t i = 0; i < guard->people_count; i++)
		people[i] = guard->people[i];
	*out = (struct reach){ guard->everyone, people, guard->people_count };
	guard_done(c, guard);
	return OK;
}

/* How many of `of` stand in none of the others. */
static size_t lost(const struct reach *of, const struct reach *others, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < of->len; i++) {
		bool kept = false;

		for (size_t k = 0; k < count && !kept; k++)
			kept = others[k].everyone || sorted_has(others[k].people, others[k].len, of->people[i]);
		n += !kept;
	}
	return n;
}

static void put_line(struct ctx *c, struct node *list, const char *label, struct str words)
{
	struct node *row = data_object(c, list, NULL);

	data_words(c, row, "label", label);
	data_str(c, row, "value", words);
}

/* What the role allows and none of those that stay does, in the words of capability.tsv. */
static struct str no_more(struct ctx *c, const struct role *role, const struct employment *stay, size_t count)
{
	const struct roles *all = role->all;
	size_t n = 0, left = 0;
	struct buf b;

	buf_init(&b, c->arena, 4000);
	for (size_t i = 0; i < all->capability_count; i++) {
		bool kept = !role_can(role, all->capabilities[i].name);

		for (size_t k = 0; k < count && !kept; k++)
			kept = role_can(stay[k].role, all->capabilities[i].name);
		if (kept)
			continue;
		if (n++ < NAMED)
			buf_printf(&b, "%s" STR_FMT, n > 1 ? "; " : "", STR_ARG(lower_first(c->arena, all->capabilities[i].words)));
		else
			left++;
	}
	if (left)
		buf_printf(&b, "; and %zu thing%s more", left, left == 1 ? "" : "s");
	return n ? buf_get(&b) : STR("Nothing: the roles that stay allow all of it");
}

/* Work that names them: it stays theirs until somebody gives it to another. */
static enum err count_work(struct ctx *c, struct db *db, const struct user *user, int64_t *out)
{
	bool row;
	STMT(s);

	*out = 0;
	if (!user->practitioner.len)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT count(*) FROM view_work WHERE holder = ?1 AND side = 'does' AND state = 'open'"), &s));
	stmt_bind_text(s, 1, SAY(c->arena, "Practitioner/" STR_FMT, STR_ARG(user->practitioner)));
	TRY(stmt_step(c, s, &row));
	*out = row ? stmt_int(s, 0) : 0;
	return OK;
}

static enum err put_people(struct ctx *c, struct db *db, struct node *list, const struct user *user,
			   const struct employment *ends, size_t ending, const struct employment *stay, size_t count)
{
	struct reach *kept = NEW_N(c->arena, struct reach, count + 1), gone;
	size_t total = 0;
	bool everyone = false;

	for (size_t i = 0; i < count; i++)
		TRY(reach_of(c, db, user, &stay[i], &kept[i]));
	for (size_t i = 0; i < ending; i++) {
		TRY(reach_of(c, db, user, &ends[i], &gone));
		everyone |= gone.everyone;
		total += lost(&gone, kept, count);
	}
	put_line(c, list, "People whose records close to them",
		 everyone ? STR("Everybody’s: the role has to do with all people")
		 : total  ? say_count(c->arena, (int64_t)total)
			  : STR("Nobody’s"));
	return OK;
}

/* The sessions in which they work in one of these roles; all of them when the account ends. */
static enum err put_sessions(struct ctx *c, struct db *db, struct node *list, const struct user *user, int64_t employment)
{
	struct session *at;
	size_t len, n = 0;

	TRY(session_list(c, db, user->key, &at, &len));
	for (size_t i = 0; i < len; i++)
		n += !employment || at[i].employment == employment;
	put_line(c, list, "Signed in now",
		 n ? SAY(c->arena, "%zu time%s: %s at the next request", n, n == 1 ? "" : "s",
			 employment ? "the role is gone from there" : "they are out")
		   : str_of(employment ? "Not in this role" : "Not signed in"));
	return OK;
}

static enum err put_work(struct ctx *c, struct db *db, struct node *list, const struct user *user)
{
	int64_t work;

	TRY(count_work(c, db, user, &work));
	if (work)
		put_line(c, list, "Work that waits for them",
			 SAY(c->arena, "%lld: it stays in their name until somebody takes it or hands it over", (long long)work));
	return OK;
}

/* Role `key` ends. ERR_NOT_FOUND when they do not hold it now. */
static enum err put_role(struct ctx *c, struct db *db, struct node *sure, const struct user *user, int64_t key)
{
	struct node *list = data_list(c, sure, "takes");
	struct employment *jobs, ends = { 0 }, *stay;
	size_t len, count = 0;

	TRY(employment_list(c, db, user->key, clock_now(c->clock), &jobs, &len));
	stay = NEW_N(c->arena, struct employment, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (jobs[i].key == key)
			ends = jobs[i];
		else
			stay[count++] = jobs[i];
	}
	if (!ends.role)
		return fail(c, ERR_NOT_FOUND, "They do not hold that role now.");
	data_str(c, sure, "ending", SAY(c->arena, "%lld", (long long)key));
	data_str(c, sure, "ending_role", ends.role->words);
	data_str(c, sure, "ending_org", ends.org_id.len ? org_words(c, ends.org_id) : STR("the place itself"));
	put_line(c, list, "No more", no_more(c, ends.role, stay, count));
	TRY(put_people(c, db, list, user, &ends, 1, stay, count));
	TRY(put_sessions(c, db, list, user, key));
	TRY(put_work(c, db, list, user));
	if (!count)
		node_add_bool(c->arena, sure, "last_role", true);
	return OK;
}

static enum err put_account(struct ctx *c, struct db *db, struct node *sure, const struct user *user)
{
	struct node *list = data_list(c, sure, "takes");
	struct delegation *lets;
	struct employment *jobs;
	struct buf words;
	size_t len, letting;

	node_add_bool(c->arena, sure, "whole", true);
	TRY(employment_list(c, db, user->key, clock_now(c->clock), &jobs, &len));
	buf_init(&words, c->arena, 4000);
	for (size_t i = 0; i < len; i++)
		buf_printf(&words, "%s" STR_FMT "%s" STR_FMT, i ? "; " : "", STR_ARG(jobs[i].role->words),
			   jobs[i].org_id.len ? ", " : "", STR_ARG(org_words(c, jobs[i].org_id)));
	put_line(c, list, "Roles", len ? buf_get(&words) : STR("None"));
	TRY(put_people(c, db, list, user, jobs, len, NULL, 0));
	TRY(delegation_list(c, db, user->key, 0, clock_now(c->clock), &lets, &letting));
	if (letting)
		put_line(c, list, "People who let them see their record", say_count(c->arena, (int64_t)letting));
	TRY(put_sessions(c, db, list, user, 0));
	return put_work(c, db, list, user);
}

enum err accounts_put_end(struct ctx *c, struct str asked, const struct user *user, struct node *data)
{
	struct node *sure = data_object(c, data, "sure");
	int64_t key;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	if (str_is(asked, "account"))
		return put_account(c, db, sure, user);
	if (!str_int(asked, &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	return put_role(c, db, sure, user, key);
}
