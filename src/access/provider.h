/* provider.h - OpenID Connect providers, one for each organisation that has one: what is kept of them.
 *
 * A provider speaks for one organisation: it signs in those accounts alone whose roles are all there, and
 * what its groups give and take are roles there. One without an organisation signs in residents. So no
 * provider, nor whoever gets hold of one, can be anybody of another organisation or an administrator of the
 * place.
 *
 * Who of theirs is who of ours is found once, by a claim that the provider is set to, and then kept by the
 * provider's own number for them (iss and sub). An e-mail address is never that claim, unless the provider
 * is set to it, and then only one that is said to be verified.
 */
#ifndef ACCESS_PROVIDER_H
#define ACCESS_PROVIDER_H

#include "access/account.h"

enum provider_join { PROVIDER_BY_LOGIN = 1, PROVIDER_BY_PRACTITIONER };

struct provider_role {
	struct str value, role;
};

struct provider {
	int64_t key;
	struct str name;   /* in addresses: small letters, digits and - */
	struct str words;  /* on the button */
	struct str issuer; /* https://…, as its own description says it */
	struct str client, secret; /* secret empty: PKCE alone */
	struct str org;    /* ODS code; empty: residents */
	struct str claim;  /* that says who of ours it is */
	enum provider_join join;
	bool email;        /* the claim may be "email" */
	struct str asks;   /* scopes asked of it: "openid profile" */
	struct str roles;  /* the claim of groups; empty: roles are given here alone */
	const struct provider_role *given; /* what they mean */
	size_t given_count;
	int64_t made, ended;
};

/* Make it, or make the one of that name this. ERR_INVALID with the reason. */
NODISCARD enum err provider_put(struct ctx *c, const struct provider *provider);
NODISCARD enum err provider_end(struct ctx *c, struct str name);
/* In force. ERR_NOT_FOUND. */
NODISCARD enum err provider_find(struct ctx *c, struct db *db, struct str name, struct provider *out);
/* All, by what stands on the button. */
NODISCARD enum err provider_list(struct ctx *c, struct db *db, struct provider **out, size_t *len);

/* What a provider said of somebody, believed already. */
struct claimed {
	struct str subject;
	struct str who;     /* the value of provider.claim */
	bool verified;      /* email_verified */
	const struct str *groups;
	size_t group_count;
};
/* Who of ours that is, the roles that go with the groups given and taken, and the employment to work in.
 * ERR_UNSIGNED with what to do about it. */
NODISCARD enum err provider_join(struct ctx *c, const struct provider *provider,
				 const struct claimed *claimed, struct user *user, int64_t *employment);

#endif
