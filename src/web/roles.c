/* roles.c - the role matrix: every capability against every role, from share/access, as one table to print. */
#include "access/role.h"
#include "web/govern.h"

static void put_role(struct ctx *c, struct node *list, const struct role *role)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "role_name", role->name);
	data_str(c, row, "role_words", role->words);
	data_words(c, row, "role_kind", actor_kind_word(role->kind));
	data_words(c, row, "purpose", purpose_word(role->purpose));
	data_str(c, row, "rbac", role->rbac);
	data_str(c, row, "rbac_words", role->rbac_words);
}

/* "care.read": what it is about stands before the point. */
static struct str group_of(struct str capability)
{
	struct str rest = capability;

	return str_cut(&rest, '.');
}

static void put_capability(struct ctx *c, struct node *list, const struct roles *roles, size_t k, bool first)
{
	struct node *row = data_object(c, list, NULL), *cells = data_list(c, row, "cells");
	struct str name = roles->capabilities[k].name;
	int64_t held = 0;

	data_str(c, row, "capability", name);
	data_str(c, row, "allows", roles->capabilities[k].words);
	if (first)
		node_add_bool(c->arena, row, "begins", true);
	for (size_t i = 0; i < roles->len; i++) {
		struct node *cell = data_object(c, cells, NULL);

		data_str(c, cell, "cell_role", roles->at[i].words);
		if (!role_can(&roles->at[i], name))
			continue;
		node_add_bool(c->arena, cell, "may", true);
		held++;
	}
	data_str(c, row, "held", say_count(c->arena, held));
}

enum err roles_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Roles", "on_roles"), *list = data_list(c, data, "roles"),
		    *rows = data_list(c, data, "capabilities");
	const struct roles *roles;

	TRY(roles_of(c, &roles));
	for (size_t i = 0; i < roles->len; i++) {
		struct node *row, *can;

		put_role(c, list, &roles->at[i]);
		row = node_at(list, i);
		can = data_list(c, row, "can");
		for (size_t k = 0; k < roles->capability_count; k++)
			if (role_can(&roles->at[i], roles->capabilities[k].name))
				data_str(c, data_object(c, can, NULL), "may_do", roles->capabilities[k].words);
	}
	for (size_t k = 0; k < roles->capability_count; k++)
		put_capability(c, rows, roles, k,
			       k && !str_eq(group_of(roles->capabilities[k].name),
					    group_of(roles->capabilities[k - 1].name)));
	data_str(c, data, "role_count", say_count(c->arena, (int64_t)roles->len));
	data_str(c, data, "capability_count", say_count(c->arena, (int64_t)roles->capability_count));
	return page_show(c, "roles", data, reply);
}
