/* sound.c - Metaphone: one rule for each letter, each seeing its neighbours. */
#include "fhir/sound.h"

#define LETTERS_MAX 40 /* of a word looked at */
#define KEY_MAX 8      /* letters of a key: names differ at their beginning */

struct word {
	char at[LETTERS_MAX + 8]; /* lower case, zeros around the end */
	int len, i;
	char key[KEY_MAX * 2];
	int made;
};

static char letter(const struct word *w, int offset)
{
	int at = w->i + offset;

	return at < 0 || at >= w->len ? 0 : w->at[at];
}

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_vowel(char c)
{
	return one_of(c, "aeiou");
}

static void say(struct word *w, char sound)
{
	if (w->made < KEY_MAX)
		w->key[w->made++] = sound;
}

static void rule_b(struct word *w)
{
	if (!(letter(w, -1) == 'm' && !letter(w, 1)))
		say(w, 'b');
}

/* X in cia and ch, S in ci, ce, cy, silent after s there; else K. */
static void rule_c(struct word *w)
{
	char next = letter(w, 1);

	if (next == 'i' && letter(w, 2) == 'a')
		say(w, 'x');
	else if (one_of(next, "iey")) {
		if (letter(w, -1) != 's')
			say(w, 's');
	} else if (next == 'h') {
		/* hard in sch and before consonants: Christine */
		bool hard = letter(w, -1) == 's' ||
			    (letter(w, 2) && !is_vowel(letter(w, 2)) && letter(w, 2) != 'y');
		say(w, hard ? 'k' : 'x');
		w->i++;
	} else {
		say(w, 'k');
	}
}

static void rule_d(struct word *w)
{
	bool soft = letter(w, 1) == 'g' && one_of(letter(w, 2), "eyi");

	say(w, soft ? 'j' : 't');
	w->i += soft;
}

/* Silent in gh before a consonant or at the end, and in a final gn, gned; J before i, e, y. */
static void rule_g(struct word *w)
{
	char next = letter(w, 1), after = letter(w, 2);

	if (next == 'h' && !is_vowel(after))
		return;
	if (next == 'n' && (!after || (after == 'e' && letter(w, 3) == 'd' && !letter(w, 4))))
		return;
	if (one_of(next, "iey") && letter(w, -1) != 'g')
		say(w, 'j');
	else
		say(w, 'k');
}

static void rule_h(struct word *w)
{
	char before = letter(w, -1);

	if (one_of(before, "cspgt") || (is_vowel(before) && !is_vowel(letter(w, 1))))
		return;
	if (is_vowel(letter(w, 1)))
		say(w, 'h');
}

static void rule_k(struct word *w)
{
	if (letter(w, -1) != 'c')
		say(w, 'k');
}

static void rule_p(struct word *w)
{
	say(w, letter(w, 1) == 'h' ? 'f' : 'p');
}

static void rule_s(struct word *w)
{
	bool hush = letter(w, 1) == 'h' || (letter(w, 1) == 'i' && one_of(letter(w, 2), "oa"));

	say(w, hush ? 'x' : 's');
}

static void rule_t(struct word *w)
{
	char next = letter(w, 1);

	if (next == 'i' && one_of(letter(w, 2), "oa"))
		say(w, 'x');
	else if (next == 'h')
		say(w, '0');
	else if (!(next == 'c' && letter(w, 2) == 'h'))
		say(w, 't');
}

/* W and y are consonants only before a vowel. */
static void rule_glide(struct word *w)
{
	if (is_vowel(letter(w, 1)))
		say(w, letter(w, 0));
}

static void rule_x(struct word *w)
{
	say(w, 'k');
	say(w, 's');
}

static void (*const rules[26])(struct word *) = {
	['b' - 'a'] = rule_b,     ['c' - 'a'] = rule_c, ['d' - 'a'] = rule_d,
	['g' - 'a'] = rule_g,     ['h' - 'a'] = rule_h, ['k' - 'a'] = rule_k,
	['p' - 'a'] = rule_p,     ['s' - 'a'] = rule_s, ['t' - 'a'] = rule_t,
	['w' - 'a'] = rule_glide, ['x' - 'a'] = rule_x, ['y' - 'a'] = rule_glide,
};

/* Letters that always sound the same; 0: silent, or with a rule above. */
static const char plain[26] = {
	['f' - 'a'] = 'f', ['j' - 'a'] = 'j', ['l' - 'a'] = 'l',
	['m' - 'a'] = 'm', ['n' - 'a'] = 'n', ['q' - 'a'] = 'k',
	['r' - 'a'] = 'r', ['v' - 'a'] = 'f', ['z' - 'a'] = 's',
};

/* Beginnings of which the first letter is silent, or sounds as another. */
static void begin(struct word *w)
{
	static const char *const silent[] = { "ae", "gn", "kn", "pn", "wr" };

	for (unsigned i = 0; i < sizeof silent / sizeof *silent; i++)
		if (memcmp(w->at, silent[i], 2) == 0)
			w->i = 1;
	if (w->at[0] == 'x')
		w->at[0] = 's';
	if (w->at[0] == 'w' && w->at[1] == 'h')
		w->at[1] = 'w', w->i = 1;
	if (is_vowel(letter(w, 0)))
		say(w, w->at[w->i++]);
}

static void speak(struct word *w)
{
	begin(w);
	for (char c; (c = letter(w, 0)) >= 'a' && w->made < KEY_MAX; w->i++) {
		if (c == letter(w, -1) && c != 'c' && w->i > 1)
			continue;
		if (rules[c - 'a'])
			rules[c - 'a'](w);
		else if (plain[c - 'a'])
			say(w, plain[c - 'a']);
	}
}

struct str sound_key(struct arena *a, struct str text)
{
	struct str folded = str_fold(a, text);
	struct word w = { .len = 0 };

	for (size_t i = 0; i < folded.len && w.len < LETTERS_MAX; i++) {
		char c = folded.at[i];
		if (c >= 'a' && c <= 'z')
			w.at[w.len++] = c;
		else if (w.len && (c == ' ' || c == '-'))
			break;
	}
	if (!w.len)
		return (struct str){ 0 };
	speak(&w);
	/* All silent, as in "Hugh" spelt "h": the letters themselves are the key. */
	if (!w.made)
		return str_of(arena_printf(a, "%.*s.", w.len, w.at));
	return str_of(arena_printf(a, "%.*s.", w.made, w.key));
}

bool param_sounds(const struct fhir_param *param)
{
	return param->code[0] == 'p' && strcmp(param->code, "phonetic") == 0;
}
