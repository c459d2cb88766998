/* plain.c - %s, %.*s and whole numbers. */
#include "base/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct plain {
	char *at, *end;
};

static bool put(struct plain *p, const char *text, size_t len)
{
	if (len > (size_t)(p->end - p->at))
		return false;
	memcpy(p->at, text, len);
	p->at += len;
	return true;
}

static bool put_whole(struct plain *p, uint64_t n, bool minus)
{
	char digits[21];
	size_t i = sizeof digits;

	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	if (minus)
		digits[--i] = '-';
	return put(p, digits + i, sizeof digits - i);
}

static bool put_signed(struct plain *p, int64_t n)
{
	return put_whole(p, n < 0 ? -(uint64_t)n : (uint64_t)n, n < 0);
}

/* The width of a whole number: 0 int, 1 long, 2 long long, 3 size_t. */
static unsigned take_size(const char **format)
{
	if (**format == 'z') {
		++*format;
		return 3;
	}
	unsigned longs = 0;
	while (**format == 'l' && longs < 2) {
		++*format;
		longs++;
	}
	return longs;
}

struct arguments { /* so that they can be passed on by address */
	va_list list;
};

static bool put_number(struct plain *p, unsigned size, char kind, struct arguments *args)
{
	if (kind == 'd') {
		int64_t n = size == 0   ? va_arg(args->list, int)
			    : size == 1 ? va_arg(args->list, long)
			    : size == 2 ? (int64_t)va_arg(args->list, long long)
					: (int64_t)va_arg(args->list, ptrdiff_t);

		return put_signed(p, n);
	}
	uint64_t n = size == 0   ? va_arg(args->list, unsigned)
		     : size == 1 ? va_arg(args->list, unsigned long)
		     : size == 2 ? (uint64_t)va_arg(args->list, unsigned long long)
				 : (uint64_t)va_arg(args->list, size_t);

	return put_whole(p, n, false);
}

static bool put_text(struct plain *p, int most, struct arguments *args)
{
	const char *text = va_arg(args->list, const char *);

	if (!text)
		return false;
	return put(p, text, most < 0 ? strlen(text) : strnlen(text, (size_t)most));
}

/* What stands after a percent sign. */
static bool put_one(struct plain *p, const char **format, struct arguments *args)
{
	const char *at = *format;
	bool good = false;

	if (*at == '%') {
		good = put(p, at++, 1);
	} else if (*at == 'c') {
		char one = (char)va_arg(args->list, int);
		at++;
		good = put(p, &one, 1);
	} else if (*at == 's') {
		at++;
		good = put_text(p, -1, args);
	} else if (at[0] == '.' && at[1] == '*' && at[2] == 's') {
		int most = va_arg(args->list, int);
		at += 3;
		good = put_text(p, most, args);
	} else {
		unsigned size = take_size(&at);
		char kind = *at;

		if (kind == 'd' || kind == 'u') {
			at++;
			good = put_number(p, size, kind, args);
		}
	}
	*format = at;
	return good;
}

int plain_print(char *out, size_t room, const char *format, va_list list)
{
	struct plain p = { out, out + room };
	struct arguments args;
	bool good = true;

	va_copy(args.list, list);
	while (good && *format) {
		size_t len = strcspn(format, "%");

		good = put(&p, format, len);
		format += len;
		if (good && *format) {
			format++;
			good = put_one(&p, &format, &args);
		}
	}
	va_end(args.list);
	return good ? (int)(p.at - out) : -1;
}
