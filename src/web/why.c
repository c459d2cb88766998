/* why.c - why somebody may or may not see something, line by line.
 *
 * Staff ask about themselves: all of a person's record, or one item that they see. Whoever may ask for
 * others (access.explain) names a login and any item. The lines are those of access/explain.c.
 */
#include "web/why.h"

#include "access/notice.h"
#include "access/sign_in.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"
#include "web/sign_in.h"
#include "web/work.h"

static const struct {
	const char *rule, *words;
} rules[] = {
	{ "capability", "Role" },
	{ "relationship", "Relationship" },
	{ "agreement", "What the organisations agreed" },
	{ "choice", "What the person chose" },
	{ "label", "What kind of item it is" },
	{ "glass", "Emergency" },
	{ "permission", "The person’s yes" },
	{ "scope", "What the program may do" },
};

static struct str rule_words(struct ctx *c, const char *rule)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].rule, rule) == 0)
			return str_of(rules[i].words);
	return say_code(c->arena, str_of(rule));
}

/* The words with the name of whose relationship it is, not its reference. */
static struct str named_words(struct ctx *c, const struct because *b)
{
	struct str name = b->holder.len ? work_name(c, b->holder) : (struct str){ 0 };
	long long at = name.len ? (long long)str_find(b->words, b->holder) : -1;

	if (at < 0)
		return b->words;
	struct str rest = { b->words.at + at + b->holder.len, b->words.len - (size_t)at - b->holder.len };

	return SAY(c->arena, "%.*s" STR_FMT STR_FMT, (int)at, b->words.at, STR_ARG(name), STR_ARG(rest));
}

/* Several pieces of work for one person are the same reason; the one that counts longest is told. */
static bool told_before(const struct explanation *e, size_t i)
{
	for (size_t k = 0; k < e->len; k++) {
		const struct because *one = &e->at[i], *other = &e->at[k];
		int64_t until = one->until ? one->until : INT64_MAX, longer = other->until ? other->until : INT64_MAX;

		if (k != i && one->verdict == other->verdict && strcmp(one->rule, other->rule) == 0 &&
		    str_eq(one->words, other->words) && (longer > until || (longer == until && k < i)))
			return true;
	}
	return false;
}

void why_put(struct ctx *c, struct node *data, const struct explanation *explanation)
{
	static const struct {
		const char *words, *icon, *class;
	} looks[] = {
		[VERDICT_ALLOWS] = { "Opens", "done", "is-done" },
		[VERDICT_REFUSES] = { "Closes", "hidden", "is-late" },
		[VERDICT_NEUTRAL] = { "Changes nothing", "info", "is-quiet" },
		[VERDICT_OVERRIDES] = { "Opens anyway", "alert", "is-soon" },
	};
	struct node *list = data_list(c, data, "lines");

	for (size_t i = 0; i < explanation->len; i++) {
		const struct because *b = &explanation->at[i];

		if (told_before(explanation, i))
			continue;
		struct node *row = data_object(c, list, NULL);
		struct moment until = moment_at(c->arena, b->until);

		data_str(c, row, "rule", rule_words(c, b->rule));
		data_words(c, row, "verdict", looks[b->verdict].words);
		data_words(c, row, "icon", looks[b->verdict].icon);
		data_words(c, row, "verdict_class", looks[b->verdict].class);
		data_str(c, row, "because", named_words(c, b));
		data_str(c, row, "rests_on", b->resource);
		if (b->until && b->verdict != VERDICT_NEUTRAL)
			data_time(c, row, "until", until, say_full(c->arena, until, clock_now(c->clock)));
	}
	if (explanation->may)
		node_add_bool(c->arena, data, "may", true);
}

/* "Condition/77" */
static bool item_read(struct str item, struct str *type, struct str *id)
{
	*type = str_cut(&item, '/');
	*id = item;
	return type->len && item.at && item.len;
}

static enum err put_head(struct ctx *c, const struct request *r, struct node *data)
{
	struct person p;

	TRY(person_meet(c, r, r->part[0], &p));
	person_put_head(&p, data);
	return OK;
}

static enum err put_notices(struct ctx *c, struct str id, struct node *data)
{
	struct node *list = data_list(c, data, "notices");
	struct notice *at;
	size_t len;

	TRY(notice_list(c, id, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "notice", at[i].words);
		data_str(c, row, "items", SAY(c->arena, "%lld item%s", (long long)at[i].items,
					     at[i].items == 1 ? "" : "s"));
	}
	if (len)
		node_add_bool(c->arena, data, "any_notices", true);
	return OK;
}

/* About another account, for those who may ask. */
static enum err ask_for(struct ctx *c, struct str login, struct str type, struct str id, struct node *data,
			struct explanation *out)
{
	const struct actor *asker;

	TRY(sign_in_actor(c, login_fold(c, login), &asker));
	TRY(access_explain(c, asker, type, id, out));
	data_str(c, data, "who", asker->name);
	data_str(c, data, "who_role", asker->role ? asker->role->words : (struct str){ 0 });
	return OK;
}

static enum err ask_self(struct ctx *c, const struct request *r, struct str type, struct str id,
			 struct node *data, struct explanation *out)
{
	TRY(access_explain_self(c, r->part[0], type, id, out));
	data_str(c, data, "who", c->actor->name);
	data_str(c, data, "who_role", c->actor->role->words);
	node_add_bool(c->arena, data, "self", true);
	return put_notices(c, r->part[0], data);
}

enum err why_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str who = str_trim(request_param(c, r, "who", 0)), item = str_trim(request_param(c, r, "item", 0));
	struct node *data = page_new(c, r, "Why can I see this, or not?");
	struct explanation explanation;
	struct str type = { 0 }, id = { 0 };
	enum err e = OK;

	TRY(put_head(c, r, data));
	data_str(c, data, "item", item);
	data_str(c, data, "login", who);
	if (actor_can(c, "access.explain"))
		node_add_bool(c->arena, data, "can_ask", true);
	if (item.len && !item_read(item, &type, &id))
		e = fail(c, ERR_INVALID, "Name an item by type and id, such as Condition/77.");
	else if (who.len && !item.len)
		type = STR("Patient"), id = r->part[0];
	if (e == OK)
		e = who.len ? ask_for(c, who, type, id, data, &explanation)
			    : ask_self(c, r, type, id, data, &explanation);
	if (e == ERR_NOT_FOUND && who.len)
		e = fail(c, ERR_INVALID, "There is no such item, or nobody with that login.");
	if (e)
		return show_again(c, "why", data, e, "item", reply);
	why_put(c, data, &explanation);
	if (who.len)
		audit_note(c, &(struct audit){ .what = AUDIT_ADMIN, .detail = STR("explain") });
	return page_show(c, "why", data, reply);
}
