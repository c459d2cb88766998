/* facts.c - see facts.h. */
#include "identity/facts.h"

#include "identity/nhs_number.h"

#define VERIFICATION "Extension-UKCore-NHSNumberVerificationStatus"

const enum role fact_roles[FACT_COUNT] = {
#define X(fact, role) [FACT_##fact] = ROLE_##role,
	FACT_LIST(X)
#undef X
};

/* ---- the NHS number ---- */

bool nhs_identifier_verified(const struct node *identifier)
{
	node_each(extension, node_get(identifier, "extension"))
	{
		struct str url = node_str(extension, "url"), code;

		if (!str_ends(url, STR(VERIFICATION)))
			continue;
		node_each(coding, node_path(extension, "valueCodeableConcept.coding"))
		{
			code = node_str(coding, "code");
			if (str_is(code, "01") || str_is(code, "number-present-and-verified"))
				return true;
		}
	}
	return false;
}

static bool is_old(const struct node *element)
{
	return str_is(node_str(element, "use"), "old");
}

static void take_nhs_number(struct arena *a, const struct node *identifier, struct facts *f)
{
	char digits[11];
	bool verified = nhs_identifier_verified(identifier);

	if (nhs_number_read(node_str(identifier, "value"), digits) != NHS_OK ||
	    is_old(identifier) || (f->nhs.len && (f->nhs_verified || !verified)))
		return;
	f->nhs = (struct str){ arena_dup(a, digits, 10), 10 };
	f->nhs_verified = verified;
}

bool facts_unchecked(struct str system)
{
	return str_ends(system, STR("/unchecked-nhs-number"));
}

static void take_identifier(struct arena *a, const struct node *identifier, struct facts *f)
{
	struct str system = str_trim(node_str(identifier, "system")),
		   value = str_trim(node_str(identifier, "value"));

	if (str_is(system, NHS_NUMBER_SYSTEM))
		take_nhs_number(a, identifier, f);
	else if (facts_unchecked(system))
		return;
	else if (system.len && value.len && f->id_count < MAX_IDENTIFIERS)
		f->ids[f->id_count++] = (struct identifier){ system, value };
}

/* ---- the rest ---- */

static void add(struct arena *a, struct facts *f, enum fact fact, struct str raw)
{
	struct str text = raw.len ? normal_text(a, role_rows[fact_roles[fact]].kind, raw) : raw;

	if (!text.len || f->of[fact].len == MAX_FACTS)
		return;
	for (unsigned i = 0; i < f->of[fact].len; i++)
		if (str_eq(f->of[fact].at[i], text))
			return;
	f->of[fact].at[f->of[fact].len++] = text;
}

/* What a ward writes where no name has been given yet. */
static bool is_placeholder(struct str given)
{
	static const char *const words[] = { "baby",   "babyboy", "babygirl", "babyof", "boy",
					     "girl",   "infant",  "newborn",  "neonate", "male",
					     "female", "twin",    "triplet",  "unnamed", "notnamed",
					     "unknown", "noname", "mr", "mrs", "miss", "ms" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(given, words[i]))
			return true;
	return false;
}

static void take_name(struct arena *a, const struct node *name, struct facts *f)
{
	struct str given = str_trim(node_text(node_at(node_get(name, "given"), 0)));
	struct str first = str_cut(&given, ' ');

	if (!is_placeholder(normal_text(a, KIND_NAME, first)))
		add(a, f, FACT_GIVEN, first);
	add(a, f, FACT_FAMILY, node_str(name, "family"));
}

static void take_address(struct arena *a, const struct node *address, struct facts *f)
{
	add(a, f, FACT_POSTCODE, node_str(address, "postalCode"));
	add(a, f, FACT_STREET, node_text(node_at(node_get(address, "line"), 0)));
}

static void take_telecom(struct arena *a, const struct node *telecom, struct facts *f)
{
	struct str system = node_str(telecom, "system");

	if (str_is(system, "phone") || str_is(system, "sms"))
		add(a, f, FACT_PHONE, node_str(telecom, "value"));
	else if (str_is(system, "email"))
		add(a, f, FACT_EMAIL, node_str(telecom, "value"));
}

/* Each of a list; the former ones last. */
static void take_each(struct arena *a, const struct node *list,
		      void (*take)(struct arena *a, const struct node *n, struct facts *f),
		      struct facts *f)
{
	node_each(n, list)
	{
		if (!is_old(n))
			take(a, n, f);
	}
	node_each(n, list)
	{
		if (is_old(n))
			take(a, n, f);
	}
}

void facts_take(struct arena *a, const struct node *patient, struct facts *out)
{
	struct str sex = node_str(patient, "gender");

	*out = (struct facts){ 0 };
	take_each(a, node_get(patient, "identifier"), take_identifier, out);
	take_each(a, node_get(patient, "name"), take_name, out);
	take_each(a, node_get(patient, "address"), take_address, out);
	take_each(a, node_get(patient, "telecom"), take_telecom, out);
	if (node_str(patient, "birthDate").len == 10)
		add(a, out, FACT_DOB, node_str(patient, "birthDate"));
	if (str_is(sex, "male") || str_is(sex, "female"))
		add(a, out, FACT_SEX, sex);
	add(a, out, FACT_NHS, out->nhs);
	out->birth_order = node_text(node_get(patient, "multipleBirthInteger"));
}

/* ---- as a text: a letter, a space, the value, for each fact a line ---- */

static const char letters[FACT_COUNT + 1] = "gfdspatmn";

static void line(struct buf *b, char letter, struct str text)
{
	buf_char(b, letter);
	buf_str(b, text);
	buf_char(b, '\n');
}

static bool has_break(struct str s)
{
	return memchr(s.at, '\n', s.len) || memchr(s.at, '\t', s.len);
}

struct str facts_write(struct arena *a, const struct facts *f)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (unsigned i = 0; i < FACT_COUNT; i++)
		for (unsigned j = 0; j < f->of[i].len; j++)
			line(&b, letters[i], f->of[i].at[j]);
	if (f->nhs_verified)
		line(&b, 'V', f->nhs);
	if (f->birth_order.len)
		line(&b, 'B', f->birth_order);
	for (unsigned i = 0; i < f->id_count; i++) {
		if (has_break(f->ids[i].system) || has_break(f->ids[i].value))
			continue;
		buf_char(&b, 'I');
		buf_str(&b, f->ids[i].system);
		buf_char(&b, '\t');
		buf_str(&b, f->ids[i].value);
		buf_char(&b, '\n');
	}
	return buf_get(&b);
}

static void read_identifier(struct str text, struct facts *f)
{
	if (f->id_count == MAX_IDENTIFIERS)
		return;
	f->ids[f->id_count].system = str_cut(&text, '\t');
	f->ids[f->id_count++].value = text;
}

static void read_line(struct str text, struct facts *f)
{
	const char *letter = text.len ? strchr(letters, text.at[0]) : NULL;
	struct str value = { text.at + 1, text.len - 1 };

	if (!text.len)
		return;
	if (letter && *letter && f->of[letter - letters].len < MAX_FACTS)
		f->of[letter - letters].at[f->of[letter - letters].len++] = value;
	if (text.at[0] == 'n')
		f->nhs = value;
	else if (text.at[0] == 'V')
		f->nhs_verified = true;
	else if (text.at[0] == 'B')
		f->birth_order = value;
	else if (text.at[0] == 'I')
		read_identifier(value, f);
}

void facts_read(struct str text, struct facts *out)
{
	*out = (struct facts){ 0 };
	while (text.at)
		read_line(str_cut(&text, '\n'), out);
}
