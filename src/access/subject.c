/* subject.c - a copy of the record, on its way to the person. */
#include "access/subject.h"

#include "access/rules.h"
#include "base/tsv.h"
#include "base/vec.h"
#include "record/label.h"

enum { BACK_MOST = 1000, REASON_LEAST = 5, REASON_MOST = 2000 };

/* --- reasons --- */

struct reasons {
	VEC(struct withhold) list;
};

static enum err take_reason(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reasons *all = arg;

	*vec_push(&all->list, c->arena) = (struct withhold){ row->cell[0], row->cell[1], row->cell[2], row->cell[3],
							     row->cell[4] };
	return OK;
}

enum err withhold_reasons(struct ctx *c, const struct withhold **out, size_t *len)
{
	struct reasons all = { 0 };

	TRY(tsv_read(c, &c->place->share, c->arena, "access/withhold.tsv",
		     "reason\twords\tsuggests\ttold\tsource", take_reason, &all));
	*out = all.list.at;
	*len = all.list.len;
	return OK;
}

static const struct withhold *find_reason(const struct withhold *all, size_t len, struct str name)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(all[i].name, name))
			return &all[i];
	return NULL;
}

static const struct withhold *suggested(const struct rules *rules, const struct withhold *all, size_t len,
					struct str type, uint64_t labels)
{
	for (size_t i = 0; i < len; i++) {
		struct str words = all[i].suggests;

		while (words.at && words.len) {
			struct str one = str_cut(&words, ' ');
			const struct label_rule *label = rules_label(rules, one);

			if (str_eq(one, type) || (label && (labels & label->bit)))
				return &all[i];
		}
	}
	return NULL;
}

/* --- collecting: here c is the system --- */

/* As it was when the copy was released; *there false: it came later. */
static enum err as_released(struct ctx *c, struct version *v, int64_t released, bool *there)
{
	*there = true;
	for (int i = 0; v->updated > released; i++) {
		if (v->version == 1 || i == BACK_MOST) {
			*there = false;
			return OK;
		}
		struct version before;
		enum err e = record_vread(c, v->type, v->id, v->version - 1, &before);
		if (e == ERR_GONE || e == ERR_NOT_FOUND) {
			*there = false;
			return OK;
		}
		TRY(e);
		*v = before;
	}
	return OK;
}

static enum err read_person(struct ctx *c, const struct petition *p, struct version **out, size_t *len)
{
	bool more;

	TRY(record_person(c, p->person, SUBJECT_ITEMS, out, len, &more));
	return more ? fail(c, ERR_LIMIT, "More than %d items are held of this person: export them from a terminal.",
			   SUBJECT_ITEMS)
		    : OK;
}

/* --- others who are left out, named elsewhere --- */

/* "Karen Tull" of a name, as texts write it; empty where a part is missing. */
static struct str plain_name(struct ctx *c, const struct node *name)
{
	const struct node *given = node_get(name, "given");
	struct str first = given ? node_text(given->first) : STR(""), family = node_str(name, "family");

	return first.len && family.len ? str_of(arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(first), STR_ARG(family)))
				       : STR("");
}

static bool names(struct ctx *c, const struct subject_item *item, const struct subject_item *other)
{
	const struct node *list = node_get(other->resource, "name");
	const char *reference = arena_printf(c->arena, "\"" STR_FMT "\"", STR_ARG(other->reference));

	if (str_find(item->version.body, str_of(reference)) >= 0)
		return true;
	if (!list || !node_is(list, NODE_ARRAY))
		return false;
	node_each(one, list)
	{
		struct str name = plain_name(c, one);

		if (name.len && str_find(item->version.body, name) >= 0)
			return true;
	}
	return false;
}

/* What names a person whose own item is left out has to be judged, too: leaving one out is worth nothing else. */
static void suggest_named(struct ctx *c, struct subject_item *items, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct subject_item *out = &items[i];

		if (!out->withheld || !str_is(out->version.type, "RelatedPerson"))
			continue;
		for (size_t k = 0; k < len; k++)
			if (!items[k].suggested && !str_is(items[k].version.type, "Patient") && names(c, &items[k], out)) {
				items[k].suggested = out->withheld;
				items[k].names = out->reference;
			}
	}
}

static enum err collect(struct ctx *c, const struct petition *p, struct subject_item **out, size_t *len)
{
	VEC(struct subject_item) list = { 0 };
	const struct withhold *reasons;
	const struct rules *rules;
	struct version *all;
	size_t reason_count, count;

	TRY(rules_of(c, &rules));
	TRY(withhold_reasons(c, &reasons, &reason_count));
	TRY(read_person(c, p, &all, &count));
	for (size_t i = 0; i < count; i++) {
		struct subject_item item = { .version = all[i] };
		uint64_t labels;
		bool there = true;

		if (str_is(all[i].type, "Task") && str_eq(all[i].id, p->id))
			continue;
		if (p->done)
			TRY(as_released(c, &item.version, p->done, &there));
		if (!there)
			continue;
		TRY(labels_now(c, all[i].type, all[i].id, &labels));
		TRY(json_read(c, c->arena, item.version.body, &(struct json_options){ 0 }, &item.resource));
		item.reference = str_of(
			arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(all[i].type), STR_ARG(all[i].id)));
		item.suggested = suggested(rules, reasons, reason_count, all[i].type, labels);
		item.mark = petition_marked(p, item.reference);
		if (item.mark && str_is(item.mark->kind, "withhold"))
			item.withheld = find_reason(reasons, reason_count, item.mark->words);
		*vec_push(&list, c->arena) = item;
		TRY(ctx_check(c));
	}
	suggest_named(c, list.at, list.len);
	*out = list.at;
	*len = list.len;
	return OK;
}

enum err subject_collect(struct ctx *c, const struct petition *p, struct subject_item **out, size_t *len)
{
	struct ctx own = system_ctx(c);

	return system_failed(c, &own, collect(&own, p, out, len));
}

/* --- judging, preparing, releasing --- */

static enum err still_open(struct ctx *c, const struct petition *p)
{
	if (p->kind != PETITION_COPY)
		return fail(c, ERR_NOT_FOUND, "There is no such copy.");
	return petition_open(p) ? OK : fail(c, ERR_CONFLICT, "It is released or refused already.");
}

static void drop(struct ctx *c, struct petition *p, const char *kind)
{
	VEC(struct petition_mark) kept = { 0 };

	for (size_t i = 0; i < p->mark_count; i++)
		if (!str_is(p->marks[i].kind, kind))
			*vec_push(&kept, c->arena) = p->marks[i];
	p->marks = kept.at;
	p->mark_count = kept.len;
}

static void sign(struct ctx *c, struct petition *p, const char *kind)
{
	int64_t account = c->actor ? c->actor->account : 0;

	drop(c, p, kind);
	petition_mark(c, p,
		      (struct petition_mark){ .kind = str_of(kind),
					      .words = str_of(arena_printf(c->arena, "%lld", (long long)account)) });
}

enum err subject_judge(struct ctx *c, struct petition *p, const struct str *references, size_t len,
		       struct str reason)
{
	const struct withhold *reasons;
	struct subject_item *items;
	size_t count, item_count;

	TRY(still_open(c, p));
	TRY(withhold_reasons(c, &reasons, &count));
	if (reason.len && !find_reason(reasons, count, reason))
		return fail(c, ERR_INVALID, "Choose why it is left out.");
	if (!len)
		return fail(c, ERR_INVALID, "Tick the items that it is about.");
	TRY(subject_collect(c, p, &items, &item_count));
	for (size_t i = 0; i < len; i++) {
		bool there = false;

		for (size_t k = 0; k < item_count && !there; k++)
			there = str_eq(items[k].reference, references[i]);
		if (!there)
			return fail(c, ERR_NOT_FOUND, "There is no such item in this record.");
		petition_mark(c, p,
			      (struct petition_mark){ .kind = reason.len ? STR("withhold") : STR("show"),
						      .reference = references[i],
						      .words = reason });
	}
	drop(c, p, "prepared by");
	p->status = STR("in-progress");
	return petition_save(c, p, NULL, 0);
}

static enum err all_judged(struct ctx *c, const struct petition *p)
{
	struct subject_item *items;
	size_t len, waiting = 0;

	TRY(subject_collect(c, p, &items, &len));
	for (size_t i = 0; i < len; i++)
		waiting += items[i].suggested && !items[i].mark;
	return waiting ? fail(c, ERR_CONFLICT, "%zu item%s still to be judged: shown or left out.", waiting,
			      waiting == 1 ? " has" : "s have")
		       : OK;
}

enum err subject_prepare(struct ctx *c, struct petition *p)
{
	TRY(still_open(c, p));
	TRY(all_judged(c, p));
	sign(c, p, "prepared by");
	p->status = STR("in-progress");
	return petition_save(c, p, NULL, 0);
}

enum err subject_release(struct ctx *c, struct petition *p)
{
	struct str by = petition_said(p, "prepared by");
	int64_t account;

	TRY(still_open(c, p));
	if (!by.len || !str_int(by, &account))
		return fail(c, ERR_CONFLICT, "Somebody has to prepare it first.");
	if (account == (c->actor ? c->actor->account : 0))
		return fail(c, ERR_FORBIDDEN, "You prepared it: somebody else has to release it.");
	TRY(all_judged(c, p));
	sign(c, p, "released by");
	p->status = STR("completed");
	p->done = clock_now(c->clock);
	return petition_save(c, p, NULL, 0);
}

enum err subject_refuse(struct ctx *c, struct petition *p, struct str reason)
{
	TRY(still_open(c, p));
	if (!str_is_words(reason, REASON_LEAST, REASON_MOST))
		return fail(c, ERR_INVALID, "Say why, in %d to %d letters: the person is told.", REASON_LEAST,
			    REASON_MOST);
	p->status = STR("rejected");
	p->reason = reason;
	p->done = clock_now(c->clock);
	return petition_save(c, p, NULL, 0);
}
