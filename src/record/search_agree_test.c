/* search_agree_test.c - random searches over HL7's examples, against the plainest evaluation.
 *
 * Some hundred examples are stored. Queries are made up from values that are in them, with random
 * prefixes and modifiers, always from the same seed. What each finds is compared with a walk over
 * all index rows by rules written here once more, straight from the specification; and with what
 * it finds when every choice of the planner and the sorter is forced the other way.
 */
#include "base/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "fhir/sound.h"
#include "record/search_part.h"
#include "record/words.h"
#include "store/test_place.h"

#define STORED_MAX 400
#define BYTES_MAX 30000 /* of one example: enough kinds, no long reading */
#define QUERIES 700 /* of a full run; else a quarter; a fifth of these of a server, which answers slower */

static const struct share share = { NULL, SOURCE_DIR "/share" };

struct stored {
	const struct fhir_type *type;
	struct str id;
	struct index_rows rows;
	struct words words;
};

struct world {
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
	char dir[64], path[512];
	VEC(struct stored) all;
	uint64_t random;
};

static void must(struct ctx *c, enum err e)
{
	if (e)
		fail_msg("%s: %s", err_row(e)->name, c->why);
}

static size_t dice(struct world *w, size_t sides)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return sides ? (size_t)(w->random >> 33) % sides : 0;
}

/* ---- the store ---- */

static void open_world(struct world *w)
{
	memset(w, 0, sizeof *w);
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	clock_fixed_init(&w->clock, 1767225600000000);
	w->c.clock = &w->clock.clock;
	w->random = 20260101;
	strcpy(w->dir, "/tmp/search_agree.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	test_place(w->path, sizeof w->path, w->dir);
	must(&w->c, place_open(&w->c, &share, w->path, STORE_CREATE, false, &w->place));
	w->c.place = w->place;
	w->place->validate = false;
	w->place->references = REFERENCES_LOOSE;
}

static void close_world(struct world *w)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char name[600];

	place_close(w->place);
	arena_done(&w->arena);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", w->path, tails[i]);
		unlink(name);
	}
	rmdir(w->dir);
	test_place_drop();
}

static void store_example(struct world *w, const char *path)
{
	struct write write = { 0 };
	struct written done;
	struct stored stored;

	if (file_read(&w->c, &w->arena, path, BYTES_MAX, &write.source) != OK)
		return;
	must(&w->c,
	     fhir_read_json(&w->c, w->place->fhir, &w->arena, write.source, &write.resource));
	stored.type = fhir_type_of(w->place->fhir, write.resource);
	if (!stored.type || !node_get(write.resource, "id"))
		return;
	stored.id = node_str(write.resource, "id");
	must(&w->c, record_update(&w->c, str_of(stored.type->name), stored.id, &write, &done));
	must(&w->c, fhir_read_json(&w->c, w->place->fhir, &w->arena, done.version.body,
				   &write.resource));
	must(&w->c, fhir_index(&w->c, w->place->fhir, write.resource, &stored.rows));
	must(&w->c, words_find(&w->c, write.resource, &stored.words));
	*vec_push(&w->all, &w->arena) = stored;
}

static bool fill_world(struct world *w)
{
	static const char *const kinds[] = { "Observation",
					     "Patient",
					     "Encounter",
					     "Condition",
					     "MedicationRequest",
					     "Claim",
					     "Organization",
					     "RiskAssessment",
					     "ValueSet",
					     "Questionnaire*",
					     "Composition",
					     "DiagnosticReport",
					     "Appointment",
					     "CarePlan",
					     "ChargeItem",
					     "Substance",
					     "Task" };
	char pattern[256];

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		glob_t found;

		snprintf(pattern, sizeof pattern, EXAMPLES "/%s-*.json", kinds[k]);
		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t i = 0;
			     i < found.gl_pathc && i < 60 && w->all.len < STORED_MAX; i++)
				store_example(w, found.gl_pathv[i]);
		globfree(&found);
	}
	return w->all.len > 0;
}

/* ---- a made-up condition, both as text and as what it means ---- */

struct wish {
	struct dec number, half; /* number, quantity */
	const struct fhir_param *param;
	const char *modifier, *prefix;
	struct str code, system, target, folded; /* as taken from a row */
	int64_t lo, hi;                          /* date */
	char form; /* token: c s| |c s|c; reference: t type/id, i id */
	bool missing;
	struct word words[2]; /* _text, _content: a word, its beginning (form *), two in a row */
	size_t word_count;
	/* A hop: `inner` is wished of resources of `end` which we refer to by `param`, or which
	 * refer to us by it. */
	const struct wish *inner;
	const struct fhir_type *end;
	bool back;
};

static const char *const prefixes[] = { "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb" };

static void escape(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (strchr(",|$\\", s.at[i]))
			buf_cstr(b, "%5C");
		buf_printf(b, "%%%02X", (unsigned char)s.at[i]);
	}
}

/* A number that a row's sort key could stand for: numbers are made up near small ones. */
static struct str some_number(struct world *w, struct wish *wish)
{
	static const char *const texts[] = { "1",    "2.0", "5.4", "6.3",  "100", "1e2",
					     "0.02", "-3",  "37",  "36.5", "185", "120",
					     "7.2",  "10",  "60",  "25" };
	struct str text = str_of(texts[dice(w, sizeof texts / sizeof *texts)]);

	assert_true(dec_parse(text, &wish->number));
	wish->half = dec_half_ulp(wish->number);
	if (str_is(text, "1e2"))
		wish->half = dec_int(5);
	return text;
}

static struct str some_date(struct world *w, const struct index_row *row, struct wish *wish)
{
	static const size_t cuts[] = { 4, 7, 10, 24 };
	int64_t at = row->lo == INT64_MIN || dice(w, 3) == 0 ? row->hi : row->lo;
	struct str text;
	struct when when;

	if (at == INT64_MAX)
		at = row->lo;
	text = when_print_us(&w->arena, at + (int64_t)dice(w, 3) * 3600000000 - 3600000000);
	text.len = cuts[dice(w, 4)];
	assert_true(when_parse_datetime(text, &when));
	when_range(when, 0, &wish->lo, &wish->hi);
	return text;
}

static void wish_token(struct world *w, struct wish *wish, struct buf *b)
{
	static const char *const modifiers[] = { "", "", "", "", ":not", ":text" };

	wish->form = "cspb"[dice(w, 4)];
	wish->modifier = modifiers[dice(w, 6)];
	if (!wish->code.len && !wish->system.len)
		wish->modifier = ":text";
	buf_cstr(b, wish->modifier);
	buf_char(b, '=');
	if (!strcmp(wish->modifier, ":text")) {
		escape(b, wish->folded);
		return;
	}
	if ((wish->form == 's' && !wish->system.len) || !wish->code.len)
		wish->form = wish->system.len ? 's' : 'p';
	if (wish->form != 'c') {
		if (wish->form != 'p')
			escape(b, wish->system);
		buf_cstr(b, "%7C");
	}
	if (wish->form != 's')
		escape(b, wish->code);
}

static void wish_string(struct world *w, struct wish *wish, struct buf *b)
{
	static const char *const modifiers[] = { "", "", ":exact", ":contains" };
	struct str s = wish->code;

	wish->modifier = modifiers[dice(w, 4)];
	if (strcmp(wish->modifier, ":exact") != 0 && s.len > 2 && dice(w, 2)) {
		s.len = 1 + dice(w, s.len);
		while (s.len < wish->code.len && ((unsigned char)s.at[s.len] & 0xC0) == 0x80)
			s.len++;
	}
	wish->code = s;
	if (param_sounds(wish->param) && sound_key(&w->arena, s).len)
		wish->code = sound_key(&w->arena, s);
	wish->folded = str_fold(&w->arena, wish->code);
	buf_cstr(b, wish->modifier);
	buf_char(b, '=');
	escape(b, s);
}

static void wish_reference(struct world *w, struct wish *wish, struct buf *b)
{
	wish->form = wish->target.len && dice(w, 3) ? 't' : 'i';
	wish->modifier = "";
	buf_char(b, '=');
	if (wish->form == 't')
		buf_printf(b, STR_FMT "/", STR_ARG(wish->target));
	escape(b, wish->code);
}

static void wish_uri(struct world *w, struct wish *wish, struct buf *b)
{
	static const char *const modifiers[] = { "", ":below", ":above" };
	struct str s = wish->code;

	wish->modifier = modifiers[dice(w, 3)];
	if (!strcmp(wish->modifier, ":below") && s.len > 12 && dice(w, 2)) {
		while (s.len > 10 && s.at[s.len - 1] != '/')
			s.len--;
		s.len -= s.len > 10 && dice(w, 2);
	}
	if (!strcmp(wish->modifier, ":above"))
		s = str_of(arena_printf(&w->arena, STR_FMT "/more", STR_ARG(s)));
	wish->code = s;
	buf_cstr(b, wish->modifier);
	buf_char(b, '=');
	escape(b, s);
}

/* A condition about a value of some stored resource of the type; its text goes to `b`. */
static bool make_wish(struct world *w, const struct stored *from, struct wish *wish,
		      struct buf *b)
{
	const struct index_row *row;
	struct str text;

	if (!from->rows.len)
		return false;
	row = &from->rows.at[dice(w, from->rows.len)];
	if (row->identifier || column_of(row->param) != COLUMN_NONE || row->code.len > 200 ||
	    row->text.len > 200)
		return false;
	*wish = (struct wish){ .param = row->param,
			       .modifier = "",
			       .prefix = "",
			       .code = row->code,
			       .system = row->system,
			       .target = row->target };
	buf_cstr(b, row->param->code);
	if (dice(w, 12) == 0) {
		wish->modifier = ":missing";
		wish->missing = dice(w, 2);
		buf_printf(b, ":missing=%s", wish->missing ? "true" : "false");
		return true;
	}
	wish->prefix = prefixes[dice(w, 9)];
	switch (row->param->type) {
	case PARAM_TOKEN:
		wish->folded = str_fold(&w->arena, row->text.len ? row->text : STR("x"));
		wish_token(w, wish, b);
		return true;
	case PARAM_STRING:
		wish->code = row->text;
		wish_string(w, wish, b);
		return true;
	case PARAM_REFERENCE:
		if (!row->code.len || (!row->target.len && str_find(row->code, STR(":")) < 0))
			return false;
		wish_reference(w, wish, b);
		return true;
	case PARAM_URI:
		wish_uri(w, wish, b);
		return true;
	case PARAM_DATE:
		text = some_date(w, row, wish);
		buf_printf(b, "=%s" STR_FMT, wish->prefix, STR_ARG(text));
		return true;
	case PARAM_NUMBER:
		text = some_number(w, wish);
		buf_printf(b, "=%s" STR_FMT, wish->prefix, STR_ARG(text));
		return true;
	case PARAM_QUANTITY:
		text = some_number(w, wish);
		buf_printf(b, "=%s" STR_FMT, wish->prefix, STR_ARG(text));
		wish->form = dice(w, 2) && row->code.len ? 'u' : 0;
		if (wish->form == 'u') {
			buf_cstr(b, "%7C%7C");
			escape(b, row->code);
		}
		return true;
	default:
		return false;
	}
}

/* ---- words ---- */

/* One of the resource's words, sometimes its first letter, sometimes with the word after it. */
static bool make_words(struct world *w, const struct stored *from, struct wish *wish,
		       struct buf *b)
{
	size_t at = dice(w, from->words.len);
	const struct word *word = &from->words.at[at];

	if (!from->words.len)
		return false;
	*wish = (struct wish){ .modifier = "", .prefix = "", .word_count = 1 };
	wish->param = param_find(w->place->fhir, from->type,
				 word->narrative && dice(w, 2) ? STR("_text") : STR("_content"));
	wish->words[0] = *word;
	if (at + 1 < from->words.len && word[1].run == word->run && dice(w, 3) == 0) {
		wish->words[wish->word_count++] = word[1];
	} else if (dice(w, 3) == 0 && (unsigned char)word->text.at[0] < 0x80) {
		wish->form = '*';
		wish->words[0].text.len = 1;
	}
	bool quoted = wish->word_count == 2 || str_is(wish->words[0].text, "and");
	buf_printf(b, "%s=%s", wish->param->code, quoted ? "%22" : "");
	escape(b, wish->words[0].text);
	if (wish->word_count == 2) {
		buf_cstr(b, "%20");
		escape(b, wish->words[1].text);
	}
	buf_cstr(b, quoted ? "%22" : "");
	if (wish->form)
		buf_char(b, '*');
	return true;
}

static bool means_words(const struct wish *w, const struct words *have)
{
	bool all = !strcmp(w->param->code, "_content");

	for (size_t i = 0; i + w->word_count <= have->len; i++) {
		const struct word *at = &have->at[i];

		if (!all && !at->narrative)
			continue;
		if (w->form && str_starts(at->text, w->words[0].text))
			return true;
		if (str_eq(at->text, w->words[0].text) &&
		    (w->word_count == 1 ||
		     (at[1].run == at->run && str_eq(at[1].text, w->words[1].text))))
			return true;
	}
	return false;
}

/* ---- hops ---- */

static const struct stored *refers_to(struct world *w, const struct index_row *row)
{
	for (size_t i = 0; i < w->all.len && !row->identifier && row->target.len; i++)
		if (str_is(row->target, w->all.at[i].type->name) &&
		    str_eq(row->code, w->all.at[i].id))
			return &w->all.at[i];
	return NULL;
}

/* A canonical may be as relative as a reference: "Questionnaire/gcs". */
static bool names(const struct index_row *row, const struct stored *to)
{
	struct str type = row->target, id = row->code;

	if (!type.len && str_find(id, STR("/")) > 0)
		type = str_cut(&id, '/');
	return str_is(type, to->type->name) && str_eq(id, to->id);
}

static bool refers(const struct stored *from, const char *code, const struct stored *to)
{
	for (size_t i = 0; i < from->rows.len; i++) {
		const struct index_row *row = &from->rows.at[i];

		if (row->param->type == PARAM_REFERENCE && !row->identifier &&
		    (!code || !strcmp(row->param->code, code)) && names(row, to))
			return true;
	}
	return false;
}

/* A row of `from` that is a reference to something stored, of a type it may be to. */
static const struct index_row *some_reference(struct world *w, const struct stored *from)
{
	for (int tries = 0; tries < 30 && from->rows.len; tries++) {
		const struct index_row *row = &from->rows.at[dice(w, from->rows.len)];

		if (row->param->type == PARAM_REFERENCE && refers_to(w, row) &&
		    search_targets(row->param, row->target))
			return row;
	}
	return NULL;
}

static const struct stored *some_referring(struct world *w, const struct stored *to)
{
	size_t start = dice(w, w->all.len);

	for (size_t i = 0; i < w->all.len; i++) {
		const struct stored *from = &w->all.at[(start + i) % w->all.len];

		if (refers(from, NULL, to))
			return from;
	}
	return NULL;
}

static bool make_any(struct world *w, const struct stored *from, struct wish *wish,
		     struct buf *b, int depth);

static bool make_hop(struct world *w, const struct stored *from, struct wish *wish,
		     struct buf *b, int depth)
{
	bool back = dice(w, 2);
	const struct stored *end = back ? some_referring(w, from) : NULL;
	const struct index_row *row =
		back ? end ? some_reference(w, end) : NULL : some_reference(w, from);
	struct wish *inner = NEW(&w->arena, struct wish);

	if (!row || (back && !str_is(row->target, from->type->name)))
		return false;
	if (!back)
		end = refers_to(w, row);
	if (back)
		buf_printf(b, "_has:%s:%s:", end->type->name, row->param->code);
	else if (dice(w, 3))
		buf_printf(b, "%s:%s.", row->param->code, end->type->name);
	else
		return false;
	*wish = (struct wish){
		.param = row->param, .inner = inner, .end = end->type, .back = back
	};
	return make_any(w, end, inner, b, depth + 1);
}

static bool make_any(struct world *w, const struct stored *from, struct wish *wish,
		     struct buf *b, int depth)
{
	size_t len = b->len;

	if (depth < 4 && dice(w, 3) == 0) {
		if (make_hop(w, from, wish, b, depth))
			return true;
		b->len = len;
		return false;
	}
	return dice(w, 6) ? make_wish(w, from, wish, b) : make_words(w, from, wish, b);
}

/* ---- what it means, by the specification's words ---- */

static bool means_date(const struct wish *w, const struct index_row *r)
{
	bool within = r->lo >= w->lo && r->hi <= w->hi;
	const char *p = w->prefix;

	return !strcmp(p, "ne")   ? !within
	       : !strcmp(p, "gt") ? r->hi > w->hi
	       : !strcmp(p, "lt") ? r->lo < w->lo
	       : !strcmp(p, "ge") ? r->hi > w->hi || within
	       : !strcmp(p, "le") ? r->lo < w->lo || within
	       : !strcmp(p, "sa") ? r->lo >= w->hi
	       : !strcmp(p, "eb") ? r->hi <= w->lo
				  : within;
}

static int key_cmp(struct str key, struct dec d)
{
	unsigned char bytes[DEC_SORT_MAX];
	size_t len = dec_sort_key(d, bytes);

	return str_cmp(key, (struct str){ (char *)bytes, len });
}

static bool means_number(const struct wish *w, const struct index_row *r)
{
	const char *p = w->prefix;
	struct dec lo = { 0 }, hi = { 0 }, v = w->number;

	assert_true(dec_sub(v, w->half, &lo) && dec_add(v, w->half, &hi));
	bool within = key_cmp(r->low, lo) >= 0 && key_cmp(r->low, hi) < 0 &&
		      key_cmp(r->high, lo) >= 0 && key_cmp(r->high, hi) < 0;
	return !strcmp(p, "ne")   ? !within
	       : !strcmp(p, "gt") ? key_cmp(r->high, v) > 0
	       : !strcmp(p, "lt") ? key_cmp(r->low, v) < 0
	       : !strcmp(p, "ge") ? key_cmp(r->high, v) >= 0
	       : !strcmp(p, "le") ? key_cmp(r->low, v) <= 0
	       : !strcmp(p, "sa") ? key_cmp(r->low, v) > 0
	       : !strcmp(p, "eb") ? key_cmp(r->high, v) < 0
				  : within;
}

static bool means_token(const struct wish *w, const struct index_row *r)
{
	switch (w->form) {
	case 'c':
		return str_eq(r->code, w->code);
	case 's':
		return str_eq(r->system, w->system);
	case 'p':
		return !r->system.len && str_eq(r->code, w->code);
	default:
		return str_eq(r->system, w->system) && str_eq(r->code, w->code);
	}
}

static bool means_uri(struct str asked, const char *modifier, struct str have)
{
	bool slash;

	if (str_eq(asked, have) || !*modifier)
		return str_eq(asked, have);
	struct str shorter = strcmp(modifier, ":below") ? have : asked;
	struct str longer = strcmp(modifier, ":below") ? asked : have;
	slash = shorter.len && shorter.at[shorter.len - 1] == '/';
	return str_starts(longer, shorter) && longer.len > shorter.len &&
	       (slash || longer.at[shorter.len] == '/');
}

static bool means_row(struct world *world, const struct wish *w, const struct index_row *r)
{
	struct str folded;

	switch (w->param->type) {
	case PARAM_TOKEN:
		if (!strcmp(w->modifier, ":text")) {
			folded = str_fold(&world->arena, r->text);
			return folded.len && str_starts(folded, w->folded);
		}
		return means_token(w, r);
	case PARAM_STRING:
		return !strcmp(w->modifier, ":exact")      ? str_eq(r->text, w->code)
		       : !strcmp(w->modifier, ":contains") ? str_find(r->code, w->folded) >= 0
							   : str_starts(r->code, w->folded);
	case PARAM_REFERENCE:
		return !r->identifier && str_eq(r->code, w->code) &&
		       (w->form == 't' || !w->target.len
				? str_eq(r->target, w->target)
				: r->target.len && search_targets(w->param, r->target));
	case PARAM_URI:
		return means_uri(w->code, w->modifier, r->code);
	case PARAM_DATE:
		return means_date(w, r);
	case PARAM_QUANTITY:
		return (w->form != 'u' || str_eq(w->code, r->code)) && means_number(w, r);
	default:
		return means_number(w, r);
	}
}

static bool means(struct world *world, const struct wish *w, const struct stored *s)
{
	bool any = false, met = false;

	for (size_t i = 0; i < world->all.len && w->inner; i++) {
		const struct stored *end = &world->all.at[i];

		if (end->type == w->end &&
		    refers(w->back ? end : s, w->param->code, w->back ? s : end) &&
		    means(world, w->inner, end))
			return true;
	}
	if (w->inner)
		return false;
	if (w->word_count)
		return means_words(w, &s->words);
	for (size_t i = 0; i < s->rows.len; i++) {
		if (strcmp(s->rows.at[i].param->code, w->param->code) != 0)
			continue;
		any = true;
		met = met || (strcmp(w->modifier, ":missing") != 0 &&
			      means_row(world, w, &s->rows.at[i]));
	}
	if (!strcmp(w->modifier, ":missing"))
		return w->missing != any;
	return !strcmp(w->modifier, ":not") ? !met : met;
}

/* ---- comparing ---- */

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str list(struct arena *a, struct str *ids, size_t len, bool sort)
{
	struct buf b;

	buf_init(&b, a, 0);
	if (sort && len)
		qsort(ids, len, sizeof *ids, by_text);
	for (size_t i = 0; i < len; i++) {
		buf_str(&b, ids[i]);
		buf_char(&b, ' ');
	}
	return buf_get(&b);
}

/* From the last page back to the first: the same pages. */
static void same_back(struct ctx *c, const struct fhir_type *type, const struct search_choice *choice,
		      struct str query, const struct str *pages, size_t count)
{
	const struct search *parsed;
	struct search_page page;

	for (size_t at = count; query.len; query = page.prev) {
		assert_true(at-- > 0);
		must(c, search_parse(c, str_of(type->name), query, &parsed));
		struct search s = *parsed;
		if (choice)
			s.choice = *choice;
		must(c, search_run(c, &s, &page));
		VEC(struct str) ids = { 0 };
		for (size_t i = 0; i < page.len; i++)
			*vec_push(&ids, c->arena) = page.at[i].id;
		struct str got = list(c->arena, ids.at, ids.len, false);
		if (!str_eq(got, pages[at]))
			fail_msg("%s?" STR_FMT ", page %zu back\n  wanted " STR_FMT "\n  got    " STR_FMT,
				 type->name, STR_ARG(query), at, STR_ARG(pages[at]), STR_ARG(got));
		assert_true(page.next.len > 0);
		assert_true((at > 0) == (page.prev.len > 0));
	}
}

/* All pages, there and back. */
static struct str found_by(struct world *w, struct arena *a, const struct fhir_type *type,
			   struct str query, const struct search_choice *choice, bool sort)
{
	VEC(struct str) ids = { 0 };
	VEC(struct str) pages = { 0 };
	struct search_page page = { 0 };
	const struct search *parsed;
	struct ctx c;

	ctx_init(&c, a);
	c.place = w->place;
	c.clock = w->c.clock;
	do {
		size_t before = ids.len;
		enum err e = search_parse(&c, str_of(type->name), query, &parsed);
		if (e == OK) {
			struct search s = *parsed;

			if (choice)
				s.choice = *choice;
			e = search_run(&c, &s, &page);
		}
		if (e != OK)
			fail_msg("%s?" STR_FMT ": %s", type->name, STR_ARG(query), c.why);
		for (size_t i = 0; i < page.len; i++)
			*vec_push(&ids, a) = page.at[i].id;
		if (page.next.len)
			*vec_push(&pages, a) = list(a, ids.at + before, ids.len - before, false);
		query = page.next;
	} while (query.len);
	same_back(&c, type, choice, page.prev, pages.at, pages.len);
	return list(a, ids.at, ids.len, sort);
}

static struct str expected(struct world *w, struct arena *a, const struct fhir_type *type,
			   const struct wish *wishes, size_t count)
{
	VEC(struct str) ids = { 0 };

	for (size_t i = 0; i < w->all.len; i++) {
		bool met = w->all.at[i].type == type;

		for (size_t j = 0; j < count && met; j++)
			met = means(w, &wishes[j], &w->all.at[i]);
		if (met)
			*vec_push(&ids, a) = w->all.at[i].id;
	}
	return list(a, ids.at, ids.len, true);
}

static void agree(struct world *w, size_t *hits, size_t *hops)
{
	static const struct search_choice probing = { 0, 100000, 0, 8, 0 },
					  gathering = { 0, 0, 0, 16, 0 };
	const struct stored *from = &w->all.at[dice(w, w->all.len)];
	struct arena_mark mark = arena_mark(&w->arena);
	struct wish wishes[3];
	size_t count = 0, wanted = 1 + dice(w, 3);
	struct buf query;
	ARENA(a);

	buf_init(&query, &a, 0);
	for (int tries = 0; count < wanted && tries < 20; tries++) {
		size_t len = query.len;

		if (count)
			buf_char(&query, '&');
		if (make_any(w, from, &wishes[count], &query, 0)) {
			count++;
			continue;
		}
		query.len = len;
	}
	struct str text = buf_get(&query);
	struct str right = expected(w, &a, from->type, wishes, count);
	struct str pages = str_of(arena_printf(&a, STR_FMT "&_count=3", STR_ARG(text)));
	const struct search_choice *const choices[] = { NULL, &probing, &gathering };
	for (int i = 0; i < 3; i++) {
		struct str got = found_by(w, &a, from->type, i ? pages : text, choices[i], true);

		if (!str_eq(got, right))
			fail_msg("%s?" STR_FMT "\n  choice %d\n  wanted " STR_FMT
				 "\n  got    " STR_FMT,
				 from->type->name, STR_ARG(text), i, STR_ARG(right),
				 STR_ARG(got));
	}
	*hits += right.len > 0;
	for (size_t i = 0; i < count; i++)
		*hops += wishes[i].inner && right.len > 0;
	arena_release(&w->arena, mark);
}

/* Past what all three begin with, for a message that can be read. */
static void skip_same(struct str *a, struct str *b, struct str *c)
{
	while (a->len > 40 && b->len > 40 && c->len > 40 && a->at[0] == b->at[0] &&
	       a->at[0] == c->at[0]) {
		*a = (struct str){ a->at + 1, a->len - 1 };
		*b = (struct str){ b->at + 1, b->len - 1 };
		*c = (struct str){ c->at + 1, c->len - 1 };
	}
}

/* Walking an index and looking at each give the same order, and pages join without a gap. */
static void sort_agree(struct world *w, const struct fhir_type *type,
		       const struct fhir_param *param)
{
	static const struct search_choice looking = { 100000, 500, 64, 8192, 64 },
					  walking = { 0, 500, 64, 8, 64 };

	if (param->type >= PARAM_COMPOSITE || param->type == PARAM_REFERENCE)
		return;
	for (int down = 0; down < 2; down++) {
		ARENA(a);
		struct str whole = str_of(arena_printf(&a, "_count=1000&_sort=%s%s",
						       down ? "-" : "", param->code));
		struct str pages = str_of(
			arena_printf(&a, "_count=7&_sort=%s%s", down ? "-" : "", param->code));
		struct str one = found_by(w, &a, type, whole, &looking, false);
		struct str two = found_by(w, &a, type, pages, &walking, false);
		struct str three = found_by(w, &a, type, pages, &looking, false);

		skip_same(&one, &two, &three);
		if (!str_eq(one, two) || !str_eq(one, three))
			fail_msg("%s?" STR_FMT "\n  looking " STR_FMT "\n  walking " STR_FMT
				 "\n  pages   " STR_FMT,
				 type->name, STR_ARG(whole), STR_ARG(one), STR_ARG(two),
				 STR_ARG(three));
	}
}

static struct world world;

static int set_up(void **state)
{
	(void)state;
	open_world(&world);
	if (!fill_world(&world))
		print_message("skipped: HL7's examples are not at " EXAMPLES "\n");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_world(&world);
	return 0;
}

static void test_agree(void **state)
{
	int queries = (test_full() ? QUERIES : QUERIES / 4) / (test_on_pgsql() ? 5 : 1);
	size_t hits = 0, hops = 0;

	(void)state;
	if (!world.all.len)
		skip();
	for (int i = 0; i < queries; i++)
		agree(&world, &hits, &hops);
	print_message("%zu resources, %d queries, %zu found something, %zu over hops\n",
		      world.all.len, queries, hits, hops);
	assert_true(hits > (size_t)queries / 4 && hops > (size_t)queries / 20);
}

static void test_sort(void **state)
{
	const struct fhir_type *last = NULL;

	(void)state;
	if (!world.all.len)
		skip();
	for (size_t i = 0; i < world.all.len; i++) {
		const struct fhir_type *type = world.all.at[i].type;

		if (type == last)
			continue;
		last = type;
		for (const struct fhir_param *const *p = param_list(world.place->fhir, type);
		     *p; p++)
			if ((*p)->path && /* what has none has no values */
			    !test_left_out(arena_printf(&world.arena, "%s %s", type->name, (*p)->code),
					   test_on_pgsql() ? 8 : 3))
				sort_agree(&world, type, *p);
	}
}

/* ---- what a page brings along ---- */

/* Mark what is one reference away from what is marked, in either direction; how many are new. */
static size_t spread(struct world *w, const bool *from, bool *to)
{
	size_t count = 0;

	for (size_t i = 0; i < w->all.len; i++)
		for (size_t j = 0; j < w->all.len; j++)
			if (from[i] && !to[j] &&
			    (refers(&w->all.at[i], NULL, &w->all.at[j]) ||
			     refers(&w->all.at[j], NULL, &w->all.at[i]))) {
				to[j] = true;
				count++;
			}
	return count;
}

static struct str brought_by(struct world *w, struct arena *a, const struct stored *s,
			     const char *query)
{
	VEC(struct str) ids = { 0 };
	const struct search *parsed;
	struct search_page page;
	struct ctx c;

	ctx_init(&c, a);
	c.place = w->place;
	c.clock = w->c.clock;
	must(&c, search_parse(&c, str_of(s->type->name), str_of(query), &parsed));
	must(&c, search_run(&c, parsed, &page));
	assert_int_equal(page.len, 1);
	for (size_t i = 0; i < page.included_len; i++)
		*vec_push(&ids, a) = page.included[i].id;
	return list(a, ids.at, ids.len, true);
}

static void include_agree(struct world *w, size_t which, bool iterate)
{
	static bool near[STORED_MAX], far[STORED_MAX];
	const struct stored *s = &w->all.at[which];
	VEC(struct str) ids = { 0 };
	ARENA(a);
	const char *all = iterate ? ":iterate" : "";
	const char *query = arena_printf(&a, "_id=" STR_FMT "&_include%s=*&_revinclude%s=*",
					 STR_ARG(s->id), all, all);

	memset(near, 0, sizeof near);
	near[which] = true;
	memcpy(far, near, sizeof far);
	while (spread(w, near, far) && iterate)
		memcpy(near, far, sizeof near);
	for (size_t i = 0; i < w->all.len; i++)
		if (far[i] && i != which)
			*vec_push(&ids, &a) = w->all.at[i].id;
	struct str right = list(&a, ids.at, ids.len, true);
	struct str got = brought_by(w, &a, s, query), same = got;
	skip_same(&right, &got, &same);
	if (!str_eq(got, right))
		fail_msg("%s?%s\n  wanted " STR_FMT "\n  got    " STR_FMT, s->type->name, query,
			 STR_ARG(right), STR_ARG(got));
}

static void test_include(void **state)
{
	(void)state;
	if (!world.all.len)
		skip();
	for (size_t i = 0; i < world.all.len; i += 3)
		include_agree(&world, i, false);
	for (size_t i = 0; i < world.all.len; i += world.all.len / 4)
		include_agree(&world, i, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_include),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
