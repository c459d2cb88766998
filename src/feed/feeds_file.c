/* feeds_file.c - the file that names the feeds: [name] heads and `key = value` lines. */
#include <stddef.h>

#include "base/file.h"
#include "base/vec.h"
#include "feed/feed.h"
#include "feed/hl7_charset.h"

struct reading {
	struct ctx *c;
	struct arena *life;
	const char *file;
	unsigned line;
	struct feed *feed;
};

static enum err broken(struct reading *r, const char *what, struct str text)
{
	return fail(r->c, ERR_INVALID, "%s:%u: %s: %.80s", r->file, r->line, what,
		    str_dup(r->c->arena, text));
}

static bool name_valid(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char ch = name.at[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-'))
			return false;
	}
	return name.len > 0 && name.len <= 60;
}

bool feed_org_valid(struct str org)
{
	for (size_t i = 0; i < org.len; i++)
		if (!((org.at[i] >= 'A' && org.at[i] <= 'Z') || (org.at[i] >= '0' && org.at[i] <= '9')))
			return false;
	return org.len >= 3 && org.len <= 10;
}

static bool export_valid(struct str text)
{
	struct str id = text, type = str_cut(&id, '/');

	if (str_is(text, "$export") || str_is(text, "Patient/$export"))
		return true;
	return str_is(type, "Group") && id.at && str_ends(id, STR("/$export")) &&
	       !memchr(id.at, '/', id.len - 8) && id.len > 8;
}

/* "[ADDRESS:]PORT" */
static bool read_listen(struct arena *life, struct str text, struct feed *f)
{
	struct str port = text;
	int64_t n;

	f->address = "127.0.0.1";
	for (size_t i = text.len; i > 0; i--)
		if (text.at[i - 1] == ':') {
			f->address = str_dup(life, (struct str){ text.at, i - 1 });
			port = (struct str){ text.at + i, text.len - i };
			break;
		}
	if (!str_int(port, &n) || n < 0 || n > 65535)
		return false;
	f->port = (unsigned)n;
	f->listens = true;
	return true;
}

/* 90, 30s, 15m, 4h, 2d: seconds. */
static bool read_span(struct str text, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t n, times = 1;

	for (unsigned i = 0; text.len && i < 4; i++)
		if (text.at[text.len - 1] == units[i].unit) {
			times = units[i].seconds;
			text.len--;
			break;
		}
	if (!str_int(text, &n) || n < 0 || n > 366 * 86400)
		return false;
	*seconds = n * times;
	return true;
}

/* --- settings: how the value of each is read --- */

typedef bool take_setting(struct arena *life, struct str value, struct feed *f, size_t at);

static bool take_text(struct arena *life, struct str value, struct feed *f, size_t at)
{
	*(const char **)(void *)((char *)f + at) = str_dup(life, value);
	return true;
}

static bool take_org(struct arena *life, struct str value, struct feed *f, size_t at)
{
	return feed_org_valid(value) && take_text(life, value, f, at);
}

static bool take_listen(struct arena *life, struct str value, struct feed *f, size_t at)
{
	(void)at;
	return read_listen(life, value, f);
}

static bool take_charset(struct arena *life, struct str value, struct feed *f, size_t at)
{
	return hl7_charset_name(value) && take_text(life, value, f, at);
}

/* In microseconds. */
static bool take_span(struct arena *life, struct str value, struct feed *f, size_t at)
{
	int64_t n;

	(void)life;
	if (!read_span(value, &n))
		return false;
	*(int64_t *)(void *)((char *)f + at) = n * 1000000;
	return true;
}

static bool take_every(struct arena *life, struct str value, struct feed *f, size_t at)
{
	return take_span(life, value, f, at) && f->every;
}

static bool take_idle(struct arena *life, struct str value, struct feed *f, size_t at)
{
	int64_t n;

	(void)life, (void)at;
	if (!read_span(value, &n) || n < 1 || n > 86400)
		return false;
	f->idle_seconds = (unsigned)n;
	return true;
}

static bool take_connections(struct arena *life, struct str value, struct feed *f, size_t at)
{
	int64_t n;

	(void)life, (void)at;
	if (!str_int(value, &n) || n < 1 || n > 1024)
		return false;
	f->connections = (unsigned)n;
	return true;
}

static bool take_kind(struct arena *life, struct str value, struct feed *f, size_t at)
{
	static const struct {
		const char *name;
		enum feed_kind kind;
		bool bulk;
	} kinds[] = { { "hl7v2", FEED_HL7V2, false },
		      { "csv", FEED_CSV, false },
		      { "fhir", FEED_FHIR, false },
		      { "fhir bulk", FEED_FHIR, true } };

	(void)life, (void)at;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_is(value, kinds[i].name)) {
			f->kind = kinds[i].kind;
			f->bulk = kinds[i].bulk;
			return true;
		}
	return false;
}

#define AT(member) offsetof(struct feed, member)
static const struct setting {
	const char *key;
	take_setting *take;
	size_t at;
	const char *wrong; /* what is said of a value that is not taken */
} settings[] = {
	{ "title", take_text, AT(title), NULL },
	{ "mapping", take_text, AT(rows), NULL },
	{ "folder", take_text, AT(folder), NULL },
	{ "pattern", take_text, AT(pattern), NULL },
	{ "url", take_text, AT(url), NULL },
	{ "types", take_text, AT(types), NULL },
	{ "token-file", take_text, AT(token_file), NULL },
	{ "client", take_text, AT(client), NULL },
	{ "key-file", take_text, AT(key_file), NULL },
	{ "token-url", take_text, AT(token_url), NULL },
	{ "scope", take_text, AT(scope), NULL },
	{ "export", take_text, AT(export), NULL },
	{ "files", take_text, AT(files), NULL },
	{ "tls-cert", take_text, AT(tls_cert), NULL },
	{ "tls-key", take_text, AT(tls_key), NULL },
	{ "tls-client-ca", take_text, AT(tls_client_ca), NULL },
	{ "organisation", take_org, AT(org), "an ODS code has 3 to 10 capitals and digits" },
	{ "listen", take_listen, 0, "listen is [ADDRESS:]PORT" },
	{ "charset", take_charset, AT(charset), "no character set of table 0211 that is read here" },
	{ "silent-after", take_span, AT(silent_after), "a time is a number with s, m, h or d" },
	{ "idle", take_idle, 0, "a time is a number with s, m, h or d" },
	{ "every", take_every, AT(every), "a time is a number with s, m, h or d" },
	{ "connections", take_connections, 0, "connections are 1 to 1024" },
	{ "kind", take_kind, 0, "a kind is hl7v2, csv, fhir or fhir bulk" },
};
#undef AT

static enum err set(struct reading *r, struct str key, struct str value)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const struct setting *s = &settings[i];

		if (!str_is(key, s->key))
			continue;
		return s->take(r->life, value, r->feed, s->at) ? OK : broken(r, s->wrong, value);
	}
	return broken(r, "no such setting", key);
}

static void defaults(struct feed *f)
{
	f->kind = FEED_HL7V2;
	f->org = "";
	f->connections = 64;
	f->idle_seconds = 3600;
}

enum err feed_of_port(struct ctx *c, struct arena *life, const char *text, struct feed *out)
{
	struct feed f = { 0 };

	defaults(&f);
	if (!read_listen(life, str_of(text), &f))
		return fail(c, ERR_USAGE, "--mllp takes [ADDRESS:]PORT, not %s", text);
	f.name = f.port ? arena_printf(life, "mllp-%u", f.port) : "mllp";
	f.title = f.port ? arena_printf(life, "HL7 v2 on port %u", f.port) : "HL7 v2";
	*out = f;
	return OK;
}

/* What only the whole of a feed shows. */
static enum err check_whole(struct reading *r, const struct feed *f)
{
	const char *what = NULL;

	if (!f->tls_cert != !f->tls_key || (f->tls_client_ca && !f->tls_cert))
		what = "needs both tls-cert and tls-key";
	else if (f->kind != FEED_HL7V2 && (f->listens || !*f->org))
		what = "needs organisation, and does not listen";
	else if (!f->client != !f->key_file || (f->client && f->token_file))
		what = "needs both client and key-file, and then no token-file";
	else if ((f->bulk || f->client) && (f->kind != FEED_FHIR || !f->url))
		what = "needs kind fhir or fhir bulk, and the url of the other server";
	else if (!f->bulk && (f->export || f->files))
		what = "exports only with kind = fhir bulk";
	else if (f->export && !export_valid(str_of(f->export)))
		what = "exports $export, Patient/$export or Group/ID/$export";
	return what ? fail(r->c, ERR_INVALID, "%s: [%s] %s", r->file, f->name, what) : OK;
}

enum err feeds_read(struct ctx *c, struct arena *life, const char *file, struct feed **out,
		    size_t *len)
{
	VEC(struct feed) list = { 0 };
	struct reading r = { .c = c, .life = life, .file = file };
	struct str text, rest;

	TRY(file_read(c, life, file, 1 << 20, &text));
	rest = text;
	while (rest.at) {
		struct str line = str_trim(str_cut(&rest, '\n')), value = line;
		r.line++;
		if (!line.len || *line.at == '#')
			continue;
		if (*line.at == '[') {
			struct str name = { line.at + 1, line.len - (line.len > 1 ? 2 : 1) };
			if (!str_ends(line, STR("]")) || !name_valid(name))
				return broken(&r, "a feed's name is [small-letters-and-digits]", line);
			for (size_t i = 0; i < list.len; i++)
				if (str_is(name, list.at[i].name))
					return broken(&r, "two feeds of that name", name);
			r.feed = vec_push(&list, life);
			defaults(r.feed);
			r.feed->name = r.feed->title = str_dup(life, name);
			continue;
		}
		struct str key = str_trim(str_cut(&value, '='));
		if (!value.at || !r.feed)
			return broken(&r, "a line is key = value, below a [name]", line);
		TRY(set(&r, key, str_trim(value)));
	}
	for (size_t i = 0; i < list.len; i++)
		TRY(check_whole(&r, &list.at[i]));
	*out = list.at;
	*len = list.len;
	return OK;
}
