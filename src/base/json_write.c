/* json_write.c - nodes to JSON text, without recursion. */
#include "base/json.h"
#include "base/json_scan.h"
#include "base/vec.h"

/* Length of the run at s that needs no escape. */
static size_t plain_run(const char *s, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t hits = scan_escaped(scan_load(s + i));
		if (hits)
			return i + scan_first(hits);
	}
	while (i < len && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

static void write_escape(struct buf *b, unsigned char c)
{
	static const char letters[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
					['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };

	if (c < sizeof letters && letters[c])
		buf_add(b, (char[]){ '\\', letters[c] }, 2);
	else
		buf_printf(b, "\\u%04x", c);
}

void json_write_string(struct buf *b, struct str s)
{
	size_t run = plain_run(s.at, s.len);
	char *room;

	if (run == s.len) { /* nearly always */
		if (!(room = buf_room(b, s.len + 2)))
			return;
		room[0] = '"';
		if (s.len)
			memcpy(room + 1, s.at, s.len);
		room[s.len + 1] = '"';
		buf_took(b, s.len + 2);
		return;
	}
	buf_char(b, '"');
	for (;;) {
		buf_add(b, s.at, run);
		if (run == s.len)
			break;
		write_escape(b, (unsigned char)s.at[run]);
		s = (struct str){ s.at + run + 1, s.len - run - 1 };
		run = plain_run(s.at, s.len);
	}
	buf_char(b, '"');
}

static void write_line_end(struct buf *b, size_t depth, int indent)
{
	char *room;

	if (indent <= 0)
		return;
	size_t spaces = depth * (size_t)indent;
	if (!(room = buf_room(b, spaces + 1)))
		return;
	room[0] = '\n';
	memset(room + 1, ' ', spaces);
	buf_took(b, spaces + 1);
}

/* A scalar, or an opening bracket (and the closing one of an empty container). */
static void write_head(struct buf *b, const struct node *n)
{
	switch ((enum node_kind)n->kind) {
	case NODE_NULL:
		buf_add(b, "null", 4);
		break;
	case NODE_BOOL:
		buf_cstr(b, n->truth ? "true" : "false");
		break;
	case NODE_NUMBER:
		buf_add(b, n->text, n->len);
		break;
	case NODE_STRING:
		json_write_string(b, (struct str){ n->text, n->len });
		break;
	case NODE_ARRAY:
		buf_add(b, "[]", n->first ? 1 : 2);
		break;
	case NODE_OBJECT:
		buf_add(b, "{}", n->first ? 1 : 2);
		break;
	}
}

void json_write(struct buf *b, const struct node *n, int indent)
{
	ARENA(scratch);
	VEC(const struct node *) open = { 0 };

	for (;;) {
		if (open.len && open.at[open.len - 1]->kind == NODE_OBJECT) {
			json_write_string(b, (struct str){ n->name, n->name_len });
			buf_add(b, ": ", indent > 0 ? 2 : 1);
		}
		write_head(b, n);
		if (n->kind >= NODE_ARRAY && n->first) {
			*vec_push(&open, &scratch) = n;
			write_line_end(b, open.len, indent);
			n = n->first;
			continue;
		}
		while (open.len && !n->next) {
			n = open.at[--open.len];
			write_line_end(b, open.len, indent);
			buf_char(b, n->kind == NODE_OBJECT ? '}' : ']');
		}
		if (open.len == 0) /* what follows the root is not ours */
			return;
		n = n->next;
		buf_char(b, ',');
		write_line_end(b, open.len, indent);
	}
}
