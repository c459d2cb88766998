/* search_guard.c - a search finds what the asker may see: one more stream over all it would find.
 *
 * It leaps from person to person over those the asker is related to. What of theirs is found has to be
 * looked at only where the answer may depend on more than the person:
 *
 *	its labels          resources that have any stand in an index of their own, in order, with all
 *	                    the guard asks for; so this walks along beside the search
 *	what is nobody's    work that names the asker (guard.given), and nothing else
 *	its organisation    the row of the resource; not when all are shared and the person has chosen
 *	                    nothing of the kind
 */
#include "base/sorted.h"
#include "record/bits.h"
#include "record/guard.h"
#include "record/search_part.h"

enum {
	LABELLED_ROWS = 128,
	COUNTED_PART = 4 /* who is related to this part of all people counts by sets */
};

struct guarded_stream {
	struct stream stream;
	struct stream *from;
	const struct guard *guard;
	const struct fhir_type *type;
	int64_t type_key;
	bool related, by_org, by_labels; /* what has to be asked */
	bool needed;                     /* what has no label at all is not seen */
	size_t person;               /* in guard->people: the first at or after where we are */
	struct guard_item *labelled; /* a run of resources with labels */
	size_t labelled_len, labelled_at;
	struct pair labelled_to; /* the run has all before this */
};

/* --- whose --- */

/* What is nobody's is sorted before everybody: the first of it at or after p that is the asker's; else the start
 * of all people. */
static struct pair leap_given(const struct guard *g, struct pair p)
{
	size_t at = sorted_from(g->given, g->given_count, p.key);

	return at < g->given_count ? (struct pair){ 0, g->given[at] } : (struct pair){ 1, 0 };
}

/* The first pair at or after p that is of somebody the asker is related to. */
static struct pair leap(struct guarded_stream *s, struct pair p)
{
	const struct guard *g = s->guard;
	size_t low, high, step = 1;

	if (!s->related || p.person < 0)
		return s->related && g->people_count == 0 && g->given_count == 0 ? PAIR_END : p;
	if (p.person == 0 && !(g->people_count && g->people[0] == 0)) {
		p = leap_given(g, p);
		if (p.person == 0)
			return p;
	}
	for (low = s->person; low + step < g->people_count && g->people[low + step] < p.person;
	     step *= 2)
		low += step;
	high = low + step < g->people_count ? low + step + 1 : g->people_count;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (g->people[middle] < p.person)
			low = middle + 1;
		else
			high = middle;
	}
	s->person = low;
	if (low == g->people_count)
		return PAIR_END;
	return g->people[low] == p.person ? p : (struct pair){ g->people[low], 0 };
}

/* --- with which labels --- */

static enum err read_labelled(struct scope *sc, struct guarded_stream *s, struct pair from)
{
	bool row;
	STMT(stmt);

	TRY(ctx_check(sc->c));
	TRY(db_stmt(
		sc->c, sc->db,
		SQL("SELECT person, key, org, labels FROM resource WHERE labels <> 0 AND "
		    "type = ?1 AND (person, key) >= (?2, ?3) ORDER BY person, key LIMIT ?4"),
		&stmt));
	stmt_bind_int(stmt, 1, s->type_key);
	stmt_bind_int(stmt, 2, from.person);
	stmt_bind_int(stmt, 3, from.key);
	stmt_bind_int(stmt, 4, LABELLED_ROWS);
	for (s->labelled_len = s->labelled_at = 0;; s->labelled_len++) {
		TRY(stmt_step(sc->c, stmt, &row));
		if (!row)
			break;
		s->labelled[s->labelled_len] =
			(struct guard_item){ stmt_int(stmt, 1), stmt_int(stmt, 0),
					     stmt_int(stmt, 2), (uint64_t)stmt_int(stmt, 3),
					     s->type };
	}
	s->labelled_to = PAIR_END;
	if (s->labelled_len == LABELLED_ROWS) {
		const struct guard_item *last = &s->labelled[LABELLED_ROWS - 1];

		s->labelled_to = pair_after((struct pair){ last->person, last->key });
	}
	return OK;
}

static struct pair pair_of(const struct guard_item *item)
{
	return (struct pair){ item->person, item->key };
}

/* The row of a resource with labels; NULL: it has none. Only forward. */
static enum err find_labelled(struct scope *sc, struct guarded_stream *s, struct pair p,
			      const struct guard_item **out)
{
	*out = NULL;
	if (pair_cmp(p, s->labelled_to) >= 0)
		TRY(read_labelled(sc, s, p));
	while (s->labelled_at < s->labelled_len &&
	       pair_cmp(pair_of(&s->labelled[s->labelled_at]), p) < 0)
		s->labelled_at++;
	if (s->labelled_at < s->labelled_len &&
	    pair_cmp(pair_of(&s->labelled[s->labelled_at]), p) == 0)
		*out = &s->labelled[s->labelled_at];
	return OK;
}

/* --- one found --- */

static enum err look(struct scope *sc, const struct guarded_stream *s, struct pair p, bool *out)
{
	bool row;
	STMT(stmt);

	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT person, org, labels FROM resource WHERE key = ?1"), &stmt));
	stmt_bind_int(stmt, 1, p.key);
	TRY(stmt_step(sc->c, stmt, &row));
	*out = row && stmt_int(stmt, 0) == p.person &&
	       guard_may(s->guard,
			 &(struct guard_item){ p.key, p.person, stmt_int(stmt, 1),
					       (uint64_t)stmt_int(stmt, 2), s->type });
	return OK;
}

/* Does it depend on the organisation? */
static bool asks_org(const struct guarded_stream *s, int64_t person)
{
	const struct guard_person *choice;

	if (!s->by_org)
		return false;
	if (!s->guard->all_orgs)
		return true;
	choice = guard_choice(s->guard, person);
	return choice && (choice->own_only || choice->org_count);
}

static enum err may(struct scope *sc, struct guarded_stream *s, struct pair p, bool *out)
{
	const struct guard_item *item;

	if (asks_org(s, p.person))
		return look(sc, s, p, out);
	*out = true;
	if (!s->by_labels)
		return OK;
	TRY(find_labelled(sc, s, p, &item));
	*out = item ? guard_may(s->guard, item) : !s->needed;
	return OK;
}

static enum err guarded_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct guarded_stream *s = (struct guarded_stream *)stream;
	struct pair next;
	bool found = false;

	for (;; from = found ? pair_after(s->from->at) : next) {
		from = leap(s, from);
		if (pair_end(from))
			break;
		TRY(stream_seek(sc, s->from, from));
		if (pair_end(s->from->at))
			break;
		next = leap(s, s->from->at);
		found = pair_cmp(next, s->from->at) == 0;
		if (!found)
			continue;
		bool seen;
		TRY(may(sc, s, s->from->at, &seen));
		if (seen) {
			stream->at = s->from->at;
			return OK;
		}
	}
	stream->at = PAIR_END;
	return OK;
}

static enum err guarded_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct guarded_stream *s = (struct guarded_stream *)stream;

	*out = false;
	if (!guard_person_may(s->guard, s->type, p.person))
		return OK;
	TRY(stream_has(sc, s->from, p, out));
	return *out ? look(sc, s, p, out) : OK;
}

static void guarded_rewind(struct stream *stream)
{
	struct guarded_stream *s = (struct guarded_stream *)stream;

	stream_rewind(s->from);
	s->person = s->labelled_len = s->labelled_at = 0;
	s->labelled_to = PAIR_START;
}

static enum err guarded_set(struct scope *sc, struct stream *stream, struct bits **out);
static const struct stream_ops guarded_ops = { guarded_seek, guarded_has, guarded_rewind, guarded_set };

static bool any_choice(const struct guard *g, bool of_orgs)
{
	for (size_t i = 0; i < g->person_count; i++)
		if (of_orgs ? g->persons[i].own_only || g->persons[i].org_count
			    : g->persons[i].hidden != 0)
			return true;
	return false;
}

static struct stream *guarded_new(struct scope *sc, const struct fhir_type *type, int64_t type_key, struct stream *from)
{
	const struct guard *g = sc->c->guard;
	struct guarded_stream *s = NEW(sc->c->arena, struct guarded_stream);
	bool related = g->kinds[type->number] == GUARD_RELATED, needed = g->needs && g->needs[type->number];

	*s = (struct guarded_stream){
		.stream = { &guarded_ops, PAIR_START },
		.from = from,
		.guard = g,
		.type = type,
		.type_key = type_key,
		.related = related && !g->everyone,
		.by_org = related && (!g->all_orgs || any_choice(g, true)),
		.by_labels = ~g->labels || ~g->labels_own || needed || any_choice(g, false),
		.needed = needed,
		.labelled_to = PAIR_START,
	};
	s->labelled = arena_alloc(sc->c->arena, LABELLED_ROWS * sizeof *s->labelled);
	return &s->stream;
}

/* --- all of it, to count --- */

/* Does the asker see so much of the place that walking what they see costs more than bits of all of it? Whoever has
 * to do with few people leaps from one to the next, and never reads what is of others. */
static enum err sees_much(struct scope *sc, const struct guarded_stream *s, bool *out)
{
	int64_t patient;
	bool row;
	STMT(stmt);

	*out = true;
	if (!s->related || sc->search->choice.kept == 0) /* as tests have it: of any size */
		return OK;
	TRY(name_find(sc->c, sc->db, STR("Patient"), &patient));
	TRY(db_stmt(sc->c, sc->db, SQL("SELECT current FROM total WHERE type = ?1"), &stmt));
	stmt_bind_int(stmt, 1, patient);
	TRY(stmt_step(sc->c, stmt, &row));
	*out = row && (int64_t)s->guard->people_count * COUNTED_PART >= stmt_int(stmt, 0);
	return OK;
}

/* What is found, and of that what is among all of the type that the guard lets be seen. */
static enum err guarded_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	struct guarded_stream *s = (struct guarded_stream *)stream;
	struct bits *found, *seen;
	struct stream *all;
	struct buf key;
	bool much;

	TRY(sees_much(sc, s, &much));
	if (!much || !s->guard->stamp)
		return OK;
	TRY(stream_set(sc, s->from, &found));
	if (!found)
		return OK;
	TRY(leaf_type(sc, s->type, &all));
	buf_init(&key, sc->c->arena, 0);
	buf_printf(&key, "guard %llx %u", (unsigned long long)s->guard->stamp, s->type->number);
	TRY(set_of_stream(sc, buf_get(&key), guarded_new(sc, s->type, s->type_key, all), &seen));
	if (!seen)
		return OK;
	bits_merge(found, seen, BITS_AND);
	*out = found;
	return OK;
}

enum err stream_guarded(struct scope *sc, const struct fhir_type *type, struct stream *from,
			struct stream **out)
{
	const struct guard *g = sc->c->guard;
	int64_t type_key;

	*out = from;
	if (guard_open(g, type))
		return OK;
	*out = stream_none(sc->c->arena);
	if (!g->kinds || g->kinds[type->number] == GUARD_NEVER)
		return OK;
	TRY(name_find(sc->c, sc->db, str_of(type->name), &type_key));
	*out = guarded_new(sc, type, type_key, from);
	return OK;
}
