/* print.c - entries in formats that other programs read: CSV, hledger, beancount. */
#include "base/sheet.h"
#include "ledger/ledger_part.h"

static const char *const kinds[] = { "", "Assets", "Liabilities", "Equity", "Income", "Expenses" };

static void print_csv(struct buf *b, const struct entry_read *e, bool first)
{
	if (first)
		buf_cstr(b, "entry,effective,account,kind,amount,unit,words,token,reverses\n");
	for (size_t i = 0; i < e->entry.count; i++) {
		const struct account *a = e->accounts[i];

		buf_printf(b, "%lld," STR_FMT ",", (long long)e->key,
			   STR_ARG(ledger_day(b->arena, e->entry.effective)));
		sheet_put(b, a->code);
		buf_printf(b, ",%s," STR_FMT "," STR_FMT ",", kinds[a->kind],
			   STR_ARG(ledger_amount(b->arena, e->entry.postings[i].amount, a->scale)), STR_ARG(a->unit));
		sheet_put(b, e->entry.words);
		buf_char(b, ',');
		sheet_put(b, e->entry.token);
		buf_char(b, ',');
		if (e->reverses)
			buf_int(b, e->reverses);
		buf_char(b, '\n');
	}
}

/* Words are one line; what could begin a comment or a second field is taken out. */
static void plain_words(struct buf *b, struct str words)
{
	for (size_t i = 0; i < words.len; i++)
		buf_char(b, strchr(";\"|\\", words.at[i]) || (unsigned char)words.at[i] < ' ' ? ' ' : words.at[i]);
}

static void print_hledger(struct buf *b, const struct entry_read *e, bool first)
{
	(void)first;
	buf_str(b, ledger_day(b->arena, e->entry.effective));
	buf_printf(b, " (%lld) ", (long long)e->key);
	plain_words(b, e->entry.words);
	buf_char(b, '\n');
	for (size_t i = 0; i < e->entry.count; i++) {
		const struct account *a = e->accounts[i];

		buf_printf(b, "    %s:" STR_FMT "  " STR_FMT " \"" STR_FMT "\"\n", kinds[a->kind], STR_ARG(a->code),
			   STR_ARG(ledger_amount(b->arena, e->entry.postings[i].amount, a->scale)), STR_ARG(a->unit));
	}
	buf_char(b, '\n');
}

/* A part of a beancount account begins with a capital or a digit and has letters, digits and hyphens. */
static void beancount_account(struct buf *b, const struct account *a)
{
	bool begins = true;

	buf_printf(b, "%s:", kinds[a->kind]);
	for (size_t i = 0; i < a->code.len; i++) {
		char ch = a->code.at[i];
		bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');

		if (begins && !letter)
			buf_char(b, 'X');
		buf_char(b, begins && ch >= 'a' && ch <= 'z' ? (char)(ch - 32) : ch == ':' || letter ? ch : '-');
		begins = ch == ':';
	}
}

static void print_beancount(struct buf *b, const struct entry_read *e, bool first)
{
	if (first)
		buf_cstr(b, "plugin \"beancount.plugins.auto_accounts\"\n\n");
	buf_str(b, ledger_day(b->arena, e->entry.effective));
	buf_cstr(b, " * \"");
	plain_words(b, e->entry.words);
	buf_printf(b, "\"\n  entry: %lld\n", (long long)e->key);
	for (size_t i = 0; i < e->entry.count; i++) {
		const struct account *a = e->accounts[i];

		buf_cstr(b, "  ");
		beancount_account(b, a);
		buf_printf(b, "  " STR_FMT " ", STR_ARG(ledger_amount(b->arena, e->entry.postings[i].amount, a->scale)));
		buf_str(b, str_upper(b->arena, a->unit));
		buf_char(b, '\n');
	}
	buf_char(b, '\n');
}

void ledger_print(struct buf *b, enum ledger_format format, const struct entry_read *e, bool first)
{
	static void (*const print[])(struct buf *b, const struct entry_read *e, bool first) = {
		[LEDGER_CSV] = print_csv, [LEDGER_HLEDGER] = print_hledger, [LEDGER_BEANCOUNT] = print_beancount
	};

	print[format](b, e, first);
}
