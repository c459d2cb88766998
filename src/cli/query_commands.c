/* query_commands.c - get, search: read the record from a terminal. */
#include "cli/commands.h"
#include "record/search.h"

static const struct option get_options[] = {
	{ "raw", NULL, "as stored, on one line", NULL },
	{ 0 },
};

static const struct option search_options[] = {
	{ "ids", NULL, "print Type/id instead of resources", NULL },
	{ "all", NULL, "go on to the last page", NULL },
	{ 0 },
};

static enum err print_body(struct ctx *c, const struct invocation *in, struct str body, bool pretty)
{
	struct node *resource;
	struct buf text;

	if (!pretty) {
		fprintf(in->out, STR_FMT "\n", STR_ARG(body));
		return OK;
	}
	TRY(json_read(c, c->arena, body, &(struct json_options){ 0 }, &resource));
	buf_init(&text, c->arena, 0);
	json_write(&text, resource, 2);
	fprintf(in->out, STR_FMT "\n", STR_ARG(buf_get(&text)));
	return OK;
}

/* Patient/123, or an earlier version as FHIR addresses it: Patient/123/_history/2. */
static enum err get_version(struct ctx *c, struct invocation *in, struct version *version)
{
	struct str id = str_of(in->argv[1]), type = str_cut(&id, '/'), rest = id;
	struct str name = id.at ? str_cut(&rest, '/') : id;
	int64_t number;

	if (!name.len)
		return fail(c, ERR_USAGE, "say which: Patient/123, not \"%s\"", in->argv[1]);
	if (!rest.at)
		return record_read(c, type, name, version);
	if (!str_starts(rest, STR("_history/")) ||
	    !str_int((struct str){ rest.at + 9, rest.len - 9 }, &number) || number < 1)
		return fail(c, ERR_USAGE, "a version is named so: Patient/123/_history/2, not \"%s\"",
			    in->argv[1]);
	return record_vread(c, type, name, number, version);
}

static enum err run_get(struct ctx *c, struct invocation *in)
{
	struct version version;

	TRY(get_version(c, in, &version));
	return print_body(c, in, version.body, !command_option(in, "raw"));
}

static enum err search_print(struct ctx *c, const struct invocation *in, const struct search_page *page)
{
	for (size_t i = 0; i < page->len; i++) {
		const struct version *v = &page->at[i];
		if (command_option(in, "ids"))
			fprintf(in->out, STR_FMT "/" STR_FMT "\n", STR_ARG(v->type), STR_ARG(v->id));
		else
			TRY(print_body(c, in, v->body, false));
	}
	return OK;
}

static enum err search_pages(struct ctx *c, const struct invocation *in, struct str type, struct str query)
{
	ARENA(pages);
	struct arena *own = c->arena;
	enum err e = OK;

	while (e == OK && query.at) {
		const struct search *search;
		struct search_page page;
		char *next;
		c->arena = &pages;
		e = search_parse(c, type, query, &search);
		if (e == OK)
			e = search_run(c, search, &page);
		if (e == OK)
			e = search_print(c, in, &page);
		if (e == OK)
			e = ctx_check(c);
		next = e == OK && page.next.len && command_option(in, "all") ? str_dup(own, page.next) : NULL;
		c->arena = own;
		arena_reset(&pages);
		query = str_of(next);
	}
	return e;
}

static enum err run_search(struct ctx *c, struct invocation *in)
{
	struct str query = str_of(in->argv[1]), type = str_cut(&query, '?');

	return search_pages(c, in, type, query.at ? query : STR(""));
}

const struct command query_commands[] = {
	{ "get", "DB TYPE/ID", "Print one resource.",
	  "TYPE/ID/_history/N is its version N.", get_options, run_get,
	  "  causeway get county.db Patient/p-000001\n"
	  "  causeway get county.db Patient/p-000001/_history/1", .place = PLACE_READ },
	{ "search", "DB QUERY", "Search as over HTTP, one resource a line.",
	  "QUERY is what follows the base address: Patient?name=smith&birthdate=gt1940", search_options,
	  run_search, "  causeway search county.db 'Patient?family=tredwell&_count=5' --ids",
	  .place = PLACE_READ },
	{ 0 },
};
