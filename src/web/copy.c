/* copy.c - a copy of the record: judged item by item, then read, printed and taken away. */
#include "access/audit.h"
#include "access/choice.h"
#include "access/rules.h"
#include "access/subject.h"
#include "record/same.h"
#include "web/govern.h"
#include "web/me.h"
#include "web/person.h"
#include "web/source.h"

enum { LISTED = 3000, TICKED = 3000, LOOKS = 5000 };

static struct str source_ods(const struct node *resource)
{
	struct str source = node_text(node_path(resource, "meta.source"));

	for (size_t i = source.len; i > 0; i--)
		if (source.at[i - 1] == '/')
			return (struct str){ source.at + i, source.len - i };
	return source;
}

/* Names of organisations, each looked up once. */
struct org_names {
	struct map by_ods;
};

static struct str name_of(struct ctx *c, struct org_names *names, struct str ods)
{
	struct str *kept = map_get(&names->by_ods, ods);

	if (kept)
		return *kept;
	kept = NEW(c->arena, struct str);
	*kept = org_words(c, ods);
	map_set(&names->by_ods, str_of(str_dup(c->arena, ods)), kept);
	return *kept;
}

static struct node *put_item(struct ctx *c, struct node *list, const struct subject_item *item,
			     struct org_names *names)
{
	struct node *row = data_object(c, list, NULL);
	struct moment m = brief_moment(item->resource);

	data_str(c, row, "item", item->reference);
	data_str(c, row, "item_kind", say_code(c->arena, kind_in_words(c, item->version.type)));
	data_str(c, row, "item_words", brief_words(c, item->resource));
	data_time(c, row, "item_at", m, say_date(c->arena, m));
	data_str(c, row, "item_org", name_of(c, names, source_ods(item->resource)));
	if (item->names.len)
		data_words(c, row, "item_flag", "It names somebody whose own item is left out");
	else if (item->suggested)
		data_str(c, row, "item_flag", item->suggested->words);
	if (item->withheld) {
		data_str(c, row, "item_out", item->withheld->words);
		data_str(c, row, "item_told", item->withheld->told);
		data_str(c, row, "item_source", item->withheld->source);
	} else if (item->mark) {
		node_add_bool(c->arena, row, "item_in", true);
	}
	return row;
}

/* --- for those who prepare it --- */

static void put_totals(struct ctx *c, struct node *data, size_t len, size_t orgs, size_t waiting, size_t out)
{
	data_str(c, data, "items", say_count(c->arena, (int64_t)len));
	data_str(c, data, "orgs", SAY(c->arena, "%zu organisation%s", orgs, orgs == 1 ? "" : "s"));
	data_str(c, data, "waiting", say_count(c->arena, (int64_t)waiting));
	data_str(c, data, "left_out", say_count(c->arena, (int64_t)out));
	if (waiting)
		node_add_bool(c->arena, data, "any_waiting", true);
}

static enum err put_reasons(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "reasons");
	const struct withhold *all;
	size_t len;

	TRY(withhold_reasons(c, &all, &len));
	for (size_t i = 0; i < len; i++)
		put_choice(c, list, all[i].name, all[i].words, STR(""));
	return OK;
}

static void put_state(struct ctx *c, struct node *data, const struct petition *p)
{
	struct str by = petition_said(p, "prepared by"), released = petition_said(p, "released by");
	int64_t account;

	if (by.len) {
		data_str(c, data, "prepared_by", account_words(c, by));
		if (str_int(by, &account) && account == (c->actor ? c->actor->account : 0))
			node_add_bool(c->arena, data, "prepared_by_me", true);
	}
	if (released.len)
		data_str(c, data, "released_by", account_words(c, released));
	if (str_is(p->status, "completed"))
		node_add_bool(c->arena, data, "is_released", true);
}

enum err copy_put(struct ctx *c, const struct request *r, struct petition *p, struct node *data)
{
	struct node *flagged = data_list(c, data, "flagged"), *others = data_list(c, data, "others");
	struct org_names names;
	struct subject_item *items;
	size_t len, waiting = 0, out = 0;

	(void)r;
	map_init(&names.by_ods, c->arena);
	TRY(put_reasons(c, data));
	put_state(c, data, p);
	TRY(subject_collect(c, p, &items, &len));
	for (size_t i = 0; i < len; i++) {
		bool first = items[i].suggested || items[i].mark;

		waiting += items[i].suggested && !items[i].mark;
		out += items[i].withheld != NULL;
		(void)name_of(c, &names, source_ods(items[i].resource));
		if (i < LISTED)
			put_item(c, first ? flagged : others, &items[i], &names);
	}
	if (flagged->len)
		node_add_bool(c->arena, data, "any_flagged", true);
	if (len > LISTED)
		data_words(c, data, "cut", "The first 3,000 items are listed; the copy has all of them.");
	put_totals(c, data, len, names.by_ods.len, waiting, out);
	return OK;
}

enum err copy_act(struct ctx *c, const struct request *r, struct petition *p)
{
	struct str what = request_param(c, r, "do", 0), reason = request_param(c, r, "reason", 0);
	struct str *ticked = NEW_N(c->arena, struct str, TICKED);
	size_t len = 0;

	for (struct str one; len < TICKED && (one = request_param(c, r, "item", (unsigned)len)).len; len++)
		ticked[len] = one;
	if (str_is(what, "withhold"))
		return reason.len ? subject_judge(c, p, ticked, len, reason)
				  : fail(c, ERR_INVALID, "Choose why it is left out.");
	if (str_is(what, "show"))
		return subject_judge(c, p, ticked, len, STR(""));
	if (str_is(what, "prepare"))
		return subject_prepare(c, p);
	if (str_is(what, "release"))
		return subject_release(c, p);
	if (str_is(what, "refuse"))
		return subject_refuse(c, p, str_trim(request_param(c, r, "words", 0)));
	return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
}

/* --- the copy itself --- */

static enum err read_looks(struct ctx *c, const struct petition *p, struct looked **out, size_t *len)
{
	struct audit_ask ask = { .until = p->done, .cap = LOOKS };
	int64_t key;
	READER(db);

	TRY(record_whose(c, STR("Patient"), p->person, &key, &ask.person));
	TRY(store_reader(c, c->place->store, &db));
	return audit_find(c, db, &ask, out, len);
}

static enum err put_looks(struct ctx *c, const struct petition *p, struct node *data)
{
	struct node *list = data_list(c, data, "looks");
	struct look_words words;
	struct looked *rows;
	size_t len;

	TRY(look_words_read(c, &words));
	TRY(read_looks(c, p, &rows, &len));
	for (size_t i = 0; i < len; i++) {
		const struct audit_word *did = audit_word(rows[i].what);
		struct node *row = data_object(c, list, NULL);
		struct str why = look_word(&words, "relation", rows[i].relation);

		put_moment(c, row, "look_at", rows[i].at);
		data_str(c, row, "look_who",
			 rows[i].account ? account_words(c, SAY(c->arena, "%lld", (long long)rows[i].account))
					 : STR("The system"));
		data_str(c, row, "look_role", look_word(&words, "role", rows[i].role));
		data_words(c, row, "look_did", rows[i].outcome ? "Was stopped" : did ? did->words : "Looked");
		if (rows[i].times > 1)
			data_str(c, row, "look_times", SAY(c->arena, "%lld times", (long long)rows[i].times));
		data_str(c, row, "look_saw", look_word(&words, "section", rows[i].section));
		data_str(c, row, "look_why",
			 why.len ? why : look_word(&words, "purpose", str_of(purpose_word(rows[i].purpose))));
	}
	data_str(c, data, "look_count", say_count(c->arena, (int64_t)len));
	return OK;
}

/* The kind of thing by its title, the organisation by its name. */
static enum err about_words(struct ctx *c, struct db *db, const struct chosen *one, struct str *out)
{
	const struct label_rule *label;
	const struct rules *rules;
	struct str ods = STR("");

	TRY(rules_of(c, &rules));
	label = one->label.len ? rules_label(rules, one->label) : NULL;
	if (one->holder.len)
		TRY(holder_ods(c, db, one->holder, &ods));
	*out = label ? label->title : ods.len ? org_words(c, ods) : one->holder;
	return OK;
}

static enum err put_choices(struct ctx *c, const struct petition *p, struct node *data)
{
	static const char *const words[] = {
		[CHOICE_SHARING] = "Share nothing",
		[CHOICE_ORGANISATION] = "Share nothing with one organisation",
		[CHOICE_SOURCE] = "Share nothing that one organisation wrote",
		[CHOICE_CATEGORY] = "Share nothing of one kind",
		[CHOICE_SECONDARY] = "No use for planning and research",
		[CHOICE_ASK] = "Ask me first",
	};
	struct node *list = data_list(c, data, "choices");
	struct chosen *all;
	int64_t key, person;
	size_t len;
	READER(db);

	TRY(record_whose(c, STR("Patient"), p->person, &key, &person));
	TRY(store_reader(c, c->place->store, &db));
	TRY(choice_list(c, db, person, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct str about;

		TRY(about_words(c, db, &all[i], &about));
		data_words(c, row, "choice", words[all[i].kind]);
		data_words(c, row, "choice_says", all[i].permit ? "taken back" : "chosen");
		data_str(c, row, "choice_about", about);
		put_day(c, row, "chosen_at", all[i].at);
	}
	if (len)
		node_add_bool(c->arena, data, "any_choices", true);
	return OK;
}

enum err copy_show(struct ctx *c, const struct request *r, const struct petition *p, struct reply *reply)
{
	struct node *data = page_new(c, r, "Copy of the record"), *sections = data_list(c, data, "sections"),
		    *list = NULL;
	struct str type = { "", 0 };
	struct org_names names;
	struct subject_item *items;
	size_t len, out = 0;

	map_init(&names.by_ods, c->arena);
	TRY(put_who(c, data, p->person));
	TRY(subject_collect(c, p, &items, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row;

		if (!str_eq(type, items[i].version.type)) {
			struct node *section = data_object(c, sections, NULL);

			type = items[i].version.type;
			data_str(c, section, "section", say_code(c->arena, kind_in_words(c, type)));
			list = data_list(c, section, "items");
		}
		row = put_item(c, list, &items[i], &names);
		out += items[i].withheld != NULL;
		if (!items[i].withheld)
			source_put_rows(c, row, p->person, items[i].resource);
		TRY(ctx_check(c));
	}
	data_str(c, data, "items_count", say_count(c->arena, (int64_t)(len - out)));
	if (out)
		data_str(c, data, "left_out", say_count(c->arena, (int64_t)out));
	TRY(put_choices(c, p, data));
	TRY(put_looks(c, p, data));
	put_day(c, data, "asked_on", p->asked);
	put_moment(c, data, "as_at", p->done ? p->done : clock_now(c->clock));
	if (!p->done)
		node_add_bool(c->arena, data, "draft", true);
	data_str(c, data, "request_id", p->id);
	ptrdiff_t own = str_find(r->path, STR("/asked/"));
	if (own > 0) {
		node_add_bool(c->arena, data, "own", true);
		data_str(c, data, "base", (struct str){ r->path.at, (size_t)own });
	}
	return page_show(c, "copy", data, reply);
}

static void add_entry(struct ctx *c, struct node *list, struct node *resource)
{
	node_append(node_add(c->arena, list, NULL, NODE_OBJECT), "resource", resource);
}

enum err copy_bundle(struct ctx *c, const struct petition *p, struct reply *reply)
{
	struct node *bundle = node_new(c->arena, NODE_OBJECT), *list;
	struct subject_item *items;
	struct looked *rows;
	struct buf out;
	size_t len, count;

	node_add_cstr(c->arena, bundle, "resourceType", "Bundle");
	node_add_cstr(c->arena, bundle, "type", "collection");
	node_add_str(c->arena, bundle, "timestamp", when_print_us(c->arena, p->done ? p->done : clock_now(c->clock)));
	list = node_add(c->arena, bundle, "entry", NODE_ARRAY);
	TRY(subject_collect(c, p, &items, &len));
	for (size_t i = 0; i < len; i++)
		if (!items[i].withheld)
			add_entry(c, list, items[i].resource);
	TRY(read_looks(c, p, &rows, &count));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		for (size_t i = 0; i < count; i++) {
			struct node *event;

			TRY(audit_event(c, db, &rows[i], &event));
			add_entry(c, list, event);
		}
	}
	buf_init(&out, c->arena, (size_t)256 << 20);
	json_write(&out, bundle, 1);
	reply->type = "application/fhir+json; charset=utf-8";
	reply->body = buf_get(&out);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"record.json\""));
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}
