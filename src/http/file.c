/* file.c - replies that are files: by sendfile as they are, or packed piece by piece. */
#include <stdlib.h>
#include <unistd.h>

#include "base/gzip.h"
#include "http/exchange.h"

#define PIECE ((size_t)64 << 10)

/* One that is being packed. The library asks for the next bytes only while the exchange lasts. */
struct packing {
	struct gzip_reader *reader;
	struct exchange *x;
};

static ssize_t packing_next(void *arg, uint64_t at, char *out, size_t max)
{
	struct packing *p = arg;
	ptrdiff_t got = gzip_reader_next(p->reader, out, max);

	(void)at;
	if (got < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (got == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	p->x->bytes_out += (size_t)got;
	return got;
}

static void packing_free(void *arg)
{
	struct packing *p = arg;

	gzip_reader_free(p->reader);
	free(p);
}

static struct MHD_Response *packed(struct exchange *x, int fd)
{
	struct packing *p = malloc(sizeof *p);
	struct MHD_Response *response = NULL;

	if (!p) {
		close(fd);
		return NULL;
	}
	*p = (struct packing){ gzip_reader_new(fd), x };
	if (p->reader)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE,
							     packing_next, p, packing_free);
	if (!response)
		packing_free(p);
	return response;
}

struct MHD_Response *file_response(struct exchange *x)
{
	struct reply_file *file = x->reply.file;
	int fd = file->fd;
	struct MHD_Response *response;

	file->fd = -1;
	if (x->gzip_out)
		return packed(x, fd);
	response = MHD_create_response_from_fd64((uint64_t)file->size, fd);
	if (!response)
		close(fd);
	return response;
}

void file_drop(struct exchange *x)
{
	struct reply_file *file = x->reply.file;

	if (file && file->fd >= 0)
		close(file->fd);
	x->reply.file = NULL;
}
