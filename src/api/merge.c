/* merge.c - Patient/$merge as in R5, and Patient/[id]/$unmerge.
 *
 * The source is the Patient that is replaced, the target the one that goes on. Each is named by a
 * reference or by identifiers that one Patient alone has. `reason` and `force-reason` are our own
 * parameters; a result-patient is refused: what the Patients say is not changed by a merge.
 */
#include "identity/merge.h"

#include "access/actor.h"
#include "api/inside.h"

static const char *const merge_params[] = { "source-patient",
					    "target-patient",
					    "source-patient-identifier",
					    "target-patient-identifier",
					    "result-patient",
					    "preview",
					    "reason",
					    "force-reason",
					    "_format",
					    "_pretty",
					    NULL };

static struct str who(const struct ctx *c)
{
	return c->actor && c->actor->name.len ? c->actor->name : STR("FHIR client");
}

/* --- whom --- */

static void escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_printf(b, "%%%02X", (unsigned char)s.at[i]);
}

/* "identifier=system|value&identifier=…" of all parameters with that name. */
static struct str identifier_query(struct ctx *c, const struct given *given, const char *name)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	node_each(p, given->params) {
		const struct node *identifier = node_get(p, "valueIdentifier");

		if (!str_is(node_str(p, "name"), name) || !node_str(identifier, "value").len)
			continue;
		buf_cstr(&b, b.len ? "&identifier=" : "identifier=");
		escape(&b, node_str(identifier, "system"));
		buf_cstr(&b, "%7C");
		escape(&b, node_str(identifier, "value"));
	}
	return buf_get(&b);
}

static enum err find_by_identifier(struct ctx *c, struct str query, const char *role,
				   struct str *id)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Patient"), query, &search));
	TRY(search_run(c, search, &page));
	if (page.len != 1)
		return fail(c, ERR_INVALID, "%zu Patients have the identifiers of the %s.",
			    page.len, role);
	*id = page.at[0].id;
	return OK;
}

/* `role` is "source" or "target". */
static enum err find_patient(struct ctx *c, const struct given *given, const char *role,
			     struct str *id)
{
	const char *name = arena_printf(c->arena, "%s-patient", role);
	const char *by = arena_printf(c->arena, "%s-patient-identifier", role);
	struct str reference = node_str(given_part(given, name), "reference");
	struct str query = identifier_query(c, given, by);

	if (reference.len && query.len)
		return fail(c, ERR_BAD_REQUEST,
			    "Name the %s by a reference or by identifiers, not both.", role);
	if (query.len)
		return find_by_identifier(c, query, role, id);
	if (!str_starts(reference, STR("Patient/")))
		return fail(c, ERR_BAD_REQUEST,
			    "Send the parameter %s with a valueReference to a Patient.", name);
	*id = (struct str){ reference.at + 8, reference.len - 8 };
	return OK;
}

/* --- what is answered: Parameters with input, outcome and result, as in R5 --- */

static struct node *add_part(struct ctx *c, struct node *list, const char *name)
{
	struct node *p = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, p, "name", name);
	return p;
}

static void add_issue(struct ctx *c, struct node *issues, const char *severity,
		      const char *code, const char *text)
{
	struct node *issue = node_add(c->arena, issues, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, issue, "severity", severity);
	node_add_cstr(c->arena, issue, "code", code);
	node_add_cstr(c->arena, issue, "diagnostics", text);
}

static void put_counts(struct ctx *c, struct node *issues, const struct merge_preview *look)
{
	for (size_t i = 0; i < look->count_len; i++) {
		const struct merge_count *n = &look->counts[i];

		add_issue(c, issues, "information", "informational",
			  arena_printf(c->arena,
				       STR_FMT " from " STR_FMT ": %lld of the target, %lld of "
					       "the source.",
				       STR_ARG(n->type),
				       STR_ARG(n->org.len ? n->org : STR("nobody named")),
				       (long long)n->survivor, (long long)n->other));
	}
}

/* What hangs on each of the two: source-item and target-item, of our own. */
static void put_items(struct ctx *c, struct node *list, const struct merge_preview *look)
{
	for (size_t i = 0; i < look->item_len; i++) {
		const struct merge_item *item = &look->items[i];
		struct node *what;

		if (str_is(item->type, "Patient"))
			continue;
		what = node_add(c->arena, add_part(c, list, item->of_other ? "source-item" : "target-item"),
				"valueReference", NODE_OBJECT);
		node_add_cstr(c->arena, what, "reference",
			      arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(item->type),
					   STR_ARG(item->id)));
	}
}

static struct node *outcome_of(struct ctx *c, struct node *list, const char *said,
			       const struct merge_preview *look)
{
	struct node *outcome =
		node_add(c->arena, add_part(c, list, "outcome"), "resource", NODE_OBJECT);
	struct node *issues;

	node_add_cstr(c->arena, outcome, "resourceType", "OperationOutcome");
	issues = node_add(c->arena, outcome, "issue", NODE_ARRAY);
	add_issue(c, issues, "information", "informational", said);
	for (size_t i = 0; i < look->conflict_count; i++)
		add_issue(c, issues, look->conflicts[i].speaks == MERGE_FORBIDS ? "error" : "warning",
			  "conflict", look->conflicts[i].text);
	return issues;
}

static enum err put_result(struct ctx *c, struct node *list, struct str id)
{
	struct version v;
	struct node *patient;

	TRY(record_read(c, STR("Patient"), id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	node_append(add_part(c, list, "result"), "resource", patient);
	return OK;
}

static enum err reply_merge(struct ctx *c, const struct given *given, const char *said,
			    const struct merge_preview *look, bool preview,
			    const struct format *format, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT), *list, *input, *issues;

	node_add_cstr(c->arena, o, "resourceType", "Parameters");
	list = node_add(c->arena, o, "parameter", NODE_ARRAY);
	input = node_add(c->arena, add_part(c, list, "input"), "resource", NODE_OBJECT);
	node_add_cstr(c->arena, input, "resourceType", "Parameters");
	node_append(input, "parameter", node_copy(c->arena, given->params));
	issues = outcome_of(c, list, said, look);
	if (preview)
		put_counts(c, issues, look);
	TRY(put_result(c, list, look->survivor.id));
	if (preview)
		put_items(c, list, look);
	return reply_node(c, format, o, reply);
}

enum err api_merge(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct merge_wish wish;
	struct merge_preview look;
	struct merge_done done = { 0 };
	struct format format;
	struct given given;
	struct str reason;
	const struct node *preview;
	const char *said;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, merge_params, &given));
	if (given_part(&given, "result-patient"))
		return fail(c, ERR_UNSUPPORTED,
			    "result-patient is not supported: a merge changes nothing that the "
			    "Patients say but their links; update the target itself.");
	TRY(find_patient(c, &given, "source", &wish.other));
	TRY(find_patient(c, &given, "target", &wish.survivor));
	reason = given_text(c, &given, "reason");
	wish.reason = reason.len ? reason : STR("Asked for by Patient/$merge.");
	wish.forced = given_text(c, &given, "force-reason");
	wish.by = who(c);
	preview = given_part(&given, "preview");
	TRY(merge_look(c, wish.survivor, wish.other, &look));
	if (preview && preview->truth) {
		said = "This would be merged; nothing was changed.";
	} else {
		TRY(merge_persons(c, &wish, &done));
		if (!done.existed)
			TRY(audit_note_merge(c, wish.survivor, wish.other, "merge"));
		said = done.existed ? "They were merged already." : "Merged.";
	}
	return reply_merge(c, &given, said, &look, preview && preview->truth, &format, reply);
}

enum err api_unmerge(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const params[] = { "reason", "_format", "_pretty", NULL };
	struct format format;
	struct given given = { .request = r };
	struct merge_event event;
	struct version v;
	struct str reason;
	int64_t merge;

	TRY(format_choose(c, r, &format));
	if (r->body.len)
		TRY(given_read(c, r, params, &given));
	else
		TRY(query_only(c, r, params));
	reason = given_text(c, &given, "reason");
	TRY(merge_undo(c, r->part[0], reason.len ? reason : STR("Asked for by Patient/$unmerge."),
		       who(c), &merge));
	TRY(merge_find(c, merge, &event));
	TRY(audit_note_merge(c, event.survivor, event.other, "unmerge"));
	TRY(record_read(c, STR("Patient"), r->part[0], &v));
	version_headers(c, &v, reply);
	return reply_json(c, &format, v.body, reply);
}
