/* audit_row.c - a row: its bytes, its hash, into the table and out of it.
 *
 * A row's hash is BLAKE2b-256 over the hash before it and the row's columns in their order: whole
 * numbers as eight bytes, the low one first; texts and bytes as their length, then themselves; how often something was
 * shown only where that is not once, and what else was shown only where there is something. So anyone with a BLAKE2b
 * can prove the chain from an export.
 */
#include <assert.h>
#include <endian.h>
#include <stdlib.h>

#include "access/audit_part.h"
#include "base/when.h"

/* --- a month and a number --- */

const char *audit_key_text(struct arena *a, int64_t key)
{
	int64_t month = AUDIT_MONTH(key);

	return arena_printf(a, "%04lld-%02lld/%lld", (long long)(1970 + month / 12),
			    (long long)(month % 12 + 1), (long long)AUDIT_NUMBER(key));
}

int64_t audit_key_read(struct str text)
{
	int64_t year, month, number;
	struct str y = str_cut(&text, '-'), m;

	if (!text.at)
		return 0;
	m = str_cut(&text, '/');
	if (!text.at || !str_int(y, &year) || !str_int(m, &month) || !str_int(text, &number) ||
	    year < 1970 || year > 9999 || month < 1 || month > 12 || number < 1 ||
	    number > AUDIT_NUMBER(INT64_MAX))
		return 0;
	return ((year - 1970) * 12 + month - 1) << 40 | number;
}

static int64_t month_of(int64_t at)
{
	int64_t days = at / INT64_C(86400000000);
	int year, month, day;

	when_civil(days, &year, &month, &day);
	int64_t n = (int64_t)(year - 1970) * 12 + month - 1;
	return n < FIRST_MONTH ? FIRST_MONTH : n;
}

/* A clock that went back does not open a month that has ended. */
static int64_t next_key(const struct chain *chain, int64_t at)
{
	int64_t month = month_of(at);

	if (AUDIT_MONTH(chain->key) >= month)
		return chain->key + 1;
	return month << 40 | 1;
}

/* --- keys as bytes --- */

static int by_key(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void put_varint(struct buf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_char(b, (char)(n | 0x80));
	buf_char(b, (char)n);
}

static bool take_varint(const unsigned char **at, const unsigned char *end, int64_t *out)
{
	uint64_t n = 0;
	unsigned shift = 0;

	while (*at < end && **at & 0x80 && shift < 56) {
		n |= (uint64_t)(*(*at)++ & 0x7F) << shift;
		shift += 7;
	}
	if (*at == end || **at & 0x80)
		return false;
	*out = (int64_t)(n | (uint64_t)*(*at)++ << shift);
	return true;
}

struct str keys_pack(struct arena *a, const int64_t *rising, size_t count)
{
	int64_t before = 0;
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t step = (uint64_t)(rising[i] - before);

		if (!step || rising[i] <= 0)
			continue; /* nobody, or there already */
		before = rising[i];
		put_varint(&b, step);
	}
	return buf_get(&b);
}

bool keys_unpack(struct arena *a, struct str packed, int64_t **out, size_t *len)
{
	const unsigned char *at = (const unsigned char *)packed.at, *end = at + packed.len;
	int64_t key = 0, *keys = NEW_N(a, int64_t, packed.len + 1);

	*out = keys;
	for (*len = 0; at < end; (*len)++) {
		int64_t step;

		if (!take_varint(&at, end, &step))
			return false;
		key += step;
		keys[*len] = key;
	}
	return true;
}

struct str items_pack(struct arena *a, const struct shown *items, size_t count)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < count; i++) {
		put_varint(&b, (uint64_t)items[i].resource);
		put_varint(&b, (uint64_t)items[i].version);
	}
	return buf_get(&b);
}

bool items_unpack(struct arena *a, struct str packed, struct shown **out, size_t *len)
{
	const unsigned char *at = (const unsigned char *)packed.at, *end = at + packed.len;
	struct shown *items = NEW_N(a, struct shown, packed.len / 2 + 1);

	*out = items;
	for (*len = 0; at < end; (*len)++)
		if (!take_varint(&at, end, &items[*len].resource) || !take_varint(&at, end, &items[*len].version))
			return false;
	return true;
}

struct str people_pack(struct arena *a, const int64_t *people, size_t count)
{
	int64_t *sorted;

	if (!count)
		return STR("");
	if (count > PEOPLE_MAX)
		count = PEOPLE_MAX;
	sorted = NEW_N(a, int64_t, count);
	memcpy(sorted, people, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, by_key);
	return keys_pack(a, sorted, count);
}

enum err people_unpack(struct ctx *c, struct looked *l)
{
	int64_t *people;

	if (!l->packed.len)
		return OK;
	if (!keys_unpack(c->arena, l->packed, &people, &l->people_count))
		return fail(c, ERR_STORE, "The people of audit row %s are not well formed.",
			    audit_key_text(c->arena, l->key));
	l->people = people;
	return OK;
}

enum err row_unpack(struct ctx *c, struct looked *l)
{
	struct shown *items;

	TRY(people_unpack(c, l));
	if (!l->items_packed.len)
		return OK;
	if (!items_unpack(c->arena, l->items_packed, &items, &l->item_count))
		return fail(c, ERR_STORE, "The items of audit row %s are not well formed.",
			    audit_key_text(c->arena, l->key));
	l->items = items;
	return OK;
}

/* --- the hash --- */

/* Gathered first: most rows are one update. */
struct hashing {
	crypto_generichash_state state;
	size_t len;
	unsigned char bytes[512];
};

static void add_bytes(struct hashing *h, const void *at, size_t len)
{
	if (len > sizeof h->bytes - h->len) {
		crypto_generichash_update(&h->state, h->bytes, h->len);
		h->len = 0;
	}
	if (len > sizeof h->bytes) {
		crypto_generichash_update(&h->state, at, len);
	} else if (len) {
		memcpy(h->bytes + h->len, at, len);
		h->len += len;
	}
}

static void add_int(struct hashing *h, int64_t n)
{
	uint64_t low_first = htole64((uint64_t)n);

	add_bytes(h, &low_first, sizeof low_first);
}

static void add_text(struct hashing *h, struct str s)
{
	add_int(h, (int64_t)s.len);
	add_bytes(h, s.at, s.len);
}

void row_hash(const struct looked *row, const unsigned char before[HASH_SIZE],
	      unsigned char out[HASH_SIZE])
{
	struct hashing b;

	crypto_generichash_init(&b.state, NULL, 0, HASH_SIZE);
	b.len = 0;
	add_bytes(&b, before, HASH_SIZE);
	add_int(&b, row->key);
	add_int(&b, row->at);
	add_int(&b, row->what);
	add_int(&b, row->kind);
	add_int(&b, row->account);
	add_text(&b, row->role);
	add_int(&b, row->org);
	add_int(&b, row->purpose);
	add_int(&b, row->session);
	add_text(&b, row->device);
	add_int(&b, row->person);
	add_int(&b, row->resource);
	add_int(&b, row->version);
	add_text(&b, row->section);
	add_text(&b, row->relation);
	add_int(&b, row->outcome);
	add_text(&b, row->detail);
	add_text(&b, row->packed);
	if (row->times != 1 || row->items_packed.len)
		add_int(&b, row->times);
	if (row->items_packed.len)
		add_text(&b, row->items_packed);
	crypto_generichash_update(&b.state, b.bytes, b.len);
	crypto_generichash_final(&b.state, out, HASH_SIZE);
}

/* --- into the table --- */

enum err chain_end(struct ctx *c, struct db *db, struct chain *out)
{
	bool row;
	STMT(s);

	memset(out, 0, sizeof *out);
	TRY(db_stmt(c, db, SQL("SELECT key, hash, at FROM audit ORDER BY key DESC LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	struct str hash = stmt_text(s, 1);
	out->key = stmt_int(s, 0);
	out->at = stmt_int(s, 2);
	if (hash.len != HASH_SIZE)
		return fail(c, ERR_STORE, "The last audit row has a hash of %zu bytes.", hash.len);
	memcpy(out->hash, hash.at, HASH_SIZE);
	return OK;
}

/* On PostgreSQL a month is a partition of its own. */
static enum err begin_month(struct ctx *c, struct db *db, int64_t key)
{
	bool row;
	STMT(s);

	if (strcmp(store_engine(c->place->store), "postgresql") != 0)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT audit_month(?1)"), &s));
	stmt_bind_int(s, 1, AUDIT_MONTH(key));
	return stmt_step(c, s, &row);
}

static void bind_some(struct stmt *s, int column, struct str bytes)
{
	if (bytes.len)
		stmt_bind_blob(s, column, bytes);
	else
		stmt_bind_null(s, column);
}

static void bind(struct stmt *s, const struct looked *r)
{
	stmt_bind_int(s, 1, r->key);
	stmt_bind_int(s, 2, r->at);
	stmt_bind_int(s, 3, r->what);
	stmt_bind_int(s, 4, r->kind);
	stmt_bind_int(s, 5, r->account);
	stmt_bind_text(s, 6, r->role);
	stmt_bind_int(s, 7, r->org);
	stmt_bind_int(s, 8, r->purpose);
	stmt_bind_int(s, 9, r->session);
	stmt_bind_text(s, 10, r->device);
	stmt_bind_int(s, 11, r->person);
	stmt_bind_int(s, 12, r->resource);
	stmt_bind_int(s, 13, r->version);
	stmt_bind_text(s, 14, r->section);
	stmt_bind_text(s, 15, r->relation);
	stmt_bind_int(s, 16, r->outcome);
	stmt_bind_text(s, 17, r->detail);
	bind_some(s, 18, r->packed);
	stmt_bind_blob(s, 19, r->hash);
	stmt_bind_int(s, 20, r->times);
	bind_some(s, 21, r->items_packed);
}

/* Texts that are not there are empty, not NULL; what was shown was shown once at least. */
static void fill_in(struct looked *r)
{
	struct str *texts[] = { &r->role, &r->device, &r->section, &r->relation, &r->detail, &r->packed, &r->items_packed };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!texts[i]->at)
			*texts[i] = STR("");
	if (!r->times)
		r->times = 1;
}

/* The row's key and hash; the chain ends with it. */
static enum err link_row(struct ctx *c, struct db *db, struct chain *chain, struct looked *row)
{
	if (row->item_count)
		row->items_packed = items_pack(c->arena, row->items, row->item_count);
	fill_in(row);
	row->key = next_key(chain, row->at);
	if (AUDIT_MONTH(row->key) != AUDIT_MONTH(chain->key)) {
		TRY(begin_month(c, db, row->key));
		if (chain->key)
			TRY(head_add(c, db, c->place->auditor ? &c->place->auditor->key : NULL, chain, NULL));
	}
	row_hash(row, chain->hash, chain->hash);
	chain->key = row->key;
	chain->at = row->at;
	return OK;
}

enum err chain_add(struct ctx *c, struct db *db, struct chain *chain, struct looked *row)
{
	STMT(s);

	TRY(link_row(c, db, chain, row));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO audit (" LOOKED_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
			"?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)"),
		    &s));
	row->hash = (struct str){ (const char *)chain->hash, HASH_SIZE };
	bind(s, row);
	enum err e = stmt_run(c, s);
	row->hash = (struct str){ 0 };
	return e;
}

/* --- many at once --- */

enum { WIDTH = 21 };
static const struct db_table audit_table = { "audit", LOOKED_COLUMNS, "iiiiitiiitiiittitbbib", "key" };

static struct db_value whole(int64_t n)
{
	return (struct db_value){ .number = n };
}

static struct db_value bytes(struct str s)
{
	return (struct db_value){ .bytes = s };
}

static struct db_value some(struct str s)
{
	return (struct db_value){ .null = !s.len, .bytes = s };
}

static void values_of(const struct looked *r, struct str hash, struct db_value out[WIDTH])
{
	const struct db_value values[WIDTH] = {
		whole(r->key),	   whole(r->at),       whole(r->what),	 whole(r->kind),
		whole(r->account), bytes(r->role),     whole(r->org),	 whole(r->purpose),
		whole(r->session), bytes(r->device),   whole(r->person), whole(r->resource),
		whole(r->version), bytes(r->section),  bytes(r->relation), whole(r->outcome),
		bytes(r->detail),  some(r->packed),    bytes(hash),	 whole(r->times),
		some(r->items_packed),
	};

	memcpy(out, values, sizeof values);
}

/* Some at a time, so that they are still near the processor when the engine takes them. */
enum { NEAR = 256 };

enum err chain_add_all(struct ctx *c, struct db *db, struct chain *chain, struct looked *const *rows,
		       size_t len)
{
	struct db_value *values = arena_alloc(c->arena, NEAR * WIDTH * sizeof *values);
	char(*hashes)[HASH_SIZE] = arena_alloc(c->arena, NEAR * HASH_SIZE);

	for (size_t i = 0, n = 0; i < len; i++) {
		TRY(link_row(c, db, chain, rows[i]));
		memcpy(hashes[n], chain->hash, HASH_SIZE);
		values_of(rows[i], (struct str){ hashes[n], HASH_SIZE }, values + n * WIDTH);
		if (++n == NEAR || i + 1 == len) {
			TRY(db_fill(c, db, &audit_table, values, n));
			n = 0;
		}
	}
	return OK;
}

/* --- out of the table --- */

static struct str text(struct ctx *c, struct stmt *s, int column)
{
	struct str t = stmt_text(s, column);

	return (struct str){ str_dup(c->arena, t), t.len };
}

void row_take(struct ctx *c, struct stmt *s, struct looked *out)
{
	*out = (struct looked){
		.key = stmt_int(s, 0),
		.at = stmt_int(s, 1),
		.what = (enum audit_what)stmt_int(s, 2),
		.kind = (enum actor_kind)stmt_int(s, 3),
		.account = stmt_int(s, 4),
		.role = text(c, s, 5),
		.org = stmt_int(s, 6),
		.purpose = (enum purpose)stmt_int(s, 7),
		.session = stmt_int(s, 8),
		.device = text(c, s, 9),
		.person = stmt_int(s, 10),
		.resource = stmt_int(s, 11),
		.version = stmt_int(s, 12),
		.section = text(c, s, 13),
		.relation = text(c, s, 14),
		.outcome = (int)stmt_int(s, 15),
		.detail = text(c, s, 16),
		.packed = stmt_null(s, 17) ? STR("") : text(c, s, 17),
		.hash = text(c, s, 18),
		.times = stmt_int(s, 19),
		.items_packed = stmt_null(s, 20) ? STR("") : text(c, s, 20),
	};
}
