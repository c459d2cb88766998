/* merge.h - two Patients are one person, and not any more.
 *
 * A merge is one row of the table `merge` and a new version of the two Patients that says so
 * (Patient.link; the replaced one also active=false). No item is moved or rewritten: whoever asks for
 * one of the Patients is shown the items of all of them (record/same.h). So taking a merge back is
 * as quick, and exact whatever was written meanwhile and in whatever order merges are taken back.
 * Merges form trees: a Patient is replaced by one other at most.
 */
#ifndef IDENTITY_MERGE_H
#define IDENTITY_MERGE_H

#include "record/record.h"

struct merge_wish {
	struct str survivor, other; /* ids of Patients */
	struct str reason, by;      /* both required; a reason is at most 1,000 bytes */
	struct str forced;          /* why in spite of two verified NHS numbers; mostly empty */
};
struct merge_done {
	int64_t key;  /* of the merge */
	bool existed; /* they were one person already: nothing was written */
};
/* ERR_NOT_FOUND, ERR_GONE; ERR_CONFLICT when `other` was replaced by somebody else already, or both
 * have a verified NHS number and not the same. Merging twice is OK (feeds repeat themselves). */
NODISCARD enum err merge_persons(struct ctx *c, const struct merge_wish *wish,
				 struct merge_done *out);

/* Take back the merge that replaced this Patient. ERR_NOT_FOUND when there is none. *merge: the key
 * of the merge that was ended. */
NODISCARD enum err merge_undo(struct ctx *c, struct str other, struct str reason, struct str by,
			      int64_t *merge);

/* What happened, newest first. */
struct merge_event {
	int64_t key, at;
	bool undo;                  /* it ends the merge `undoes` */
	int64_t undoes, undone;     /* undone: key of what ended this merge; 0: it holds */
	struct str survivor, other; /* ids */
	struct str by, reason, forced;
};
/* About one Patient (empty: all), at most `limit`. */
NODISCARD enum err merge_history(struct ctx *c, struct str person, size_t limit,
				 struct merge_event **out, size_t *len);
/* One of them. ERR_NOT_FOUND. */
NODISCARD enum err merge_find(struct ctx *c, int64_t key, struct merge_event *out);
/* The Patient that goes on for this one: itself when it was not replaced; empty when unknown. */
NODISCARD enum err merge_head(struct ctx *c, struct str id, struct str *head);

/* When the Patient as it stands was told: merging and taking that back say nothing of a person. 0: they never were
 * merged, and it is as meta.lastUpdated has it. */
NODISCARD enum err merge_said_at(struct ctx *c, struct str id, int64_t *at);

/* --- before it is done --- */

enum merge_speaks { MERGE_WARNS, MERGE_FORBIDS };
struct merge_conflict {
	enum merge_speaks speaks;
	const char *text; /* one sentence without personal data */
};
struct merge_count {
	struct str type, org; /* meta.source; empty: not said */
	int64_t survivor, other;
};
/* What belongs to one of the two. */
struct merge_item {
	struct str type, org, id;
	bool of_other;
};
enum { MERGE_ITEMS = 5000 }; /* of a preview; more are only counted */
struct merge_preview {
	struct version survivor, other;
	struct merge_conflict *conflicts;
	size_t conflict_count;
	struct merge_count *counts; /* by type, then organisation */
	size_t count_len;
	struct merge_item *items; /* in the order of the counts, then by id */
	size_t item_len;
	int64_t survivor_items, other_items;
};
/* Both sides, what each holds, and what speaks against it. Errors as merge_persons, but conflicts of
 * content are told, not failed. */
NODISCARD enum err merge_look(struct ctx *c, struct str survivor, struct str other,
			      struct merge_preview *out);

#endif
