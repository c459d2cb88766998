/* audit_command.c - the audit on the command line: its proof, its index, its export. */
#include <stdio.h>

#include "access/audit.h"
#include "base/buf.h"
#include "base/when.h"
#include "cli/commands.h"
#include "record/place.h"

enum err check_audit(struct ctx *c, const struct invocation *in)
{
	struct audit_setup setup = { command_option(in, "audit-key"), command_option(in, "audit-heads") };
	struct audit_proof proof = { 0 };
	enum err e = audit_check(c, &setup, &proof);

	fprintf(in->out, "%lld audit rows, %lld heads of the chain, %lld of them with a good signature\n",
		(long long)proof.rows, (long long)proof.heads, (long long)proof.signatures);
	if (proof.unproved)
		fprintf(in->out, "%lld heads are signed, and the key that proves it is not here: name it with --audit-key\n",
			(long long)proof.unproved);
	if (proof.last > proof.last_head)
		fprintf(in->out, "rows after %s are under no head yet: a server signs them when it runs\n",
			proof.last_head ? audit_key_text(c->arena, proof.last_head) : "the beginning");
	if (proof.signatures && !proof.marked)
		fputs("the last head stands nowhere outside of the database yet: a server writes it down beside the key when it runs\n", in->out);
	return e;
}

enum err rebuild_audit(struct ctx *c)
{
	TRY(audit_index_clear(c));
	return audit_index(c);
}

static const struct option audit_options[] = {
	{ "since", "TIME", "rows from then on, a date or time as FHIR writes it", NULL },
	{ "until", "TIME", "rows before then", NULL },
	{ "what", "CODE", "rows of one kind: open, search, create, change, refused, break-glass …", NULL },
	{ "format", "FORMAT", "csv, or ndjson: AuditEvent resources", "csv" },
	{ 0 },
};

static enum err time_option(struct ctx *c, const struct invocation *in, const char *name, int64_t *out)
{
	const char *text = command_option(in, name);
	struct when when;
	int64_t to;

	if (!text)
		return OK;
	if (!when_parse_datetime(str_of(text), &when))
		return fail(c, ERR_USAGE, "--%s is a date or time such as 2026-11-03, not %s", name, text);
	when_range(when, 0, out, &to);
	return OK;
}

static void csv_text(FILE *out, struct str s)
{
	fputs(",\"", out);
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '"')
			fputc('"', out);
		fputc(s.at[i], out);
	}
	fputc('"', out);
}

static enum err print_csv(struct ctx *c, void *arg, const struct looked *l)
{
	const struct audit_word *word = audit_word(l->what);
	FILE *out = arg;

	fprintf(out, "%s,%s,%s,%d,%lld", audit_key_text(c->arena, l->key),
		str_dup(c->arena, when_print_us(c->arena, l->at)), word ? word->code : "?", l->outcome,
		(long long)l->account);
	csv_text(out, l->role);
	fprintf(out, ",%lld,%d,%lld", (long long)l->org, (int)l->purpose, (long long)l->session);
	csv_text(out, l->device);
	fprintf(out, ",%lld,%lld,%lld", (long long)l->person, (long long)l->resource,
		(long long)l->version);
	csv_text(out, l->section);
	csv_text(out, l->relation);
	csv_text(out, l->detail);
	fputs(",\"", out);
	for (size_t i = 0; i < l->people_count; i++)
		fprintf(out, "%s%lld", i ? " " : "", (long long)l->people[i]);
	fprintf(out, "\",%d,%lld,\"", (int)l->kind, (long long)l->times);
	for (size_t i = 0; i < l->item_count; i++)
		fprintf(out, "%s%lld/%lld", i ? " " : "", (long long)l->items[i].resource, (long long)l->items[i].version);
	fputs("\",", out);
	for (size_t i = 0; i < l->hash.len; i++)
		fprintf(out, "%02x", (unsigned char)l->hash.at[i]);
	fputc('\n', out);
	return OK;
}

struct events {
	FILE *out;
	struct db *db;
};

static enum err print_event(struct ctx *c, void *arg, const struct looked *l)
{
	struct events *events = arg;
	struct node *event;
	struct buf b;

	TRY(audit_event(c, events->db, l, &event));
	buf_init(&b, c->arena, 0);
	json_write(&b, event, 0);
	fprintf(events->out, STR_FMT "\n", STR_ARG(buf_get(&b)));
	return OK;
}

static enum err print_all(struct ctx *c, const struct invocation *in, const struct audit_ask *ask)
{
	const char *format = command_option(in, "format");
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	if (strcmp(format, "ndjson") == 0)
		return audit_each(c, db, ask, print_event, &(struct events){ in->out, db });
	if (strcmp(format, "csv") != 0)
		return fail(c, ERR_USAGE, "--format is csv or ndjson, not %s", format);
	fputs("row,at,what,outcome,account,role,org,purpose,session,device,person,resource,version,section,"
	      "relation,detail,people,kind,times,items,hash\n",
	      in->out);
	return audit_each(c, db, ask, print_csv, in->out);
}

static enum err run_audit(struct ctx *c, struct invocation *in)
{
	const char *what = command_option(in, "what");
	struct audit_ask ask = { .cap = 1 };
	struct place *place;

	TRY(time_option(c, in, "since", &ask.since));
	TRY(time_option(c, in, "until", &ask.until));
	if (what && !audit_word_of(str_of(what)))
		return fail(c, ERR_USAGE, "--what %s is no kind of row", what);
	if (what)
		ask.what = audit_word_of(str_of(what))->what;
	TRY(place_open(c, in->share, in->argv[0], STORE_READ_ONLY, false, &place));
	enum err e = print_all(c, in, &ask);
	place_close(place);
	return e;
}

const struct command audit_commands[] = {
	{ "audit", "DB", "Print who looked, who changed, who was refused.",
	  "One line for each row, oldest first: keys and codes, no names. As CSV with the hash of each row, from\n"
	  "which anyone can prove the chain, or as FHIR AuditEvents. `causeway check` proves it.",
	  audit_options, run_audit,
	  "  causeway audit county.db --since 2026-11-01 --format ndjson\n"
	  "  causeway audit county.db --what break-glass" },
	{ 0 },
};
