/* audit_search.c - GET /fhir/AuditEvent: who looked and what changed, from the audit itself (access/audit.h).
 *
 * patient, agent, date (eq, ge, gt, le, lt; several), action, subtype, _count. The newest first, a page at a time,
 * without totals. AuditEvents that other systems sent are resources like any other: read by id and _history.
 */
#include <stdlib.h>

#include "access/audit.h"
#include "api/bundle.h"
#include "base/html.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/same.h"

enum { COUNT_DEFAULT = 50, COUNT_MOST = 500, ACCOUNTS_MOST = 8, LOOKED_AT = 20000 };

static const char *const params[] = { "patient", "agent", "date", "action", "subtype", "_count",
				      "_cursor", "_format", "_pretty", NULL };

bool audit_search_takes(const char *code)
{
	for (const char *const *p = params; *p; p++)
		if (strcmp(*p, code) == 0)
			return true;
	return false;
}

struct asked {
	struct audit_ask ask;
	struct same people; /* len 0: anybody */
	int64_t accounts[ACCOUNTS_MOST];
	size_t account_count;
	bool by_agent;
	struct str action, subtype;
	size_t count;
};

/* "Patient/x" or "x". */
static struct str id_after(struct str text, struct str type)
{
	return str_starts(text, type) ? (struct str){ text.at + type.len, text.len - type.len } : text;
}

static enum err read_patient(struct ctx *c, struct db *db, struct str text, struct asked *a)
{
	int64_t key;

	if (!text.len)
		return OK;
	TRY(same_key(c, db, id_after(text, STR("Patient/")), &key));
	if (!key)
		return fail(c, ERR_BAD_REQUEST, "patient: there is no such Patient.");
	return same_find(c, db, key, &a->people);
}

/* Accounts of a Practitioner, of a Patient, or one by its number as in agent.altId. */
static enum err read_agent(struct ctx *c, struct db *db, struct str text, struct asked *a)
{
	bool patient = str_starts(text, STR("Patient/")), row;
	int64_t number;
	STMT(s);

	if (!text.len)
		return OK;
	a->by_agent = true;
	if (str_starts(text, STR("account-")) && str_int(id_after(text, STR("account-")), &number)) {
		a->accounts[a->account_count++] = number;
		return OK;
	}
	if (!patient && !str_starts(text, STR("Practitioner/")))
		return fail(c, ERR_BAD_REQUEST, "agent is Practitioner/…, Patient/… or account-….");
	TRY(db_stmt(c, db,
		    patient ? SQL("SELECT a.key FROM account a JOIN resource r ON r.key = a.person WHERE r.id = ?1 LIMIT 8")
			    : SQL("SELECT key FROM account WHERE practitioner = ?1 LIMIT 8"),
		    &s));
	stmt_bind_text(s, 1, id_after(text, patient ? STR("Patient/") : STR("Practitioner/")));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row || a->account_count == ACCOUNTS_MOST)
			return OK;
		a->accounts[a->account_count++] = stmt_int(s, 0);
	}
}

static enum err read_date(struct ctx *c, struct str text, struct audit_ask *ask)
{
	static const char *const prefixes[] = { "eq", "ge", "gt", "le", "lt" };
	struct when when;
	int64_t from, to;
	unsigned p = 0;

	for (unsigned i = 0; i < 5; i++)
		if (str_starts(text, str_of(prefixes[i]))) {
			p = i;
			text.at += 2;
			text.len -= 2;
			break;
		}
	if (!when_parse_datetime(text, &when) && !when_parse_date(text, &when))
		return fail(c, ERR_BAD_REQUEST, "date: eq, ge, gt, le or lt, and a date or time.");
	when_range(when, 0, &from, &to);
	if (p <= 2 && (p == 2 ? to : from) > ask->since)
		ask->since = p == 2 ? to : from;
	if (p == 0 || p >= 3) {
		int64_t until = p == 4 ? from : to;

		if (!ask->until || until < ask->until)
			ask->until = until;
	}
	return OK;
}

static enum err read_asked(struct ctx *c, const struct request *r, struct asked *a)
{
	struct str count = request_param(c, r, "_count", 0), cursor = request_param(c, r, "_cursor", 0);
	int64_t n = COUNT_DEFAULT;
	READER(db);

	*a = (struct asked){ .action = request_param(c, r, "action", 0), .subtype = request_param(c, r, "subtype", 0) };
	TRY(query_only(c, r, params));
	if (count.len && (!str_int(count, &n) || n < 1))
		return fail(c, ERR_BAD_REQUEST, "_count is a whole number above 0.");
	a->count = n > COUNT_MOST ? COUNT_MOST : (size_t)n;
	if (cursor.len && (!str_int(cursor, &a->ask.before) || a->ask.before < 1))
		return fail(c, ERR_BAD_REQUEST, "_cursor comes from a link of a page.");
	for (unsigned i = 0; request_param(c, r, "date", i).len; i++)
		TRY(read_date(c, request_param(c, r, "date", i), &a->ask));
	TRY(store_reader(c, c->place->store, &db));
	TRY(read_patient(c, db, request_param(c, r, "patient", 0), a));
	return read_agent(c, db, request_param(c, r, "agent", 0), a);
}

static bool fits(const struct asked *a, const struct looked *l)
{
	const struct audit_word *word = audit_word(l->what);

	return (!a->action.len || (word && str_is(a->action, word->action))) &&
	       (!a->subtype.len || (word && str_is(a->subtype, word->subtype)));
}

static int newest(const void *x, const void *y)
{
	int64_t a = ((const struct looked *)x)->key, b = ((const struct looked *)y)->key;

	return (b > a) - (b < a);
}

/* Of each person and account for themselves, then the newest of all. One more than a page, to know the next. */
static enum err find_rows(struct ctx *c, struct db *db, const struct asked *a, struct looked **out, size_t *len)
{
	size_t people = a->people.len ? a->people.len : 1, accounts = a->account_count ? a->account_count : 1, kept = 0;
	struct looked *all = NULL;
	VEC(struct looked) rows = { 0 };
	size_t found;

	for (size_t i = 0; i < people * accounts && !(a->by_agent && !a->account_count); i++) {
		struct audit_ask ask = a->ask;

		ask.cap = a->action.len || a->subtype.len ? LOOKED_AT : a->count + 1;
		ask.person = a->people.len ? a->people.keys[i % people] : 0;
		ask.account = a->account_count ? a->accounts[i / people] : 0;
		TRY(audit_find(c, db, &ask, &all, &found));
		for (size_t k = 0; k < found; k++)
			if (fits(a, &all[k]))
				*vec_push(&rows, c->arena) = all[k];
	}
	if (rows.len)
		qsort(rows.at, rows.len, sizeof *rows.at, newest);
	for (size_t i = 0; i < rows.len; i++)
		if (!kept || rows.at[kept - 1].key != rows.at[i].key)
			rows.at[kept++] = rows.at[i];
	*out = rows.at;
	*len = kept;
	return OK;
}

static struct str query_of(struct ctx *c, const struct request *r, const struct asked *a, int64_t before)
{
	struct buf b;

	buf_init(&b, c->arena, 9000);
	for (const char *const *name = params; *name; name++)
		for (unsigned i = 0; (*name)[0] != '_' && request_param(c, r, *name, i).len; i++) {
			buf_printf(&b, "%s%s=", buf_get(&b).len ? "&" : "", *name);
			url_escape(&b, request_param(c, r, *name, i));
		}
	buf_printf(&b, "%s_count=%zu", buf_get(&b).len ? "&" : "", a->count);
	if (before)
		buf_printf(&b, "&_cursor=%lld", (long long)before);
	return buf_get(&b);
}

static enum err add_event(struct ctx *c, struct db *db, struct bundle *b, const struct looked *l)
{
	struct node *event;
	struct buf text;

	TRY(audit_event(c, db, l, &event));
	buf_init(&text, c->arena, (size_t)16 << 20);
	json_write(&text, event, 0);
	bundle_entry(b, &(struct version){ .type = STR("AuditEvent"), .id = node_str(event, "id"), .body = buf_get(&text) });
	buf_cstr(&b->text, ",\"search\":{\"mode\":\"match\"}");
	bundle_entry_end(b);
	return OK;
}

/* Whom the page told of. */
static void note(struct ctx *c, const struct asked *a, const struct looked *rows, size_t len)
{
	int64_t *people = NEW_N(c->arena, int64_t, len + 1);
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		if (rows[i].person)
			people[count++] = rows[i].person;
	audit_note(c, &(struct audit){ .what = AUDIT_SEARCH,
				       .person = a->people.len ? a->people.head : 0,
				       .people = people,
				       .people_count = count,
				       .section = STR("AuditEvent"),
				       .detail = STR("audit") });
}

enum err api_audit_search(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct looked *rows;
	struct asked asked;
	struct bundle b;
	size_t len;
	READER(db);

	if (!c->actor) { /* nobody signs in, so nothing is noted: what other systems sent is all there is */
		struct request plain = *r;

		plain.part[0] = STR("AuditEvent");
		return api_search(c, &plain, reply);
	}
	TRY(format_choose(c, r, &format));
	TRY(read_asked(c, r, &asked));
	TRY(store_reader(c, c->place->store, &db));
	TRY(find_rows(c, db, &asked, &rows, &len));
	bool more = len > asked.count;
	if (more)
		len = asked.count;
	bundle_begin(&b, c, r, "searchset", -1, len * 2048);
	bundle_link(&b, "self", STR("/AuditEvent"), query_of(c, r, &asked, asked.ask.before));
	if (more)
		bundle_link(&b, "next", STR("/AuditEvent"), query_of(c, r, &asked, rows[len - 1].key));
	for (size_t i = 0; i < len; i++)
		TRY(add_event(c, db, &b, &rows[i]));
	note(c, &asked, rows, len);
	return reply_json(c, &format, bundle_end(&b), reply);
}
