/* html.h - pages from templates: Mustache, escaped by where the value stands.
 *
 * Templates are share/web/ files, parsed once and immutable. {{name}} is escaped for the place it
 * stands in: text, a quoted attribute, a URL in href/src/action and the like (schemes other than
 * http, https, mailto, tel and relative ones become "#"; after literal text of the URL a value is
 * one part of it and percent-encoded). A value inside <script>, <style>, a comment, an unquoted
 * attribute or one that runs or loads things (on…, style, srcdoc, srcset) is refused when the
 * template is parsed, and so is HTML that browsers would have to repair. {{{name}}} and {{&name}}
 * write as it is only what html_safe marked and only in text; all else they escape too, unless
 * the template was parsed with `raw` (the Mustache specification's own tests).
 *
 * Sections, inverted sections, partials ({{>name}} with indentation), comments, delimiters,
 * dotted names, implicit iterator, as the Mustache specification 1.4 says, and of its optional
 * parts inheritance ({{<layout}}{{$main}}…{{/main}}{{/layout}}) and names from the data
 * ({{>*name}}); no lambdas. null, false, an empty list and an empty string are false; 0 is true.
 * A section must end in the place of the HTML it began in, a partial stands and ends in text.
 */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/json.h"

struct template;

/* Gives the text of a partial, which must live until template_parse is done, or false. Asked while
 * rendering only for names from the data. */
typedef bool template_source(void *arg, struct str name, struct str *out);

struct template_options {
	template_source *partial;
	void *arg;
	bool raw; /* escape as the specification's tests expect: {{{x}}} is raw, contexts ignored */
};

/* Parse into `life`. ERR_SYNTAX with name, line and column. Partials are read and parsed too,
 * recursion included; one that does not exist is an error (with `raw`: empty). */
NODISCARD enum err template_parse(struct ctx *c, struct arena *life, const char *name, struct str text,
				  const struct template_options *options, struct template **out);
/* Append the page; `data` is the root of the lookup. Missing names are empty. ERR_LIMIT when
 * partials nest more than 64 deep, the work is too much or the page does not fit in `out`.
 * Thread-safe for one template. */
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
