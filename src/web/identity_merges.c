/* identity_merges.c - what was merged, by whom and why; taking it back; merging any two. */
#include "web/identity.h"

#include "access/audit.h"
#include "web/pages.h"

enum { LISTED = 200 };

static enum err put_event(struct ctx *c, struct node *list, const struct merge_event *e)
{
	struct node *row = data_object(c, list, NULL);
	struct moment at = moment_at(c->arena, e->at);

	TRY(put_patient(c, row, "a", e->survivor));
	TRY(put_patient(c, row, "b", e->other));
	data_words(c, row, "what", e->undo ? "Taken apart" : "Merged");
	data_time(c, row, "when", at, say_full(c->arena, at, clock_now(c->clock)));
	data_str(c, row, "merge_by", e->by);
	data_str(c, row, "merge_reason", e->reason);
	data_str(c, row, "forced", e->forced);
	if (!e->undo && !e->undone)
		data_str(c, row, "undo",
			 SAY(c->arena, "/identity/merges/%lld/undo", (long long)e->key));
	else if (!e->undo)
		data_words(c, row, "over", "Taken back since");
	return OK;
}

enum err identity_merges_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Merges"), *list = data_list(c, data, "merges");
	struct merge_event *events;
	size_t len;

	TRY(merge_history(c, request_param(c, r, "person", 0), LISTED, &events, &len));
	for (size_t i = 0; i < len; i++)
		TRY(put_event(c, list, &events[i]));
	if (len)
		node_add_bool(c->arena, data, "has_merges", true);
	if (c->actor)
		node_add_bool(c->arena, data, "signed_in", true);
	if (len == LISTED)
		data_str(c, data, "cut", SAY(c->arena, "The last %d are listed.", LISTED));
	return page_show(c, "identity_merges", data, reply);
}

enum err identity_merges_undo(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct merge_event e;
	int64_t key, ended;

	TRY(form_own(c, r));
	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "Merges have a number.");
	TRY(merge_find(c, key, &e));
	if (e.undo || e.undone)
		return fail(c, ERR_CONFLICT, "This merge was taken back already.");
	TRY(merge_undo(c, e.other, form_reason(c, r), form_by(c, r), &ended));
	TRY(audit_note_merge(c, e.survivor, e.other, "unmerge"));
	return page_redirect(c, STR("/identity/merges"), reply);
}
