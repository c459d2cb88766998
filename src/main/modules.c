/* modules.c - what the program is made of: each table is named here once. */
#include "main/modules.h"

#include "api/api.h"
#include "cli/commands.h"
#include "main/charge.h"
#include "main/ledger.h"
#include "main/policy.h"
#include "main/serve.h"
#include "web/web.h"

const struct command *const all_commands[] = {
	store_commands, serve_commands, demo_commands,  import_commands, export_commands,
	query_commands, path_commands,  view_commands,  link_commands, match_commands,   bench_commands,
	charge_commands, policy_commands, ledger_commands, identity_commands, subscription_commands, explain_commands,
	feed_commands, rows_commands, purge_commands, help_commands,
	account_commands,
	audit_commands,
	emit_commands,
	NULL,
};

const struct route_table all_routes[] = {
	{ api_routes, api_refuse, "/fhir" },
	{ web_routes, web_refuse, "" },
	{ 0 },
};
