#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fhir/code.h"
#include "fhir/type.h"

static struct arena life;
static struct ctx ctx;
static const struct fhir *f;

static int load(void **state)
{
	(void)state;
	arena_init(&life);
	ctx_init(&ctx, &life);
	if (fhir_load(&ctx, &life, NULL, &f) != OK)
		fail_msg("%s", ctx.why);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

static const struct fhir_elem *elem(const char *type, const char *name)
{
	const struct fhir_type *t = fhir_type(f, str_of(type));

	assert_non_null(t);
	return fhir_elem(t, str_of(name));
}

/* The numbers are the package's own: StructureDefinitions by kind. */
static void test_counts(void **state)
{
	unsigned kinds[4] = { 0 }, concrete = 0;

	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *t = f->types[i];

		assert_int_equal(t->number, i);
		assert_ptr_equal(fhir_type(f, str_of(t->name)), t);
		kinds[t->kind]++;
		concrete += fhir_resource_type(f, str_of(t->name)) != NULL;
	}
	assert_int_equal(kinds[FHIR_RESOURCE], 148);
	assert_int_equal(concrete, 146);
	assert_int_equal(kinds[FHIR_PRIMITIVE], 20);
	assert_int_equal(kinds[FHIR_COMPLEX], 41);
	assert_true(kinds[FHIR_BACKBONE] > 400);
	assert_true(f->rule_count > 200);
}

/* Every form of every element is found again by its name, and every type has what its base has. */
static void test_members(void **state)
{
	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *t = f->types[i];

		for (unsigned k = 0; k < t->elem_count; k++) {
			const struct fhir_elem *e = &t->elems[k];

			assert_true(e->form_count > 0);
			for (unsigned n = 0; n < e->form_count; n++) {
				const struct fhir_form *form;
				bool extra;

				assert_ptr_equal(fhir_member(t, e->forms[n].key, &form, &extra),
				                 e);
				assert_ptr_equal(form, &e->forms[n]);
				assert_false(extra);
				if (!form->extra_key)
					continue;
				assert_ptr_equal(
				        fhir_member(t, e->forms[n].extra_key, &form, &extra),
				        e);
				assert_true(extra);
			}
		}
		for (unsigned k = 0; t->base && k < t->base->elem_count; k++)
			assert_non_null(fhir_elem(t, str_of(t->base->elems[k].name)));
	}
}

static void test_elements(void **state)
{
	const struct fhir_type *patient = fhir_type(f, STR("Patient"));
	const struct fhir_elem *e;

	(void)state;
	assert_true(fhir_is_a(patient, f->resource));
	assert_false(fhir_is_a(patient, f->element));
	assert_true(fhir_is_a(fhir_type(f, STR("Age")), fhir_type(f, STR("Quantity"))));
	assert_null(fhir_resource_type(f, STR("DomainResource")));
	assert_null(fhir_resource_type(f, STR("HumanName")));
	assert_null(fhir_type(f, STR("Patiént")));

	e = elem("Patient", "deceased");
	assert_true(e->choice && !e->list && e->modifier);
	assert_int_equal(e->form_count, 2);
	assert_true(str_is(atoms_name(f->atoms, e->forms[1].key), "deceasedDateTime"));
	assert_true(str_is(atoms_name(f->atoms, e->forms[1].extra_key), "_deceasedDateTime"));
	assert_int_equal(elem("Observation", "value")->form_count, 11);
	assert_int_equal(elem("Extension", "value")->form_count, 50);

	e = elem("Bundle.entry", "resource");
	assert_ptr_equal(e->forms[0].type, f->resource);
	e = elem("Questionnaire.item", "item");
	assert_string_equal(e->forms[0].type->name, "Questionnaire.item");
	assert_true(e->list);
	e = elem("Patient", "gender");
	assert_int_equal(e->binding, 'r');
	assert_string_equal(e->value_set, "http://hl7.org/fhir/ValueSet/administrative-gender");
	e = elem("Observation", "subject");
	assert_string_equal(e->targets[0], "Patient");
	assert_string_equal(e->targets[3], "Location");
	assert_null(e->targets[4]);
	assert_null(elem("Observation", "focus")->targets);
	assert_int_equal(elem("Observation", "status")->min, 1);
	assert_int_equal(elem("Patient", "name")->max, UINT16_MAX);
	assert_string_equal(elem("Patient", "id")->forms[0].type->name, "id");
	assert_int_equal(elem("Patient", "id")->forms[0].extra_key, 0);
	assert_int_equal(elem("xhtml", "extension")->max, 0);
}

static void test_rules(void **state)
{
	const struct fhir_rule *const *rule = fhir_type(f, STR("Observation"))->rules;
	bool dom6 = false, obs7 = false;

	(void)state;
	for (; *rule; rule++) {
		dom6 |= !strcmp((*rule)->id, "dom-6") && !(*rule)->error;
		obs7 |= !strcmp((*rule)->id, "obs-7") && (*rule)->error;
	}
	assert_true(dom6 && obs7);
	assert_string_equal(fhir_type(f, STR("Patient.contact"))->rules[1]->id, "pat-1");
	assert_string_equal(elem("Narrative", "div")->rules[0]->id, "txt-1");
}

static const struct node *read_json(const char *text)
{
	struct node *n;

	if (fhir_read_json(&ctx, f, &life, str_of(text), &n) != OK)
		fail_msg("%s", ctx.why);
	return n;
}

static void test_children(void **state)
{
	const struct node *n = read_json(
	        "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":"
	        "\"Organization\",\"id\":\"o\"},"
	        "{\"resourceType\":\"Nothing\"}],"
	        "\"deceasedBoolean\":true,\"_deceasedBoolean\":{\"id\":\"d\"},"
	        "\"name\":[{\"given\":[\"A\",null,\"C\"],\"_given\":[null,{\"id\":\"b\"}]}],"
	        "\"_birthDate\":{\"extension\":[{\"url\":\"x\",\"_valueDate\":{\"id\":\"v\"}}]}"
	        "}");
	struct fhir_value patient = { fhir_type_of(f, n), n, NULL }, v[4], w[4];

	(void)state;
	assert_string_equal(patient.type->name, "Patient");
	assert_int_equal(fhir_children(f, patient, elem("Patient", "contained"), v, 4), 2);
	assert_string_equal(v[0].type->name, "Organization");
	assert_ptr_equal(v[1].type, f->resource);

	assert_int_equal(fhir_children(f, patient, elem("Patient", "deceased"), v, 4), 1);
	assert_string_equal(v[0].type->name, "boolean");
	assert_true(v[0].node && v[0].extra);

	assert_int_equal(fhir_children(f, patient, elem("Patient", "name"), v, 4), 1);
	assert_int_equal(fhir_children(f, v[0], elem("HumanName", "given"), w, 2), 3);
	assert_int_equal(fhir_children(f, v[0], elem("HumanName", "given"), w, 4), 3);
	assert_true(w[0].node && !w[0].extra);
	assert_true(!w[1].node && w[1].extra);
	assert_true(str_is(node_text(w[2].node), "C"));

	assert_int_equal(fhir_children(f, patient, elem("Patient", "birthDate"), v, 4), 1);
	assert_null(v[0].node);
	assert_int_equal(fhir_children(f, v[0], elem("date", "extension"), w, 4), 1);
	assert_int_equal(fhir_children(f, w[0], elem("Extension", "value"), v, 4), 1);
	assert_string_equal(v[0].type->name, "date");
	assert_null(v[0].node);
	assert_int_equal(fhir_children(f, patient, elem("Patient", "gender"), v, 4), 0);
}

static void test_codes(void **state)
{
	const char *gender = "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1";
	struct str none = { 0 }, act = STR("http://terminology.hl7.org/CodeSystem/v3-ActCode");

	(void)state;
	assert_int_equal(code_in_set(f, gender, none, STR("female")), CODE_IN);
	assert_int_equal(code_in_set(f, gender, none, STR("femail")), CODE_OUT);
	assert_int_equal(code_in_set(f, gender, STR("http://x"), STR("female")), CODE_OUT);
	assert_int_equal(
	        code_in_set(f, "http://hl7.org/fhir/ValueSet/mimetypes", none, STR("text/xml")),
	        CODE_UNKNOWN);
	assert_int_equal(code_in_set(f, "http://nowhere", none, STR("x")), CODE_UNKNOWN);
	/* SNOMED CT's part cannot be answered, another system can. */
	assert_int_equal(code_in_set(f, "http://hl7.org/fhir/ValueSet/condition-code",
	                             STR("http://snomed.info/sct"), STR("1")),
	                 CODE_UNKNOWN);
	assert_int_equal(code_in_set(f, "http://hl7.org/fhir/ValueSet/condition-code",
	                             STR("http://x"), STR("1")),
	                 CODE_OUT);
	/* below _ActEncounterCode */
	assert_int_equal(code_in_set(f,
	                             "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode",
	                             act, STR("IMP")),
	                 CODE_IN);
	assert_int_equal(code_in_set(f,
	                             "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode",
	                             act, STR("BREAST")),
	                 CODE_OUT);
	assert_true(str_is(code_display(f, act, STR("IMP")), "inpatient encounter"));
	assert_int_equal(code_display(f, act, STR("nothing")).len, 0);
	assert_true(code_is_below(f, act, STR("ACUTE"), STR("IMP")));
	assert_true(code_is_below(f, act, STR("IMP"), STR("IMP")));
	assert_false(code_is_below(f, act, STR("IMP"), STR("ACUTE")));
}

/* Every required binding must be answerable but the few that stand on systems not held here. */
static void test_bindings(void **state)
{
	static const char *const open[] = { "ucum", "currencies", "mimetypes", "languages",
		                            "LL379-9" };
	unsigned checked = 0;

	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		for (unsigned k = 0; k < f->types[i]->elem_count; k++) {
			const struct fhir_elem *e = &f->types[i]->elems[k];
			enum code_answer answer;
			size_t n = 0;

			if (e->binding != 'r' || !e->value_set)
				continue;
			answer = code_in_set(f, e->value_set, (struct str){ 0 },
			                     STR("no such code"));
			while (n < 5 && !strstr(e->value_set, open[n]))
				n++;
			if (answer != CODE_OUT && n == 5)
				fail_msg("%s.%s: %s", f->types[i]->name, e->name, e->value_set);
			checked++;
		}
	}
	assert_true(checked > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),   cmocka_unit_test(test_members),
		cmocka_unit_test(test_elements), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_children), cmocka_unit_test(test_codes),
		cmocka_unit_test(test_bindings),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
