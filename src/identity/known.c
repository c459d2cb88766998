/* known.c - see known.h. */
#include "identity/known.h"

#include "record/inside.h"
#include "record/search.h"

enum { MAX_HOPS = 16 }; /* of merges, one after the other */

static enum err read_one(struct ctx *c, struct db *db, struct str id, struct known *out,
			 bool *found)
{
	struct standing now = { 0 };
	struct version v;
	int64_t type;

	TRY(name_find(c, db, STR("Patient"), &type));
	if (type)
		TRY(standing_find(c, db, type, id, &now));
	*found = now.version > 0 && !now.deleted;
	if (!*found)
		return OK;
	TRY(version_look(c, db, now.seq, &v));
	*out = (struct known){ .id = v.id, .key = now.key, .version = now.version };
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, &out->tree);
}

/* The Patient that took this one's place; empty: none. */
static struct str survivor(struct ctx *c, const struct node *patient)
{
	node_each(link, node_get(patient, "link"))
	{
		struct str type, id;

		if (str_is(node_str(link, "type"), "replaced-by") &&
		    reference_local(c->place, node_text(node_path(link, "other.reference")),
				    &type, &id) &&
		    str_is(type, "Patient"))
			return id;
	}
	return (struct str){ 0 };
}

enum err known_read(struct ctx *c, struct db *db, struct str id, struct known *out, bool *found)
{
	struct known k;
	bool there;

	TRY(read_one(c, db, id, &k, &there));
	struct node *first = there ? k.tree : NULL;
	for (int hop = 0; there && hop < MAX_HOPS; hop++) {
		struct known next;
		bool more;

		id = survivor(c, k.tree);
		if (!id.len)
			break;
		TRY(read_one(c, db, id, &next, &more));
		if (!more)
			break;
		k = next;
	}
	if (there) {
		*out = k;
		out->first = first;
	}
	*found = there;
	return OK;
}

/* As in a URL, so that no sign of the text means anything to a search; and not to FHIR's own: , $ | */
static void escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == ',' || s.at[i] == '$' || s.at[i] == '|' || s.at[i] == '\\')
			buf_cstr(b, "%5C");
		buf_printf(b, "%%%02X", (unsigned char)s.at[i]);
	}
}

enum err known_find(struct ctx *c, struct db *db, struct str system, struct str value,
		    size_t cap, struct known *out, size_t *found)
{
	struct str *ids = NEW_N(c->arena, struct str, cap + 1);
	const struct search *search;
	size_t len, n = 0;
	struct buf b;

	buf_init(&b, c->arena, 8192);
	buf_cstr(&b, "identifier=");
	escape(&b, system);
	buf_cstr(&b, "%7C");
	escape(&b, value);
	if (b.full)
		return fail(c, ERR_LIMIT, "An identifier is too long.");
	TRY(search_parse(c, STR("Patient"), buf_get(&b), &search));
	TRY(search_ids(c, db, search, cap, ids, &len));
	for (size_t i = 0; i < len && i < cap; i++) {
		bool there;

		TRY(known_read(c, db, ids[i], &out[n], &there));
		n += there;
	}
	*found = n;
	return OK;
}
