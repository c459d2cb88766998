/* path_explain.c - a compiled path for people to read. */
#include "fhir/path_int.h"

const char *path_text(const struct path *p)
{
	return p->text.at;
}

uint16_t path_kinds(const struct path *p)
{
	return p->kinds;
}

bool path_uses_clock(const struct path *p)
{
	return p->clock;
}

const struct fhir_type *path_type(const struct path *p)
{
	return p->type;
}

static const char *const code_names[] = {
#define X(id, name, meaning) name,
#include "fhir/code.def"
#undef X
};

static void explain_operand(const struct path *p, const struct ins *ins, struct buf *out)
{
	switch ((enum code)ins->code) {
	case CODE_CONST: {
		struct str text = item_print(out->arena, &p->consts[ins->b]);

		buf_printf(out, " %s ", kind_name(p->consts[ins->b].kind));
		buf_str(out, text);
		break;
	}
	case CODE_VAR:
		buf_printf(out, " %%" STR_FMT, STR_ARG(p->names[ins->b]));
		break;
	case CODE_SLOT:
		buf_printf(out, " %u", ins->b);
		break;
	case CODE_DEFINE:
		buf_printf(out, ins->argc ? " %u from block %u" : " %u", ins->a, ins->b);
		break;
	case CODE_MEMBER:
		buf_printf(out, " " STR_FMT " (%u types)", STR_ARG(p->members[ins->b].name),
			   p->members[ins->b].len);
		break;
	case CODE_ROOT:
	case CODE_IS:
	case CODE_AS:
		buf_printf(out, " " STR_FMT, STR_ARG(p->types[ins->b].text));
		break;
	case CODE_OPER:
		buf_printf(out, " %s", path_ops[ins->a].symbol);
		break;
	case CODE_SKIP:
		buf_printf(out, " to %u if it decides '%s'", ins->b, path_ops[ins->a].symbol);
		break;
	case CODE_CALL:
		buf_printf(out, " %s", path_funcs[ins->a].name);
		if (path_funcs[ins->a].how == FN_LAMBDA || path_funcs[ins->a].how == FN_SORT)
			for (unsigned i = 0; i < ins->argc; i++)
				buf_printf(out, "%s%u", i ? ", " : " block ", ins->b + i);
		else if (path_funcs[ins->a].how == FN_TYPE && ins->argc)
			buf_printf(out, " " STR_FMT, STR_ARG(p->types[ins->b].text));
		else
			buf_printf(out, " with %u", ins->argc);
		break;
	default:
		break;
	}
}

void path_explain(const struct path *p, struct buf *out)
{
	for (unsigned i = 0; i < p->block_count; i++) {
		buf_printf(out, "block %u\n", i);
		for (unsigned j = 0; j < p->blocks[i].len; j++) {
			buf_printf(out, "%5u  %-7s", j, code_names[p->blocks[i].at[j].code]);
			explain_operand(p, &p->blocks[i].at[j], out);
			buf_char(out, '\n');
		}
	}
}
