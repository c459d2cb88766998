#include "fhir/test_fhir.h"

#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fhir/code.h"
#include "fhir/param.h"
#include "fhir/type.h"

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
	assert_true(str_is(code_set_system(f, gender),
			   "http://hl7.org/fhir/administrative-gender"));
	assert_int_equal(code_set_system(f, "http://nowhere").len, 0);
	assert_int_equal(code_set_system(f, "http://hl7.org/fhir/ValueSet/all-types").len, 0);
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

/* Tables of a place lie over those of the program; a damaged one is refused with its line. */
static void refuse_table(const char *dir, const char *name, const char *text, const char *why)
{
	const char *path = arena_printf(&life, "%s/fhir/%s", dir, name);
	const struct share share = { .place = dir };
	ARENA(own);
	struct ctx c;
	const struct fhir *other = NULL;

	ctx_init(&c, &own);
	assert_int_equal(file_write(&c, path, str_of(text)), OK);
	assert_int_equal(fhir_load(&c, &own, &share, &other), ERR_INVALID);
	assert_null(other);
	if (!strstr(c.why, why))
		fail_msg("%s: %s", text, c.why);
	unlink(path);
}

static void test_damaged(void **state)
{
	char dir[] = "/tmp/fhir_type_test_XXXXXX";
	const char *sub;

	(void)state;
	assert_non_null(mkdtemp(dir));
	sub = arena_printf(&life, "%s/fhir", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	refuse_table(dir, "types.tsv", "T\tA\tnothing\n",
		     "fhir/types.tsv:1: no such kind: nothing");
	refuse_table(dir, "types.tsv", "E\tid\t0\t1\t-\tstring\n", "an element without a type");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\nE\tx\t0\t1\t-\tB\n",
		     ":2: no such type: B");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\nE\tx\tno\t1\t-\tA\n",
		     ":2: not a minimum");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\nE\tx\t0\t-1\t-\tA\n",
		     ":2: not a maximum");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\t\tB\nT\tB\tcomplex\n", ":1: its base");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\nT\tA\tcomplex\n",
		     ":2: a type named twice");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\t\t\trule-9\n",
		     ":1: no such rule: rule-9");
	refuse_table(dir, "types.tsv", "P\tA\n", ":1: neither a type nor an element");
	refuse_table(dir, "types.tsv", "T\tA\tcomplex\n", "there is no type Resource");
	refuse_table(dir, "rules.tsv", "a-1\terror\n",
		     "fhir/rules.tsv:1: a rule without a path");
	refuse_table(dir, "search.tsv", "x\t_id\n", "fhir/search.tsv:1: not a number");
	refuse_table(dir, "search.tsv", "1\ta\ttoken\tA\n1\tb\ttoken\tA\n",
		     ":2: numbers must rise");
	rmdir(sub);
	rmdir(dir);
}

/* What is made when first asked for is made once, whoever asks. */
static void *ask(void *arg)
{
	static const char *const sets[] = { "administrative-gender", "observation-status",
					    "condition-clinical", "v3-ActEncounterCode" };
	uintptr_t answers = 0;

	for (unsigned i = 0; i < 4; i++) {
		char url[100];

		snprintf(url, sizeof url, "http://hl7.org/fhir/ValueSet/%s", sets[i]);
		answers = answers * 4 + code_in_set(arg, url, (struct str){ 0 }, STR("final"));
	}
	for (unsigned i = 0; i < 40; i++)
		answers += param_list(arg, ((const struct fhir *)arg)->types[i + 61]) != NULL;
	return (void *)answers;
}

static void test_threads(void **state)
{
	ARENA(own);
	const struct fhir *fresh;
	pthread_t threads[4];
	void *answers[4];

	(void)state;
	assert_int_equal(fhir_load(&ctx, &own, NULL, &fresh), OK);
	assert_int_equal(fresh->digest, f->digest);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, (void *)fresh), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], &answers[i]), 0);
	for (int i = 1; i < 4; i++)
		assert_ptr_equal(answers[i], answers[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),   cmocka_unit_test(test_members),
		cmocka_unit_test(test_elements), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_children), cmocka_unit_test(test_codes),
		cmocka_unit_test(test_bindings), cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
