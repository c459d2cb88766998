/* hook_place.c - where deliveries may go. Who writes a Subscription chooses an address that this
 * machine then connects to; so only destinations named by whoever runs the server are allowed, else
 * it could be made to knock at doors that only this machine can reach.
 *
 * A list: "loopback" (this machine), "none", names "hooks.example.org", "*.example.org". The name is
 * checked in the Subscription, the address when it is connected to: a name that was allowed and now
 * leads to this machine, or to a link-local address (where clouds keep their secrets), is refused.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "api/hook.h"

struct str hook_host(struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str host = url, rest;

	if (at < 0)
		return (struct str){ 0 };
	host.at += at + 3;
	host.len -= (size_t)at + 3;
	for (size_t i = 0; i < host.len; i++)
		if (strchr("/?#", host.at[i])) {
			host.len = i;
			break;
		}
	if (host.len && host.at[0] == '[') {
		rest = (struct str){ host.at + 1, host.len - 1 };
		return str_cut(&rest, ']');
	}
	return str_cut(&host, ':');
}

static bool same(struct str a, struct str b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static bool has_word(const char *list, struct str word)
{
	struct str rest = str_of(list);

	while (rest.at)
		if (same(str_trim(str_cut(&rest, ',')), word))
			return true;
	return false;
}

static bool is_loopback_name(struct str host)
{
	struct in_addr four;
	struct in6_addr six;
	char name[64];

	if (host.len >= sizeof name)
		return false;
	memcpy(name, host.at, host.len);
	name[host.len] = 0;
	if (inet_pton(AF_INET, name, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, name, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return same(host, STR("localhost"));
}

static bool is_named(const char *list, struct str host)
{
	struct str rest = str_of(list);

	while (rest.at) {
		struct str entry = str_trim(str_cut(&rest, ','));

		if (entry.len > 2 && entry.at[0] == '*' && host.len > entry.len - 1 &&
		    strncasecmp(host.at + host.len - (entry.len - 1), entry.at + 1,
				entry.len - 1) == 0)
			return true;
		if (same(entry, host) && !same(entry, STR("loopback")) && !same(entry, STR("none")))
			return true;
	}
	return false;
}

bool hook_allowed(const char *list, struct str endpoint, const char **why)
{
	struct str host = hook_host(endpoint);
	bool yes = is_loopback_name(host) ? has_word(list, STR("loopback")) || is_named(list, host)
					  : is_named(list, host);

	if (!host.len)
		yes = false;
	if (!yes)
		*why = "The endpoint is not among the destinations that this server may send to "
		       "(serve --hooks).";
	return yes;
}

enum { ADDRESS_OPEN, ADDRESS_LOOPBACK, ADDRESS_NEVER };

static int kind_of_four(uint32_t a)
{
	if (a >> 24 == 127)
		return ADDRESS_LOOPBACK;
	if (a >> 24 == 0 || a >> 16 == 0xa9fe || a >> 28 >= 14) /* unspecified, link-local, multicast */
		return ADDRESS_NEVER;
	return ADDRESS_OPEN;
}

static int kind_of_six(const struct in6_addr *a)
{
	uint32_t four;

	if (IN6_IS_ADDR_LOOPBACK(a))
		return ADDRESS_LOOPBACK;
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a)) {
		memcpy(&four, a->s6_addr + 12, sizeof four);
		return kind_of_four(ntohl(four));
	}
	if (IN6_IS_ADDR_UNSPECIFIED(a) || IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_MULTICAST(a))
		return ADDRESS_NEVER;
	return ADDRESS_OPEN;
}

bool hook_address_allowed(const char *list, struct str host, const struct sockaddr *address)
{
	int kind = ADDRESS_NEVER;

	if (address->sa_family == AF_INET)
		kind = kind_of_four(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	else if (address->sa_family == AF_INET6)
		kind = kind_of_six(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	if (kind == ADDRESS_LOOPBACK)
		return is_loopback_name(host) && (has_word(list, STR("loopback")) || is_named(list, host));
	return kind == ADDRESS_OPEN && is_named(list, host);
}

enum err hook_allowed_read(struct ctx *c, const char *list)
{
	struct str rest = str_of(list);

	if (strlen(list) > 4000)
		return fail(c, ERR_USAGE, "--hooks is too long");
	while (rest.at) {
		struct str entry = str_trim(str_cut(&rest, ','));
		bool good = entry.len > 0 && entry.len < 254;

		for (size_t i = 0; i < entry.len && good; i++)
			good = (entry.at[i] >= 'a' && entry.at[i] <= 'z') ||
			       (entry.at[i] >= 'A' && entry.at[i] <= 'Z') ||
			       (entry.at[i] >= '0' && entry.at[i] <= '9') || entry.at[i] == '-' ||
			       entry.at[i] == '.' || entry.at[i] == ':' ||
			       (entry.at[i] == '*' && i == 0 && entry.len > 2 && entry.at[1] == '.');
		if (!good)
			return fail(c, ERR_USAGE,
				    "--hooks is a list of names such as loopback,hooks.example.org,"
				    "*.example.net, or none");
	}
	return OK;
}
