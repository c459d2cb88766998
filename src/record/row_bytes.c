/* row_bytes.c - rows of the index tables as bytes that sort as the tables do.
 *
 * The table, then its primary key column by column. A number is the count of its bytes and those
 * bytes, the highest first; a text ends in two zeros, and a zero in it is followed by 255.
 */
#include "record/later.h"

/* Columns after param, in the order of each table's primary key: the letters of index_rows.c, and
 * P person, R resource. */
static const char *const orders[TABLE_COUNT] = {
	[TABLE_TOKEN] = "csPR",	    [TABLE_STRING] = "cPRe",   [TABLE_DATE] = "lhPR",
	[TABLE_NUMBER] = "LHPR",    [TABLE_QUANTITY] = "LHcsPR", [TABLE_REFERENCE] = "tPR",
	[TABLE_URI] = "cPR",
};

enum { ZERO = 0x80 }; /* first byte of 0; of n > 0 that takes k bytes ZERO + k; of n < 0 ZERO - 1 - k */

static void put_int(struct buf *b, int64_t n)
{
	uint64_t size = n < 0 ? ~(uint64_t)n : (uint64_t)n;
	unsigned char bytes[9];
	unsigned len = 0;

	while (len < 8 && size >> (8 * len))
		len++;
	bytes[0] = (unsigned char)(n < 0 ? ZERO - 1 - len : ZERO + len);
	for (unsigned i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)(size >> (8 * (len - 1 - i)));
		bytes[1 + i] = n < 0 ? (unsigned char)~byte : byte;
	}
	buf_add(b, bytes, 1 + len);
}

static bool take_int(struct str *bytes, int64_t *out)
{
	const unsigned char *at = (const unsigned char *)bytes->at;
	bool negative = bytes->len && at[0] < ZERO;
	unsigned len = !bytes->len ? 9 : negative ? ZERO - 1u - at[0] : at[0] - (unsigned)ZERO;
	uint64_t size = 0;

	if (len > 8 || bytes->len < 1 + len)
		return false;
	for (unsigned i = 0; i < len; i++)
		size = size << 8 | (negative ? (unsigned char)~at[1 + i] : at[1 + i]);
	*out = (int64_t)(negative ? ~size : size);
	bytes->at += 1 + len;
	bytes->len -= 1 + len;
	return true;
}

static void put_text(struct buf *b, struct str text)
{
	static const char zero[] = { 0, (char)0xff }, end[] = { 0, 0 };
	const char *found;

	while (text.len && (found = memchr(text.at, 0, text.len))) {
		size_t before = (size_t)(found - text.at);
		buf_add(b, text.at, before);
		buf_add(b, zero, sizeof zero);
		text.at += before + 1;
		text.len -= before + 1;
	}
	buf_str(b, text);
	buf_add(b, end, sizeof end);
}

static bool take_text(struct arena *a, struct str *bytes, struct str *out)
{
	char *to = arena_alloc(a, bytes->len + 1);
	size_t len = 0;

	for (size_t i = 0; i + 1 < bytes->len; i++) {
		to[len++] = bytes->at[i];
		if (bytes->at[i])
			continue;
		if (!bytes->at[i + 1]) {
			*out = (struct str){ to, len - 1 };
			bytes->at += i + 2;
			bytes->len -= i + 2;
			return true;
		}
		i++;
	}
	return false;
}

void row_encode(struct buf *out, const struct row *r, int64_t person, int64_t resource)
{
	buf_char(out, (char)(r->table + 1));
	put_int(out, r->param_key);
	for (const char *field = orders[r->table]; *field; field++)
		switch (*field) {
		case 'c': put_text(out, r->code); break;
		case 's': put_int(out, r->system_key); break;
		case 'e': put_text(out, r->text); break;
		case 'l': put_int(out, r->lo); break;
		case 'h': put_int(out, r->hi); break;
		case 'L': put_text(out, r->low); break;
		case 'H': put_text(out, r->high); break;
		case 't': put_int(out, r->target_key); break;
		case 'P': put_int(out, person); break;
		default: put_int(out, resource);
		}
}

static bool take_field(struct arena *a, struct str *bytes, char field, struct row *r,
		       int64_t *person, int64_t *resource)
{
	switch (field) {
	case 'c': return take_text(a, bytes, &r->code);
	case 's': return take_int(bytes, &r->system_key);
	case 'e': return take_text(a, bytes, &r->text);
	case 'l': return take_int(bytes, &r->lo);
	case 'h': return take_int(bytes, &r->hi);
	case 'L': return take_text(a, bytes, &r->low);
	case 'H': return take_text(a, bytes, &r->high);
	case 't': return take_int(bytes, &r->target_key);
	case 'P': return take_int(bytes, person);
	default: return take_int(bytes, resource);
	}
}

bool row_decode(struct arena *a, struct str *bytes, struct row *r, int64_t *person,
		int64_t *resource)
{
	*r = (struct row){ 0 };
	if (!bytes->len || bytes->at[0] < 1 || bytes->at[0] > TABLE_COUNT)
		return false;
	r->table = (uint8_t)(bytes->at[0] - 1);
	bytes->at++;
	bytes->len--;
	if (!take_int(bytes, &r->param_key))
		return false;
	for (const char *field = orders[r->table]; *field; field++)
		if (!take_field(a, bytes, *field, r, person, resource))
			return false;
	return true;
}
