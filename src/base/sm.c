/* sm.c - walking and checking tables of states. */
#include "base/sm.h"

#include "base/buf.h"

#define ROWS_LIMIT 512
#define SHOWN 40 /* bytes of a state or event named in a reason */

static bool is_end(const struct sm_row *row)
{
	return !row->from && !row->event && !row->to;
}

static struct str shown(struct str s)
{
	return (struct str){ s.at, s.len > SHOWN ? SHOWN : s.len };
}

static enum err refuse(struct ctx *c, const struct sm *sm, struct str from, struct str event)
{
	ARENA(scratch);
	struct buf allowed;

	buf_init(&allowed, &scratch, 300);
	for (const struct sm_row *row = sm->rows; !is_end(row); row++)
		if (str_is(from, row->from))
			buf_printf(&allowed, "%s%s", allowed.len ? ", " : "", row->event);
	return fail(c, ERR_CONFLICT,
		    "%s: '" STR_FMT "' does not lead anywhere from '" STR_FMT "'; allowed: %s.",
		    sm->name, STR_ARG(shown(event)), STR_ARG(shown(from)),
		    allowed.len ? allowed.at : "nothing");
}

bool sm_leads(const struct sm *sm, struct str from, struct str event)
{
	for (const struct sm_row *row = sm->rows; !is_end(row); row++)
		if (str_is(from, row->from) && str_is(event, row->event))
			return true;
	return false;
}

enum err sm_move(struct ctx *c, const struct sm *sm, struct str from, struct str event,
		 const char **to)
{
	for (const struct sm_row *row = sm->rows; !is_end(row); row++) {
		if (str_is(from, row->from) && str_is(event, row->event)) {
			*to = row->to;
			return OK;
		}
	}
	return refuse(c, sm, from, event);
}

/* Does a row contradict this one, being another answer to the same question? */
static bool repeated(const struct sm *sm, const struct sm_row *row)
{
	for (const struct sm_row *other = sm->rows; other < row; other++)
		if (!strcmp(other->from, row->from) && !strcmp(other->event, row->event))
			return true;
	return false;
}

static bool reached(const struct sm *sm, const struct sm_row *row, const bool *seen)
{
	if (!strcmp(row->from, sm->start))
		return true;
	for (size_t i = 0; !is_end(&sm->rows[i]); i++)
		if (seen[i] && !strcmp(sm->rows[i].to, row->from))
			return true;
	return false;
}

bool sm_sound(const struct sm *sm)
{
	bool seen[ROWS_LIMIT] = { false };
	size_t rows = 0, found = 0, before;

	for (const struct sm_row *row = sm->rows; !is_end(row); row++, rows++)
		if (rows == ROWS_LIMIT || !row->from || !row->event || !row->to ||
		    repeated(sm, row))
			return false;
	do {
		before = found;
		for (size_t i = 0; i < rows; i++) {
			if (!seen[i] && reached(sm, &sm->rows[i], seen)) {
				seen[i] = true;
				found++;
			}
		}
	} while (found != before);
	return rows && found == rows;
}
