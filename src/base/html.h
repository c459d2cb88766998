/* html.h - pages from templates: Mustache, escaped by where the value stands.
 *
 * Templates are share/web/ files, parsed once and immutable. {{name}} is escaped for the place it
 * stands in: text, a quoted attribute, a URL in href/src/action (schemes other than http, https,
 * mailto, tel and relative ones become "#"). A value inside <script>, <style>, an unquoted
 * attribute or an on… attribute is refused when the template is parsed. {{{name}}} and {{&name}}
 * are allowed only for values marked safe with html_safe; on plain text they escape too, unless
 * the template was parsed with `raw` (the Mustache specification's own tests).
 *
 * Sections, inverted sections, partials ({{>name}} with indentation), comments, delimiters,
 * dotted names, implicit iterator, as the Mustache specification 1.4 says; no lambdas.
 */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/json.h"

struct template;

/* Gives the text of a partial, or false. */
typedef bool template_source(void *arg, struct str name, struct str *out);

struct template_options {
	template_source *partial;
	void *arg;
	bool raw; /* escape as the specification's tests expect: {{{x}}} is raw, contexts ignored */
};

/* Parse into `life`. ERR_SYNTAX with name, line and column. Partials are read and parsed as they
 * are met, recursion included. */
NODISCARD enum err template_parse(struct ctx *c, struct arena *life, const char *name, struct str text,
				  const struct template_options *options, struct template **out);
/* Append the page; `data` is the root of the lookup. Missing names are empty. ERR_LIMIT when the
 * nesting or the size goes over the limits. */
NODISCARD enum err template_render(struct ctx *c, const struct template *t, const struct node *data,
				   struct buf *out);

/* Mark a string as finished HTML, for {{{name}}}: only for markup made by our own code whose
 * every part was escaped. */
struct node *html_safe(struct arena *a, struct node *parent, const char *name, struct str markup);

/* Append text escaped for HTML text and quoted attributes. */
void html_escape(struct buf *b, struct str text);
/* Append text percent-encoded for one part of a URL. */
void url_escape(struct buf *b, struct str text);
/* Undo percent-encoding (and + as space when `form`); false when it is malformed. In `a`. */
bool url_unescape(struct arena *a, struct str text, bool form, struct str *out);

#endif
