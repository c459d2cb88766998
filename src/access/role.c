/* role.c - roles and capabilities, read from share/access and asked. */
#include "access/role.h"

#include <pthread.h>

#include "base/tsv.h"
#include "base/vec.h"

static const char *const kinds[] = { "nobody", "staff", "resident", "program" };
static const char *const purposes[] = { "none",	 "care", "safeguarding", "payment",
					"own",	 "admin", "secondary" };

const char *actor_kind_word(enum actor_kind kind)
{
	return kinds[kind];
}

const char *purpose_word(enum purpose purpose)
{
	return purposes[purpose];
}

static unsigned word_index(const char *const *words, unsigned count, struct str word)
{
	for (unsigned i = 1; i < count; i++)
		if (str_is(word, words[i]))
			return i;
	return 0;
}

struct reading {
	struct arena *a;
	VEC(struct role) roles;
	VEC(struct capability) capabilities;
	VEC(struct str) personas;
};

static enum err take_capability(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;

	if (r->capabilities.len == CAPABILITIES_MAX)
		return fail(c, ERR_INVALID, "%s:%lld is one capability too many.", row->file,
			    (long long)row->line);
	*vec_push(&r->capabilities, r->a) = (struct capability){ row->cell[0], row->cell[1] };
	return OK;
}

static enum err take_persona(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;

	(void)c;
	*vec_push(&r->personas, r->a) = row->cell[0];
	return OK;
}

static bool has_persona(const struct reading *r, struct str persona)
{
	for (size_t i = 0; i < r->personas.len; i++)
		if (str_eq(r->personas.at[i], persona))
			return true;
	return false;
}

static enum err take_can(struct ctx *c, const struct reading *r, struct str list,
			 const struct tsv_row *row, struct role *role)
{
	while (list.at) {
		struct str name = str_cut(&list, ' ');
		size_t i = 0;

		while (i < r->capabilities.len && !str_eq(r->capabilities.at[i].name, name))
			i++;
		if (i == r->capabilities.len)
			return fail(c, ERR_INVALID, "%s:%lld: there is no capability %.*s.", row->file,
				    (long long)row->line, (int)name.len, name.at);
		role->can[i / 64] |= UINT64_C(1) << (i % 64);
	}
	return OK;
}

static enum err take_role(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;
	const struct str *cell = row->cell;
	struct role *role = vec_push(&r->roles, r->a);

	*role = (struct role){
		.name = cell[0],
		.words = cell[1],
		.persona = cell[2],
		.kind = (enum actor_kind)word_index(kinds, sizeof kinds / sizeof *kinds, cell[3]),
		.purpose = (enum purpose)word_index(purposes, sizeof purposes / sizeof *purposes,
						    cell[4]),
		.rbac = cell[5],
		.rbac_words = cell[6],
	};
	if (!role->kind || !role->purpose || !has_persona(r, role->persona))
		return fail(c, ERR_INVALID, "%s:%lld: kind, purpose or persona is not known.",
			    row->file, (long long)row->line);
	return take_can(c, r, cell[7], row, role);
}

static enum err roles_read(struct ctx *c, struct arena *a, const struct roles **out)
{
	const struct share *share = &c->place->share;
	struct reading r = { .a = a };
	struct roles *roles = NEW(a, struct roles);

	TRY(tsv_read(c, share, a, "access/capability.tsv", "capability\twords", take_capability, &r));
	TRY(tsv_read(c, share, a, "access/persona.tsv", "persona", take_persona, &r));
	TRY(tsv_read(c, share, a, "access/role.tsv",
		     "role\twords\tpersona\tkind\tpurpose\trbac\trbac_words\tcapabilities", take_role,
		     &r));
	for (size_t i = 0; i < r.roles.len; i++)
		r.roles.at[i].all = roles;
	*roles = (struct roles){ r.roles.at,	    r.roles.len,    r.capabilities.at,
				 r.capabilities.len, r.personas.at, r.personas.len };
	*out = roles;
	return OK;
}

enum err roles_of(struct ctx *c, const struct roles **out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	enum err e = OK;

	*out = __atomic_load_n(&c->place->roles, __ATOMIC_ACQUIRE);
	if (*out)
		return OK;
	pthread_mutex_lock(&lock);
	*out = c->place->roles;
	if (!*out)
		e = roles_read(c, &c->place->life, out);
	if (e == OK)
		__atomic_store_n(&c->place->roles, *out, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return e;
}

const struct role *role_find(const struct roles *roles, struct str name)
{
	for (size_t i = 0; i < roles->len; i++)
		if (str_eq(roles->at[i].name, name))
			return &roles->at[i];
	return NULL;
}

bool role_can(const struct role *role, struct str capability)
{
	const struct roles *all = role->all;

	for (size_t i = 0; i < all->capability_count; i++)
		if (str_eq(all->capabilities[i].name, capability))
			return role->can[i / 64] >> (i % 64) & 1;
	return false;
}

/* --- actor.h --- */

const struct actor actor_nobody = { .kind = ACTOR_NOBODY };

bool actor_can(const struct ctx *c, const char *capability)
{
	if (!c->actor)
		return true;
	return c->actor->role && role_can(c->actor->role, str_of(capability));
}

/* Roles that have it, for whoever is refused: "Community nurse, GP and 5 more". */
static const char *who_can(struct ctx *c, struct str capability)
{
	const struct roles *roles;
	const char *first = NULL;
	unsigned more = 0;

	if (roles_of(c, &roles) != OK)
		return "nobody";
	for (size_t i = 0; i < roles->len; i++) {
		if (!role_can(&roles->at[i], capability))
			continue;
		if (!first)
			first = str_dup(c->arena, roles->at[i].words);
		else
			more++;
	}
	if (!first || !more)
		return first ? first : "nobody";
	return arena_printf(c->arena, "%s and %u other role%s", first, more, more == 1 ? "" : "s");
}

enum err actor_need(struct ctx *c, const char *capability)
{
	if (actor_can(c, capability))
		return OK;
	return fail(c, ERR_FORBIDDEN, "%.*s may not do this: it needs %s, which %s has.",
		    c->actor->role ? (int)c->actor->role->words.len : 6,
		    c->actor->role ? c->actor->role->words.at : "Nobody", capability,
		    who_can(c, str_of(capability)));
}
