/* v2_document.c - MDM: TXA tells of a document, OBX lines hold it.
 *
 * What a document says stays until a message brings other words or another file: T01, T03 … tell of a document without
 * them (HL7 v2, 9.5: "without content"), and so do corrections of its head. */
#include "feed/v2.h"

#include <sodium.h>

const char *v2_media_type(struct v2 *v, const struct hl7_segment *obx)
{
	static const struct {
		const char *said, *type;
	} rows[] = { { "PDF", "application/pdf" },  { "RTF", "application/rtf" },
		     { "X-RTF", "application/rtf" }, { "HTML", "text/html" },
		     { "PLAIN", "text/plain" },	    { "XML", "application/xml" },
		     { "JPEG", "image/jpeg" },	    { "JPG", "image/jpeg" },
		     { "PNG", "image/png" },	    { "GIF", "image/gif" },
		     { "TIFF", "image/tiff" },	    { "TIF", "image/tiff" },
		     { "MSWORD", "application/msword" } };

	/* The subtype; by some senders in the type's place, or behind it: "application/pdf". */
	for (unsigned component = 3; component >= 2; component--) {
		struct str said = str_upper(v->c->arena, v2_text(v, obx, 5, component)), last = said;

		while (said.at)
			last = str_cut(&said, '/');
		for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
			if (str_is(last, rows[i].said))
				return rows[i].type;
	}
	return "application/octet-stream";
}

/* An OBX whose file cannot be read; NULL: none. */
static const struct hl7_segment *broken_file(struct v2 *v)
{
	const struct hl7_segment *obx;
	struct str bytes;

	for (unsigned n = 1; (obx = hl7_segment(v->m, "OBX", n)); n++) {
		struct str data = hl7_text(v->m, v->c->arena,
					   hl7_component(v->m, hl7_repeat(v->m, hl7_field(obx, 5), 1), 5));
		if (str_is(v2_text(v, obx, 2, 1), "ED") && data.len && !str_unbase64(v->c->arena, data, &bytes))
			return obx;
	}
	return NULL;
}

/* The text of all OBX lines, or the bytes of the one that carries a file. */
static struct str content(struct v2 *v, const char **type, bool *base64)
{
	const struct hl7_segment *obx;
	struct arena *a = v->c->arena;
	struct buf b;

	buf_init(&b, a, HL7_BYTES);
	*type = "text/plain; charset=utf-8";
	*base64 = false;
	for (unsigned n = 1; (obx = hl7_segment(v->m, "OBX", n)); n++) {
		struct str raw = hl7_field(obx, 5), bytes;
		if (str_is(v2_text(v, obx, 2, 1), "ED")) {
			struct str data = hl7_text(v->m, a, hl7_component(v->m, hl7_repeat(v->m, raw, 1), 5));
			if (!data.len || !str_unbase64(a, data, &bytes))
				continue;
			*base64 = true;
			*type = v2_media_type(v, obx);
			return data;
		}
		for (unsigned k = 1; k <= hl7_repeats(v->m, raw); k++)
			buf_printf(&b, STR_FMT "\n", STR_ARG(hl7_text(v->m, a, hl7_repeat(v->m, raw, k))));
	}
	return buf_get(&b);
}

static struct str to_base64(struct arena *a, struct str bytes)
{
	size_t size = sodium_base64_ENCODED_LEN(bytes.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = arena_alloc(a, size);

	sodium_bin2base64(text, size, (const unsigned char *)bytes.at, bytes.len,
			  sodium_base64_VARIANT_ORIGINAL);
	return (struct str){ text, strlen(text) };
}

static struct str put_binary(struct v2 *v, struct str id, const char *type, struct str data)
{
	struct node *n = v2_put(v, "Binary", id);

	node_add_cstr(v->c->arena, n, "contentType", type);
	v2_reference(v, node_add(v->c->arena, n, "securityContext", NODE_OBJECT), NULL, "DocumentReference",
		     id);
	node_add_str(v->c->arena, n, "data", data);
	return id;
}

static const char *document_status(struct v2 *v, const struct hl7_segment *txa)
{
	struct str state = v2_text(v, txa, 19, 1), completion = v2_text(v, txa, 17, 1);

	if (str_is(completion, "CA") || str_is(state, "CA") || !strcmp(v->trigger->event, "T11"))
		return "entered-in-error";
	return str_is(state, "OB") ? "superseded" : "current";
}

/* *told: it brought something. */
static void put_content(struct v2 *v, struct node *d, struct str id, const struct hl7_segment *txa, bool *told)
{
	struct arena *a = v->c->arena;
	struct node *attachment;
	struct str data, title = v2_text(v, txa, 16, 1);
	const char *type;
	bool base64;
	struct hl7_time t;

	data = content(v, &type, &base64);
	if (!str_trim(data).len)
		data.len = 0;
	*told = data.len > 0;
	attachment = node_add(a, node_add(a, d, "content", NODE_ARRAY), NULL, NODE_OBJECT);
	attachment = node_add(a, attachment, "attachment", NODE_OBJECT);
	node_add_cstr(a, attachment, "contentType", type);
	if (data.len) {
		put_binary(v, id, type, base64 ? data : to_base64(a, data));
		node_add_cstr(a, attachment, "url", arena_printf(a, "Binary/" STR_FMT, STR_ARG(id)));
	}
	if (!title.len)
		title = v2_text(v, hl7_segment(v->m, "OBX", 1), 3, 2);
	if (title.len)
		node_add_str(a, attachment, "title", title);
	if (hl7_time_read(v2_text(v, txa, 6, 1), &t) && t.precision >= 8)
		node_add_cstr(a, attachment, "creation", arena_str(a, t.text));
}

static bool has_content(const struct node *d)
{
	return node_str(node_get(node_at(node_get(d, "content"), 0), "attachment"), "url").len > 0;
}

static void move_content(struct node *from, struct node *to)
{
	struct node *old = node_get(to, "content"), *list = node_get(from, "content");

	if (old)
		node_remove(to, old);
	node_remove(from, list);
	node_append(to, "content", list);
}

/* The document as it stands; NULL: there is none. */
static enum err read_standing(struct v2 *v, struct str id, struct version *version, struct node **out)
{
	enum err e = record_read(v->c, STR("DocumentReference"), id, version);

	*out = NULL;
	if (e)
		return e == ERR_NOT_FOUND || e == ERR_GONE ? OK : e;
	return fhir_read_json(v->c, v->c->place->fhir, v->c->arena, version->body, out);
}

/* The newest message: what it does not bring stays. "f": when the words or the file were told. */
static enum err say_content(struct v2 *v, struct node *d, struct str id, const struct hl7_segment *txa,
			    struct state *s, bool before)
{
	struct version version;
	struct node *standing;
	bool told;

	put_content(v, d, id, txa, &told);
	if (told)
		v2_set_time(v, s->body, "f", v->at);
	if (told || !before)
		return OK;
	TRY(read_standing(v, id, &version, &standing));
	if (standing && has_content(standing))
		move_content(standing, d);
	return OK;
}

/* An older message, which brings what none after it did. */
static enum err add_content(struct v2 *v, struct node *d, struct str id, const struct hl7_segment *txa,
			    struct state *s)
{
	size_t puts = v->puts.len;
	struct version version;
	struct node *standing;
	bool told;

	TRY(read_standing(v, id, &version, &standing));
	if (!standing || v2_time(s->body, "f") > v->at || (!node_get(s->body, "f") && has_content(standing)))
		return OK;
	put_content(v, d, id, txa, &told);
	if (!told) {
		v->puts.len = puts;
		return OK;
	}
	v2_set_time(v, s->body, "f", v->at);
	move_content(d, standing);
	atoms_adopt(v->c->place->fhir->atoms, standing);
	*vec_push(&v->puts, v->c->arena) =
		(struct put){ .type = STR("DocumentReference"), .id = id,
			      .write = { .resource = standing, .org = v->source, .if_match = version.version } };
	return OK;
}

enum err v2_document(struct v2 *v)
{
	const struct hl7_segment *txa = hl7_segment(v->m, "TXA", 1);
	struct arena *a = v->c->arena;
	struct str number = v2_text(v, txa, 12, 1), id;
	struct node *d, *n;
	struct state *s;
	bool older;

	if (!number.len)
		number = v2_text(v, txa, 12, 3);
	if (!number.len)
		return v2_fail(v, (struct hl7_where){ .segment = "TXA", .occurrence = 1, .field = 12 }, 101,
			       "TXA-12 has no number of the document.");
	const struct hl7_segment *broken = broken_file(v);
	if (broken)
		return v2_fail(v, (struct hl7_where){ .segment = "OBX", .occurrence = broken->occurrence, .field = 5,
						      .component = 5 },
			       102, "OBX-5.5 is no Base64.");
	id = v2_id(v, "DocumentReference", number, (struct str){ 0 });
	TRY(v2_state(v, STATE_ORDER, str_of(arena_printf(a, STR_FMT "|d:" STR_FMT, STR_ARG(v->org), STR_ARG(number))),
		     &s));
	int64_t before = v2_time(s->body, "t");
	older = before > v->at;
	if (!older)
		v2_set_time(v, s->body, "t", v->at);
	size_t puts = v->puts.len;
	TRY(v2_put_older(v, "DocumentReference", id, older, &d));
	bool aside = v->puts.len == puts;
	n = node_add(a, d, "masterIdentifier", NODE_OBJECT);
	node_add_cstr(a, n, "system",
		      arena_printf(a, "https://causeway.example/fhir/Id/" STR_FMT "/document", STR_ARG(v->org)));
	node_add_str(a, n, "value", number);
	node_add_cstr(a, d, "status", document_status(v, txa));
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "TXA", "DocumentReference"), txa, d));
	v2_subject(v, d, "subject");
	struct hl7_time t;
	if (hl7_time_read(v2_text(v, txa, 7, 1), &t) && t.precision >= 12)
		node_add_cstr(a, d, "date", arena_str(a, t.text));
	if (v->encounter.len) {
		n = node_get(d, "context");
		if (!n)
			n = node_add(a, d, "context", NODE_OBJECT);
		v2_reference(v, node_add(a, n, "encounter", NODE_ARRAY), NULL, "Encounter", v->encounter);
	}
	return aside ? add_content(v, d, id, txa, s) : say_content(v, d, id, txa, s, before != 0);
}
