#include "fhir/test_fhir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/when.h"
#include "fhir/index.h"

static const struct fhir_param *find(const char *type, const char *code)
{
	return param_find(f, fhir_type(f, str_of(type)), str_of(code));
}

static void test_definitions(void **state)
{
	const struct fhir_param *p = find("Patient", "gender");
	unsigned all = 0;

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->type, PARAM_TOKEN);
	assert_string_equal(p->expression, "Patient.gender");
	assert_string_equal(p->text, "Gender of the patient");
	assert_string_equal(param_number(f, p->number)->url, p->url);
	assert_int_equal(find("Person", "gender")->number, p->number);
	assert_null(find("Patient", "nothing"));
	assert_null(param_number(f, 60000));
	assert_string_equal(find("Basic", "_id")->expression, "Resource.id");
	assert_non_null(find("Basic", "_text"));
	assert_null(find("Binary", "_text"));
	assert_int_equal(find("Basic", "_list")->type, PARAM_SPECIAL);
	assert_string_equal(find("Observation", "patient")->targets[0], "Patient");
	p = find("Observation", "code-value-quantity");
	assert_int_equal(p->type, PARAM_COMPOSITE);
	assert_string_equal(p->components[0].param->code, "code");
	assert_string_equal(p->components[1].param->code, "value-quantity");
	assert_null(p->components[2].param);
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_param *const *list;

		if (f->types[i]->kind != FHIR_RESOURCE)
			continue;
		list = param_list(f, f->types[i]);
		for (; *list; list++, all++)
			assert_ptr_equal(param_find(f, f->types[i], str_of((*list)->code)),
					 *list);
	}
	assert_true(all > 2500);
}

/* Every parameter with an expression compiles, and nearly all are plain paths. */
static void test_expressions(void **state)
{
	unsigned plain = 0, machine = 0;

	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct type_params *params;

		if (f->types[i]->kind != FHIR_RESOURCE || f->types[i]->abstract)
			continue;
		params = params_of(f, f->types[i]);
		for (size_t k = 0; k < params->len; k++) {
			const struct type_param *p = &params->at[k];

			plain += p->plain_count > 0;
			machine += !p->plain_count && p->param.path;
			if (!p->param.path && *p->param.expression &&
			    p->param.type != PARAM_COMPOSITE)
				fail_msg("%s %s: %s", f->types[i]->name, p->param.code,
					 p->param.expression);
		}
	}
	print_message("%u plain paths, %u for the machine\n", plain, machine);
	assert_true(plain > 2000);
	assert_int_equal(machine, 2);
}

static struct index_rows rows_of(const char *text)
{
	struct index_rows rows;
	struct node *n;

	if (fhir_read_json(&ctx, f, &life, str_of(text), &n) != OK ||
	    fhir_index(&ctx, f, n, &rows) != OK)
		fail_msg("%s", ctx.why);
	return rows;
}

/* Rows of one parameter as text: "system|code|text", one a line. */
static const char *shown(struct index_rows rows, const char *code)
{
	struct buf b;

	buf_init(&b, &life, 0);
	for (size_t i = 0; i < rows.len; i++) {
		const struct index_row *r = &rows.at[i];

		if (strcmp(r->param->code, code))
			continue;
		if (r->param->type == PARAM_DATE) {
			buf_printf(&b, "%.*s..%.*s\n", STR_ARG(when_print_us(&life, r->lo)),
				   STR_ARG(when_print_us(&life, r->hi)));
			continue;
		}
		if (r->target.len)
			buf_printf(&b, "%.*s/", STR_ARG(r->target));
		if (r->system.len || r->identifier)
			buf_printf(&b, "%.*s|", STR_ARG(r->system));
		buf_str(&b, r->code);
		if (r->text.len)
			buf_printf(&b, " (%.*s)", STR_ARG(r->text));
		buf_char(&b, '\n');
	}
	return buf_get(&b).at;
}

static void test_patient(void **state)
{
	struct index_rows rows = rows_of(
		"{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"tag\":[{\"system\":"
		"\"s\",\"code\":\"t\"}]},"
		"\"identifier\":[{\"system\":\"https://n\",\"value\":\"9\"}],\"active\":true,"
		"\"name\":[{\"family\":\"M\303\274ller\",\"given\":[\"Ann\",\"B\"],\"prefix\":["
		"\"Dr\"]},"
		"{\"family\":\"M\303\274ller\"}],"
		"\"telecom\":[{\"system\":\"phone\",\"value\":\"1\"},{\"system\":\"email\","
		"\"value\":\"a@b\"}],"
		"\"gender\":\"female\",\"birthDate\":\"1970-02\",\"address\":[{\"line\":[\"1 "
		"High St\"],\"city\":\"York\"}],"
		"\"generalPractitioner\":[{\"reference\":\"Organization/"
		"o\",\"display\":\"GP\"},"
		"{\"reference\":\"#x\"},{\"identifier\":{\"system\":\"ods\",\"value\":\"G1\"}},"
		"{\"reference\":\"https://x/fhir/Practitioner/7\"}]}");

	(void)state;
	assert_string_equal(shown(rows, "_id"), "p1\n");
	assert_string_equal(shown(rows, "_tag"), "s|t\n");
	assert_string_equal(shown(rows, "identifier"), "https://n|9\n");
	assert_string_equal(shown(rows, "active"), "true\n");
	assert_string_equal(shown(rows, "family"), "muller (M\303\274ller)\n");
	assert_string_equal(shown(rows, "name"),
			    "ann (Ann)\nb (B)\nmuller (M\303\274ller)\n"
			    "ann b muller (Ann B M\303\274ller)\ndr (Dr)\n");
	assert_string_equal(shown(rows, "email"), "a@b\n");
	assert_string_equal(shown(rows, "phone"), "1\n");
	assert_string_equal(shown(rows, "gender"),
			    "http://hl7.org/fhir/administrative-gender|female\n");
	assert_string_equal(shown(rows, "birthdate"),
			    "1970-02-01T00:00:00.000Z..1970-03-01T00:00:00.000Z\n");
	assert_string_equal(shown(rows, "address-city"), "york (York)\n");
	assert_string_equal(shown(rows, "general-practitioner"),
			    "Organization/o (GP)\nods|G1\nhttps://x/fhir/Practitioner/7\n");
}

static void test_observation(void **state)
{
	struct index_rows rows = rows_of(
		"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{"
		"\"system\":\"http://loinc.org\","
		"\"code\":\"1\",\"display\":\"One\"},{\"code\":\"2\"}],\"text\":\"Words\"},"
		"\"subject\":{\"reference\":\"Patient/"
		"a\"},\"performer\":[{\"reference\":\"Patient/b\"}],"
		"\"effectivePeriod\":{\"start\":\"2020-01-01T10:00:00Z\"},"
		"\"valueQuantity\":{\"value\":1.50,\"comparator\":\"<\",\"unit\":\"mg\","
		"\"system\":\"u\",\"code\":\"mg\"}}");
	struct str *people;
	size_t count;
	struct node *n;
	bool seen = false;

	(void)state;
	assert_string_equal(shown(rows, "code"), "http://loinc.org|1 (One)\n2\n (Words)\n");
	assert_string_equal(shown(rows, "subject"), "Patient/a\n");
	assert_string_equal(shown(rows, "patient"), "Patient/a\n");
	for (size_t i = 0; i < rows.len; i++) {
		const struct index_row *r = &rows.at[i];

		if (!strcmp(r->param->code, "date"))
			assert_true(r->lo ==
					    when_days(2020, 1, 1) * 86400000000 + 36000000000 &&
				    r->hi == INT64_MAX);
		if (strcmp(r->param->code, "value-quantity"))
			continue;
		seen = true;
		assert_true(str_eq(r->low, INDEX_LOWEST));
		assert_true(str_cmp(r->high, INDEX_HIGHEST) < 0 &&
			    str_cmp(r->low, r->high) < 0 && str_is(r->code, "mg") &&
			    str_is(r->system, "u"));
	}
	assert_true(seen);
	assert_int_equal(fhir_read_json(&ctx, f, &life,
					STR("{\"resourceType\":\"Observation\",\"subject\":{"
					    "\"reference\":\"Patient/a\"},"
					    "\"performer\":[{\"reference\":\"Patient/"
					    "b\"},{\"reference\":\"Patient/a\"}]}"),
					&n),
			 OK);
	assert_int_equal(fhir_people(&ctx, f, n, &people, &count), OK);
	assert_int_equal(count, 2);
	assert_true(str_is(people[0], "a") && str_is(people[1], "b"));
}

/* What R4 has in no compartment is about somebody all the same. */
static void test_people_outside(void **state)
{
	static const char *const about[] = {
		"{\"resourceType\":\"Task\",\"for\":{\"reference\":\"Patient/a\"},"
		"\"requester\":{\"reference\":\"Patient/b\"}}",
		"{\"resourceType\":\"Device\",\"patient\":{\"reference\":\"Patient/a\"}}",
		"{\"resourceType\":\"Contract\",\"subject\":[{\"reference\":\"Patient/a\"}]}",
		"{\"resourceType\":\"GuidanceResponse\",\"subject\":{\"reference\":"
		"\"Patient/a\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
		struct str *people;
		size_t count;
		struct node *n;

		assert_int_equal(fhir_read_json(&ctx, f, &life, str_of(about[i]), &n), OK);
		assert_int_equal(fhir_people(&ctx, f, n, &people, &count), OK);
		assert_int_equal(count, 1);
		assert_true(str_is(people[0], "a"));
	}
}

/* resolve() is decided from what the reference says. */
static void test_resolves(void **state)
{
	struct index_rows rows = rows_of("{\"resourceType\":\"Condition\",\"contained\":[{"
					 "\"resourceType\":\"Patient\",\"id\":\"c\"}],"
					 "\"subject\":{\"reference\":\"Group/a\"}}");

	(void)state;
	assert_string_equal(shown(rows, "patient"), "");
	assert_string_equal(shown(rows, "subject"), "Group/a\n");
	rows = rows_of("{\"resourceType\":\"Condition\",\"subject\":{\"type\":\"Patient\","
		       "\"identifier\":{\"value\":\"1\"}}}");
	assert_string_equal(shown(rows, "patient"), "|1\n");
	rows = rows_of("{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"https://x/"
		       "Patient/1/_history/2\"}}");
	assert_string_equal(shown(rows, "patient"), "https://x/Patient/1/_history/2\n");
}

static void test_others(void **state)
{
	struct index_rows rows =
		rows_of("{\"resourceType\":\"MedicationRequest\",\"medicationCodeableConcept\":"
			"{\"coding\":[{\"code\":\"m\"}]},"
			"\"medicationReference\":{\"reference\":\"Medication/x\"}}");

	(void)state;
	assert_string_equal(shown(rows, "code"), "m\n");
	assert_string_equal(shown(rows, "medication"), "Medication/x\n");
	rows = rows_of(
		"{\"resourceType\":\"Bundle\",\"type\":\"document\",\"entry\":[{\"resource\":"
		"{\"resourceType\":\"Composition\"}}]}");
	assert_string_equal(shown(rows, "type"), "http://hl7.org/fhir/bundle-type|document\n");
	rows = rows_of("{\"resourceType\":\"Measure\",\"relatedArtifact\":[{\"type\":"
		       "\"predecessor\",\"resource\":\"u|1\"},"
		       "{\"type\":\"successor\",\"resource\":\"v\"}]}");
	assert_string_equal(shown(rows, "predecessor"), "u|1\nu\n");
	assert_string_equal(shown(rows, "successor"), "v\n");
}

struct seen {
	const struct node *nodes[1000];
	size_t len;
};

static void see(void *arg, struct fhir_value v)
{
	struct seen *seen = arg;

	if (v.node && seen->len < 1000)
		seen->nodes[seen->len++] = v.node;
}

/* low and high of one parameter's rows as numbers, "-" for an open end. */
static const char *spans(struct index_rows rows, const char *code)
{
	struct buf b;

	buf_init(&b, &life, 0);
	for (size_t i = 0; i < rows.len; i++) {
		const struct index_row *r = &rows.at[i];

		if (strcmp(r->param->code, code) != 0)
			continue;
		buf_printf(&b, "%s%s%s %.*s|%.*s\n", str_eq(r->low, INDEX_LOWEST) ? "-" : "n",
			   str_eq(r->low, r->high) ? "=" : "..",
			   str_eq(r->high, INDEX_HIGHEST) ? "-" : "n", STR_ARG(r->system),
			   STR_ARG(r->code));
	}
	return buf_get(&b).at;
}

static void test_data_types(void **state)
{
	struct index_rows rows;

	(void)state;
	rows = rows_of("{\"resourceType\":\"Invoice\",\"totalGross\":{\"value\":10.00,"
		       "\"currency\":\"GBP\"}}");
	assert_string_equal(spans(rows, "totalgross"), "n=n urn:iso:std:iso:4217|GBP\n");
	rows = rows_of("{\"resourceType\":\"Condition\",\"onsetRange\":{\"low\":{\"value\":40,"
		       "\"unit\":\"a\"}},"
		       "\"abatementAge\":{\"value\":41,\"system\":\"u\",\"code\":\"a\"}}");
	assert_string_equal(spans(rows, "onset-age"), "n..- |a\n");
	assert_string_equal(spans(rows, "abatement-age"), "n=n u|a\n");
	rows = rows_of("{\"resourceType\":\"RiskAssessment\",\"prediction\":[{"
		       "\"probabilityDecimal\":0.50},"
		       "{\"probabilityRange\":{\"high\":{\"value\":1}}}]}");
	assert_string_equal(spans(rows, "probability"), "n=n |\n-..n |\n");
	rows = rows_of("{\"resourceType\":\"ServiceRequest\",\"occurrenceTiming\":{\"event\":["
		       "\"2020-01-01\"],"
		       "\"repeat\":{\"boundsPeriod\":{\"start\":\"2021-01-01\",\"end\":\"2021-"
		       "01-31\"}}}}");
	assert_string_equal(shown(rows, "occurrence"),
			    "2020-01-01T00:00:00.000Z..2020-01-02T00:00:00.000Z\n"
			    "2021-01-01T00:00:00.000Z..2021-02-01T00:00:00.000Z\n");
	rows = rows_of("{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"https:/"
		       "/q|2\"}");
	assert_string_equal(shown(rows, "questionnaire"), "https://q|2\nhttps://q\n");
	rows = rows_of("{\"resourceType\":\"ValueSet\",\"url\":\"https://"
		       "v\",\"meta\":{\"profile\":[\"https://p\"]}}");
	assert_string_equal(shown(rows, "url"), "https://v\n");
	assert_string_equal(shown(rows, "_profile"), "https://p\n");
	rows = rows_of(
		"{\"resourceType\":\"Organization\",\"address\":[{\"line\":[\"1 A St\",\"B\"],"
		"\"postalCode\":\"YO1 7HH\"}],\"name\":\"\"}");
	assert_string_equal(shown(rows, "address"),
			    "1 a st (1 A St)\nb (B)\nyo1 7hh (YO1 7HH)\n");
	assert_string_equal(shown(rows, "name"), "");
}

/* Longer values are cut between characters. */
static void test_cut(void **state)
{
	struct buf b;
	struct index_rows rows;

	(void)state;
	buf_init(&b, &life, 0);
	buf_cstr(&b, "{\"resourceType\":\"Organization\",\"name\":\"a");
	for (int i = 0; i < 2000; i++)
		buf_cstr(&b, "\303\251");
	buf_cstr(&b, "\"}");
	rows = rows_of(buf_get(&b).at);
	for (size_t i = 0; i < rows.len; i++) {
		size_t bad;

		if (strcmp(rows.at[i].param->code, "name") != 0)
			continue;
		assert_int_equal(rows.at[i].text.len, 1999);
		assert_true(str_utf8(rows.at[i].text, &bad));
	}
}

/* The steps of plain paths and the machine must find the same nodes; what resolve() finds apart. */
static void check_agrees(struct ctx *c, const struct type_param *p, struct fhir_value resource)
{
	const struct path_env env = { .fhir = f };
	struct seen seen = { 0 };
	struct items items;
	size_t found = 0;

	if (!p->plain_count || !p->param.path || strstr(p->param.expression, "resolve()"))
		return;
	for (size_t i = 0; i < p->plain_count; i++)
		walk_run(f, c->arena, &p->plain[i].walk, resource, see, &seen);
	if (path_eval(c, p->param.path, &env, resource, &items) != OK)
		fail_msg("%s: %s", p->param.expression, c->why);
	for (size_t i = 0; i < items.len; i++)
		found += items.at[i].kind == ITEM_NODE && items.at[i].value.node;
	if (found != seen.len)
		fail_msg("%s: %zu, not %zu", p->param.expression, seen.len, found);
}

static void test_agrees(void **state)
{
	static const char *const names[] = {
		"appointment-examplereq",       "codesystem-example",
		"explanationofbenefit-example", "observation-example",
		"patient-container-example",    "patient-example",
		"patient-name-extensions",      "questionnaire-example"
	};

	(void)state;
	if (access(FIXTURES "/fhirpath/input", R_OK)) {
		print_message("skipped: %s is not there\n", FIXTURES);
		skip();
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path =
			arena_printf(&life, "%s/fhirpath/input/%s.json", FIXTURES, names[i]);
		const struct type_params *params;
		struct str text;
		struct node *n;

		assert_int_equal(file_read(&ctx, &life, path, 1 << 24, &text), OK);
		assert_int_equal(fhir_read_json(&ctx, f, &life, text, &n), OK);
		params = params_of(f, fhir_type_of(f, n));
		for (size_t k = 0; k < params->len; k++)
			check_agrees(&ctx, &params->at[k],
				     (struct fhir_value){ fhir_type_of(f, n), n, NULL });
	}
}

static void test_machine(void **state)
{
	(void)state;
	assert_string_equal(
		shown(rows_of("{\"resourceType\":\"Patient\",\"deceasedDateTime\":\"2020\"}"),
		      "deceased"),
		"true\n");
	assert_string_equal(
		shown(rows_of("{\"resourceType\":\"Patient\",\"deceasedBoolean\":false}"),
		      "deceased"),
		"false\n");
	assert_string_equal(shown(rows_of("{\"resourceType\":\"Patient\"}"), "deceased"),
			    "false\n");
}

/* Every resource of a Synthea bundle: rows in the same order each time, about the person. */
static void test_synthea(void **state)
{
	const char *path =
		FIXTURES "/synthea/Mary_Lind_ab27d239-7c03-47f1-b3e7-7f16fa50e69a.json";
	struct str text;
	struct node *bundle;
	size_t all = 0, resources = 0;

	(void)state;
	if (access(path, R_OK)) {
		print_message("skipped: %s is not there\n", path);
		skip();
	}
	assert_int_equal(file_read(&ctx, &life, path, 1 << 28, &text), OK);
	assert_int_equal(fhir_read_json(&ctx, f, &life, text, &bundle), OK);
	node_each(entry, node_get(bundle, "entry")) {
		struct node *resource = node_get(entry, "resource");
		struct index_rows a, b;

		assert_int_equal(fhir_index(&ctx, f, resource, &a), OK);
		assert_int_equal(fhir_index(&ctx, f, resource, &b), OK);
		assert_int_equal(a.len, b.len);
		for (size_t i = 0; i < a.len; i++) {
			assert_ptr_equal(a.at[i].param, b.at[i].param);
			assert_true(str_eq(a.at[i].code, b.at[i].code));
			for (size_t k = 0; k < i; k++)
				assert_false(a.at[i].param == a.at[k].param &&
					     str_eq(a.at[i].code, a.at[k].code) &&
					     str_eq(a.at[i].system, a.at[k].system) &&
					     str_eq(a.at[i].text, a.at[k].text) &&
					     a.at[i].lo == a.at[k].lo &&
					     str_eq(a.at[i].low, a.at[k].low));
		}
		assert_true(a.len > 3);
		all += a.len;
		resources++;
	}
	print_message("%zu resources, %zu rows\n", resources, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions), cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_patient),     cmocka_unit_test(test_observation),
		cmocka_unit_test(test_resolves),    cmocka_unit_test(test_others),
		cmocka_unit_test(test_people_outside),
		cmocka_unit_test(test_machine),     cmocka_unit_test(test_data_types),
		cmocka_unit_test(test_cut),         cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_synthea),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
