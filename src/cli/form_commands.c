/* form_commands.c - which forms a place has, and whether those of a pack are sound. */
#include "act/form.h"
#include "cli/commands.h"

static enum err list(struct ctx *c, struct invocation *in)
{
	const struct forms *forms;

	TRY(forms_of(c, &forms));
	fputs("name\tversion\tquestions\ttitle\n", in->out);
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);
		size_t questions = 0;

		for (size_t j = 0; j < form->count; j++)
			questions += form_is_question(&form->items[j]);
		fprintf(in->out, STR_FMT "\t" STR_FMT "\t%zu\t" STR_FMT "\n", STR_ARG(form->name),
			STR_ARG(form->version), questions, STR_ARG(form->title));
	}
	return OK;
}

static enum err run(struct ctx *c, struct invocation *in)
{
	struct place *place;

	TRY(place_open(c, in->share, NULL, 0, false, &place));
	enum err e = list(c, in);
	place_close(place);
	return e;
}

static const struct option options[] = { { 0 } };

const struct command form_commands[] = {
	{ "forms", "", "List the forms there are, having checked them.",
	  "A form is a FHIR Questionnaire, share/form/NAME.json; --place DIR adds those of DIR/form. What is wrong with\n"
	  "one is said with its file and the question.",
	  options, run, "causeway forms --place county\n" },
	{ 0 },
};
