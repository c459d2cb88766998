/* words.h - the words of a resource, for _text and _content; for record/ alone.
 *
 *	words.c         a resource -> its words in order, and the list of them that is kept
 *	words_rows.c    lists in and out of the table `words` of either engine
 *	search_words.c  what is asked -> the engine's query, and the same asked of one resource
 *
 * A word is letters and digits without case and accents. Kept is which words occur, not where:
 * phrases are looked up in the resource itself. In the table each stands behind the number of the
 * resource's type and a mark, "12~smith" for one in the narrative and "12.smith" for one that is
 * elsewhere only, so that a type has lists of its own. No mark and no quote is ever part of a word.
 */
#ifndef RECORD_WORDS_H
#define RECORD_WORDS_H

#include "base/vec.h"
#include "record/inside.h"

#define WORD_NARRATIVE '~'
#define WORD_ELSEWHERE '.'
#define WORD_BYTES 60         /* longer ones are cut, here and in what is asked */
#define WORDS_BYTES 400000 /* of the words of one resource; what comes after has none */

struct word {
	struct str text;
	uint32_t run; /* the string it stands in, numbered: phrases do not cross them */
	bool narrative;
};
struct words {
	struct word *at;
	size_t len;
};

/* The words of folded text, cut to WORD_BYTES; false at the end. */
bool word_next(struct str *folded, struct str *word);
/* All words of a resource, in its order; in c->arena. */
NODISCARD enum err words_find(struct ctx *c, const struct node *resource, struct words *out);
/* Those that are kept: "~ann .smith", sorted, each once; in c->arena. */
NODISCARD enum err words_list(struct ctx *c, const struct node *resource, struct str *out);

/* --- words_rows.c --- */
struct apply;
struct words_change {
	int64_t person, resource;
	struct str list; /* with the type's number: "12~ann 12.smith" */
	size_t order;    /* as they were asked for */
	bool drop;
};
struct words_changes {
	struct words_change *at;
	size_t len, cap;
};

/* Remember that a list goes or comes; words_flush writes all of a transaction at once, sorted,
 * which is what a full-text index likes best. An empty list is nothing. */
void words_put(struct apply *a, int64_t type, struct str list, int64_t person,
	       int64_t resource);
void words_drop(struct apply *a, int64_t type, struct str list, int64_t person,
		int64_t resource);
NODISCARD enum err words_flush(struct apply *a);
/* How many words of a list are not in the table. */
NODISCARD enum err words_missing(struct ctx *c, struct db *db, int64_t type, struct str list,
				 int64_t person, int64_t resource, unsigned *out);
size_t words_len(struct str list);
NODISCARD enum err words_count(struct ctx *c, struct db *db, int64_t *out);
NODISCARD enum err words_clear(struct ctx *c, struct db *db);

#endif
