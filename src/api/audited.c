/* audited.c - what the FHIR API notes: who was shown what, who changed what, who was refused. */
#include "api/inside.h"
#include "record/guard.h"

/* Why, as far as the guard knows without asking anybody: that there is a relationship, but not which, for it is one set of
 * people made of all of them; that the glass was broken; that it is their own. A page asks for the best relationship, which
 * costs a statement. */
static struct str why(const struct ctx *c, int64_t person)
{
	const struct guard_person *choice;

	if (!person || !c->guard || c->guard->everyone)
		return STR("");
	if (c->actor->person == person)
		return STR("self");
	choice = guard_choice(c->guard, person);
	return choice && choice->all_orgs ? STR("emergency") : guard_related(c->guard, person) ? STR(AUDIT_RELATED) : STR("");
}

void audited_open(struct ctx *c, enum audit_what what, const struct version *v)
{
	if (!c->actor)
		return;
	audit_note(c, &(struct audit){ .what = what, .person = v->person, .resource = v->key, .version = v->version,
				       .section = v->type, .relation = why(c, v->person) });
}

void audited_written(struct ctx *c, const struct written *w)
{
	const struct version *v = &w->version;

	if (!v->version) /* nothing was there to be deleted */
		return;
	audited_open(c,
		     w->unchanged || w->existed ? AUDIT_OPEN
		     : v->deleted		? AUDIT_REMOVE
		     : w->created		? AUDIT_CREATE
						: AUDIT_CHANGE,
		     v);
}

/* "family=?&birthdate=?": what was asked for, without values. */
static struct str names_only(struct ctx *c, struct str query)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	while (query.len) {
		struct str pair = str_cut(&query, '&'), name = str_cut(&pair, '=');

		if (!name.len)
			continue;
		if (b.len)
			buf_char(&b, '&');
		buf_str(&b, name);
	}
	return buf_get(&b);
}

void audited_page(struct ctx *c, enum audit_what what, struct str section, struct str query,
		  const struct disclosed *d)
{
	if (!c->actor)
		return;
	audit_note(c, &(struct audit){ .what = what, .section = section, .people = d->people.at,
				       .people_count = d->people.len, .detail = names_only(c, query) });
}

void audited_add(struct ctx *c, struct disclosed *d, const struct version *v)
{
	if (!c->actor || !v->person || (d->people.len && d->people.at[d->people.len - 1] == v->person))
		return;
	*vec_push(&d->people, c->arena) = v->person;
}

void audited_refused(struct ctx *c, enum err e, struct str type, struct str id)
{
	int64_t key = 0, person = 0;

	if (!c->actor || (e != ERR_NOT_FOUND && e != ERR_GONE && e != ERR_FORBIDDEN))
		return;
	/* the same look-up whether it is there or not, so that time tells nothing */
	if (record_whose(c, type, id, &key, &person) != OK)
		return;
	audit_note(c, &(struct audit){ .what = AUDIT_REFUSED, .person = person, .resource = key,
				       .section = type, .outcome = e });
}

void audited_entry(struct ctx *c, const struct bundle_done *done)
{
	struct disclosed disclosed = { 0 };

	if (done->error) {
		audited_refused(c, done->error, done->type, done->id);
		return;
	}
	if (done->written)
		audited_written(c, done->written);
	for (size_t i = 0; i < done->shown_len && done->search; i++)
		audited_add(c, &disclosed, &done->shown[i]);
	if (done->search)
		audited_page(c, AUDIT_SEARCH, done->type, done->query, &disclosed);
	else if (!done->written && done->shown_len)
		audited_open(c, AUDIT_OPEN, done->shown);
}
