/* mllp_wire.c - reading and writing a socket, through GnuTLS where the feed has a certificate. */
#include "feed/mllp_wire.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls {
	gnutls_certificate_credentials_t credentials;
	bool ask; /* for the client's certificate */
};

struct wire {
	int fd;
	gnutls_session_t session; /* NULL: plain */
};

enum err tls_open(struct ctx *c, const struct feed *feed, struct tls **out)
{
	struct tls *tls;
	int e;

	*out = NULL;
	if (!feed->tls_cert)
		return OK;
	tls = calloc(1, sizeof *tls);
	if (!tls)
		abort();
	gnutls_certificate_allocate_credentials(&tls->credentials);
	e = gnutls_certificate_set_x509_key_file(tls->credentials, feed->tls_cert, feed->tls_key,
						 GNUTLS_X509_FMT_PEM);
	if (e >= 0 && feed->tls_client_ca) {
		tls->ask = true;
		e = gnutls_certificate_set_x509_trust_file(tls->credentials, feed->tls_client_ca,
							   GNUTLS_X509_FMT_PEM);
		if (e == 0)
			e = GNUTLS_E_NO_CERTIFICATE_FOUND;
	}
	if (e < 0) {
		tls_close(tls);
		return fail(c, ERR_INVALID, "[%s] the certificate or key cannot be used: %s", feed->name,
			    gnutls_strerror(e));
	}
	*out = tls;
	return OK;
}

void tls_close(struct tls *tls)
{
	if (!tls)
		return;
	gnutls_certificate_free_credentials(tls->credentials);
	free(tls);
}

static bool shake_hands(struct wire *w, struct tls *tls)
{
	int e;

	if (gnutls_init(&w->session, GNUTLS_SERVER) < 0)
		return false;
	gnutls_set_default_priority(w->session);
	gnutls_credentials_set(w->session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
	gnutls_certificate_server_set_request(w->session,
					      tls->ask ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
	if (tls->ask)
		gnutls_session_set_verify_cert(w->session, NULL, 0);
	gnutls_handshake_set_timeout(w->session, 10000);
	gnutls_transport_set_int(w->session, w->fd);
	do
		e = gnutls_handshake(w->session);
	while (e < 0 && !gnutls_error_is_fatal(e));
	return e == 0;
}

enum err wire_open(struct ctx *c, int fd, struct tls *tls, struct wire **out)
{
	struct wire *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->fd = fd;
	if (tls && !shake_hands(w, tls)) {
		wire_close(w);
		return fail(c, ERR_IO, "TLS did not come about.");
	}
	*out = w;
	return OK;
}

void wire_close(struct wire *w)
{
	if (w->session) {
		gnutls_bye(w->session, GNUTLS_SHUT_WR);
		gnutls_deinit(w->session);
	}
	shutdown(w->fd, SHUT_RDWR);
	close(w->fd);
	free(w);
}

ptrdiff_t wire_read(struct wire *w, char *into, size_t size, unsigned seconds,
		    const _Atomic(bool) *stop)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	int64_t until = clock_monotonic() + seconds * INT64_C(1000000);
	bool ready = w->session && gnutls_record_check_pending(w->session) > 0;

	for (;;) {
		if (!ready) {
			int n = poll(&p, 1, 250);
			if (n < 0 && errno != EINTR)
				return -1;
			if (stop && atomic_load(stop))
				return -2;
			if (n <= 0) {
				if (clock_monotonic() > until)
					return -2;
				continue;
			}
		}
		ready = false;
		ptrdiff_t n = w->session ? gnutls_record_recv(w->session, into, size)
					 : recv(w->fd, into, size, 0);
		if (n >= 0)
			return n;
		if (w->session ? gnutls_error_is_fatal((int)n) : (errno != EINTR && errno != EAGAIN))
			return -1;
	}
}

bool wire_write(struct wire *w, const char *bytes, size_t len)
{
	while (len) {
		ptrdiff_t n = w->session ? gnutls_record_send(w->session, bytes, len)
					 : send(w->fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && (w->session ? !gnutls_error_is_fatal((int)n) : errno == EINTR))
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}
