/* notice.c - why items are missing, in one line for each reason. */
#include "access/notice.h"

#include "access/decide_part.h"
#include "base/vec.h"
#include "record/same.h"

struct noticing {
	struct ctx *c;
	const struct rules *rules;
	VEC(struct notice) list;
};

static void add(struct noticing *n, struct str words, int64_t items)
{
	for (size_t i = 0; i < n->list.len; i++)
		if (str_eq(n->list.at[i].words, words)) {
			n->list.at[i].items += items;
			return;
		}
	*vec_push(&n->list, n->c->arena) = (struct notice){ words, items };
}

/* False when nothing may be said of an item with these labels. */
static bool may_tell(const struct noticing *n, uint64_t labels)
{
	for (size_t i = 0; i < n->rules->label_count; i++)
		if (n->rules->labels[i].notice)
			labels &= ~n->rules->labels[i].bit;
	return !labels;
}

static struct str why(struct noticing *n, const struct guard *g, const struct guard_item *item, bool own)
{
	uint64_t closed = item->labels & ~(own ? g->labels_own : g->labels);

	for (size_t i = 0; i < n->rules->label_count; i++)
		if (closed & n->rules->labels[i].bit)
			return str_of(arena_printf(n->c->arena, STR_FMT " is not shown to your role",
						   STR_ARG(n->rules->labels[i].title)));
	return guard_choice(g, item->person)
		       ? STR("The person chose not to share this with your organisation")
		       : STR("No agreement shares this with your organisation");
}

static void look(struct noticing *n, const struct guard_item *item, int64_t items)
{
	const struct guard *g = n->c->guard;
	bool own = false;

	if (g->kinds[item->type->number] != GUARD_RELATED || !guard_opens(g, item) ||
	    !guard_person_may(g, item->type, item->person) || guard_may(g, item) ||
	    !may_tell(n, item->labels))
		return;
	for (size_t i = 0; i < g->own_count; i++)
		own |= g->own[i] == item->org;
	add(n, why(n, g, item, own), items);
}

static enum err look_all(struct noticing *n, struct db *db, int64_t person)
{
	bool row;
	STMT(s);

	TRY(db_stmt(n->c, db,
		    SQL(SAME_PERSONS "SELECT n.text, r.person, r.org, r.labels, count(*) FROM same "
				     "CROSS JOIN resource r ON r.person = same.person "
				     "CROSS JOIN name n ON n.key = r.type "
				     "WHERE r.deleted = 0 AND r.version > 0 "
				     "GROUP BY n.text, r.person, r.org, r.labels"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		struct guard_item item = { 0 };

		TRY(stmt_step(n->c, s, &row));
		if (!row)
			return OK;
		item.type = fhir_resource_type(n->c->place->fhir, stmt_text(s, 0));
		item.person = stmt_int(s, 1);
		item.org = stmt_int(s, 2);
		item.labels = (uint64_t)stmt_int(s, 3);
		if (item.type)
			look(n, &item, stmt_int(s, 4));
	}
}

enum err notice_list(struct ctx *c, struct str person, struct notice **out, size_t *len)
{
	struct noticing n = { .c = c };
	int64_t key;
	READER(db);

	*out = NULL;
	*len = 0;
	if (!c->guard || !c->guard->kinds || !c->actor || c->actor->kind != ACTOR_STAFF)
		return OK;
	TRY(rules_of(c, &n.rules));
	if (!n.rules->policy.notice)
		return OK;
	TRY(store_reader(c, c->place->store, &db));
	TRY(same_key(c, db, person, &key));
	if (key)
		TRY(look_all(&n, db, key));
	*out = n.list.at;
	*len = n.list.len;
	return OK;
}
