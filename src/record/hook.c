/* hook.c - what a Subscription says, and whether it could ever work. */
#include "record/hook.h"

#include "base/buf.h"
#include "base/when.h"
#include "record/guard_row.h"

static const char *const status_words[] = { "requested", "active", "error", "off", NULL };

static enum hook_status status_of(struct str word)
{
	for (unsigned i = 0; status_words[i]; i++)
		if (str_is(word, status_words[i]))
			return (enum hook_status)i;
	return HOOK_OFF;
}

/* --- is it one that can be served? --- */

struct checking {
	struct ctx *c;
	struct str source;
	bool wrong;
};

static void wrong(struct checking *k, const struct node *at, const char *where, const char *code,
		  const char *text)
{
	uint32_t line = 0, column = 0;

	if (at && k->source.len)
		json_position(k->source, at->pos, &line, &column);
	issue_add(k->c, ISSUE_ERROR, code, where, line, column, "%s", text);
	k->wrong = true;
}

static bool is_address(struct str url)
{
	struct str rest = url, scheme = str_cut(&rest, ':');

	if (!str_is(scheme, "http") && !str_is(scheme, "https"))
		return false;
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.at[i] <= 0x20 || (unsigned char)url.at[i] >= 0x7f)
			return false;
	return str_starts(rest, STR("//")) && rest.len > 2 && url.len <= 2000 &&
	       str_find(rest, STR("@")) < 0 && str_find(rest, STR("#")) < 0;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool name_is(struct str name, const char *word)
{
	return name.len == strlen(word) && strncasecmp(name.at, word, name.len) == 0;
}

/* "Authorization: Bearer …"; not what says how the message itself is sent. */
static bool is_header(struct str line)
{
	static const char *const ours[] = { "Host",       "Content-Length",    "Content-Type",
					    "Connection", "Transfer-Encoding", "Upgrade",
					    "Expect",     "TE",                "Trailer", NULL };
	struct str value = line, name = str_cut(&value, ':');

	if (!value.at || !name.len || line.len > 4000)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_token(name.at[i]))
			return false;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return false;
	for (unsigned i = 0; ours[i]; i++)
		if (name_is(name, ours[i]))
			return false;
	return true;
}

static bool is_payload(struct str type)
{
	struct str kind = str_trim(str_cut(&type, ';'));

	return kind.len == 0 || str_is(kind, "application/fhir+json") ||
	       str_is(kind, "application/json") || str_is(kind, "application/fhir+xml") ||
	       str_is(kind, "application/xml");
}

static void check_channel(struct checking *k, const struct node *channel)
{
	const struct node *endpoint = node_get(channel, "endpoint");
	const struct node *headers = node_get(channel, "header");
	unsigned n = 0;

	if (!str_is(node_str(channel, "type"), "rest-hook"))
		wrong(k, node_get(channel, "type"), "Subscription.channel.type", "not-supported",
		      "The channel rest-hook is served; to follow changes in a page or a program use "
		      "GET [base]/$events.");
	if (!is_address(node_text(endpoint)))
		wrong(k, endpoint ? endpoint : channel, "Subscription.channel.endpoint", "value",
		      "The endpoint must be an http or https address without a user, a password or "
		      "a fragment.");
	if (!is_payload(node_str(channel, "payload")))
		wrong(k, node_get(channel, "payload"), "Subscription.channel.payload",
		      "not-supported",
		      "The payload is application/fhir+json, application/fhir+xml or none.");
	node_each(line, headers)
	{
		if (!is_header(node_text(line)))
			wrong(k, line, "Subscription.channel.header", "value",
			      "A header is \"Name: value\", and none that says how the message is "
			      "sent, such as Host or Content-Type.");
		n++;
	}
	if (n > HOOK_HEADERS)
		wrong(k, headers, "Subscription.channel.header", "too-long",
		      "A channel has at most 16 headers.");
}

enum err hook_check(struct ctx *c, struct str source, const struct node *subscription)
{
	struct checking k = { .c = c, .source = source };
	const struct node *criteria = node_get(subscription, "criteria");
	enum hook_status status = status_of(node_str(subscription, "status"));
	const struct search *search;

	if (status != HOOK_REQUESTED && status != HOOK_ACTIVE)
		return OK;
	if (search_criteria(c, node_text(criteria), &search) != OK)
		wrong(&k, criteria, "Subscription.criteria", "value",
		      arena_printf(c->arena, "The criteria cannot be searched for. %s", c->why));
	check_channel(&k, node_get(subscription, "channel"));
	return k.wrong ? fail(c, ERR_INVALID, "This Subscription could never be served.") : OK;
}

/* --- reading --- */

static void read_channel(const struct node *channel, struct hook *out)
{
	out->channel = node_str(channel, "type");
	out->endpoint = node_str(channel, "endpoint");
	out->payload = node_str(channel, "payload");
	node_each(line, node_get(channel, "header"))
		if (out->header_count < HOOK_HEADERS)
			out->headers[out->header_count++] = node_text(line);
}

static enum err read_resource(struct ctx *c, const struct version *v, struct hook *out)
{
	struct node *tree;
	struct when end;
	int64_t until;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &tree));
	out->id = v->id;
	out->seq = v->seq;
	out->status = status_of(node_str(tree, "status"));
	out->reason = node_str(tree, "reason");
	out->criteria = node_str(tree, "criteria");
	out->error = node_str(tree, "error");
	read_channel(node_get(tree, "channel"), out);
	if (when_parse_instant(node_str(tree, "end"), &end))
		when_range(end, 0, &out->end, &until);
	if (search_criteria(c, out->criteria, &out->search) != OK)
		out->search = NULL;
	return OK;
}

static enum err take(struct ctx *c, struct db *db, struct stmt *s, struct hook *out)
{
	struct version v;

	TRY(version_take(c, db, s, &v));
	*out = (struct hook){
		.key = v.key,
		.known = !stmt_null(s, VERSION_WIDTH),
		.state = (enum hook_state)stmt_int(s, VERSION_WIDTH),
		.since = stmt_int(s, VERSION_WIDTH + 1),
		.tries = stmt_int(s, VERSION_WIDTH + 2),
		.due = stmt_int(s, VERSION_WIDTH + 3),
		.sent = stmt_int(s, VERSION_WIDTH + 4),
		.dead = stmt_int(s, VERSION_WIDTH + 5),
		.last = stmt_int(s, VERSION_WIDTH + 6),
		.failed = stmt_int(s, VERSION_WIDTH + 7),
		.why = str_of(str_dup(c->arena, stmt_text(s, VERSION_WIDTH + 8))),
		.owner = stmt_null(s, VERSION_WIDTH + 9) ? GUARD_SYSTEM : stmt_int(s, VERSION_WIDTH + 9),
	};
	return read_resource(c, &v, out);
}

/* How many deliveries are in a state. */
static enum err count(struct ctx *c, struct db *db, int64_t key, enum delivery_state state,
		      int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT count(*) FROM delivery WHERE subscription = ?1 AND state = ?2"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, state);
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

static enum err fill(struct ctx *c, struct db *db, struct hook *h)
{
	bool row;
	STMT(s);

	TRY(count(c, db, h->key, DELIVERY_WAITING, &h->waiting));
	TRY(count(c, db, h->key, DELIVERY_DEAD, &h->given_up));
	if (!h->waiting)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT v.updated FROM delivery d JOIN version v ON v.seq = d.seq "
			"WHERE d.subscription = ?1 AND d.state = 0 ORDER BY d.seq LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, h->key);
	TRY(stmt_step(c, s, &row));
	h->oldest = row ? stmt_int(s, 0) : 0;
	return OK;
}

enum err hook_all(struct ctx *c, struct db *db, struct hook **out, size_t *len)
{
	VEC(struct hook) found = { 0 };
	int64_t type;
	bool row, may;
	{
		STMT(s);

		TRY(name_find(c, db, STR("Subscription"), &type));
		TRY(db_stmt(c, db,
			    SQL("SELECT " VERSION_COLUMNS
				", h.state, h.since, h.tries, h.due, h.sent, h.dead, "
				"h.last, h.failed, h.why, o.account, " ITEM_COLUMNS " "
				"FROM resource r INDEXED BY resource_type "
				"CROSS JOIN version v ON v.seq = r.seq "
				"LEFT JOIN hook h ON h.subscription = r.key "
				"LEFT JOIN owner o ON o.resource = r.key "
				"WHERE r.type = ?1 AND r.deleted = 0 AND r.version > 0 "
				"ORDER BY r.person, r.key LIMIT ?2"),
			    &s));
		stmt_bind_int(s, 1, type);
		stmt_bind_int(s, 2, HOOKS_MAX);
		for (;;) {
			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			TRY(row_may(c, db, s, VERSION_WIDTH + 10, &may));
			if (may)
				TRY(take(c, db, s, vec_push(&found, c->arena)));
		}
	}
	for (size_t i = 0; i < found.len; i++)
		TRY(fill(c, db, &found.at[i]));
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err hook_one(struct ctx *c, struct db *db, struct str id, struct hook *out)
{
	struct hook *all;
	size_t len;

	TRY(hook_all(c, db, &all, &len));
	for (size_t i = 0; i < len; i++)
		if (str_eq(all[i].id, id)) {
			*out = all[i];
			return OK;
		}
	return fail(c, ERR_NOT_FOUND, "There is no Subscription of that id.");
}

enum err hook_version(struct ctx *c, struct db *db, int64_t seq, struct version *out)
{
	return version_load(c, db, seq, out);
}

/* --- what the server makes of it --- */

struct saying {
	enum hook_status status;
	struct str error;
};

static enum err edit(struct ctx *c, struct node *resource, const struct node *tree)
{
	const struct saying *say = (const struct saying *)(const void *)tree;
	struct node *status = node_get(resource, "status"), *error = node_get(resource, "error");
	struct node *after = node_get(resource, "criteria");

	status->text = status_words[say->status];
	status->len = (uint32_t)strlen(status->text);
	if (error)
		node_remove(resource, error);
	if (!say->error.len)
		return OK;
	error = node_new(c->arena, NODE_STRING);
	error->text = say->error.at;
	error->len = (uint32_t)say->error.len;
	node_insert(resource, after, "error", error);
	error->key = atoms_find(c->place->fhir->atoms, STR("error"));
	return OK;
}

enum err hook_say(struct ctx *c, struct str id, enum hook_status status, struct str error)
{
	struct saying say = { status, error };
	struct patch patch = { .tree = (const struct node *)(const void *)&say, .edit = edit };
	struct written written;

	return record_patch(c, STR("Subscription"), id, &patch, 0, &written);
}
