/* test_money.h - people's money in the small place of the tests: what is done, what is told; *_test.c files only. */
#ifndef MONEY_TEST_MONEY_H
#define MONEY_TEST_MONEY_H

#include "access/test_access.h"

#include "money/keep.h"
#include "money/money.h"
#include "record/search.h"

static const struct module *const money_modules[] = { &money_module, NULL };

static inline int set_up_place(void **state)
{
	if (set_up(state))
		return -1;
	struct world *w = *state;
	w->place->modules = money_modules;
	put_place(w);
	return 0;
}

/* "name=value; name=value" as input. */
static inline struct node *input_of(struct world *w, const char *text)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct str rest = str_of(text);

	while (rest.at && rest.len) {
		struct str one = str_trim(str_cut(&rest, ';')), name = str_cut(&one, '=');
		const char *key = str_dup(w->c.arena, name);

		if (strcmp(key, "purposes") != 0) {
			node_add_str(w->c.arena, input, key, one);
			continue;
		}
		struct node *list = node_add(w->c.arena, input, key, NODE_ARRAY);
		while (one.at)
			node_add_str(w->c.arena, list, NULL, str_cut(&one, ' '));
	}
	return input;
}

static inline enum err try(struct world *w, const char *action, struct str id, const char *text, struct acted *done)
{
	const struct action *row = action_find(w->place, str_of(action));

	assert_non_null(row);
	return action_run(&w->c, row, id, input_of(w, text), done);
}

static inline struct str made(struct world *w, const char *action, const char *text)
{
	struct acted done;

	SUCCEEDS(try(w, action, (struct str){ 0 }, text, &done));
	return node_str(done.output, "id");
}

static inline void step(struct world *w, const char *action, struct str id, const char *text)
{
	struct acted done;

	SUCCEEDS(try(w, action, id, text, &done));
}

static inline void refused(struct world *w, const char *action, struct str id, const char *text, enum err e, const char *why)
{
	struct acted done;

	FAILS(e, try(w, action, id, text, &done));
	if (!strstr(w->c.why, why))
		fail_msg("%s, not %s", w->c.why, why);
}

static inline void later(struct world *w, int days)
{
	w->clock.at += days * INT64_C(86400000000);
}

static inline int64_t tick(struct world *w)
{
	int64_t done;

	SUCCEEDS(action_tick(&w->c, &done));
	return done;
}

static inline const struct node *part(const struct node *of, const char *name, size_t n)
{
	node_each(one, node_get(of, node_get(of, "resourceType") ? "parameter" : "part"))
		if (str_is(node_str(one, "name"), name) && n-- == 0)
			return one;
	return NULL;
}

/* What an answer says under a name, whatever its kind; empty when it says nothing. */
static inline struct str said(const struct node *answer, const char *name)
{
	const struct node *one = part(answer, name, 0);

	if (!one)
		return STR("");
	if (node_get(one, "valueMoney"))
		return node_str(node_get(one, "valueMoney"), "value");
	return node_get(one, "valueDate") ? node_str(one, "valueDate") : node_str(one, "valueString");
}

/* The statement of something ("budget", "care-account") says so. */
static inline void states(struct world *w, const char *what, struct str id, const char *name, const char *text)
{
	struct acted done;

	SUCCEEDS(try(w, arena_printf(w->c.arena, "%s-statement", what), id, "", &done));
	if (!str_is(said(done.output, name), text))
		fail_msg("%s is not %s but \"" STR_FMT "\"", name, text, STR_ARG(said(done.output, name)));
}

static inline int64_t balance(struct world *w, const char *code)
{
	int64_t out;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(balance_of(&w->c, db, str_of(code), &out));
	return out;
}

/* Letters the person was sent. */
static inline int64_t letters(struct world *w, const char *person)
{
	const struct search *search;
	struct search_page page;
	const char *query = arena_printf(w->c.arena, "patient=Patient/%s&_count=200", person);

	SUCCEEDS(search_parse(&w->c, STR("Communication"), str_of(query), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	return (int64_t)page.len;
}

static inline void in_order(struct world *w)
{
	struct ledger_proof proof;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(ledger_check(&w->c, db, NULL, &proof));
}

#endif
