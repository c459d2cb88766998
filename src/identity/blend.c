/* blend.c - see blend.h. */
#include "identity/blend.h"

#include "base/when.h"
#include "identity/facts.h"
#include "identity/nhs_number.h"

#define VERIFICATION_URL                                                                       \
	"https://fhir.hl7.org.uk/StructureDefinition/"                                         \
	"Extension-UKCore-NHSNumberVerificationStatus"
#define VERIFICATION_CODES                                                                     \
	"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"

#define WITHDRAWN "https://causeway.example/fhir/StructureDefinition/withdrawn"

struct blender {
	struct arena *a;
	struct str org;
	int64_t now;
};

/* ---- trees ---- */

static struct node *list_of(struct arena *a, struct node *object, const char *name)
{
	struct node *list = node_get(object, name);

	return list ? list : node_add(a, object, name, NODE_ARRAY);
}

static void set_str(struct arena *a, struct node *object, const char *name, const char *text)
{
	struct node *old = node_get(object, name);

	if (old)
		node_remove(object, old);
	node_add_cstr(a, object, name, text);
}

static bool same_str(const struct node *a, const struct node *b, const char *name)
{
	return str_eq(str_trim(node_str(a, name)), str_trim(node_str(b, name)));
}

static bool same_text(struct arena *a, struct str x, struct str y)
{
	return str_eq(str_fold(a, str_trim(x)), str_fold(a, str_trim(y)));
}

static bool same_list(struct arena *a, const struct node *x, const struct node *y,
		      const char *name)
{
	const struct node *i = node_at(node_get(x, name), 0), *j = node_at(node_get(y, name), 0);

	for (; i && j; i = i->next, j = j->next)
		if (!same_text(a, node_text(i), node_text(j)))
			return false;
	return !i && !j;
}

static bool is_old(const struct node *element)
{
	return str_is(node_str(element, "use"), "old");
}

/* ---- who said it ---- */

static bool said_by(const struct node *element, struct str org)
{
	node_each(extension, node_get(element, "extension"))
	{
		if (str_is(node_str(extension, "url"), BLEND_SOURCE) &&
		    str_eq(node_str(extension, "valueUri"), org))
			return true;
	}
	return false;
}

static void mark(struct blender *b, struct node *element)
{
	struct node *extension;

	if (!b->org.len || said_by(element, b->org))
		return;
	extension = node_add(b->a, list_of(b->a, element, "extension"), NULL, NODE_OBJECT);
	node_add_cstr(b->a, extension, "url", BLEND_SOURCE);
	node_add_str(b->a, extension, "valueUri", b->org);
}

/* What this organisation said before, it says no longer of this element. */
static void unmark(struct blender *b, struct node *element)
{
	struct node *list = node_get(element, "extension");

	node_each(extension, list)
	{
		if (!str_is(node_str(extension, "url"), BLEND_SOURCE) ||
		    !str_eq(node_str(extension, "valueUri"), b->org))
			continue;
		node_remove(list, extension);
		if (!list->len)
			node_remove(element, list);
		return;
	}
}

static void mark_all(struct blender *b, struct node *list)
{
	node_each(element, list)
		mark(b, element);
}

void blend_first(struct arena *a, struct node *patient, struct str org)
{
	struct blender b = { .a = a, .org = org };
	struct node *extensions = node_get(patient, "extension");

	for (struct node *e = extensions ? extensions->first : NULL, *next; e; e = next) {
		next = e->next;
		if (str_is(node_str(e, "url"), WITHDRAWN))
			node_remove(extensions, e);
	}
	if (extensions && !extensions->first)
		node_remove(patient, extensions);

	mark_all(&b, node_get(patient, "name"));
	mark_all(&b, node_get(patient, "address"));
	mark_all(&b, node_get(patient, "telecom"));
}

/* ---- identifiers ---- */

void nhs_identifier_mark(struct arena *a, struct node *identifier, const char *code)
{
	struct node *list = list_of(a, identifier, "extension"), *extension, *coding;

	node_each(old, list)
	{
		if (str_ends(node_str(old, "url"),
			     STR("Extension-UKCore-NHSNumberVerificationStatus"))) {
			node_remove(list, old);
			break;
		}
	}
	extension = node_add(a, list, NULL, NODE_OBJECT);
	node_add_cstr(a, extension, "url", VERIFICATION_URL);
	coding = node_add(a, extension, "valueCodeableConcept", NODE_OBJECT);
	coding = node_add(a, node_add(a, coding, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, coding, "system", VERIFICATION_CODES);
	node_add_cstr(a, coding, "code", code);
}

static bool is_nhs(const struct node *identifier)
{
	return str_is(str_trim(node_str(identifier, "system")), NHS_NUMBER_SYSTEM);
}

/* Digits alone, of a number written with spaces too. */
static bool same_identifier(const struct node *x, const struct node *y)
{
	char one[11], two[11];

	if (!same_str(x, y, "system"))
		return false;
	if (is_nhs(x) && nhs_number_read(node_str(x, "value"), one) == NHS_OK &&
	    nhs_number_read(node_str(y, "value"), two) == NHS_OK)
		return memcmp(one, two, 10) == 0;
	return same_str(x, y, "value");
}

/* An NHS number the Patient did not have: one that is verified stays the Patient's, whichever came
 * first; the other is in conflict with it. */
static void settle_nhs(struct blender *b, struct node *list, struct node *said)
{
	bool verified = nhs_identifier_verified(said);

	node_each(known, list)
	{
		if (known == said || !is_nhs(known) || is_old(known))
			continue;
		if (nhs_identifier_verified(known) || !verified) {
			nhs_identifier_mark(b->a, said, "05");
			set_str(b->a, said, "use", "old");
			return;
		}
		nhs_identifier_mark(b->a, known, "05");
		set_str(b->a, known, "use", "old");
	}
}

static void blend_identifier(struct blender *b, struct node *list, const struct node *said)
{
	struct node *copy;

	node_each(known, list)
	{
		if (!same_identifier(known, said))
			continue;
		if (is_nhs(known) && !is_old(known) && nhs_identifier_verified(said) &&
		    !nhs_identifier_verified(known))
			nhs_identifier_mark(b->a, known, "01");
		return;
	}
	copy = node_copy(b->a, said);
	node_append(list, NULL, copy);
	if (is_nhs(copy))
		settle_nhs(b, list, copy);
}

/* ---- names, addresses, telecoms ---- */

static bool same_name(struct arena *a, const struct node *x, const struct node *y)
{
	return same_text(a, node_str(x, "family"), node_str(y, "family")) &&
	       same_list(a, x, y, "given");
}

static bool same_address(struct arena *a, const struct node *x, const struct node *y)
{
	return same_text(a, node_str(x, "postalCode"), node_str(y, "postalCode")) &&
	       same_list(a, x, y, "line") &&
	       (!node_get(x, "city") || !node_get(y, "city") ||
		same_text(a, node_str(x, "city"), node_str(y, "city")));
}

static bool same_telecom(struct arena *a, const struct node *x, const struct node *y)
{
	enum kind kind = str_is(node_str(x, "system"), "email") ? KIND_EMAIL : KIND_PHONE;

	return same_str(x, y, "system") &&
	       str_eq(normal_text(a, kind, node_str(x, "value")),
		      normal_text(a, kind, node_str(y, "value")));
}

/* Elements said with the same purpose take each other's place: where a message gives no purpose, the
 * ordinary one. */
static struct str use_of(const struct node *element, const char *ordinary)
{
	struct str use = node_str(element, "use");

	return use.len && !str_is(use, "usual") ? use : str_of(ordinary);
}

static void retire(struct blender *b, struct node *element)
{
	struct node *period = node_get(element, "period");
	struct str now = when_print_us(b->a, b->now);

	if (!period)
		period = node_add(b->a, element, "period", NODE_OBJECT);
	set_str(b->a, element, "use", "old");
	if (!node_get(period, "end"))
		node_add_str(b->a, period, "end", (struct str){ now.at, 10 });
}

/* What a list of the Patient is like. */
struct listing {
	const char *name, *ordinary;
	bool (*same)(struct arena *a, const struct node *x, const struct node *y);
	bool own_only; /* takes the place only of what the same organisation said */
};

static const struct listing listings[] = {
	{ "name", "official", same_name, false },
	{ "address", "home", same_address, false },
	{ "telecom", "home", same_telecom, true },
};

static struct node *find_same(struct blender *b, const struct listing *l, struct node *list,
			      const struct node *said)
{
	node_each(known, list)
	{
		if (l->same(b->a, known, said))
			return known;
	}
	return NULL;
}

/* Does the message itself say it? Then what else it says does not take its place. */
static bool says_too(struct blender *b, const struct listing *l, const struct node *all,
		     const struct node *known)
{
	node_each(other, all)
	{
		if (l->same(b->a, other, known))
			return true;
	}
	return false;
}

/* What stood for the same purpose is former from now on, and no longer what this organisation says. */
static void take_places(struct blender *b, const struct listing *l, struct node *list,
			const struct node *all, const struct node *said)
{
	struct str use = use_of(said, l->ordinary);

	node_each(known, list)
	{
		bool same_use = str_eq(use_of(known, l->ordinary), use);

		if ((!same_use && !is_old(known)) || says_too(b, l, all, known) ||
		    (l->own_only &&
		     (!said_by(known, b->org) || !same_str(known, said, "system"))))
			continue;
		if (!is_old(known))
			retire(b, known);
		unmark(b, known);
	}
}

static void blend_element(struct blender *b, const struct listing *l, struct node *list,
			  const struct node *all, const struct node *said)
{
	struct node *known = find_same(b, l, list, said), *copy;

	if (known && (said_by(known, b->org) || !is_old(known) || is_old(said))) {
		mark(b, known);
		return;
	}
	copy = node_copy(b->a, said);
	if (known)
		node_remove(list, known);
	if (is_old(said)) {
		node_append(list, NULL, copy);
	} else {
		take_places(b, l, list, all, said);
		node_prepend(list, NULL, copy);
	}
	mark(b, copy);
}

/* ---- the rest ---- */

/* "1950", or 1 January, for a day that is known to the day. */
static bool says_less(struct str said, struct str known)
{
	if (said.len < known.len)
		return str_starts(known, said);
	return said.len == 10 && known.len == 10 && !memcmp(said.at, known.at, 4) &&
	       !memcmp(said.at + 4, "-01-01", 6);
}

static bool is_kept(const char *name, size_t len)
{
	static const char *const names[] = { "resourceType", "id",      "meta",    "text",
					     "identifier",   "name",    "address", "telecom",
					     "link",         "active",  "extension", "contained",
					     "implicitRules" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq((struct str){ name, len }, str_of(names[i])))
			return true;
	return false;
}

static void set_member(struct blender *b, struct node *known, const struct node *said)
{
	const char *name = arena_dup(b->a, said->name, said->name_len);
	struct node *old = node_get(known, name), *copy;

	if (old && (node_equal(old, said) ||
		    (strcmp(name, "birthDate") == 0 && says_less(node_text(said), node_text(old)))))
		return;
	copy = node_copy(b->a, said);
	node_insert(known, old ? old : known->last, name, copy);
	if (old)
		node_remove(known, old);
}

/* deceasedBoolean and deceasedDateTime are one element: a date says more than true, and false does
 * not undo a death. */
static bool outdone(struct node *known, const struct node *said)
{
	struct str name = { said->name, said->name_len };
	struct node *date = node_get(known, "deceasedDateTime"),
		    *dead = node_get(known, "deceasedBoolean");

	if (str_is(name, "deceasedBoolean"))
		return date || (dead && dead->truth && !said->truth);
	if (str_is(name, "deceasedDateTime") && dead)
		node_remove(known, dead);
	return false;
}

static void blend_extension(struct blender *b, struct node *list, const struct node *said)
{
	node_each(known, list)
	{
		if (!same_str(known, said, "url"))
			continue;
		if (!node_equal(known, said)) {
			node_insert(list, known, NULL, node_copy(b->a, said));
			node_remove(list, known);
		}
		return;
	}
	node_append(list, NULL, node_copy(b->a, said));
}

/* ---- taken back ---- */

void blend_withdraw(struct arena *a, struct node *said, struct str member)
{
	struct node *one = node_add(a, list_of(a, said, "extension"), NULL, NODE_OBJECT);

	node_add_cstr(a, one, "url", WITHDRAWN);
	node_add_str(a, one, "valueCode", member);
}

static bool is_said(const struct node *element)
{
	node_each(extension, node_get(element, "extension"))
		if (str_is(node_str(extension, "url"), BLEND_SOURCE))
			return true;
	return false;
}

static void withdraw(struct blender *b, struct node *known, struct str member)
{
	struct node *there = node_get(known, str_dup(b->a, member));
	bool list = str_is(member, "address") || str_is(member, "telecom");

	if (!there || str_is(member, "name") || str_is(member, "identifier"))
		return;
	for (struct node *e = list ? there->first : NULL, *next; e; e = next) {
		next = e->next;
		if (!said_by(e, b->org))
			continue;
		unmark(b, e);
		if (!is_said(e))
			node_remove(there, e);
	}
	if (!list || !there->first)
		node_remove(known, there);
}

void blend(struct arena *a, struct node *known, const struct node *said, struct str org,
	   int64_t now)
{
	struct blender b = { .a = a, .org = org, .now = now };

	node_each(extension, node_get(said, "extension"))
		if (str_is(node_str(extension, "url"), WITHDRAWN))
			withdraw(&b, known, node_str(extension, "valueCode"));
	node_each(identifier, node_get(said, "identifier"))
		blend_identifier(&b, list_of(a, known, "identifier"), identifier);
	for (size_t i = 0; i < sizeof listings / sizeof *listings; i++) {
		const struct node *all = node_get(said, listings[i].name), *last = NULL;

		/* The first said shall come first: begin with the last. */
		for (uint32_t n = all ? all->len : 0; n; n--) {
			last = node_at(all, n - 1);
			blend_element(&b, &listings[i], list_of(a, known, listings[i].name), all,
				      last);
		}
	}
	node_each(extension, node_get(said, "extension"))
		if (!str_is(node_str(extension, "url"), WITHDRAWN))
			blend_extension(&b, list_of(a, known, "extension"), extension);
	node_each(member, said)
	{
		if (!is_kept(member->name, member->name_len) && !outdone(known, member))
			set_member(&b, known, member);
	}
}
