/* prepare.c - all of a write that needs no transaction: check, stamp, find rows, pack.
 *
 * Runs on the caller's thread with a reader. What it sees of the place may be overtaken before
 * the writer comes to it; apply.c looks again and puts right what has changed.
 */
#include "fhir/valid.h"
#include "record/guard_row.h"
#include "record/hook.h"
#include "record/invariant.h"
#include "record/label.h"
#include "record/view_part.h"

enum err resource_type(struct ctx *c, struct str name, const struct fhir_type **out)
{
	const struct fhir_type *type = fhir_resource_type(c->place->fhir, name);

	if (!type)
		return fail(c, ERR_NOT_FOUND, "%.64s is not a type of resource.",
			    name.len ? str_dup(c->arena, name) : "(nothing)");
	*out = type;
	return OK;
}

/* --- stamping: id and meta to the front, all else as it was --- */

static struct node *member(struct ctx *c, struct node *object, const char *name,
			   enum node_kind kind)
{
	struct node *n = node_get(object, name);

	if (n) {
		node_remove(object, n);
	} else {
		n = node_new(c->arena, kind);
	}
	node_prepend(object, name, n);
	n->key = atoms_find(c->place->fhir->atoms, str_of(name));
	return n;
}

static void set_text(struct node *n, struct str text)
{
	n->kind = NODE_STRING;
	n->text = text.at;
	n->len = (uint32_t)text.len;
}

void add_id(struct ctx *c, struct node *resource, struct str id)
{
	set_text(member(c, resource, "id", NODE_STRING), id);
}

static void stamp_version(struct ctx *c, struct prepared *p, int64_t version, int64_t updated)
{
	p->version = version;
	p->updated = updated;
	set_text(p->stamps[0], str_of(arena_printf(c->arena, "%lld", (long long)version)));
	set_text(p->stamps[1], when_print_us(c->arena, updated));
}

static void stamp_places(struct ctx *c, struct node *resource, struct str id,
			 struct node *stamps[2])
{
	struct node *meta = member(c, resource, "meta", NODE_OBJECT);

	stamps[1] = member(c, meta, "lastUpdated", NODE_STRING);
	stamps[0] = member(c, meta, "versionId", NODE_STRING);
	set_text(member(c, resource, "id", NODE_STRING), id);
	member(c, resource, "resourceType", NODE_STRING);
}

static void print(struct ctx *c, struct prepared *p)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, p->resource, 0);
	p->body = buf_get(&b);
}

/* Milliseconds are all that lastUpdated says, so rows keep no more. */
static int64_t time_after(struct ctx *c, int64_t last)
{
	int64_t now = clock_now(c->clock);

	now -= now % 1000;
	return now > last ? now : last + 1000;
}

enum err prepare_again(struct ctx *c, struct prepared *p, int64_t version, int64_t after)
{
	stamp_version(c, p, version, time_after(c, after));
	print(c, p);
	TRY(views_prepare(c, p));
	return body_pack(c, p->body, &p->packed);
}

/* --- checking --- */

static enum err bad(struct ctx *c, const struct write *w, const struct node *at,
		    const char *where, const char *text)
{
	uint32_t line = 0, column = 0;

	if (at && w->source.len)
		json_position(w->source, at->pos, &line, &column);
	issue_add(c, ISSUE_ERROR, "value", where, line, column, "%s", text);
	return fail(c, ERR_BAD_REQUEST, "%s", text);
}

static enum err check_head(struct ctx *c, const struct fhir_type *type, struct str id,
			   enum method method, const struct write *w)
{
	const struct node *meta = node_get(w->resource, "meta"),
			  *own = node_get(w->resource, "id");
	struct str named = node_str(w->resource, "resourceType");

	if (!str_is(named, type->name))
		return bad(
			c, w, w->resource, type->name,
			arena_printf(c->arena,
				     "The resource says it is \"%.*s\", but it was sent as %s.",
				     (int)(named.len < 64 ? named.len : 64), named.at,
				     type->name));
	if (meta && meta->kind != NODE_OBJECT)
		return bad(c, w, meta, arena_printf(c->arena, "%s.meta", type->name),
			   "meta must be an object.");
	if (method == METHOD_POST)
		return OK;
	if (!id_valid(id))
		return bad(c, w, own, arena_printf(c->arena, "%s.id", type->name),
			   "An id has 1 to 64 letters, digits, - and .");
	if (!node_is(own, NODE_STRING) || !str_eq(node_text(own), id))
		return bad(c, w, own ? own : w->resource,
			   arena_printf(c->arena, "%s.id", type->name),
			   arena_printf(c->arena,
					"The id in the resource must be " STR_FMT
					", as in the address.",
					STR_ARG(id)));
	return OK;
}

/* Where it says it came from: meta.source without the message's own fragment. */
static struct str source_of(const struct write *w)
{
	struct str source = node_text(node_path(w->resource, "meta.source"));

	return w->org.len ? w->org : source.len ? str_cut(&source, '#') : source;
}

static enum err find_person(struct ctx *c, struct prepared *p)
{
	struct str *people;
	size_t count;

	TRY(fhir_people(c, c->place->fhir, p->resource, &people, &count));
	p->person = count ? people[0] : (struct str){ 0 };
	if (strcmp(p->type->name, "Patient") == 0)
		p->person = p->id;
	return OK;
}

enum err prepare_rows(struct ctx *c, struct db *db, struct prepared *p)
{
	TRY(find_person(c, p));
	TRY(rows_make(c, db, p->type, p->resource, &p->rows));
	p->labels = labels_of(c->place, p->type, &p->rows);
	return OK;
}

/* --- what stands there now --- */

static enum err read_tree(struct ctx *c, struct db *db, int64_t seq, struct node **out)
{
	struct version v;

	TRY(version_look(c, db, seq, &v));
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, out);
}

enum err stored_rows(struct ctx *c, struct db *db, const struct fhir_type *type, int64_t seq,
		     struct rows *out)
{
	struct node *tree;

	TRY(read_tree(c, db, seq, &tree));
	return rows_make(c, db, type, tree, out);
}

/* An id that somebody chose: that it is taken by what is hidden must not differ from that nobody has it. */
static enum err refuse_name(struct ctx *c, const struct prepared *p, const struct standing *now)
{
	if (!c->guard || (!now->version && c->guard->names && guard_lets(c->guard, p->type, LET_CREATE)))
		return OK;
	return fail(c, ERR_FORBIDDEN,
		    "%s/" STR_FMT " is not there to be changed, and may not be recorded under this id; POST lets the "
		    "place choose one.",
		    p->type->name, STR_ARG(p->id));
}

enum err hide(struct ctx *c, struct db *db, const struct prepared *p, struct standing *now)
{
	bool may = false;

	if (now->version)
		TRY(standing_may(c, db, p->type, now, 0, &may));
	if (may)
		return OK;
	if (p->named)
		return refuse_name(c, p, now);
	if (!now->version)
		return OK;
	if (p->resource)
		return not_known(c, str_of(p->type->name), p->id);
	*now = (struct standing){ 0 };
	return OK;
}

static unsigned letter_of(const struct prepared *p)
{
	if (!p->resource)
		return LET_DELETE;
	return p->seen.version && !p->seen.deleted ? LET_UPDATE : LET_CREATE;
}

/* Whatever comes of it, writing nothing included. */
enum err let_write(struct ctx *c, const struct prepared *p)
{
	if (guard_lets(c->guard, p->type, letter_of(p)))
		return OK;
	return fail(c, ERR_FORBIDDEN, "The scope that was given does not let %s be written so.",
		    p->type->name);
}

static enum err see(struct ctx *c, struct db *db, struct prepared *p)
{
	struct node *old;

	if (p->type_key)
		TRY(standing_find(c, db, p->type_key, p->id, &p->seen));
	TRY(hide(c, db, p, &p->seen));
	if (p->if_match && p->seen.version != p->if_match)
		return fail(c, ERR_STALE, "%s/" STR_FMT " is at version %lld, not %lld.",
			    p->type->name, STR_ARG(p->id), (long long)p->seen.version,
			    (long long)p->if_match);
	if (p->seen.version == 0 || p->seen.deleted)
		return OK;
	TRY(read_tree(c, db, p->seen.seq, &old));
	TRY(rows_make(c, db, p->type, old, &p->seen_rows));
	if (!p->resource)
		return OK;
	struct node *stamps[2];
	stamp_places(c, old, p->id, stamps);
	set_text(stamps[0], node_text(p->stamps[0]));
	set_text(stamps[1], node_text(p->stamps[1]));
	p->unchanged = node_equal(old, p->resource);
	return OK;
}

/* --- the two kinds of write --- */

static enum err keys_of(struct ctx *c, struct db *db, struct prepared *p)
{
	TRY(name_find(c, db, str_of(p->type->name), &p->type_key));
	return p->org.len ? name_find(c, db, p->org, &p->org_key) : OK;
}

void adopt(struct ctx *c, struct node *resource)
{
	const struct node *head = node_get(resource, "resourceType");

	if (head && head->key == 0)
		atoms_adopt(c->place->fhir->atoms, resource);
}

/* Rules of our own, against what is to be written and what stands there now. */
static enum err keep_invariants(struct ctx *c, struct db *db, const struct write *w, const struct prepared *p,
			       bool as_such)
{
	struct node *before = NULL;

	if (p->unchanged || !invariants_have(c->place, p->type))
		return OK;
	if (p->seen.version && !p->seen.deleted)
		TRY(read_tree(c, db, p->seen.seq, &before));
	return invariants_check(c, db, p->type, w->source, p->resource, before, as_such);
}

static enum err prepare_write(struct ctx *c, struct db *db, const struct fhir_type *type, struct str id,
			      enum method method, const struct write *w, bool as_such, struct prepared *out)
{
	struct prepared p = { .type = type,
			      .id = id,
			      .method = method,
			      .resource = w->resource,
			      .if_match = w->if_match,
			      .if_none_match = w->if_none_match,
			      .named = w->named && method == METHOD_PUT };

	adopt(c, w->resource);
	TRY(check_head(c, type, id, method, w));
	if (c->place->validate)
		TRY(fhir_validate(c, c->place->fhir, w->source, w->resource));
	if (strcmp(type->name, "Subscription") == 0)
		TRY(hook_check(c, w->source, w->resource));
	p.org = source_of(w);
	p.fresh = method == METHOD_POST;
	if (!id.len)
		p.id = id_make(c);
	TRY(keys_of(c, db, &p));
	stamp_places(c, p.resource, p.id, p.stamps);
	stamp_version(c, &p, 1, time_after(c, 0));
	if (!p.fresh)
		TRY(see(c, db, &p));
	TRY(let_write(c, &p));
	TRY(keep_invariants(c, db, w, &p, as_such));
	if (p.unchanged && !p.if_none_match) {
		stamp_version(c, &p, p.seen.version, p.seen.updated);
		print(c, &p);
		*out = p;
		return OK;
	}
	TRY(prepare_rows(c, db, &p));
	TRY(prepare_again(c, &p, p.seen.version + 1, p.seen.updated));
	*out = p;
	return OK;
}

enum err prepare_put(struct ctx *c, struct db *db, const struct fhir_type *type, struct str id,
		     enum method method, const struct write *w, struct prepared *out)
{
	return prepare_write(c, db, type, id, method, w, true, out);
}

enum err prepare_done(struct ctx *c, struct db *db, const struct fhir_type *type, struct str id,
		      const struct write *w, struct prepared *out)
{
	return prepare_write(c, db, type, id, METHOD_PUT, w, false, out);
}

enum err prepare_delete(struct ctx *c, struct db *db, const struct fhir_type *type,
			struct str id, int64_t if_match, struct prepared *out)
{
	struct prepared p = {
		.type = type, .id = id, .method = METHOD_DELETE, .if_match = if_match
	};

	TRY(keys_of(c, db, &p));
	TRY(see(c, db, &p));
	TRY(let_write(c, &p));
	p.version = p.seen.version + 1;
	p.updated = time_after(c, p.seen.updated);
	*out = p;
	return OK;
}
