/* oidc.h - signing in by way of a provider: OpenID Connect Core, authorization code with PKCE.
 *
 *	begin   a trip is noted: state, nonce and verifier, bound to the browser by a cookie; off to the provider
 *	finish  back with a code: the trip is used up, the code is changed for an id_token, which is verified
 *	        (RS256, ES256; iss, aud, azp, exp, nonce), and who it is is found (provider.h)
 *
 * All its addresses come from the issuer's own description, which must name the same issuer.
 */
#ifndef ACCESS_OIDC_H
#define ACCESS_OIDC_H

#include "access/provider.h"
#include "access/sign_in.h"

/* `back`: the address the provider sends people back to; `target`: where they wanted to go here. `browser`
 * goes into a cookie, `*go` is where to send them. ERR_IO when the provider cannot be asked. */
NODISCARD enum err oidc_begin(struct ctx *c, const struct provider *provider, struct str back,
			      struct str target, char browser[TOKEN_SIZE], struct str *go);

/* What came back in the address; and the cookie. */
struct oidc_back {
	struct str state, code, iss, error, browser;
};
/* ERR_UNSIGNED with what went wrong in words for people. */
NODISCARD enum err oidc_finish(struct ctx *c, const struct provider *provider, struct str back,
			       const struct oidc_back *came, struct str device,
			       struct signed_in *out, struct str *target);

#endif
