/* emit_row.c - the council's client-level data: a row for each request, assessment, service and
 * review, with the columns of the national return and, as a council's own extract has them, names
 * and addresses. */
#include "base/sheet.h"
#include "base/when.h"
#include "model/emit_part.h"

enum column {
	LA, PERIOD_START, PERIOD_END, NHS, NHS_STATUS, PERSON, BORN, GENDER, ETHNICITY, DIED, TITLE,
	GIVEN, FAMILY, ADDRESS, TOWN, POSTCODE, PHONE, GP, CLIENT, EVENT, REFERENCE, DESCRIPTION, START,
	END, OUTCOME, ROUTE, ASSESSMENT, SERVICE, COMPONENT, DELIVERY, COST, FREQUENCY, UNITS, PROVIDER,
	REVIEW, COLUMNS
};

static const char header[] =
	"LA Code,Reporting Period Start Date,Reporting Period End Date,NHS Number,NHS Number Status,"
	"LA Person Unique Identifier,Date of Birth,Gender,Ethnicity,Date of Death,Title,Given Name,"
	"Family Name,Address,Town,Postcode,Telephone,GP Practice Code,Client Type,Event Type,"
	"Event Reference,Event Description,Event Start Date,Event End Date,Event Outcome,"
	"Route of Access,Assessment Type,Service Type,Service Component,Delivery Mechanism,Unit Cost,"
	"Cost Frequency,Planned units per week,Provider CQC Location Name,Review Reason\r\n";

struct str emit_row_header(void)
{
	return (struct str){ header, sizeof header - 1 };
}

struct row_out {
	struct emit_run *run;
	const struct tale *t;
	int64_t arrives; /* in the extract of the day after it began */
	const char *at[COLUMNS];
};

static bool is_row_task(const struct node *task)
{
	static const char *const codes[] = { "assessment", "review", "carer-assessment" };
	struct str code = emit_code(node_get(task, "code"));

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_is(code, codes[i]) && str_is(node_str(task, "status"), "completed"))
			return true;
	return false;
}

static bool is_row_order(const struct node *order)
{
	return str_is(node_str(order, "intent"), "order") && node_get(order, "occurrenceTiming");
}

static bool is_row_call(const struct node *call)
{
	return str_is(emit_code(node_at(node_get(call, "category"), 0)), "access-point");
}

bool emit_by_row(const char *org, const struct node *resource)
{
	struct str type = node_str(resource, "resourceType");

	if (strcmp(org, "WXL") != 0)
		return false;
	return str_is(type, "Task")		? is_row_task(resource)
	       : str_is(type, "ServiceRequest") ? is_row_order(resource)
	       : str_is(type, "Communication")	? is_row_call(resource)
						: false;
}

static const char *date(struct emit_run *run, int64_t minute)
{
	int year, month, day;

	if (minute == NEVER)
		return NULL;
	when_civil(minute / DAY, &year, &month, &day);
	return say(&run->m, "%02d/%02d/%04d", day, month, year);
}

/* The quarter that has ended last. */
static void put_period_columns(struct row_out *o)
{
	int year, month, day;

	when_civil(o->run->m.today, &year, &month, &day);
	int first = (month - 1) / 3 * 3 + 1;
	o->at[PERIOD_START] = date(o->run, (when_days(year, first, 1) - 365 * 3) * DAY);
	o->at[PERIOD_END] = date(o->run, o->run->m.today * DAY);
}

static void put_self(struct row_out *o, const struct self *s)
{
	const char *born = s->born;

	o->at[LA] = "WXL";
	put_period_columns(o);
	o->at[NHS] = s->nhs;
	o->at[NHS_STATUS] = s->nhs ? s->nhs_status : NULL;
	o->at[PERSON] = s->record;
	if (born)
		o->at[BORN] = say(&o->run->m, "%.2s/%.2s/%.4s", born + 8, born + 5, born);
	o->at[GENDER] = !s->sex_said ? NULL : s->female ? "2" : "1";
	o->at[ETHNICITY] = s->ethnic;
	o->at[DIED] = date(o->run, s->died);
	o->at[TITLE] = s->title;
	o->at[GIVEN] = s->given;
	o->at[FAMILY] = s->family;
	o->at[ADDRESS] = s->line2 ? say(&o->run->m, "%s, %s", s->line, s->line2) : s->line;
	o->at[TOWN] = s->city;
	o->at[POSTCODE] = s->postcode;
	o->at[PHONE] = s->mobile ? s->mobile : s->phone;
	o->at[GP] = s->practice;
	o->at[CLIENT] = "Service User";
}

static void put_task(struct row_out *o, const struct node *task)
{
	bool review = str_is(emit_code(node_get(task, "code")), "review");
	bool carer = str_is(emit_code(node_get(task, "code")), "carer-assessment");
	int64_t end = emit_minute(node_path(task, "executionPeriod.end"));

	o->at[EVENT] = review ? "Review" : "Assessment";
	o->arrives = emit_minute(node_get(task, "authoredOn"));
	o->at[START] = date(o->run, o->arrives);
	o->at[END] = date(o->run, end);
	o->at[OUTCOME] = review ? "Continuation of existing services"
				: "Progress to Support Planning or Services";
	if (review)
		o->at[REVIEW] = "Planned";
	else
		o->at[ASSESSMENT] = carer ? "Carers assessment (separate)"
					  : "Long Term Assessment (Initial)";
	if (carer)
		o->at[CLIENT] = "Carer known by association";
}

static const char *service_type(struct str component)
{
	return str_is(component, "Residential")		   ? "Long Term Support: Residential Care"
	       : str_is(component, "Nursing")		   ? "Long Term Support: Nursing Care"
	       : str_is(component, "Equipment/Technology") ||
			       str_is(component, "Community Supports")
		       ? "Short Term Support: Ongoing Low Level"
	       : str_is(component, "Short Term Support") ? "Short Term Support: ST-Max"
							 : "Long Term Support: Community";
}

static void put_order(struct row_out *o, const struct node *order)
{
	struct str component = emit_code(node_at(node_get(order, "category"), 0));
	struct str key = emit_code(node_get(order, "code"));
	const struct people_package *package =
		people_package(&o->run->data, str_dup(o->run->a, key));
	bool direct = str_is(component, "Direct Payment");
	const struct node *performer = node_at(node_get(order, "performer"), 0);

	o->at[EVENT] = "Service";
	o->arrives = emit_minute(node_path(order, "occurrenceTiming.repeat.boundsPeriod.start"));
	o->at[START] = date(o->run, o->arrives);
	o->at[END] = date(o->run, emit_minute(node_path(order, "occurrenceTiming.repeat.boundsPeriod.end")));
	o->at[SERVICE] = service_type(component);
	o->at[COMPONENT] = str_dup(o->run->a, component);
	o->at[DELIVERY] = direct ? "Direct Payment" : "CASSR Commissioned Support";
	o->at[PROVIDER] = str_dup(o->run->a, node_str(performer, "display"));
	o->at[DESCRIPTION] = str_dup(o->run->a, emit_words(node_get(order, "code")));
	if (!package)
		return;
	o->at[COST] = say(&o->run->m, "%d.%02d", package->unit_cost / 100, package->unit_cost % 100);
	o->at[FREQUENCY] = package->per[0] == 'w' ? "Weekly" : "Per session";
	o->at[UNITS] = say(&o->run->m, "%d", package->units);
}

static void put_call(struct row_out *o, const struct node *call)
{
	const struct node *payload = node_at(node_get(call, "payload"), 0);

	o->at[EVENT] = "Request";
	o->arrives = emit_minute(node_get(call, "sent"));
	o->at[START] = o->at[END] = date(o->run, o->arrives);
	o->at[DESCRIPTION] = str_dup(o->run->a, node_str(payload, "contentString"));
	o->at[ROUTE] = "Community / Other route";
	o->at[OUTCOME] = "Progress to Assessment";
}

/* Now and then a row cannot be: it ends before it began, or has no date. */
static void spoil(struct row_out *o)
{
	if (!dirt_falls(o->run, o->run->fresh ? D_FRESH_BROKEN : D_MESSAGE_BROKEN))
		return;
	if (rng_chance(&o->run->m.r, 500))
		o->at[START] = "31/02/2025";
	else
		o->at[EVENT] = "Contact (old)";
}

static enum err write_row(struct row_out *o)
{
	struct buf b;

	spoil(o);
	buf_init(&b, o->run->a, 0);
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (i)
			buf_char(&b, ',');
		if (o->at[i])
			sheet_put(&b, str_of(o->at[i]));
	}
	buf_cstr(&b, "\r\n");
	return emit_put(o->run, EMIT_ROW, "WXL", o->arrives, o->t->number, buf_get(&b));
}

enum err emit_call(struct emit_run *run, const struct tale *t, const struct self *s, int64_t at,
		   int64_t arrives, const char *about)
{
	static const char *const routes[] = { "Community / Other route", "Discharge from Hospital",
					      "Self-referral" };
	struct row_out o = { .run = run, .t = t, .arrives = arrives };

	put_self(&o, s);
	o.at[REFERENCE] = say(&run->m, "C%06u-%lld", t->number, (long long)(at / DAY));
	o.at[EVENT] = "Request";
	o.at[START] = date(run, at);
	o.at[DESCRIPTION] = about;
	o.at[ROUTE] = routes[rng_below(&run->m.r, 3)];
	o.at[PERIOD_START] = o.at[PERIOD_END] = date(run, at); /* one day's extract says nothing of others */
	return write_row(&o);
}

enum err emit_council(struct emit_run *run, const struct tale *t, const struct self *s)
{
	struct self twice = self_dirty(run, &t->truth, KEEPER_COUNCIL,
				       say(&run->m, "LAS%07u", 5000000 + t->number));
	bool duplicate = dirt_falls(run, D_DUPLICATE), told = false;
	unsigned events = 0;

	for (size_t i = 0; i < t->all.len; i++) {
		const struct node *resource = t->all.at[i];
		struct str type = node_str(resource, "resourceType");
		if (!emit_by_row(emit_source(run, resource), resource))
			continue;
		struct row_out o = { .run = run, .t = t };
		bool other = duplicate && rng_chance(&run->m.r, 500);
		if (other && !told)
			TRY(emit_truth(run, "WXL", twice.record, t->number));
		told |= other;
		put_self(&o, other ? &twice : s);
		o.at[REFERENCE] = say(&run->m, "E%06u-%u", t->number, ++events);
		if (str_is(type, "Task"))
			put_task(&o, resource);
		else if (str_is(type, "Communication"))
			put_call(&o, resource);
		else
			put_order(&o, resource);
		o.arrives = o.arrives + DAY < run->m.now ? o.arrives + DAY : run->m.now;
		TRY(write_row(&o));
	}
	return OK;
}
