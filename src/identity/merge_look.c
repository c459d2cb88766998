/* merge_look.c - a merge before it is done: both sides, what each holds, what speaks against it. */
#include "base/vec.h"
#include "identity/merge_part.h"
#include "identity/nhs_number.h"
#include "record/guard_row.h"

#define STATUS_URL                                                                             \
	"https://fhir.hl7.org.uk/StructureDefinition/"                                         \
	"Extension-UKCore-NHSNumberVerificationStatus"

/* --- what the two Patients say --- */

/* "01" and the word of the code system before it. */
static bool is_verified(const struct node *identifier)
{
	node_each(x, node_get(identifier, "extension")) {
		const struct node *codings;

		if (!str_is(node_str(x, "url"), STATUS_URL))
			continue;
		codings = node_path(x, "valueCodeableConcept.coding");
		node_each(coding, codings) {
			struct str code = node_str(coding, "code");

			if (str_is(code, "01") || str_is(code, "number-present-and-verified"))
				return true;
		}
	}
	return false;
}

static struct str nhs_number(const struct node *patient, bool verified)
{
	node_each(identifier, node_get(patient, "identifier"))
		if (str_is(node_str(identifier, "system"), NHS_NUMBER_SYSTEM) &&
		    (!verified || is_verified(identifier)))
			return node_str(identifier, "value");
	return (struct str){ 0 };
}

static bool differ(struct str a, struct str b)
{
	return a.len && b.len && !str_eq(a, b);
}

static bool number_differs(const struct node *a, const struct node *b, bool verified)
{
	return differ(nhs_number(a, verified), nhs_number(b, verified));
}

enum err merge_conflicts(struct ctx *c, const struct version *survivor,
			 const struct version *other, struct merge_conflict **out, size_t *len)
{
	static const struct {
		const char *name, *text;
	} members[] = {
		{ "birthDate", "The two have different dates of birth." },
		{ "gender", "The two have different genders." },
		{ "deceasedDateTime", "The two have different dates of death." },
	};
	VEC(struct merge_conflict) found = { 0 };
	struct node *a, *b;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, survivor->body, &a));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, other->body, &b));
	if (number_differs(a, b, true))
		*vec_push(&found, c->arena) = (struct merge_conflict){
			MERGE_FORBIDS, "The two have different verified NHS numbers."
		};
	else if (number_differs(a, b, false))
		*vec_push(&found, c->arena) = (struct merge_conflict){
			MERGE_WARNS, "The two have different NHS numbers, not both verified."
		};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (differ(node_str(a, members[i].name), node_str(b, members[i].name)))
			*vec_push(&found, c->arena) =
				(struct merge_conflict){ MERGE_WARNS, members[i].text };
	if (node_get(a, "deceasedDateTime") == NULL && node_get(b, "deceasedDateTime") != NULL)
		*vec_push(&found, c->arena) = (struct merge_conflict){
			MERGE_WARNS, "The one that is replaced has died, the other has not."
		};
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- what each holds --- */

struct counts {
	struct merge_count *at;
	size_t len, cap;
};
struct item_list {
	struct merge_item *at;
	size_t len, cap;
};

/* Of one type from one organisation are one line; the rows come in that order. */
static void count_item(struct ctx *c, struct stmt *s, int64_t survivor, struct counts *found,
		       struct merge_preview *out)
{
	struct merge_count *n = found->len ? &found->at[found->len - 1] : NULL;

	if (!n || !str_eq(n->type, stmt_text(s, 5)) || !str_eq(n->org, stmt_text(s, 6))) {
		n = vec_push(found, c->arena);
		*n = (struct merge_count){ .type = str_of(str_dup(c->arena, stmt_text(s, 5))),
					   .org = str_of(str_dup(c->arena, stmt_text(s, 6))) };
	}
	if (stmt_int(s, 2) == survivor) {
		n->survivor++;
		out->survivor_items++;
	} else {
		n->other++;
		out->other_items++;
	}
}

static void list_item(struct ctx *c, struct stmt *s, int64_t survivor, const struct merge_count *of,
		      struct item_list *found)
{
	if (found->len == MERGE_ITEMS)
		return;
	*vec_push(found, c->arena) =
		(struct merge_item){ .type = of->type,
				     .org = of->org,
				     .id = str_of(str_dup(c->arena, stmt_text(s, 7))),
				     .of_other = stmt_int(s, 2) != survivor };
}

/* Only what the asker may see: how much there is of what is hidden would tell that it is there. */
static enum err count_items(struct ctx *c, struct db *db, int64_t survivor, int64_t other,
			    struct merge_preview *out)
{
	struct counts found = { 0 };
	struct item_list items = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " ITEM_COLUMNS ", t.text, coalesce(o.text, ''), r.id "
			"FROM resource r JOIN name t ON t.key = r.type "
			"LEFT JOIN name o ON o.key = r.org "
			"WHERE r.person IN (?1, ?2) AND r.person <> 0 AND r.deleted = 0 "
			"AND r.version > 0 ORDER BY 6, 7, 8"),
		    &s));
	stmt_bind_int(s, 1, survivor);
	stmt_bind_int(s, 2, other);
	for (;;) {
		bool may;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		TRY(row_may(c, db, s, 0, &may));
		if (!may)
			continue;
		count_item(c, s, survivor, &found, out);
		list_item(c, s, survivor, &found.at[found.len - 1], &items);
	}
	out->items = items.at;
	out->item_len = items.len;
	out->counts = found.at;
	out->count_len = found.len;
	return OK;
}

enum err merge_look(struct ctx *c, struct str survivor, struct str other,
		    struct merge_preview *out)
{
	struct merge_preview p = { 0 };
	READER(db);

	TRY(record_read(c, STR("Patient"), survivor, &p.survivor));
	TRY(record_read(c, STR("Patient"), other, &p.other));
	TRY(merge_conflicts(c, &p.survivor, &p.other, &p.conflicts, &p.conflict_count));
	TRY(store_reader(c, c->place->store, &db));
	TRY(count_items(c, db, p.survivor.person, p.other.person, &p));
	*out = p;
	return OK;
}
