/* people_fixed.c - the first people, the same whatever the seed: told by share/demo/person, one
 * resource a line, so that tours and tests have somebody to rely on.
 *
 * A text that begins with @ is filled in: "@-13 08:20" is that time thirteen days ago, "@+8" the
 * day in eight days, "@org-council" where an item came from (meta.source), "@nhs" an NHS number.
 */
#include "base/vec.h"
#include "model/people_make.h"

struct filler {
	struct maker *m;
	const char *file;
	unsigned line, number;
};

static enum err wrong(struct filler *f, struct str text)
{
	return fail(f->m->c, ERR_INVALID, "%s:%u: \"" STR_FMT "\" cannot be filled in", f->file,
		    f->line, STR_ARG(text));
}

static const struct people_org *find_org(const struct maker *m, const char *id)
{
	for (int i = 0; i < GROUP_PRACTICES; i++)
		if (strcmp(m->group.practice[i].id, id) == 0)
			return &m->group.practice[i];
	return people_org(m->d, id);
}

/* "-13 08:20" or "+8". */
static enum err fill_time(struct filler *f, struct node *n, struct str text)
{
	struct maker *m = f->m;
	struct str clock = text, days = str_cut(&clock, ' '), minutes = clock;
	int64_t day, hour = 0, minute = 0;
	if (!str_int(days, &day) || day < -40000 || day > 4000)
		return wrong(f, text);
	struct node *holder = node_new(m->a, NODE_OBJECT);
	if (clock.at) {
		struct str hours = str_cut(&minutes, ':');
		if (!str_int(hours, &hour) || !minutes.at || !str_int(minutes, &minute) ||
		    hour < 0 || hour > 23 || minute < 0 || minute > 59)
			return wrong(f, text);
		put_time(m, holder, "t", (m->today + day) * DAY + hour * 60 + minute);
	} else {
		put_date(m, holder, "t", m->today + day);
	}
	n->text = holder->first->text;
	n->len = holder->first->len;
	return OK;
}

static enum err fill_text(struct filler *f, struct node *n)
{
	struct maker *m = f->m;
	struct str text = { n->text + 1, n->len - 1 };
	const char *value;
	if (text.len && (text.at[0] == '-' || text.at[0] == '+'))
		return fill_time(f, n, text);
	if (str_is(text, "nhs")) {
		char *digits = arena_alloc(m->a, 11);
		nhs_number(m->options->seed, f->number, digits);
		value = digits;
	} else {
		const struct people_org *org = find_org(m, str_dup(m->a, text));
		if (!org)
			return wrong(f, text);
		value = org->source;
	}
	n->text = value;
	n->len = (uint32_t)strlen(value);
	return OK;
}

/* Every text of the tree that begins with @; without recursion. */
static enum err fill(struct filler *f, struct node *root)
{
	VEC(struct node *) waiting = { 0 };
	*vec_push(&waiting, f->m->a) = root;
	while (waiting.len) {
		struct node *n = waiting.at[--waiting.len];
		if (n->kind == NODE_STRING && n->len && n->text[0] == '@')
			TRY(fill_text(f, n));
		node_each(child, n)
			*vec_push(&waiting, f->m->a) = child;
	}
	return OK;
}

static enum err fixed_line(struct filler *f, struct str line)
{
	struct maker *m = f->m;
	struct node *resource;
	struct json_options limits = { .depth = 32, .nodes = 2000, .bytes = 64 << 10 };
	if (json_read(m->c, m->a, line, &limits, &resource) != OK) {
		const char *why = say(m, "%s", m->c->why);
		return fail(m->c, ERR_INVALID, "%s:%u: %s", f->file, f->line, why);
	}
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");
	if (!type.len || !str_starts(id, str_of(say(m, "p-%06u", f->number))))
		return fail(m->c, ERR_INVALID, "%s:%u: a resource of p-%06u is expected",
			    f->file, f->line, f->number);
	TRY(fill(f, resource));
	struct node *entry = put_object(m, m->entries, NULL);
	node_append(entry, "resource", resource);
	struct node *request = put_object(m, entry, "request");
	put(m, request, "method", "PUT");
	put(m, request, "url", say(m, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id)));
	return OK;
}

enum err fixed_make(struct maker *m, unsigned number)
{
	static const char *const files[PEOPLE_FIXED] = { "demo/person/edith.ndjson",
							 "demo/person/karen.ndjson",
							 "demo/person/winifred.ndjson" };
	struct filler f = { .m = m, .file = files[number - 1], .number = number };
	struct str text = m->d->fixed[number - 1];
	while (text.at) {
		struct str line = str_cut(&text, '\n');
		f.line++;
		if (line.len)
			TRY(fixed_line(&f, line));
	}
	return OK;
}
