/* valid_suite_test.c - runs test/valid: resources, right and broken, and what must be said of them.
 *
 *	== name of the case
 *	{ the resource,
 *	  on any number of lines }
 *	-> error required Patient.link[0].other 3:14
 *	-> ok
 *
 * A line "profile URL" before the resource asks for that profile as well as for those in its meta.
 * Every error must be named, with its code, place, line and column in the resource, and no other
 * may be found. Warnings are named the same way but may be left out. */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/test.h"
#include "fhir/valid.h"

static struct arena life;
static const struct fhir *tables;

struct valid_case {
	struct str name, resource, expected; /* expected: the lines after the resource */
	struct str profile;
	const char *file;
};

static struct str line_next(struct str *rest)
{
	return str_cut(rest, '\n');
}

/* The text from `from` up to where `to` stands. */
static struct str between(struct str from, struct str to)
{
	return (struct str){ from.at, to.at ? (size_t)(to.at - from.at) : from.len };
}

static bool case_next(struct str *rest, struct valid_case *out)
{
	struct str line, before;

	do {
		if (!rest->at)
			return false;
		line = line_next(rest);
	} while (!str_starts(line, STR("== ")));
	out->name = (struct str){ line.at + 3, line.len - 3 };
	out->profile = (struct str){ 0 };
	if (str_starts(*rest, STR("profile "))) {
		line = line_next(rest);
		out->profile = (struct str){ line.at + 8, line.len - 8 };
	}
	out->resource = *rest;
	do {
		before = *rest;
		line = line_next(rest);
	} while (rest->at && !str_starts(line, STR("->")));
	out->resource = between(out->resource, before);
	out->expected = before;
	do {
		before = *rest;
		line = rest->at ? line_next(rest) : STR("== ");
	} while (str_starts(line, STR("->")) || (line.len == 0 && rest->at));
	out->expected = between(out->expected, before);
	*rest = before;
	return true;
}

/* Is the issue one of the lines "-> severity code where line:column"? */
static bool is_expected(struct ctx *c, const struct valid_case *v, const struct issue *issue)
{
	struct str want = str_of(arena_printf(c->arena, "-> %s %s %s %u:%u", issue_severity_name(issue->severity),
					      issue->code, issue->where ? issue->where : "-", issue->line,
					      issue->column));
	struct str rest = v->expected;

	while (rest.at)
		if (str_eq(str_trim(line_next(&rest)), want))
			return true;
	return false;
}

static unsigned expected_errors(const struct valid_case *v)
{
	struct str rest = v->expected;
	unsigned n = 0;

	while (rest.at)
		n += str_starts(line_next(&rest), STR("-> error"));
	return n;
}

static bool case_run(const struct valid_case *v)
{
	ARENA(arena);
	struct ctx c;
	struct node *resource;
	bool good = true;
	enum err e;

	ctx_init(&c, &arena);
	e = fhir_read_json(&c, tables, &arena, v->resource, &resource);
	if (e == OK)
		e = v->profile.len || strstr(v->file, "profile_")
			    ? fhir_validate_profile(&c, tables, v->resource, resource,
						    v->profile)
			    : fhir_validate(&c, tables, v->resource, resource);
	good = (e == OK) == (expected_errors(v) == 0) && c.issues.errors == expected_errors(v);
	for (const struct issue *i = c.issues.first; i; i = i->next)
		if (i->severity <= ISSUE_ERROR && !is_expected(&c, v, i))
			good = false;
	if (good)
		return true;
	print_message("%s: " STR_FMT "\n", v->file, STR_ARG(v->name));
	print_message("  expected:\n" STR_FMT "\n  found:\n", STR_ARG(v->expected));
	for (const struct issue *i = c.issues.first; i; i = i->next)
		print_message("-> %s %s %s %u:%u   %s\n", issue_severity_name(i->severity), i->code,
			      i->where ? i->where : "-", i->line, i->column, i->text);
	return false;
}

static unsigned file_run(const char *path, unsigned *count)
{
	ARENA(arena);
	struct ctx c;
	struct str text;
	struct valid_case v = { .file = path };
	unsigned wrong = 0;

	ctx_init(&c, &arena);
	assert_int_equal(file_read(&c, &arena, path, 1 << 24, &text), OK);
	while (case_next(&text, &v)) {
		wrong += !case_run(&v);
		(*count)++;
	}
	return wrong;
}

static void test_suite(void **state)
{
	DIR *dir = opendir(SOURCE_DIR "/test/valid");
	struct dirent *entry;
	unsigned wrong = 0, count = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		ARENA(arena);
		if (str_ends(str_of(entry->d_name), STR(".txt")))
			wrong += file_run(arena_printf(&arena, SOURCE_DIR "/test/valid/%s", entry->d_name), &count);
	}
	closedir(dir);
	print_message("%u cases\n", count);
	assert_int_equal(wrong, 0);
	assert_true(count >= 120);
}

/* HL7's own examples, the profiles they name and their extensions: no error may be raised on them
 * but these, which are real. */
static const struct {
	const char *file, *code, *why;
} known[] = {
	{ "ActivityDefinition-blood-tubes-supply.json", "invariant", "the narrative is blank" },
	{ "ActivityDefinition-heart-valve-replacement.json", "invariant", "the narrative is blank" },
	{ "Bundle-dataelements.json", "invariant", "the same fullUrl three times" },
	{ "DeviceMetric-example.json", "value", "parent is a DeviceDefinition" },
	{ "DeviceUseStatement-example.json", "value", "the reason is a Procedure" },
	{ "EventDefinition-example.json", "invariant", "the narrative is blank" },
	{ "ImplementationGuide-fhir.json", "required", "no name, no status" },
	{ "MedicationRequest-medrx0301.json", "value", "the dispenser is a Practitioner" },
	{ "Observation-clinical-gender.json", "value", "the performer is an Encounter" },
	{ "Questionnaire-qs1.json", "required", "groups without linkId" },
	{ "Questionnaire-zika-virus-exposure-assessment.json", "invariant", "the narrative is blank" },
	{ "SearchParameter-codesystem-extensions-CodeSystem", "required", "no base" },
	{ "SearchParameter-questionnaireresponse-extensions", "value", "an id of 67 characters" },
	{ "SearchParameter-valueset-extensions-ValueSet", "required", "no base" },
	{ "StructureDefinition-Definition.json", "invariant", "no baseDefinition" },
	{ "StructureDefinition-Event.json", "invariant", "no baseDefinition" },
	{ "StructureDefinition-FiveWs.json", "invariant", "no baseDefinition" },
	{ "StructureDefinition-Request.json", "invariant", "no baseDefinition" },
	{ "ig-r4.json", "required", "no name, no status" },
};

/* Extensions that HL7's own definitions use where their contexts do not let them stand. */
static const char *const misplaced[] = { "(structuredefinition-fhir-type)",
					 "(structuredefinition-normative-version)", "(regex)",
					 "(translation)", "(valueset-concept-comments)" };

static bool is_misplaced(const struct issue *issue)
{
	for (size_t i = 0; i < sizeof misplaced / sizeof *misplaced; i++)
		if (str_ends(str_of(issue->text), str_of(misplaced[i])))
			return strcmp(issue->code, "extension") == 0;
	return false;
}

static bool is_known(const char *file, const struct issue *issue)
{
	if (is_misplaced(issue))
		return true;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_starts(str_of(file), str_of(known[i].file)) && strcmp(issue->code, known[i].code) == 0)
			return true;
	return false;
}

static unsigned example_run(const char *name)
{
	ARENA(arena);
	struct ctx c;
	struct str text;
	struct node *resource;
	unsigned wrong = 0;
	enum err e;

	ctx_init(&c, &arena);
	if (file_read(&c, &arena, arena_printf(&arena, EXAMPLES "/%s", name), 1 << 26, &text) != OK ||
	    fhir_read_json(&c, tables, &arena, text, &resource) != OK) {
		print_message("%s: %s\n", name, c.why);
		return 1;
	}
	e = fhir_validate_profile(&c, tables, text, resource, (struct str){ 0 });
	for (const struct issue *i = c.issues.first; e != OK && i; i = i->next)
		if (i->severity <= ISSUE_ERROR && !is_known(name, i)) {
			print_message("%s:%u:%u: %s: %s\n", name, i->line, i->column, i->where, i->text);
			wrong++;
		}
	return wrong;
}

/* HL7's definitions are many and alike: one in eighty. Of what else there is, which the program's own
 * tests put and get all of, one in eight, and each that has a mistake. */
static bool is_left_out(const char *name)
{
	static const char *const definitions[] = { "StructureDefinition-", "SearchParameter-", "ValueSet-",
						   "CodeSystem-", "ConceptMap-", "OperationDefinition-" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_starts(str_of(name), str_of(known[i].file)))
			return false;
	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++)
		if (str_starts(str_of(name), str_of(definitions[i])))
			return test_left_out(name, 80);
	return test_left_out(name, 8);
}

static void test_examples(void **state)
{
	DIR *dir = opendir(EXAMPLES);
	struct dirent *entry;
	unsigned wrong = 0, count = 0;

	(void)state;
	if (!dir) {
		print_message("skipped: there is no " EXAMPLES "\n");
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		struct str name = str_of(entry->d_name);
		if (!str_ends(name, STR(".json")) || str_is(name, "package.json") || name.at[0] == '.' ||
		    is_left_out(entry->d_name))
			continue;
		wrong += example_run(entry->d_name);
		count++;
	}
	closedir(dir);
	print_message("%u examples\n", count);
	assert_int_equal(wrong, 0);
	assert_true(count > (test_full() ? 2000 : 120));
}

static int group_setup(void **state)
{
	ARENA(arena);
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &arena);
	return fhir_load(&c, &life, &(struct share){ .place = SOURCE_DIR "/test/valid/share" },
			 &tables) == OK
		       ? 0
		       : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_examples),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
