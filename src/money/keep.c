/* keep.c - amounts on resources, answers, and the Accounts they stand on. */
#include "money/keep.h"

#include <string.h>

#include "base/dec.h"
#include "record/search.h"

#define URL CAUSEWAY_BASE "StructureDefinition/"

/* --- amounts and days --- */

enum err pence_read(struct ctx *c, const struct act *act, const char *field, const char *what, int64_t least, int64_t *out)
{
	struct str text = act_text(act, field);
	struct dec d, cents;
	int64_t pence;

	if (!dec_parse(text, &d) || !dec_to_scale(d, 2, ROUND_DOWN, &cents) || dec_cmp(d, cents) != 0)
		return act_wrong(c, ERR_INVALID, field, "%s: " STR_FMT " is no amount in pounds and pence.", what, STR_ARG(text));
	if (cents.coef < least || cents.coef > MONEY_MOST)
		return act_wrong(c, ERR_INVALID, field, "%s must be from " STR_FMT " to a billion.", what,
				 STR_ARG(pence_print(c->arena, least)));
	pence = (int64_t)cents.coef;
	*out = pence;
	return OK;
}

struct str pence_print(struct arena *a, int64_t pence)
{
	return dec_print(a, (struct dec){ pence, 2 });
}

struct str pence_say(struct arena *a, int64_t pence)
{
	struct str plain = pence_print(a, pence < 0 ? -pence : pence);
	size_t whole = plain.len - 3;
	struct buf b;

	buf_init(&b, a, 0);
	buf_cstr(&b, pence < 0 ? "−£" : "£");
	for (size_t i = 0; i < plain.len; i++) {
		if (i && i < whole && (whole - i) % 3 == 0)
			buf_char(&b, ',');
		buf_char(&b, plain.at[i]);
	}
	return buf_get(&b);
}

struct str money_day(struct arena *a, int64_t day)
{
	int y, m, d;

	when_civil(day, &y, &m, &d);
	return str_of(arena_printf(a, "%04d-%02d-%02d", y, m, d));
}

struct str long_day(struct arena *a, int64_t day)
{
	static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
					      "September", "October", "November", "December" };
	int y, m, d;

	when_civil(day, &y, &m, &d);
	return str_of(arena_printf(a, "%d %s %d", d, months[m - 1], y));
}

int64_t read_day(struct str text)
{
	struct when w;

	if (!when_parse_datetime(text, &w) || w.precision < WHEN_DAY)
		return NO_DAY;
	return when_days(w.year, w.month, w.day);
}

int64_t money_today(const struct ctx *c)
{
	int64_t now = clock_now(c->clock);

	return (now + (int64_t)when_london_offset(now) * 60000000) / INT64_C(86400000000);
}

int64_t argument_day(const struct ctx *c, const struct act *act, const char *name)
{
	int64_t day = read_day(act_text(act, name));

	return day == NO_DAY ? money_today(c) : day;
}

int64_t months_after(int64_t day, int months)
{
	int y, m, d, most;

	when_civil(day, &y, &m, &d);
	m += months - 1;
	y += m / 12;
	m = m % 12 + 1;
	most = when_month_days(y, m);
	return when_days(y, m, d < most ? d : most);
}

/* --- figures on a resource --- */

bool kept_is(const struct node *extension, const char *name)
{
	struct str url = node_str(extension, "url");

	return str_starts(url, STR(URL)) &&
	       str_is((struct str){ url.at + sizeof URL - 1, url.len - sizeof URL + 1 }, name);
}

static struct node *kept_find(const struct node *of, const char *name)
{
	node_each(extension, node_get(of, "extension"))
		if (kept_is(extension, name))
			return extension;
	return NULL;
}

void kept_drop(struct node *of, const char *name)
{
	struct node *old, *list = node_get(of, "extension");

	while ((old = kept_find(of, name)))
		node_remove(list, old);
	if (list && !list->len)
		node_remove(of, list);
}

struct node *kept_group(struct ctx *c, struct node *of, const char *name)
{
	struct node *one = node_add(c->arena, act_member(c, of, "extension", NODE_ARRAY), NULL, NODE_OBJECT);

	node_add_cstr(c->arena, one, "url", arena_printf(c->arena, URL "%s", name));
	return one;
}

static void put_money(struct ctx *c, struct node *to, const char *member, int64_t pence)
{
	struct node *money = node_add(c->arena, to, member, NODE_OBJECT);

	node_add_dec(c->arena, money, "value", (struct dec){ pence, 2 });
	node_add_cstr(c->arena, money, "currency", "GBP");
}

void kept_money(struct ctx *c, struct node *of, const char *name, int64_t pence)
{
	kept_drop(of, name);
	put_money(c, kept_group(c, of, name), "valueMoney", pence);
}

void kept_text(struct ctx *c, struct node *of, const char *name, const char *value, struct str text)
{
	kept_drop(of, name);
	if (text.len)
		node_add_str(c->arena, kept_group(c, of, name), value, text);
}

int64_t kept_money_of(const struct node *of, const char *name)
{
	const struct node *one = kept_find(of, name);
	struct dec d, cents;

	if (!one || !dec_parse(node_str(node_get(one, "valueMoney"), "value"), &d) ||
	    !dec_to_scale(d, 2, ROUND_DOWN, &cents) || cents.coef > MONEY_MOST || cents.coef < -MONEY_MOST)
		return 0;
	return (int64_t)cents.coef;
}

struct str kept_text_of(const struct node *of, const char *name, const char *value)
{
	const struct node *one = kept_find(of, name);

	return one ? node_str(one, value) : (struct str){ 0 };
}

/* --- answers --- */

struct node *told_new(struct ctx *c)
{
	struct node *n = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, n, "resourceType", "Parameters");
	return n;
}

static struct node *answer_part(struct ctx *c, struct node *to, const char *name)
{
	bool top = node_get(to, "resourceType");
	struct node *list = act_member(c, to, top ? "parameter" : "part", NODE_ARRAY);
	struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, one, "name", name);
	return one;
}

struct node *told_row(struct ctx *c, struct node *to, const char *name)
{
	return answer_part(c, to, name);
}

void told_text(struct ctx *c, struct node *to, const char *name, struct str text)
{
	if (text.len)
		node_add_str(c->arena, answer_part(c, to, name), "valueString", text);
}

void told_amount(struct ctx *c, struct node *to, const char *name, int64_t pence)
{
	put_money(c, answer_part(c, to, name), "valueMoney", pence);
}

void told_date(struct ctx *c, struct node *to, const char *name, int64_t day)
{
	if (day != NO_DAY)
		node_add_str(c->arena, answer_part(c, to, name), "valueDate", money_day(c->arena, day));
}

void told_count(struct ctx *c, struct node *to, const char *name, int64_t n)
{
	node_add_int(c->arena, answer_part(c, to, name), "valueInteger", n);
}

/* --- figures of policy --- */

enum err money_policy(struct ctx *c, const struct policy **out)
{
	return policy_load(c, c->arena, &c->place->share, "england", out);
}

enum err figure_of(struct ctx *c, const struct policy *policy, const char *key, int64_t day, int64_t *out)
{
	struct policy_series series;
	const struct policy_row *row;

	TRY(policy_find(c, policy, "england", key, &series));
	row = policy_on(series, day, DAY_NEVER);
	if (!row)
		return fail(c, ERR_NOT_FOUND, "share/policy has no %s for " STR_FMT ".", key,
			    STR_ARG(money_day(c->arena, day)));
	*out = row->value;
	return OK;
}

/* --- Accounts --- */

enum err account_new(struct ctx *c, const char *kind, const char *words, struct str person, int64_t from,
		     struct node **out)
{
	struct node *n = act_new(c, "Account"), *list, *type;
	struct str org;

	node_add_cstr(c->arena, n, "status", "active");
	type = act_concept(c, n, "type", ACCOUNT_CODES, str_of(kind));
	act_set(c, type, "text", str_of(words));
	act_set(c, n, "name", str_of(words));
	list = node_add(c->arena, n, "subject", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference", person);
	act_set(c, act_member(c, n, "servicePeriod", NODE_OBJECT), "start", money_day(c->arena, from));
	TRY(act_org(c, &org));
	act_refer(c, n, "owner", org);
	*out = n;
	return OK;
}

enum err account_need(struct ctx *c, const struct node *account, const char *kind, const char *words)
{
	return str_is(act_code(account, "type", ACCOUNT_CODES), kind) ? OK : fail(c, ERR_CONFLICT, "This is no %s.", words);
}

void letter_keep(struct ctx *c, struct act *act, struct str person, struct str text)
{
	struct node *n = act_new(c, "Communication"), *payload;

	act_set(c, n, "status", STR("completed"));
	act_concept(c, node_add(c->arena, n, "category", NODE_ARRAY), NULL,
		    "http://terminology.hl7.org/CodeSystem/communication-category", STR("notification"));
	act_refer(c, n, "subject", person);
	act_set(c, n, "sent", act_now(c));
	payload = node_add(c->arena, node_add(c->arena, n, "payload", NODE_ARRAY), NULL, NODE_OBJECT);
	act_set(c, payload, "contentString", text);
	act_keep(c, act, n);
}

static enum err accounts_found(struct ctx *c, struct str query,
				enum err (*each)(struct ctx *c, struct node *account, void *arg), void *arg)
{
	while (query.len) {
		const struct search *search;
		struct search_page page;
		struct node *account;

		TRY(search_parse(c, STR("Account"), query, &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &account));
			TRY(each(c, account, arg));
		}
		query = page.next;
	}
	return OK;
}

enum err accounts_each(struct ctx *c, const char *kind,
		       enum err (*each)(struct ctx *c, struct node *account, void *arg), void *arg)
{
	return accounts_found(c, str_of(arena_printf(c->arena, "status=active&type=" ACCOUNT_CODES "%%7C%s&_count=200", kind)),
			      each, arg);
}

enum err accounts_of(struct ctx *c, struct str person, const char *kind,
		     enum err (*each)(struct ctx *c, struct node *account, void *arg), void *arg)
{
	return accounts_found(c, str_of(arena_printf(c->arena, "patient=" STR_FMT "&type=" ACCOUNT_CODES "%%7C%s&_count=200",
						      STR_ARG(person), kind)), each, arg);
}
