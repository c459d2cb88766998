/* me_copy.c - take everything along: as FHIR for other programs, and as a page in plain words to read or print.
 *
 * Both hold what the asker may see and nothing else; both are written down as a copy that was taken.
 */
#include "web/looked.h"
#include "web/me.h"
#include "web/about.h"
#include "web/me_items.h"
#include "web/pages.h"

#define COPY_LIMIT ((size_t)128 << 20) /* bytes of a copy as FHIR */
#define PAGE_OF	   500

static void note_copy(struct ctx *c, const struct own *own, const char *form)
{
	audit_note(c, &(struct audit){ .what = AUDIT_EXPORT, .person = own->person, .section = STR("everything"),
				       .relation = own->self ? STR("self") : STR("consent"), .detail = str_of(form) });
}

enum err me_copy_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "Take a copy", ME_SEES, &data, &own));
	return page_show(c, "me_copy", data, reply);
}

/* --- as FHIR --- */

struct bundling {
	struct buf *out;
	const char *base;
	size_t count;
};

static enum err add_entry(struct ctx *c, void *arg, const struct version *v, bool of_person)
{
	struct bundling *b = arg;

	(void)of_person;
	buf_printf(b->out, "%s{\"fullUrl\":\"%s/fhir/" STR_FMT "/" STR_FMT "\",\"resource\":", b->count++ ? ",\n" : "\n",
		   b->base, STR_ARG(v->type), STR_ARG(v->id));
	buf_str(b->out, v->body);
	buf_char(b->out, '}');
	return b->out->full ? fail(c, ERR_LIMIT, "This record is larger than can be taken along at once.") : OK;
}

enum err me_copy_fhir(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct everything ask = { .count = PAGE_OF };
	struct everything_page page;
	struct bundling b = { .base = arena_printf(c->arena, STR_FMT, STR_ARG(r->base)) };
	struct node *data;
	struct own own;
	struct buf out;

	TRY(me_begin(c, r, "", ME_SEES, &data, &own));
	buf_init(&out, c->arena, COPY_LIMIT);
	b.out = &out;
	buf_printf(&out, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"timestamp\":\"" STR_FMT "\",\"entry\":[",
		   STR_ARG(when_print_us(c->arena, clock_now(c->clock))));
	ask.id = own.id;
	do {
		TRY(record_everything(c, &ask, add_entry, &b, &page));
		ask.after = page.next;
	} while (page.next.type || page.next.key);
	buf_cstr(&out, "\n]}\n");
	note_copy(c, &own, "fhir");
	reply->type = "application/fhir+json; charset=utf-8";
	reply->body = buf_get(&out);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"my-record.json\""));
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}

/* --- to read --- */

static enum err load(struct ctx *c, const struct request *r, const struct own *own, struct person *p)
{
	struct request theirs = *r;

	theirs.part[0] = own->id;
	TRY(person_load(c, &theirs, p));
	p->request = r;
	return OK;
}

enum err me_copy_read(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct person p;
	struct own own;

	TRY(me_begin(c, r, "Everything in my record", ME_SEES, &data, &own));
	TRY(load(c, r, &own, &p));
	person_put_head(&p, data);
	person_put_about(&p, data);
	me_put_groups(&p, data);
	note_copy(c, &own, "readable");
	return page_show(c, "me_copy_read", data, reply);
}

/* The same groups on the screen, each line with what can be done about it. */
enum err me_all_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct person p;
	struct own own;

	TRY(me_begin(c, r, "Everything in my record", ME_SEES, &data, &own));
	TRY(load(c, r, &own, &p));
	TRY(looked_open(c, own.id, "own"));
	me_put_groups(&p, data);
	node_add_bool(c->arena, data, "at_record", true);
	return page_show(c, "me_all", data, reply);
}
