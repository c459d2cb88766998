/* app_launch.c - an app opened about somebody (SMART App Launch): a word that says about whom, good once. Opened from a person's page it goes
 * there and back with the app; asked for a person (launch/patient) it stands for the one who was chosen. */
#include "access/app_part.h"

#include "access/account_part.h"
#include "base/vec.h"

#define SECOND INT64_C(1000000)

enum err app_launchable(struct ctx *c, struct app **out, size_t *len)
{
	struct app *all;
	size_t count;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(app_list(c, db, &all, &count));
	*len = 0;
	for (size_t i = 0; i < count; i++)
		if (!all[i].ended && all[i].launch.len)
			all[(*len)++] = all[i];
	*out = all;
	return OK;
}

struct launching {
	const struct app *app;
	struct app_about about;
	struct str hash;
};

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	const struct launching *l = arg;
	int64_t now = clock_now(c->clock);
	STMT(s);

	TRY(account_run(c, db, SQL("DELETE FROM app_launch WHERE until <= ?1"), now, 0));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO app_launch (hash, app, account, context, until, used, encounter) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)"), &s));
	stmt_bind_blob(s, 1, l->hash);
	stmt_bind_int(s, 2, l->app->key);
	stmt_bind_int(s, 3, c->actor->account);
	stmt_bind_int(s, 4, l->about.person);
	stmt_bind_int(s, 5, now + APP_LAUNCH_SECONDS * SECOND);
	stmt_bind_int(s, 6, l->about.encounter);
	return stmt_run(c, s);
}

enum err app_launch(struct ctx *c, const struct app *app, struct app_about about, char word[TOKEN_SIZE])
{
	token_make(word);
	struct launching l = { app, about, token_hash(c, str_of(word)) };

	return store_write(c, c->place->store, put, &l);
}

static enum err no_good(struct ctx *c)
{
	return fail(c, ERR_BAD_REQUEST, "What it was opened with is not good, or not any more: open it again from the person's page.");
}

/* A word is good for that app, for who opened it, at this time. */
static void bind_word(struct ctx *c, struct stmt *s, const struct app *app, struct str word)
{
	stmt_bind_blob(s, 1, token_hash(c, word));
	stmt_bind_int(s, 2, app->key);
	stmt_bind_int(s, 3, c->actor->account);
	stmt_bind_int(s, 4, clock_now(c->clock));
}

enum err app_launched(struct ctx *c, const struct app *app, struct str word, struct app_about *about)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT context, encounter FROM app_launch WHERE hash = ?1 AND app = ?2 AND account = ?3 AND until > ?4 AND used = 0"),
		    &s));
	bind_word(c, s, app, word);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return no_good(c);
	*about = (struct app_about){ stmt_int(s, 0), stmt_int(s, 1) };
	return OK;
}

enum err launch_use(struct ctx *c, struct db *db, const struct app *app, struct str word)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE app_launch SET used = ?4 WHERE hash = ?1 AND app = ?2 AND account = ?3 AND until > ?4 AND used = 0"),
		    &s));
	bind_word(c, s, app, word);
	TRY(stmt_run(c, s));
	return db_changes(db) ? OK : no_good(c);
}
