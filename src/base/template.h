/* template.h - a parsed template: what template_parse.c makes and template_render.c walks.
 *
 * For those two and template_place.c only; everyone else includes base/html.h. A template is a
 * list of parts; sections, blocks and parents have parts of their own.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include "base/html.h"

enum part_kind {
	PART_TEXT,     /* as it is */
	PART_VALUE,    /* {{name}} */
	PART_SECTION,  /* {{#name}} parts {{/name}} */
	PART_INVERTED, /* {{^name}} parts {{/name}} */
	PART_PARTIAL,  /* {{>name}} */
	PART_PARENT,   /* {{<name}} blocks {{/name}}: a partial with some of its blocks replaced */
	PART_BLOCK,    /* {{$name}} parts {{/name}}: may be replaced */
	PART_KINDS
};

/* How a value is written where it stands. */
enum escape {
	ESCAPE_TEXT,        /* text, a quoted attribute, a <title> */
	ESCAPE_UNLESS_SAFE, /* the same, but as it is if marked by html_safe */
	ESCAPE_NOT,         /* as it is: the specification's own tests */
	ESCAPE_URL,         /* a whole URL: its scheme is looked at */
	ESCAPE_URL_PART,    /* a part of a URL: percent-encoded */
};

struct part {
	enum part_kind kind;
	enum escape escape;
	struct str text;   /* TEXT: the bytes. Others: the name */
	struct str indent; /* PARTIAL, PARENT, BLOCK: white space before each of its lines */
	bool dynamic;      /* PARTIAL, PARENT: the name is looked up in the data */
	const struct template *partial; /* unless dynamic */
	struct part *first, *next;
};

struct template {
	struct str name, text;
	struct part *first;
	struct template_options options;
	struct template *next; /* of those parsed together */
};

/* Where the HTML written so far leaves us. `at` is all that matters outside a tag. */
struct html_state {
	uint8_t at;      /* enum in template_place.c */
	uint8_t attr;    /* what the attribute may hold */
	uint8_t element; /* of the tag, or the one whose raw text this is */
	uint8_t phase;   /* how far a URL, or the end of a comment, has been read */
	bool closing;    /* the tag is an end tag */
	bool tainted;    /* a value stands where a URL's scheme would */
	uint8_t name_len;
	char name[16]; /* of the tag or attribute being read; what is longer is unknown anyway */
};

/* Each returns NULL, or why the template is refused, as the end of a sentence. */

/* One more byte of literal text. */
const char *html_feed(struct html_state *s, char c);
/* A value comes here: how is it to be written? */
const char *html_value(struct html_state *s, enum escape *escape);
/* A section begins or ends here. */
const char *html_boundary(struct html_state *s);
/* After a section: `s` if it ran, `skipped` if not; made into one state. */
const char *html_merge(struct html_state *s, const struct html_state *skipped);
/* A partial stands here, or the template ends: is this plain text? */
const char *html_plain(const struct html_state *s);
/* A block stands here: is this plain text, or that of a <title> or <textarea>? */
const char *html_block(const struct html_state *s);

#endif
