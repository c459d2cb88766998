/* search_subject.c - by which parameters a reference to a Patient says whose the resource is.
 *
 * A resource belongs to the first Patient named by the parameters of its type's Patient compartment.
 * Where the first of those is one plain element that cannot repeat (Observation.subject), whatever
 * refers to a Patient by it is that Patient's: the person's key is known before anything is read. Of
 * any other reference (a performer, one of several participants) it is not.
 */
#include "record/search_part.h"

/* "subject" of "Patient.link.other | Observation.subject.where(…)" for Observation; empty unless it is
 * the only path of the type, and an element that cannot repeat. */
static struct str only_element(const struct fhir_type *type, const struct fhir_param *param)
{
	struct str rest = str_of(param->expression ? param->expression : ""), name = { 0 };
	size_t len = strlen(type->name);
	unsigned paths = 0;

	for (ptrdiff_t at; (at = str_find(rest, str_of(type->name))) >= 0;) {
		bool begins = at == 0 || rest.at[at - 1] == ' ' || rest.at[at - 1] == '(';

		rest = (struct str){ rest.at + at + len, rest.len - (size_t)at - len };
		if (!begins || !rest.len || rest.at[0] != '.')
			continue;
		paths++;
		name = (struct str){ rest.at + 1, 0 };
		while (name.len + 1 < rest.len && name.at[name.len] >= 'a' &&
		       name.at[name.len] <= 'z')
			name.len++;
	}
	const struct fhir_elem *elem = paths == 1 ? fhir_elem(type, name) : NULL;
	bool plain = str_is(name, "subject") || str_is(name, "patient");
	return elem && plain && !elem->list ? name : (struct str){ 0 };
}

bool search_is_subject(const struct fhir *f, const struct fhir_type *type,
		       const struct fhir_param *param)
{
	const char *const *codes = compartment_params(f, "Patient", type);
	const struct fhir_param *first = codes && *codes ? param_find(f, type, str_of(*codes)) : NULL;
	struct str name;

	if (!first || !param)
		return false;
	name = only_element(type, first);
	return name.len && str_eq(name, only_element(type, param));
}
