/* file.c - a file that a browser sends, and one that it gets again. */
#include "web/file.h"

#include "base/html.h"
#include "web/looked.h"
#include "web/multipart.h"

enum { NAME_MAX_BYTES = 100 };

/* Told by its first bytes, not by what the browser calls it: nothing that could run in a page. */
static const char *kind_of(struct str bytes)
{
	static const struct { const char *begins, *type; } kinds[] = {
		{ "%PDF-", "application/pdf" }, { "\x89PNG\r\n\x1a\n", "image/png" }, { "\xff\xd8\xff", "image/jpeg" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(bytes, str_of(kinds[i].begins)))
			return kinds[i].type;
	return NULL;
}

struct str file_name(struct ctx *c, struct str name)
{
	struct buf b;

	buf_init(&b, c->arena, 1 << 16);
	for (size_t i = 0; i < name.len; i++) {
		unsigned char ch = (unsigned char)name.at[i];

		if (ch == '/' || ch == '\\')
			buf_init(&b, c->arena, 1 << 16);
		else if (ch >= ' ' && ch != 127 && ch != '|' && ch != '"' && (b.len < NAME_MAX_BYTES || (ch & 0xc0) == 0x80))
			buf_char(&b, (char)ch);
	}
	return b.len ? buf_get(&b) : STR("file");
}

const char *file_sent(const struct request *r, struct str *name, struct str *bytes, const char **type)
{
	if (!multipart_file(request_header(r, "Content-Type"), r->body, name, bytes) || !bytes->len)
		return "Choose a file first.";
	if (bytes->len > FILE_BYTES_MAX)
		return "The file is larger than 8 MB.";
	*type = kind_of(*bytes);
	return *type ? NULL : "Only PDF files and JPEG or PNG pictures are taken.";
}

enum err file_serve(struct ctx *c, struct str person, struct str id, struct str name, struct reply *reply)
{
	struct str bytes;
	struct version v;
	struct node *n;
	struct buf as;

	TRY(record_read(c, STR("Binary"), id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &n));
	if (!str_unbase64(c->arena, node_str(n, "data"), &bytes))
		return fail(c, ERR_INTERNAL, "The file cannot be read.");
	TRY(looked_item(c, person, STR("Binary"), id, v.version));
	reply->type = kind_of(bytes) ? kind_of(bytes) : "application/octet-stream";
	reply->body = bytes;
	buf_init(&as, c->arena, 1 << 10);
	buf_cstr(&as, "attachment; filename*=UTF-8''");
	url_escape(&as, name);
	reply_header(reply, "Content-Disposition", buf_get(&as));
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}
