/* modules.c - what the program is made of: each table is named here once. */
#include "main/modules.h"

#include <string.h>

#include "api/api.h"
#include "care/care.h"
#include "cli/commands.h"
#include "main/charge.h"
#include "main/ledger.h"
#include "main/policy.h"
#include "main/serve.h"
#include "main/time.h"
#include "money/money.h"
#include "web/web.h"

static const struct command *const command_tables[] = {
	store_commands, serve_commands, demo_commands,  import_commands, export_commands,
	query_commands, path_commands,  view_commands,  link_commands, match_commands,   bench_commands,
	charge_commands, policy_commands, ledger_commands, identity_commands, subscription_commands, explain_commands,
	feed_commands, rows_commands, purge_commands, help_commands,
	account_commands,
	client_commands,
	provider_commands,
	agreement_commands,
	app_commands,
	audit_commands,
	emit_commands,
	form_commands,
	time_commands,
	tell_commands,
	NULL,
};

const struct module *const all_modules[] = {
	&care_module,
	&money_module,
	NULL,
};

const struct command *const *all_commands(struct arena *a)
{
	enum { TABLES = sizeof command_tables / sizeof *command_tables };
	const struct command **tables = NEW_N(a, const struct command *, TABLES + 1);

	memcpy(tables, command_tables, sizeof command_tables);
	tables[TABLES - 1] = action_commands(a, all_modules);
	return tables;
}

const struct route_table all_routes[] = {
	{ api_routes, api_refuse, "/fhir" },
	{ web_routes, web_refuse, "" },
	{ 0 },
};
