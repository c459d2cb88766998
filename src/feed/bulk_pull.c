/* bulk_pull.c - see bulk_pull.h.
 *
 * What is remembered (state "bulk|FEED"): since, the time of the last export; status, the address of the job;
 * manifest, its files in the order they are taken; done, how many of them were. */
#include "feed/bulk_pull.h"

#include <stdlib.h>
#include <unistd.h>

#include "feed/feeds.h"
#include "feed/tellers.h"

enum { WAIT = 5, FILES_MOST = 100000, ANEW = 2 };
#define FILE_BYTES ((int64_t)64 << 30)

struct bulk_pulling {
	struct ctx *c;       /* its arena dies with each step */
	struct remote *remote;
	const struct progress *progress;
	struct pull_count *count;
	struct state state;
};

/* --- what is remembered --- */

static struct str remembered(const struct bulk_pulling *b, const char *name)
{
	return node_str(b->state.body, name);
}

static void forget(struct bulk_pulling *b, const char *name)
{
	struct node *n = node_get(b->state.body, name);

	if (n)
		node_remove(b->state.body, n);
}

static void remember(struct bulk_pulling *b, const char *name, struct str text)
{
	forget(b, name);
	node_add_str(b->c->arena, b->state.body, name, text);
}

static void forget_job(struct bulk_pulling *b)
{
	static const char *const names[] = { "status", "manifest", "done" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		forget(b, names[i]);
}

static enum err read_back(struct bulk_pulling *b)
{
	struct ctx *c = b->c;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return state_read(c, db, STATE_PULL, str_of(arena_printf(c->arena, "bulk|%s", b->remote->feed->name)),
			  &b->state);
}

static enum err write_state(struct ctx *c, struct db *db, void *arg)
{
	return state_write(c, db, arg);
}

static enum err keep(struct bulk_pulling *b)
{
	TRY(store_write(b->c, b->c->place->store, write_state, &b->state));
	return read_back(b);
}

/* --- asked --- */

static void add_param(struct buf *b, const char *name, struct str value)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_printf(b, "&%s=", name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char ch = (unsigned char)value.at[i];
		if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '-' ||
		    ch == '.' || ch == ',')
			buf_char(b, (char)ch);
		else
			buf_printf(b, "%%%c%c", hex[ch >> 4], hex[ch & 15]);
	}
}

static const char *export_url(struct bulk_pulling *b)
{
	const struct feed *feed = b->remote->feed;
	struct str types = str_of(feed->types ? feed->types : ""), since = remembered(b, "since");
	struct buf url, list;

	buf_init(&url, b->c->arena, 0);
	buf_init(&list, b->c->arena, 0);
	while (types.at) {
		struct str type = str_trim(str_cut(&types, ' '));
		if (type.len)
			buf_printf(&list, "%s" STR_FMT, list.len ? "," : "", STR_ARG(type));
	}
	buf_printf(&url, STR_FMT "/%s?_outputFormat=application%%2Ffhir%%2Bndjson", STR_ARG(b->remote->base),
		   feed->export ? feed->export : "$export");
	if (list.len)
		add_param(&url, "_type", buf_get(&list));
	if (since.len)
		add_param(&url, "_since", since);
	return buf_get(&url).at;
}

static enum err ask(struct bulk_pulling *b)
{
	struct remote_answer answer;
	char url[REMOTE_URL];
	bool own;

	TRY(remote_ask(b->c, b->remote, &(struct remote_ask){ .url = export_url(b), .respond_async = true },
		       &answer));
	if (answer.status == 429 || answer.status == 503) {
		b->count->wait = answer.retry ? answer.retry : WAIT;
		return OK;
	}
	if (answer.status != 202)
		return answer.status == 200 ? fail(b->c, ERR_UNSUPPORTED, "The other server does not export in bulk.")
					    : remote_judge(b->c, &answer);
	if (!answer.location.len)
		return fail(b->c, ERR_INVALID, "The other server does not say where its export is.");
	TRY(remote_follow(b->c, b->remote, answer.location, url, sizeof url, &own));
	if (!own)
		return fail(b->c, ERR_INVALID, "The export is said to be at another server.");
	remember(b, "status", str_of(arena_str(b->c->arena, url)));
	return keep(b);
}

/* --- waited --- */

static void add_files(struct bulk_pulling *b, struct node *to, const struct node *files, int patients,
		      bool deleted)
{
	struct arena *a = b->c->arena;

	node_each(file, files) {
		bool patient = str_is(node_str(file, "type"), "Patient");
		if (!node_str(file, "url").len || (patients >= 0 && patient != (patients == 1)))
			continue;
		struct node *one = node_add(a, to, NULL, NODE_OBJECT);
		node_add_str(a, one, "url", node_str(file, "url"));
		if (deleted)
			node_add_bool(a, one, "deleted", true);
	}
}

/* Patients first, as others refer to them; what was deleted last. */
static enum err take_manifest(struct bulk_pulling *b, struct str text)
{
	struct ctx *c = b->c;
	struct json_options options = { .depth = 16 };
	struct node *told, *manifest, *files;
	struct str time;
	struct when w;

	TRY(json_read(c, c->arena, text, &options, &told));
	time = node_str(told, "transactionTime");
	if (!when_parse_instant(time, &w))
		return fail(c, ERR_INVALID, "The manifest of the export has no transactionTime.");
	forget(b, "manifest");
	forget(b, "done");
	manifest = node_add(c->arena, b->state.body, "manifest", NODE_OBJECT);
	node_add_str(c->arena, manifest, "time", time);
	node_add_bool(c->arena, manifest, "token", str_is(node_text(node_get(told, "requiresAccessToken")), "true"));
	files = node_add(c->arena, manifest, "files", NODE_ARRAY);
	add_files(b, files, node_get(told, "output"), 1, false);
	add_files(b, files, node_get(told, "output"), 0, false);
	add_files(b, files, node_get(told, "deleted"), -1, true);
	if (files->len > FILES_MOST)
		return fail(c, ERR_TOO_LARGE, "The export has more than %d files.", FILES_MOST);
	node_add_int(c->arena, b->state.body, "done", 0);
	return keep(b);
}

/* *gone: the server knows nothing of the job any more. */
static enum err look(struct bulk_pulling *b, bool *gone)
{
	struct remote_answer answer;
	const char *url = str_dup(b->c->arena, remembered(b, "status"));

	*gone = false;
	TRY(remote_ask(b->c, b->remote, &(struct remote_ask){ .url = url, .accept = "application/json" }, &answer));
	if (answer.status == 202 || answer.status == 429 || (answer.status == 503 && answer.retry)) {
		b->count->wait = answer.retry ? answer.retry : WAIT;
		return OK;
	}
	*gone = answer.status == 404 || answer.status == 410;
	if (answer.status == 200)
		return take_manifest(b, answer.body);
	if (*gone)
		return OK;
	enum err e = remote_judge(b->c, &answer);
	if (e == ERR_IO) { /* it failed there: the next time it is asked for anew */
		char why[sizeof b->c->why];
		memcpy(why, b->c->why, sizeof why);
		forget_job(b);
		TRY(keep(b));
		return fail(b->c, e, "The export failed. %s", why);
	}
	return e;
}

/* --- fetched --- */

/* A file nobody else can name, gone with its last use. */
static enum err scratch(struct ctx *c, FILE **out)
{
	const char *dir = getenv("TMPDIR");
	char *path = arena_printf(c->arena, "%s/causeway-XXXXXX", dir && *dir ? dir : "/var/tmp");
	int fd = mkstemp(path);

	if (fd >= 0)
		unlink(path);
	*out = fd >= 0 ? fdopen(fd, "w+") : NULL;
	if (*out)
		return OK;
	if (fd >= 0)
		close(fd);
	return fail(c, ERR_IO, "No file can be made in %s: %m", dir && *dir ? dir : "/var/tmp");
}

static enum err fetch_file(struct bulk_pulling *b, const struct node *file, FILE *to, bool *gone)
{
	struct remote_answer answer;
	char url[REMOTE_URL];
	bool own, token = str_is(node_text(node_path(b->state.body, "manifest.token")), "true");

	*gone = false;
	TRY(remote_follow(b->c, b->remote, node_str(file, "url"), url, sizeof url, &own));
	if (token && !own)
		return fail(b->c, ERR_INVALID, "A file of the export is at another server and needs a token.");
	TRY(remote_ask(b->c, b->remote,
		       &(struct remote_ask){ .url = url, .accept = "application/fhir+ndjson", .open = !own, .to = to,
					     .most = FILE_BYTES },
		       &answer));
	*gone = answer.status == 404 || answer.status == 410;
	if (*gone)
		return OK;
	TRY(remote_judge(b->c, &answer));
	return fflush(to) ? fail(b->c, ERR_IO, "What the other server sends cannot be written to the disk: %m") : OK;
}

static enum err take_file(struct bulk_pulling *b, const struct node *file, bool *gone)
{
	struct telling t = { .feed = b->remote->feed, .progress = b->progress,
			     .deletions = str_is(node_text(node_get(file, "deleted")), "true"),
			     .time = node_str(node_get(b->state.body, "manifest"), "time") };
	FILE *to;

	TRY(scratch(b->c, &to));
	enum err e = fetch_file(b, file, to, gone);
	if (!e && !*gone) {
		t.path = arena_printf(b->c->arena, "/proc/self/fd/%d", fileno(to));
		e = tell_lines(b->c, &t, b->count);
	}
	fclose(to);
	return e;
}

static enum err take_files(struct bulk_pulling *b, bool *gone)
{
	int64_t done = 0;

	*gone = false;
	for (;;) {
		const struct node *files = node_path(b->state.body, "manifest.files");
		if (!str_int(node_text(node_get(b->state.body, "done")), &done) || !files)
			return fail(b->c, ERR_INTERNAL, "What is remembered of the export is damaged.");
		if (done >= (int64_t)files->len)
			return OK;
		TRY(take_file(b, node_at(files, (size_t)done), gone));
		if (*gone)
			return OK;
		forget(b, "done");
		node_add_int(b->c->arena, b->state.body, "done", done + 1);
		TRY(keep(b));
	}
}

/* --- ended --- */

static enum err end(struct bulk_pulling *b)
{
	struct str status = remembered(b, "status");
	struct remote_ask bye = { .url = str_dup(b->c->arena, status), .remove = true };
	struct remote_answer answer;

	remember(b, "since", node_str(node_get(b->state.body, "manifest"), "time"));
	forget_job(b);
	TRY(keep(b));
	if (remote_ask(b->c, b->remote, &bye, &answer)) /* it expires there by itself, too */
		*b->c->why = 0;
	return ctx_check(b->c);
}

static enum err one_job(struct bulk_pulling *b, bool *gone)
{
	*gone = false;
	if (!remembered(b, "status").len)
		TRY(ask(b));
	if (!b->count->wait && !node_get(b->state.body, "manifest"))
		TRY(look(b, gone));
	if (b->count->wait || *gone)
		return OK;
	TRY(take_files(b, gone));
	return *gone ? OK : end(b);
}

enum err bulk_pull(struct ctx *c, struct remote *r, const struct progress *progress, struct pull_count *out)
{
	ARENA(arena);
	struct ctx own = *c;
	struct bulk_pulling b = { .c = &own, .remote = r, .progress = progress, .count = out };
	bool gone = true;
	enum err e;

	own.arena = &arena;
	e = read_back(&b);
	for (unsigned i = 0; !e && gone && i < ANEW; i++) {
		e = one_job(&b, &gone);
		if (!e && gone) {
			forget_job(&b);
			e = keep(&b);
		}
	}
	if (!e && gone)
		e = fail(&own, ERR_IO, "The other server loses its exports before they are fetched.");
	if (!e)
		return OK;
	e = fail(c, e, "%s", own.why);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE) { /* it will not get better: asked for anew the next time */
		forget_job(&b);
		if (keep(&b))
			return fail(c, ERR_STORE, "%s", own.why);
	}
	return e;
}
