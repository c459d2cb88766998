/* UK Core's own examples: read as XML, valid against the profiles they name but for what is listed
 * in test/valid/ukcore_examples.txt with its reason, and the same after a journey through JSON and
 * one through XML. */
#include <dirent.h>

#include "base/file.h"
#include "base/test.h"
#include "fhir/profile.h"
#include "fhir/valid.h"

#define FOLDER FIXTURES "/uk-core/examples"

static struct arena life;
static const struct fhir *tables;

/* Errors that are the examples' own: lines of file, element and reason. */
#define EXPLAINED SOURCE_DIR "/test/valid/ukcore_examples.txt"
static struct str explained;

static bool is_known(struct arena *a, const char *file, const struct issue *issue)
{
	const char *line = arena_printf(a, "\n%s\t%s\t", file, issue->where);

	return str_find(explained, str_of(line)) >= 0;
}

/* The examples do not say in meta which profile they are of; their names do: the longest profile's name
 * that begins the file's. An example of an extension stands on a resource: then it is that of its type. */
static struct str profile_of(struct arena *a, const char *file, const struct node *resource)
{
	const char *head = "https://fhir.hl7.org.uk/StructureDefinition/";
	struct str type = node_str(resource, "resourceType"), best;
	struct str name = str_of(arena_printf(a, "%s%s", head, file));

	best = str_of(arena_printf(a, "%sUKCore-" STR_FMT, head, STR_ARG(type)));
	for (size_t i = 0; i < profile_count(tables); i++) {
		struct str url = profile_url(tables, i);

		if (url.len > best.len && str_starts(name, url) &&
		    !str_starts(str_of(file), STR("Ext")))
			best = url;
	}
	return best;
}

/* Written in the form, read again: is it what it was? */
static bool is_kept(struct ctx *c, const struct node *resource, bool xml)
{
	struct node *again;
	struct buf text;

	buf_init(&text, c->arena, 0);
	if (!xml)
		json_write(&text, resource, 0);
	else if (fhir_write_xml(c, tables, &text, resource, 0) != OK)
		return false;
	if ((xml ? fhir_read_xml : fhir_read_json)(c, tables, c->arena, buf_get(&text),
						   &again) != OK)
		return false;
	return node_equal(resource, again);
}

static unsigned example_run(const char *name, unsigned *valid)
{
	ARENA(arena);
	struct ctx c;
	struct str text;
	struct node *resource;
	unsigned wrong = 0;
	enum err e;

	ctx_init(&c, &arena);
	if (file_read(&c, &arena, arena_printf(&arena, FOLDER "/%s", name), 1 << 24, &text) !=
		    OK ||
	    fhir_read_xml(&c, tables, &arena, text, &resource) != OK) {
		print_message("%s: %s\n", name, c.why);
		return 1;
	}
	e = fhir_validate_profile(&c, tables, text, resource,
				  profile_of(&arena, name, resource));
	*valid += e == OK;
	for (const struct issue *i = c.issues.first; i; i = i->next)
		if (i->severity <= ISSUE_ERROR && !is_known(&arena, name, i)) {
			print_message("%s:%u:%u: %s: %s\n", name, i->line, i->column, i->where,
				      i->text);
			wrong++;
		}
	for (int xml = 0; xml < 2; xml++)
		if (!is_kept(&c, resource, xml)) {
			print_message("%s: not the same after %s\n", name,
				      xml ? "XML" : "JSON");
			wrong++;
		}
	return wrong;
}

static void test_examples(void **state)
{
	DIR *dir = opendir(FOLDER);
	struct dirent *entry;
	unsigned wrong = 0, count = 0, valid = 0;

	(void)state;
	if (!dir) {
		print_message("skipped: there is no " FOLDER "\n");
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!str_ends(str_of(entry->d_name), STR(".xml")))
			continue;
		wrong += example_run(entry->d_name, &valid);
		count++;
	}
	closedir(dir);
	print_message("%u examples, %u without an error\n", count, valid);
	assert_int_equal(wrong, 0);
	assert_true(count >= 100);
}

static int group_setup(void **state)
{
	ARENA(arena);
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &arena);
	if (file_read(&c, &life, EXPLAINED, 1 << 16, &explained) != OK)
		return -1;
	return fhir_load(&c, &life, &(struct share){ 0 }, &tables) == OK ? 0 : -1;
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
		cmocka_unit_test(test_examples),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
