/* v2_result.c - ORU: each OBR is a report, its OBX lines observations.
 *
 * A report is called by the order number of who filled it (OBR-3), else who placed it (OBR-2), and its
 * code; an observation by its report, code, sub-id and which of those it is. An older message
 * about the same report adds what is missing and changes nothing.
 *
 * A file (OBX of type ED) stays with its report until a message tells another or takes it back. OBX-11 is said for
 * each OBX: a C or F replaces what its own OBX said before, and only D or W take back (HL7 v2, table 0085; 7.4.2.11);
 * that an OBX is not sent again says nothing about it. So a correction of one value without the letter that went with it does not lose
 * the letter. The files told last are all there are: they have no names by which some of them could be told apart. */
#include "feed/v2.h"

struct report {
	struct v2 *v;
	const struct hl7_segment *obr, *orc;
	struct str key; /* what it is called */
	struct node *node;
	bool older;
	bool aside;           /* older, and the report stands as it is but for results it has not */
	bool files;           /* it tells what files there are */
	int64_t before;       /* when what was told of it last was so; 0: nothing was */
	struct state *state;  /* what was told of it before */
	struct node *last; /* the observation last made; NULL: none yet */
	struct str last_code; /* its code, when it is made of words */
	struct str order, status, effective;
	VEC(struct str) codes;
	struct buf notes;
};

static void put_coding(struct v2 *v, struct node *into, const char *name, const char *system,
		       const char *code)
{
	struct arena *a = v->c->arena;
	struct node *n = node_add(a, node_add(a, into, name, NODE_ARRAY), NULL, NODE_OBJECT);

	n = node_add(a, node_add(a, n, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "system", system);
	node_add_cstr(a, n, "code", code);
}

static void put_visit(struct v2 *v, struct node *resource)
{
	if (v->encounter.len)
		v2_reference(v, node_add(v->c->arena, resource, "encounter", NODE_OBJECT), NULL, "Encounter",
			     v->encounter);
}

static struct str first_of(struct v2 *v, const struct hl7_segment *a, unsigned af,
			   const struct hl7_segment *b, unsigned bf)
{
	struct str text = v2_text(v, a, af, 1);

	return text.len ? text : v2_text(v, b, bf, 1);
}

static void name_report(struct report *r)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str filler = first_of(v, r->obr, 3, r->orc, 3), placer = first_of(v, r->obr, 2, r->orc, 2);
	struct str code = v2_text(v, r->obr, 4, 1);

	if (!code.len)
		code = v2_text(v, r->obr, 4, 2);
	if (filler.len || placer.len)
		r->key = str_of(arena_printf(a, "%s:" STR_FMT "|" STR_FMT, filler.len ? "f" : "p",
					     STR_ARG(filler.len ? filler : placer), STR_ARG(code)));
	else
		r->key = str_of(arena_printf(a, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(v->person),
					     STR_ARG(code), STR_ARG(v2_text(v, r->obr, 7, 1))));
}

static void put_number(struct v2 *v, struct node *resource, const char *type, struct str number)
{
	struct arena *a = v->c->arena;
	struct node *list = node_get(resource, "identifier"), *n;

	if (!number.len)
		return;
	if (!list)
		list = node_add(a, resource, "identifier", NODE_ARRAY);
	n = node_add(a, list, NULL, NODE_OBJECT);
	node_add_cstr(a, n, "system",
		      arena_printf(a, "https://causeway.example/fhir/Id/" STR_FMT "/%s", STR_ARG(v->org),
				   type));
	node_add_str(a, n, "value", number);
}

/* What every such resource must have. */
static void need_code(struct v2 *v, struct node *resource)
{
	struct node *code = node_get(resource, "code");

	if (!code)
		node_add_cstr(v->c->arena, node_add(v->c->arena, resource, "code", NODE_OBJECT), "text",
			      "Not said");
}

static enum err put_order(struct report *r)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str placer = first_of(v, r->obr, 2, r->orc, 2), status = v2_text(v, r->orc, 5, 1);
	const struct map_code *code = maps_code(v->feeds->maps, a, "orderstatus", status);
	struct str told = code && status.len ? str_of(code->code)
			  : str_is(v2_text(v, r->obr, 25, 1), "F") ? STR("completed")
								      : STR("active");
	struct node *o;

	if (!placer.len)
		return OK;
	if (str_is(v2_text(v, r->orc, 1, 1), "CA"))
		told = STR("revoked");
	r->order = v2_id(v, "ServiceRequest", r->key, placer);
	TRY(v2_put_older(v, "ServiceRequest", r->order, r->older, &o));
	put_number(v, o, "placer-order", placer);
	put_number(v, o, "filler-order", first_of(v, r->obr, 3, r->orc, 3));
	node_add_str(a, o, "status", told);
	node_add_cstr(a, o, "intent", "order");
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "ORC", "ServiceRequest"), r->orc, o));
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "OBR", "ServiceRequest"), r->obr, o));
	v2_subject(v, o, "subject");
	put_visit(v, o);
	return OK;
}

static enum err put_report(struct report *r)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str id = v2_id(v, "DiagnosticReport", r->key, (struct str){ 0 });
	struct hl7_time t;

	TRY(v2_when(v, r->obr, 7, &t));
	TRY(v2_when(v, r->obr, 22, &t));
	size_t puts = v->puts.len;
	TRY(v2_put_older(v, "DiagnosticReport", id, r->older, &r->node));
	r->aside = v->puts.len == puts;
	put_number(v, r->node, "filler-order", first_of(v, r->obr, 3, r->orc, 3));
	put_number(v, r->node, "placer-order", first_of(v, r->obr, 2, r->orc, 2));
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "OBR", "DiagnosticReport"), r->obr, r->node));
	if (!node_get(r->node, "status"))
		node_add_cstr(a, r->node, "status", "unknown");
	need_code(v, r->node);
	r->status = node_str(r->node, "status");
	r->effective = node_str(r->node, "effectiveDateTime");
	v2_subject(v, r->node, "subject");
	put_visit(v, r->node);
	if (r->order.len)
		v2_reference(v, node_add(a, r->node, "basedOn", NODE_ARRAY), NULL, "ServiceRequest", r->order);
	return OK;
}

/* --- OBX --- */

static void put_attachment(struct report *r, const struct hl7_segment *obx)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str raw = hl7_repeat(v->m, hl7_field(obx, 5), 1);
	struct str data = hl7_text(v->m, a, hl7_component(v->m, raw, 5)), bytes;
	struct node *list = node_get(r->node, "presentedForm"), *n;
	struct str status = v2_text(v, obx, 11, 1);
	bool gone = str_is(status, "D") || str_is(status, "W");

	if (!str_is(v2_text(v, obx, 2, 1), "ED"))
		return;
	r->files |= gone;
	if (gone || !data.len)
		return;
	if (!str_unbase64(a, data, &bytes)) {
		map_note(&v->run, (struct hl7_where){ .segment = "OBX", .occurrence = obx->occurrence, .field = 5,
						      .component = 5 },
			 "is no Base64, and left out.");
		return;
	}
	r->files = true;
	if (!list)
		list = node_add(a, r->node, "presentedForm", NODE_ARRAY);
	n = node_add(a, list, NULL, NODE_OBJECT);
	node_add_cstr(a, n, "contentType", v2_media_type(v, obx));
	node_add_str(a, n, "data", data);
}

static bool is_words(struct str type)
{
	return str_is(type, "TX") || str_is(type, "FT") || str_is(type, "ST");
}

/* A text sent line by line: more of the observation before. */
static bool goes_on(struct report *r, const struct hl7_segment *obx, struct str code)
{
	struct v2 *v = r->v;
	struct node *value = r->last ? node_get(r->last, "valueString") : NULL;
	struct buf b;

	if (!value || !is_words(v2_text(v, obx, 2, 1)) || !str_eq(code, r->last_code))
		return false;
	buf_init(&b, v->c->arena, 1 << 20);
	buf_printf(&b, STR_FMT "\n" STR_FMT, STR_ARG(node_text(value)),
		   STR_ARG(hl7_text(v->m, v->c->arena, hl7_field(obx, 5))));
	value->text = b.at;
	value->len = (uint32_t)b.len;
	return true;
}

/* --- all that were told of a report are in it, whoever told them --- */

static void remember_result(struct report *r, struct str id)
{
	struct arena *a = r->v->c->arena;
	struct node *all = node_get(r->state->body, "r"), *one;
	const char *name = str_dup(a, id);

	if (!all)
		all = node_add(a, r->state->body, "r", NODE_OBJECT);
	one = node_get(all, name);
	if (one && v2_time(all, name) >= r->v->at)
		return;
	if (one)
		node_remove(all, one);
	node_add_int(a, all, name, r->v->at);
}

/* The newest first; of one message in its order. */
static void list_results(struct report *r, struct node *into)
{
	const struct node *all = node_get(r->state->body, "r");
	struct arena *a = r->v->c->arena;
	struct node *list = NULL, *old = node_get(into, "result");
	int64_t below = INT64_MAX, next;

	if (old)
		node_remove(into, old);
	for (; all && below; below = next) {
		next = 0;
		node_each(one, all) {
			int64_t at = v2_time(all, arena_dup(a, one->name, one->name_len));
			if (at < below && at > next)
				next = at;
		}
		node_each(one, all) {
			struct str id = { one->name, one->name_len };
			if (!next || v2_time(all, str_dup(a, id)) != next)
				continue;
			if (!list)
				list = node_add(a, into, "result", NODE_ARRAY);
			v2_reference(r->v, list, NULL, "Observation", id);
		}
	}
}

static enum err put_observation(struct report *r, const struct hl7_segment *obx)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str code = v2_text(v, obx, 3, 1), sub = v2_text(v, obx, 4, 1), key, id;
	unsigned nth = 0;

	if (!code.len)
		code = v2_text(v, obx, 3, 2);
	key = str_of(arena_printf(a, STR_FMT "|" STR_FMT, STR_ARG(code), STR_ARG(sub)));
	put_attachment(r, obx);
	if (goes_on(r, obx, key))
		return OK;
	for (size_t i = 0; i < r->codes.len; i++)
		nth += str_eq(r->codes.at[i], key);
	*vec_push(&r->codes, a) = key;
	id = v2_id(v, "Observation", r->key, str_of(arena_printf(a, STR_FMT "|%u", STR_ARG(key), nth)));
	TRY(v2_put_older(v, "Observation", id, r->older, &r->last));
	r->last_code = is_words(v2_text(v, obx, 2, 1)) ? key : (struct str){ 0 };
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "OBX", "Observation"), obx, r->last));
	if (!node_get(r->last, "status"))
		node_add_cstr(a, r->last, "status",
			      str_is(r->status, "final") || str_is(r->status, "preliminary")
				      ? str_dup(a, r->status)
				      : "unknown");
	if (r->effective.len && !node_get(r->last, "effectiveDateTime"))
		node_add_str(a, r->last, "effectiveDateTime", r->effective);
	need_code(v, r->last);
	put_coding(v, r->last, "category", "http://terminology.hl7.org/CodeSystem/observation-category",
		   "laboratory");
	TRY(v2_value(v, obx, r->last));
	v2_subject(v, r->last, "subject");
	put_visit(v, r->last);
	remember_result(r, id);
	return OK;
}

/* --- NTE, SPM --- */

static void put_note(struct report *r, const struct hl7_segment *nte)
{
	struct v2 *v = r->v;
	struct arena *a = v->c->arena;
	struct str text = hl7_text(v->m, a, hl7_field(nte, 3));
	struct node *notes, *note;

	if (!text.len)
		return;
	if (!r->last) {
		buf_printf(&r->notes, "%s" STR_FMT, r->notes.len ? "\n" : "", STR_ARG(text));
		return;
	}
	notes = node_get(r->last, "note");
	if (!notes)
		notes = node_add(a, r->last, "note", NODE_ARRAY);
	note = notes->last;
	if (!note) {
		node_add_str(a, node_add(a, notes, NULL, NODE_OBJECT), "text", text);
		return;
	}
	struct node *words = node_get(note, "text"); /* lines of one note */
	words->text = arena_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(node_text(words)), STR_ARG(text));
	words->len = (uint32_t)strlen(words->text);
}

static enum err put_specimen(struct report *r, const struct hl7_segment *s)
{
	struct v2 *v = r->v;
	struct str number = v2_text(v, s, 2, 1), id;
	struct node *n, *list = node_get(r->node, "specimen");

	if (!hl7_field(s, 4).len && strcmp(s->name, "OBR"))
		return OK;
	id = v2_id(v, "Specimen", r->key, strcmp(s->name, "SPM") ? STR("obr") : number);
	TRY(v2_put_older(v, "Specimen", id, r->older, &n));
	if (!strcmp(s->name, "SPM"))
		put_number(v, n, "specimen", number);
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, s->name, "Specimen"), s, n));
	v2_subject(v, n, "subject");
	if (!list)
		list = node_add(v->c->arena, r->node, "specimen", NODE_ARRAY);
	v2_reference(v, list, NULL, "Specimen", id);
	return OK;
}

static enum err begin_report(struct report *r, const struct hl7_segment *obr,
			     const struct hl7_segment *orc)
{
	struct v2 *v = r->v;
	struct state *s;

	*r = (struct report){ .v = v, .obr = obr, .orc = orc };
	buf_init(&r->notes, v->c->arena, 1 << 20);
	name_report(r);
	TRY(v2_state(v, STATE_ORDER,
		     str_of(arena_printf(v->c->arena, STR_FMT "|" STR_FMT, STR_ARG(v->org), STR_ARG(r->key))),
		     &s));
	r->state = s;
	r->before = v2_time(s->body, "t");
	r->older = r->before > v->at;
	if (!r->older)
		v2_set_time(v, s->body, "t", v->at);
	TRY(put_order(r));
	TRY(put_report(r));
	return hl7_field(obr, 15).len ? put_specimen(r, obr) : OK;
}

/* The report as it stands; NULL: there is none. */
static enum err read_standing(struct report *r, struct version *version, struct node **out)
{
	struct ctx *c = r->v->c;
	struct str id = v2_id(r->v, "DiagnosticReport", r->key, (struct str){ 0 });
	enum err e = record_read(c, STR("DiagnosticReport"), id, version);

	*out = NULL;
	if (e)
		return e == ERR_NOT_FOUND || e == ERR_GONE ? OK : e;
	return fhir_read_json(c, c->place->fhir, c->arena, version->body, out);
}

/* --- files: of the newest message that told of any --- */

static void move_files(struct node *from, struct node *to)
{
	struct node *old = node_get(to, "presentedForm"), *list = node_get(from, "presentedForm");

	if (old)
		node_remove(to, old);
	if (!list)
		return;
	node_remove(from, list);
	node_append(to, "presentedForm", list);
}

/* "f": when those it has were told. A report from before that was kept has files and no "f": they stay. */
static bool files_are_news(const struct report *r, const struct node *standing)
{
	const struct node *told = node_get(r->state->body, "f");

	if (!r->files)
		return false;
	return told ? v2_time(r->state->body, "f") <= r->v->at : !node_get(standing, "presentedForm");
}

static enum err keep_files(struct report *r)
{
	struct version version;
	struct node *standing;

	if (r->files) {
		v2_set_time(r->v, r->state->body, "f", r->v->at);
		return OK;
	}
	if (!r->before)
		return OK;
	TRY(read_standing(r, &version, &standing));
	if (standing)
		move_files(standing, r->node);
	return OK;
}

/* An older message that tells of results, or of files, the newer ones did not: they are added to the report as it is. */
static enum err add_older(struct report *r)
{
	struct version current;
	struct node *report;
	struct put *put;

	TRY(read_standing(r, &current, &report));
	if (!report)
		return OK;
	if (files_are_news(r, report)) {
		v2_set_time(r->v, r->state->body, "f", r->v->at);
		move_files(r->node, report);
	}
	list_results(r, report);
	atoms_adopt(r->v->c->place->fhir->atoms, report);
	put = vec_push(&r->v->puts, r->v->c->arena);
	*put = (struct put){ .type = STR("DiagnosticReport"), .id = current.id,
			     .write = { .resource = report, .org = r->v->source, .if_match = current.version } };
	return OK;
}

static enum err end_report(struct report *r)
{
	if (!r->node)
		return OK;
	if (r->notes.len)
		node_add_str(r->v->c->arena, r->node, "conclusion", buf_get(&r->notes));
	if (r->aside)
		return add_older(r);
	TRY(keep_files(r));
	list_results(r, r->node);
	return OK;
}

enum err v2_result(struct v2 *v)
{
	struct report r = { .v = v };
	const struct hl7_segment *orc = NULL;

	for (unsigned i = 0; i < v->m->len; i++) {
		const struct hl7_segment *s = &v->m->at[i];
		if (!strcmp(s->name, "ORC")) {
			orc = s;
		} else if (!strcmp(s->name, "OBR")) {
			TRY(end_report(&r));
			TRY(begin_report(&r, s, orc));
			orc = NULL;
		} else if (r.node && !strcmp(s->name, "OBX")) {
			TRY(put_observation(&r, s));
		} else if (r.node && !strcmp(s->name, "NTE")) {
			put_note(&r, s);
		} else if (r.node && !strcmp(s->name, "SPM")) {
			TRY(put_specimen(&r, s));
		}
	}
	return end_report(&r);
}
