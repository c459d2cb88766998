/* emit_v2.c - a hospital's patient administration, laboratory and documents as HL7 v2.4, the way UK
 * systems send it: PID-3 with the hospital's own number and the NHS number, PID-32 its status, visits
 * by PV1-19, events by EVN-2.
 *
 * Each message has the time at which it was so and one at which it arrives: some arrive late, some
 * twice, some cannot be understood. */
#include "base/when.h"
#include "model/emit_part.h"

enum { WARD_AT_ONCE = 3 * 60 };

struct hospital {
	struct emit_run *run;
	const struct tale *t;
	const struct self *s;
	unsigned number; /* of the message */
};

/* ---- segments ---- */

static void text(struct buf *b, const char *s)
{
	for (; s && *s; s++) {
		const char *found = strchr("|^&~\\", *s);
		static const char escapes[] = "FSTRE";
		if (found)
			buf_printf(b, "\\%c\\", escapes[found - "|^&~\\"]);
		else
			buf_char(b, *s == '\r' || *s == '\n' ? ' ' : *s);
	}
}

static void field(struct buf *b, const char *s)
{
	buf_char(b, '|');
	text(b, s);
}

static void blank(struct buf *b, unsigned n)
{
	while (n-- > 0)
		buf_char(b, '|');
}

static const char *stamp(struct emit_run *run, int64_t minute)
{
	int year, month, day;
	int64_t days = minute / DAY;

	when_civil(days, &year, &month, &day);
	return say(&run->m, "%04d%02d%02d%02d%02d00", year, month, day, (int)(minute % DAY / 60),
		   (int)(minute % 60));
}

static struct buf start(struct hospital *h, const char *system, const char *kind, const char *event,
			int64_t at)
{
	struct buf b;
	const char *when = stamp(h->run, at);

	buf_init(&b, h->run->a, 0);
	buf_printf(&b, "MSH|^~\\&|%s|WXA|CAUSEWAY|WXQ|%s||%s^%s|%06u-%u|P|2.4|||AL|NE\r", system, when,
		   kind, event, h->t->number, ++h->number);
	if (strcmp(kind, "ORU") != 0)
		buf_printf(&b, "EVN|%s|%s\r", event, when);
	return b;
}

static const char *digits_of(struct emit_run *run, const char *date)
{
	return date ? say(&run->m, "%.4s%.2s%.2s", date, date + 5, date + 8) : "";
}

static void put_pid_address(struct buf *b, const struct self *s)
{
	buf_char(b, '|');
	if (!s->line && !s->postcode)
		return;
	text(b, s->line);
	buf_char(b, '^');
	text(b, s->line2);
	buf_char(b, '^');
	text(b, s->city);
	buf_cstr(b, "^^");
	text(b, s->postcode);
	buf_cstr(b, "^GBR^H");
}

/* A death is told from then on. */
static void put_pid(struct hospital *h, struct buf *b, const struct self *s, int64_t at)
{
	bool died = s->died != NEVER && s->died <= at;

	buf_printf(b, "PID|1||%s^^^WXA^MR", s->record);
	if (s->nhs)
		buf_printf(b, "~%s^^^NHS^NH", s->nhs);
	buf_cstr(b, "||");
	text(b, s->family);
	buf_char(b, '^');
	text(b, s->given);
	buf_cstr(b, "^^^");
	text(b, s->title);
	buf_cstr(b, "^^L||");
	buf_cstr(b, digits_of(h->run, s->born));
	field(b, !s->sex_said ? "" : s->female ? "F" : "M");
	blank(b, 2);
	put_pid_address(b, s);
	blank(b, 2);
	if (s->phone) {
		text(b, s->phone);
		buf_cstr(b, "^PRN^PH");
	}
	if (s->mobile) {
		buf_cstr(b, s->phone ? "~" : "");
		text(b, s->mobile);
		buf_cstr(b, "^PRN^CP");
	}
	blank(b, 3);
	buf_cstr(b, s->marital ? s->marital : "");
	blank(b, 6);
	buf_cstr(b, s->ethnic ? s->ethnic : "");
	blank(b, 7);
	buf_cstr(b, died ? stamp(h->run, s->died) : "");
	field(b, died ? "Y" : "");
	blank(b, 2);
	buf_cstr(b, s->nhs ? s->nhs_status : "");
	buf_char(b, '\r');
	if (s->practice) {
		buf_cstr(b, "PD1|||");
		text(b, s->practice_name);
		buf_printf(b, "^^%s\r", s->practice);
	}
}

/* ---- sending ---- */

static enum err send(struct hospital *h, struct buf *b, int64_t at)
{
	struct emit_run *run = h->run;
	int64_t arrives = at;

	if (dirt_falls(run, D_MESSAGE_LATE))
		arrives += rng_between(&run->m.r, 20, 3 * DAY);
	TRY(emit_put(run, EMIT_HL7, "WXA", arrives, h->t->number, buf_get(b)));
	if (!dirt_falls(run, D_MESSAGE_REPEATED))
		return OK;
	return emit_put(run, EMIT_HL7, "WXA", arrives + rng_between(&run->m.r, 0, 600), h->t->number,
			buf_get(b));
}

/* What no receiver can understand; nothing hangs on it. */
static enum err send_broken(struct hospital *h, int64_t at)
{
	struct self s = *h->s;
	unsigned kind = rng_below(&h->run->m.r, 3);
	struct buf b;

	if (!dirt_falls(h->run, D_MESSAGE_BROKEN))
		return OK;
	if (kind == 0)
		s.born = say(&h->run->m, "%.4s-02-31", s.born);
	if (kind == 1)
		s.record = "";
	if (kind == 1)
		s.nhs = NULL;
	b = start(h, "PAS", "ADT", kind == 2 ? "A77" : "A31", at);
	put_pid(h, &b, &s, at);
	return emit_put(h->run, EMIT_HL7, "WXA", at, 0, buf_get(&b));
}

static enum err send_person(struct hospital *h, const struct self *s, const char *event, int64_t at)
{
	struct buf b = start(h, "PAS", "ADT", event, at);

	put_pid(h, &b, s, at);
	return send(h, &b, at);
}

/* ---- visits ---- */

struct visit {
	const struct self *s;
	const struct node *encounter;
	const char *number, *class, *place, *unit; /* unit: where it began; NULL: in place */
	const char *reason;
	int64_t from, to; /* to: NEVER while there */
	bool died;
};

const char *emit_visit_number(struct emit_run *run, struct str encounter)
{
	size_t at = encounter.len;

	while (at > 0 && encounter.at[at - 1] != '-')
		at--;
	return say(&run->m, "V%.6s-%.*s", encounter.at + 2, (int)(encounter.len - at),
		   encounter.at + at);
}

/* "Location/loc-alder-12" → alder^^12 at its site. */
static const char *place_of(struct emit_run *run, const struct node *encounter, const char *site)
{
	const struct node *first = node_at(node_get(encounter, "location"), 0);
	struct str ref = node_str(node_get(first, "location"), "reference");
	size_t dash;

	if (!str_starts(ref, STR("Location/loc-")))
		return NULL;
	ref = (struct str){ ref.at + 13, ref.len - 13 };
	for (dash = ref.len; dash > 0 && ref.at[dash - 1] != '-'; dash--)
		;
	if (!dash)
		return NULL;
	return say(&run->m, "%.*s^^%.*s^%s", (int)(dash - 1), ref.at, (int)(ref.len - dash),
		   ref.at + dash, site);
}

static struct visit visit_of(struct hospital *h, const struct node *encounter, const struct self *s)
{
	struct emit_run *run = h->run;
	const char *site = emit_source(run, encounter);
	struct str class = node_str(node_get(encounter, "class"), "code");
	struct visit v = { .s = s, .encounter = encounter };

	v.number = emit_visit_number(run, node_str(encounter, "id"));
	v.class = str_is(class, "IMP") ? "I" : str_is(class, "EMER") ? "E" : "O";
	v.place = place_of(run, encounter, site);
	if (!v.place)
		v.place = say(&run->m, "%s^^^%s", *v.class == 'E' ? "ED" : "OPD", site);
	v.from = emit_minute(node_path(encounter, "period.start"));
	v.to = emit_minute(node_path(encounter, "period.end"));
	if (!str_is(node_str(encounter, "status"), "finished"))
		v.to = NEVER;
	v.reason = str_dup(run->a, emit_words(node_at(node_get(encounter, "reasonCode"), 0)));
	v.died = s->died != NEVER && v.to == s->died;
	if (*v.class == 'I' && (v.to == NEVER || v.to - v.from > DAY) && dirt_falls(run, D_TRANSFER))
		v.unit = say(&run->m, "AMU^^%u^%s", 1 + rng_below(&run->m.r, 24), site);
	return v;
}

static void put_pv1(struct hospital *h, struct buf *b, const struct visit *v, const char *place, bool over)
{
	struct emit_run *run = h->run;
	const struct node *who = node_get(node_at(node_get(v->encounter, "participant"), 0), "individual");
	struct str ref = node_str(who, "reference"), name = node_str(who, "display");

	buf_printf(b, "PV1|1|%s|%s|%s|||", v->class, place, *v->class == 'O' ? "11" : "21");
	if (str_starts(ref, STR("Practitioner/prac-"))) {
		text(b, say(&run->m, "%.*s", (int)(ref.len - 18), ref.at + 18));
		buf_char(b, '^');
		text(b, str_dup(run->a, name));
	}
	blank(b, 7);
	buf_cstr(b, *v->class == 'O' ? "" : "19");
	blank(b, 5);
	buf_printf(b, "%s^^^visit", v->number);
	blank(b, 17);
	buf_cstr(b, !over ? "" : v->died ? "79" : "19");
	blank(b, 8);
	buf_cstr(b, stamp(run, v->from));
	field(b, over ? stamp(run, v->to) : "");
	buf_char(b, '\r');
	buf_cstr(b, "PV2|||^");
	text(b, v->reason);
	buf_char(b, '\r');
}

static void put_diagnosis(struct hospital *h, struct buf *b, const struct visit *v)
{
	const char *ref = say(&h->run->m, "Encounter/" STR_FMT, STR_ARG(node_str(v->encounter, "id")));
	unsigned n = 0;

	for (size_t i = 0; i < h->t->all.len; i++) {
		const struct node *c = h->t->all.at[i];
		struct str code = emit_code(node_get(c, "code"));
		if (!str_is(node_str(c, "resourceType"), "Condition") || !code.len ||
		    !str_is(node_str(node_get(c, "encounter"), "reference"), ref))
			continue;
		buf_printf(b, "DG1|%u||" STR_FMT "^", ++n, STR_ARG(code));
		text(b, str_dup(h->run->a, emit_words(node_get(c, "code"))));
		buf_printf(b, "^SCT||%s|F\r", stamp(h->run, v->from));
	}
}

static enum err send_event(struct hospital *h, const struct visit *v, const char *event, int64_t at,
			   const char *place, bool over)
{
	struct buf b = start(h, "PAS", "ADT", event, at);

	put_pid(h, &b, v->s, at);
	put_pv1(h, &b, v, place, over);
	if (!over)
		put_diagnosis(h, &b, v);
	return send(h, &b, at);
}

/* Entered for a day on which they did not come. */
static enum err send_mistaken(struct hospital *h, const struct visit *v)
{
	struct visit wrong = *v;

	if (!dirt_falls(h->run, D_CANCEL_ADMIT))
		return OK;
	wrong.number = say(&h->run->m, "%sX", v->number);
	wrong.from = v->from - DAY;
	wrong.to = NEVER;
	TRY(send_event(h, &wrong, *v->class == 'I' ? "A01" : "A04", wrong.from, v->place, false));
	return send_event(h, &wrong, "A11", wrong.from + 25, v->place, false);
}

static enum err send_visit(struct hospital *h, const struct visit *v)
{
	const char *begin = *v->class == 'I' ? "A01" : "A04";
	int64_t now = h->run->m.now, ward = v->from + WARD_AT_ONCE;

	TRY(send_mistaken(h, v));
	TRY(send_event(h, v, begin, v->from, v->unit ? v->unit : v->place, false));
	if (v->unit && ward < now)
		TRY(send_event(h, v, "A02", ward, v->place, false));
	if (*v->class == 'I' && ward + DAY < (v->to == NEVER ? now : v->to))
		TRY(send_event(h, v, "A08", ward + DAY, v->place, false));
	if (v->to == NEVER || v->to > now)
		return OK;
	if (*v->class == 'I' && v->to - 90 > ward && dirt_falls(h->run, D_CANCEL_LEAVE)) {
		struct visit early = *v;
		early.to = v->to - 60;
		TRY(send_event(h, &early, "A03", early.to, v->place, true));
		TRY(send_event(h, v, "A13", early.to + 15, v->place, false));
	}
	return send_event(h, v, "A03", v->to, v->place, true);
}

/* ---- results and documents ---- */

static const struct node *find(const struct tale *t, struct str ref)
{
	for (size_t i = 0; i < t->all.len; i++) {
		struct str type = node_str(t->all.at[i], "resourceType"), id = node_str(t->all.at[i], "id");
		if (ref.len == type.len + 1 + id.len && str_starts(ref, type) && str_ends(ref, id))
			return t->all.at[i];
	}
	return NULL;
}

/* The visit something was done on, as the hospital tells it; NULL: none. */
static const struct node *visit_named(const struct tale *t, const struct node *resource)
{
	const struct node *context = node_get(resource, "context");
	const struct node *e = context ? node_at(node_get(context, "encounter"), 0)
				       : node_get(resource, "encounter");

	return e ? find(t, node_str(e, "reference")) : NULL;
}

static void put_visit_of(struct hospital *h, struct buf *b, const struct node *resource)
{
	const struct node *e = visit_named(h->t, resource);
	struct visit v;

	if (!e)
		return;
	v = visit_of(h, e, h->s);
	v.unit = NULL;
	put_pv1(h, b, &v, v.place, false);
}

static const char *system_of(const struct node *concept)
{
	struct str system = node_str(node_at(node_get(concept, "coding"), 0), "system");

	return str_is(system, LOINC) ? "LN" : str_is(system, SNOMED) ? "SCT" : "L";
}

static void put_coded(struct hospital *h, struct buf *b, const struct node *concept)
{
	buf_printf(b, STR_FMT "^", STR_ARG(emit_code(concept)));
	text(b, str_dup(h->run->a, emit_words(concept)));
	buf_printf(b, "^%s", system_of(concept));
}

static void put_obx(struct hospital *h, struct buf *b, const struct node *o, unsigned n)
{
	const struct node *q = node_get(o, "valueQuantity"), *parts = node_get(o, "component");
	struct str value = node_text(node_get(q, "value")), unit = node_str(q, "code");

	node_each(part, parts) {
		const struct node *pq = node_get(part, "valueQuantity");
		buf_printf(b, "OBX|%u|NM|", n++);
		put_coded(h, b, node_get(part, "code"));
		buf_printf(b, "||" STR_FMT "|" STR_FMT "|||||F\r", STR_ARG(node_text(node_get(pq, "value"))),
			   STR_ARG(node_str(pq, "code")));
	}
	if (!value.len)
		return;
	buf_printf(b, "OBX|%u|NM|", n);
	put_coded(h, b, node_get(o, "code"));
	buf_printf(b, "||" STR_FMT "|" STR_FMT "|||||F\r", STR_ARG(value), STR_ARG(unit));
}

static enum err send_report(struct hospital *h, const struct node *r, const struct node *results,
			    const char *section)
{
	int64_t when = emit_minute(node_get(r, "effectiveDateTime"));
	struct str id = node_str(r, "id"), said = node_str(r, "conclusion");
	struct buf b;
	unsigned n = 1;

	if (when == NEVER)
		return OK;
	b = start(h, "LAB", "ORU", "R01", when + 55);
	put_pid(h, &b, h->s, when);
	put_visit_of(h, &b, r);
	buf_printf(&b, "ORC|RE|" STR_FMT "|F" STR_FMT "||CM\rOBR|1|" STR_FMT "|F" STR_FMT "|", STR_ARG(id),
		   STR_ARG(id), STR_ARG(id), STR_ARG(id));
	put_coded(h, &b, node_get(r, "code"));
	buf_printf(&b, "|||%s", stamp(h->run, when));
	blank(&b, 15);
	buf_printf(&b, "%s||%s|F\r", stamp(h->run, when + 55), section);
	if (!results)
		put_obx(h, &b, r, 1);
	node_each(result, results) {
		const struct node *o = find(h->t, node_str(result, "reference"));
		if (o)
			put_obx(h, &b, o, n++);
	}
	if (said.len) {
		buf_printf(&b, "OBX|%u|TX|conclusion^Conclusion^L||", n);
		text(&b, str_dup(h->run->a, said));
		buf_cstr(&b, "||||||F\r");
	}
	return send(h, &b, when + 55);
}

static enum err send_document(struct hospital *h, const struct node *d)
{
	const struct node *attachment = node_get(node_at(node_get(d, "content"), 0), "attachment");
	int64_t when = emit_minute(node_get(d, "date"));
	struct str words;
	struct buf b;

	if (when == NEVER || !str_unbase64(h->run->a, node_str(attachment, "data"), &words))
		return OK;
	b = start(h, "DOC", "MDM", "T02", when + 30);
	put_pid(h, &b, h->s, when);
	put_visit_of(h, &b, d);
	buf_printf(&b, "TXA|1|DS|TX|%s||%s||||||" STR_FMT "||||", stamp(h->run, when),
		   stamp(h->run, when), STR_ARG(node_str(d, "id")));
	text(&b, str_dup(h->run->a, node_str(attachment, "title")));
	buf_cstr(&b, "|AU||AV\rOBX|1|TX|18842-5^Discharge summary^LN||");
	text(&b, str_dup(h->run->a, words));
	buf_cstr(&b, "||||||F\r");
	return send(h, &b, when + 30);
}

/* A measure that no report holds is sent as one of its own. */
static bool in_report(const struct tale *t, const struct node *observation)
{
	for (size_t i = 0; i < t->all.len; i++) {
		node_each(result, node_get(t->all.at[i], "result"))
			if (find(t, node_str(result, "reference")) == observation)
				return true;
	}
	return false;
}

static enum err send_resource(struct hospital *h, const struct node *r)
{
	struct str type = node_str(r, "resourceType");

	if (!emit_is_hospital(emit_source(h->run, r)))
		return OK;
	if (str_is(type, "DiagnosticReport"))
		return send_report(h, r, node_get(r, "result"),
				   str_is(emit_code(node_get(r, "code")), "18748-4") ? "RAD" : "CH");
	if (str_is(type, "Observation") && !in_report(h->t, r))
		return send_report(h, r, NULL, "NRS");
	return str_is(type, "DocumentReference") ? send_document(h, r) : OK;
}

/* ---- registrations ---- */

/* When the hospital first heard of them: before all else it tells. */
static int64_t first_minute(const struct hospital *h)
{
	int64_t first = h->run->m.now - 400 * DAY;

	for (size_t i = 0; i < h->t->all.len; i++) {
		const struct node *e = h->t->all.at[i];
		int64_t from = emit_minute(node_path(e, "period.start"));
		if (str_is(node_str(e, "resourceType"), "Encounter") && from != NEVER && from < first)
			first = from;
	}
	return first - 2 * DAY;
}

/* Born here: a number before a name. */
static enum err register_baby(struct hospital *h, int64_t at)
{
	struct self s = *h->s;
	int64_t born = emit_minute(node_get(h->t->patient, "birthDate"));

	s.given = "Baby";
	s.title = NULL;
	s.nhs = NULL;
	TRY(send_person(h, &s, "A28", at));
	return send_person(h, h->s, "A31", born + 12 * DAY > at ? born + 12 * DAY : at + DAY);
}

static enum err send_merge(struct hospital *h, const struct self *other, int64_t at)
{
	const char *event = rng_chance(&h->run->m.r, 300) ? "A34" : "A40";
	struct buf b = start(h, "PAS", "ADT", event, at);

	put_pid(h, &b, h->s, at);
	buf_printf(&b, "MRG|%s^^^WXA^MR\r", other->record);
	return send(h, &b, at);
}

static enum err register_person(struct hospital *h, int64_t at)
{
	bool baby = h->run->m.today - emit_minute(node_get(h->t->patient, "birthDate")) / DAY < 365;

	if (baby && h->run->o->dirt != DIRT_NONE)
		return register_baby(h, emit_minute(node_get(h->t->patient, "birthDate")) + 6 * 60);
	return send_person(h, h->s, "A28", at);
}

/* Details change in the last days; that is what the newest messages tell. */
static enum err tell_again(struct hospital *h, struct self *now)
{
	int64_t at = h->run->m.now - rng_between(&h->run->m.r, 30, 5 * DAY);

	if (!dirt_falls(h->run, D_REGISTER_LATE) || h->s->died != NEVER)
		return OK;
	*now = *h->s;
	self_later(h->run, now);
	return send_person(h, now, "A31", at);
}

static enum err send_visits(struct hospital *h, const struct self *twice, bool *second)
{
	for (size_t i = 0; i < h->t->all.len; i++) {
		const struct node *e = h->t->all.at[i];
		if (!str_is(node_str(e, "resourceType"), "Encounter") ||
		    !emit_is_hospital(emit_source(h->run, e)))
			continue;
		struct visit v = visit_of(h, e, h->s);
		if (v.from == NEVER)
			continue;
		if (twice && *v.class != 'I') { /* the desk did not find them */
			v.s = twice;
			if (!*second)
				TRY(send_person(h, twice, "A28", v.from - 5));
			*second = true;
			TRY(send_visit(h, &v));
			twice = NULL;
			continue;
		}
		TRY(send_visit(h, &v));
	}
	return OK;
}

/* ---- the last days ---- */

static enum err send_blood(struct hospital *h, const struct visit *v, int64_t at)
{
	int sodium = rng_between(&h->run->m.r, 128, 148), crp = rng_between(&h->run->m.r, 2, 160);
	struct buf b = start(h, "LAB", "ORU", "R01", at);

	put_pid(h, &b, v->s, at);
	put_pv1(h, &b, v, v->place, false);
	buf_printf(&b, "ORC|RE|R%s|L%s||CM\rOBR|1|R%s|L%s|18719-5^Blood tests^LN|||%s", v->number, v->number,
		   v->number, v->number, stamp(h->run, at - 50));
	blank(&b, 15);
	buf_printf(&b, "%s||CH|F\r", stamp(h->run, at));
	buf_printf(&b, "OBX|1|NM|2951-2^Sodium^LN||%d|mmol/L|133 - 146|%s|||F\r", sodium,
		   sodium < 133 ? "L" : sodium > 146 ? "H" : "N");
	buf_printf(&b, "OBX|2|NM|1988-5^C-reactive protein^LN||%d|mg/L|0 - 5|%s|||F\r", crp,
		   crp > 5 ? "H" : "N");
	return send(h, &b, at);
}

/* Had they said their number, they would have been found. Some say no more than a name and a day. */
static void known_little(struct emit_run *run, struct self *s)
{
	s->nhs = NULL;
	if (rng_chance(&run->m.r, 800))
		s->line = s->line2 = s->city = s->postcode = s->phone = s->mobile = NULL;
}

/* Came to the emergency department; the desk may not find them and make another record, which the
 * records office merges when it does. */
static enum err attend(struct hospital *h)
{
	struct emit_run *run = h->run;
	int64_t from = run->m.now - rng_between(&run->m.r, 200, 3 * DAY);
	bool comes = dirt_falls(run, D_ATTEND), unknown = dirt_falls(run, D_ATTEND_UNKNOWN);
	struct self other = self_dirty(run, &h->t->truth, KEEPER_HOSPITAL,
				       say(&run->m, "ME%06u", h->t->number));
	int age = (int)((run->m.today - emit_minute(node_get(h->t->patient, "birthDate")) / DAY) / 365);
	const char *group = age < 18 ? "ae.child" : age < 65 ? "ae.adult" : "ae.older";
	struct visit v = { .s = unknown ? &other : h->s,
			   .encounter = h->t->patient, /* names nobody else */
			   .number = say(&run->m, "V%06u-L", h->t->number),
			   .class = "E",
			   .place = "ED^^^WXA01",
			   .reason = pick_reason(&run->m, group)->words,
			   .from = from,
			   .to = from + rng_between(&run->m.r, 70, 600) };

	if (!comes || h->s->died != NEVER)
		return OK;
	if (unknown)
		known_little(run, &other);
	TRY(send_person(h, v.s, "A28", from - 4));
	TRY(send_visit(h, &v));
	if (from + 120 < run->m.now)
		TRY(send_blood(h, &v, from + 120));
	if (!unknown)
		return OK;
	TRY(emit_truth(run, "WXA", other.record, h->t->number));
	return dirt_falls(run, D_DUPLICATE_FOUND) ? send_merge(h, &other, v.to + 60) : OK;
}

/* What people_make does not tell: the newest messages. */
static enum err last_days(struct hospital *h)
{
	struct self later = *h->s;
	enum err e;

	h->run->fresh = true;
	e = attend(h);
	if (!e)
		e = tell_again(h, &later);
	if (!e)
		e = send_broken(h, h->run->m.now - rng_between(&h->run->m.r, 10, 4 * DAY));
	h->run->fresh = false;
	return e;
}

enum err emit_hospital(struct emit_run *run, const struct tale *t, const struct self *s)
{
	struct hospital h = { .run = run, .t = t, .s = s };
	struct self twice = self_dirty(run, &t->truth, KEEPER_HOSPITAL, say(&run->m, "MD%06u", t->number));
	bool duplicate = dirt_falls(run, D_DUPLICATE), second = false;
	bool found = dirt_falls(run, D_DUPLICATE_FOUND);

	TRY(register_person(&h, first_minute(&h)));
	TRY(send_visits(&h, duplicate ? &twice : NULL, &second));
	for (size_t i = 0; i < t->all.len; i++)
		TRY(send_resource(&h, t->all.at[i]));
	if (second)
		TRY(emit_truth(run, "WXA", twice.record, t->number));
	if (second && found)
		TRY(send_merge(&h, &twice, run->m.now - rng_between(&run->m.r, 60, 20 * DAY)));
	if (s->died != NEVER)
		TRY(send_person(&h, s, "A31", s->died + 3 * 60));
	return last_days(&h);
}
