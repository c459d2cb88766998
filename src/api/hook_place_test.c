/* hook_place_test.c - where a server may be made to send: by name, and by address at last. */
#include "base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "api/hook.h"

static void allowed(const char *list, const char *endpoint, bool expected)
{
	const char *why = NULL;

	if (hook_allowed(list, str_of(endpoint), &why) != expected)
		fail_msg("%s with %s", endpoint, list);
	assert_true(expected == (why == NULL));
}

static void names_are_matched(void **state)
{
	(void)state;
	allowed("loopback", "http://127.0.0.1:9/x", true);
	allowed("loopback", "http://127.9.9.9/", true);
	allowed("loopback", "http://LocalHost/x", true);
	allowed("loopback", "http://[::1]:80/x", true);
	allowed("loopback", "http://hooks.example.org/", false);
	allowed("loopback", "http://localhost.example.org/", false);
	allowed("loopback", "http://127.0.0.1.example.org/", false);
	allowed("loopback", "http://2130706433/", false); /* 127.0.0.1 as one number */
	allowed("loopback", "http://0/", false);
	allowed("loopback", "http://169.254.169.254/latest", false);
	allowed("hooks.example.org", "https://hooks.example.org/in?x=1", true);
	allowed("hooks.example.org", "https://HOOKS.example.ORG:8443", true);
	allowed("hooks.example.org", "http://127.0.0.1/", false);
	allowed("hooks.example.org", "https://evil.example.org/", false);
	allowed("hooks.example.org", "https://evil.org/hooks.example.org", false);
	allowed("hooks.example.org", "https://evil.org?hooks.example.org", false);
	allowed("*.example.org", "https://a.b.example.org/", true);
	allowed("*.example.org", "https://example.org/", false);
	allowed("*.example.org", "https://badexample.org/", false);
	allowed("loopback, hooks.example.org", "https://hooks.example.org/", true);
	allowed("loopback", "http://loopback/", false);
	allowed("none", "http://none/", false);
	allowed("loopback", "http:///x", false);
}

static void address(const char *list, const char *host, const char *text, bool expected)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	const struct sockaddr *at = (const struct sockaddr *)(const void *)&four;

	if (inet_pton(AF_INET, text, &four.sin_addr) != 1) {
		assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
		at = (const struct sockaddr *)(const void *)&six;
	}
	if (hook_address_allowed(list, str_of(host), at) != expected)
		fail_msg("%s as %s with %s", host, text, list);
}

static void addresses_have_the_last_word(void **state)
{
	(void)state;
	address("loopback", "127.0.0.1", "127.0.0.1", true);
	address("loopback", "localhost", "::1", true);
	address("loopback", "localhost", "10.0.0.1", false);
	address("hooks.example.org", "hooks.example.org", "93.184.216.34", true);
	address("hooks.example.org", "hooks.example.org", "10.1.2.3", true);
	address("hooks.example.org", "hooks.example.org", "127.0.0.1", false);
	address("hooks.example.org,loopback", "hooks.example.org", "127.0.0.1", false);
	address("hooks.example.org", "hooks.example.org", "169.254.169.254", false);
	address("hooks.example.org", "hooks.example.org", "0.0.0.0", false);
	address("hooks.example.org", "hooks.example.org", "224.0.0.1", false);
	address("hooks.example.org", "hooks.example.org", "::ffff:127.0.0.1", false);
	address("hooks.example.org", "hooks.example.org", "::ffff:169.254.169.254", false);
	address("hooks.example.org", "hooks.example.org", "fe80::1", false);
	address("hooks.example.org", "hooks.example.org", "2001:db8::1", true);
	address("hooks.example.org", "other.example.org", "2001:db8::1", false);
}

static void lists_are_read(void **state)
{
	static const char *const good[] = { "loopback", "none", "a.b, *.c.example,loopback", "10.0.0.1", "::1" };
	static const char *const bad[] = { "", "a,,b", "http://a", "*", "a*b", "a/b", "a b" };
	ARENA(a);
	struct ctx c;

	(void)state;
	ctx_init(&c, &a);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(hook_allowed_read(&c, good[i]), OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (hook_allowed_read(&c, bad[i]) != ERR_USAGE)
			fail_msg("\"%s\" is taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_matched),
		cmocka_unit_test(addresses_have_the_last_word),
		cmocka_unit_test(lists_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
