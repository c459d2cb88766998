/* json.h - JSON as a tree of nodes that loses nothing.
 *
 * Numbers keep their text (1.50 stays 1.50), members their order, each value its byte position.
 * Duplicate members, bad UTF-8, NULs and anything after the value are refused; depth, size and
 * number of values are limited; reading and writing are iterative, so no input can exhaust the
 * stack. The tree lives in the arena given; texts without escapes point into the input, which
 * must live as long.
 *
 * Names known to a `struct atoms` (the FHIR tables make one) carry its number in `key`, so that
 * looking up a member compares integers.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/dec.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_STRING, NODE_ARRAY, NODE_OBJECT };

struct node {
	uint8_t kind;      /* enum node_kind */
	bool truth : 1;    /* NODE_BOOL */
	bool safe : 1;     /* STRING: markup; set by html_safe alone, never by reading */
	uint16_t key;      /* atom of the name; 0: no name, or not a known one */
	uint32_t pos;      /* byte offset in the input; 0 for nodes made by code */
	uint32_t len;      /* NUMBER, STRING: bytes of text. ARRAY, OBJECT: number of children */
	uint32_t name_len;
	const char *name;  /* of a member of an object, else NULL; not NUL-terminated */
	union {
		const char *text;   /* NUMBER: the lexeme. STRING: unescaped UTF-8. No NUL after */
		struct node *first; /* ARRAY, OBJECT */
	};
	struct node *last; /* ARRAY, OBJECT: last child */
	struct node *next; /* sibling */
};

/* Known names, 1 … 65535. Immutable once filled. */
struct atoms;
struct atoms *atoms_new(struct arena *life);
/* The number of a name, given one if new; 0 when the table is full. */
uint16_t atoms_add(struct atoms *atoms, struct str name);
/* The number of a name, or 0. Thread-safe. */
uint16_t atoms_find(const struct atoms *atoms, struct str name);
struct str atoms_name(const struct atoms *atoms, uint16_t key);

struct json_options {
	const struct atoms *atoms; /* may be NULL */
	unsigned depth;            /* nesting allowed; 0: 64 */
	unsigned nodes;            /* values allowed; 0: 4 million */
	size_t bytes;              /* size of the input allowed; 0: 256 MB */
	bool prefix;               /* stop after one value; its length goes to *used */
	size_t *used;
};

/* Read one value. On failure ERR_SYNTAX or ERR_LIMIT, the reason with line and column in c->why
 * and as an issue. */
NODISCARD enum err json_read(struct ctx *c, struct arena *a, struct str text,
			     const struct json_options *options, struct node **out);
/* Line and column, 1-based and in bytes, of an offset. */
void json_position(struct str text, size_t pos, uint32_t *line, uint32_t *column);

/* Append the tree as JSON; indent 0 is one line without spaces, else spaces per level. */
void json_write(struct buf *b, const struct node *n, int indent);
/* Append a quoted JSON string. */
void json_write_string(struct buf *b, struct str s);

/* Making trees. Texts are borrowed; `parent` may be an object (with name) or an array (name NULL).
 * Each returns the new child. Keys are filled only by atoms_adopt. */
struct node *node_new(struct arena *a, enum node_kind kind);
struct node *node_add(struct arena *a, struct node *parent, const char *name, enum node_kind kind);
struct node *node_add_str(struct arena *a, struct node *parent, const char *name, struct str text);
struct node *node_add_cstr(struct arena *a, struct node *parent, const char *name, const char *text);
struct node *node_add_int(struct arena *a, struct node *parent, const char *name, int64_t n);
struct node *node_add_dec(struct arena *a, struct node *parent, const char *name, struct dec d);
struct node *node_add_bool(struct arena *a, struct node *parent, const char *name, bool truth);
/* Link an existing node (not yet anyone's child) as the last child. */
void node_append(struct node *parent, const char *name, struct node *child);
/* Put `child` first; for resourceType and meta. */
void node_prepend(struct node *parent, const char *name, struct node *child);
/* Put `child` behind `after`, a child of `parent`; NULL: first. */
void node_insert(struct node *parent, struct node *after, const char *name, struct node *child);
/* Take a child out. */
void node_remove(struct node *parent, struct node *child);
/* A copy of the whole tree with its texts and names; the root is nobody's child and has no name. */
struct node *node_copy(struct arena *a, const struct node *n);
/* Fill in the keys of a tree made by code. */
void atoms_adopt(const struct atoms *atoms, struct node *n);

/* Looking. All accept NULL and answer NULL, empty or false. */
struct node *node_get(const struct node *object, const char *name);
struct node *node_key(const struct node *object, uint16_t key);
struct node *node_at(const struct node *array, size_t index);
/* Follow a dotted path of names; an array on the way means its first element: "name.family". */
struct node *node_path(const struct node *n, const char *path);
/* Text of a STRING, lexeme of a NUMBER, "true"/"false"; else empty. */
struct str node_text(const struct node *n);
struct str node_str(const struct node *object, const char *name);
static inline bool node_is(const struct node *n, enum node_kind kind)
{
	return n && n->kind == kind;
}
/* Same value: members in any order, numbers by their text, strings by their bytes. Iterative. */
bool node_equal(const struct node *a, const struct node *b);

#define node_each(child, parent) \
	for (struct node *child = (parent) && (parent)->kind >= NODE_ARRAY ? (parent)->first : NULL; \
	     child; child = child->next)

#endif
