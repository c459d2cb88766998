/* routes.c - every interaction of the API: a reader checks it against the specification row by row. */
#include "api/bulk.h"

const struct route api_routes[] = {
	{ HTTP_GET, "/fhir/metadata", api_metadata, 0, 0, PUBLIC },

	{ HTTP_POST, "/fhir/{type}", api_create, 0, API_RESOURCE_MAX, "record.write" },
	{ HTTP_GET, "/fhir/{type}/{id}", api_read, ROUTE_QUICK, 0, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/{id}/_history/{version}", api_vread, ROUTE_QUICK, 0, SIGNED_IN },
	{ HTTP_PUT, "/fhir/{type}/{id}", api_update, 0, API_RESOURCE_MAX, "record.write" },
	{ HTTP_PUT, "/fhir/{type}", api_update_where, 0, API_RESOURCE_MAX, "record.write" },
	{ HTTP_PATCH, "/fhir/{type}/{id}", api_patch, 0, API_RESOURCE_MAX, "record.write" },
	{ HTTP_PATCH, "/fhir/{type}", api_patch_where, 0, API_RESOURCE_MAX, "record.write" },
	{ HTTP_DELETE, "/fhir/{type}/{id}", api_delete, 0, 0, "record.write" },
	{ HTTP_DELETE, "/fhir/{type}", api_delete_where, 0, 0, "record.write" },

	{ HTTP_GET, "/fhir/{type}/{id}/_history", api_history, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/_history", api_history_type, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/fhir/_history", api_history_all, 0, 0, SIGNED_IN },

	{ HTTP_GET, "/fhir/AuditEvent", api_audit_search, 0, 0, "audit.read" },
	{ HTTP_GET, "/fhir/{type}", api_search, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/_search", api_search, 0, 0, SIGNED_IN }, /* as others take it too */
	{ HTTP_POST, "/fhir/{type}/_search", api_search_form, 0, API_FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/{id}/{inside}", api_search_inside, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/{type}/{id}/{inside}/_search", api_search_inside_form, 0, API_FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir", api_search_all, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/_search", api_search_all_form, 0, API_FORM_MAX, SIGNED_IN },

	{ HTTP_POST, "/fhir", api_bundle, 0, API_BUNDLE_MAX, "record.write" },

	{ HTTP_POST, "/fhir/{type}/$validate", api_validate, 0, API_BUNDLE_MAX, SIGNED_IN },
	{ HTTP_POST, "/fhir/{type}/{id}/$validate", api_validate, 0, API_BUNDLE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/{id}/$validate", api_validate_stored, 0, 0, SIGNED_IN },

	{ HTTP_GET, "/fhir/ValueSet/$expand", api_expand, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/ValueSet/$expand", api_expand, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/ValueSet/$validate-code", api_validate_in_set, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/ValueSet/$validate-code", api_validate_in_set, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/ValueSet/{id}/$expand", api_expand, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/ValueSet/{id}/$expand", api_expand, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/ValueSet/{id}/$validate-code", api_validate_in_set, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/ValueSet/{id}/$validate-code", api_validate_in_set, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/CodeSystem/$validate-code", api_validate_in_system, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/CodeSystem/$validate-code", api_validate_in_system, 0, API_FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/CodeSystem/$lookup", api_lookup, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/CodeSystem/$lookup", api_lookup, 0, API_FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/CodeSystem/$subsumes", api_subsumes, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/CodeSystem/$subsumes", api_subsumes, 0, API_FORM_MAX, SIGNED_IN },

	{ HTTP_GET, "/fhir/$export", api_bulk_system, 0, 0, "export.run" },
	{ HTTP_POST, "/fhir/$export", api_bulk_system, 0, API_FORM_MAX, "export.run" },
	{ HTTP_GET, "/fhir/Patient/$export", api_bulk_patient, 0, 0, "export.run" },
	{ HTTP_POST, "/fhir/Patient/$export", api_bulk_patient, 0, API_FORM_MAX, "export.run" },
	{ HTTP_GET, "/fhir/Group/{id}/$export", api_bulk_group, 0, 0, "export.run" },
	{ HTTP_POST, "/fhir/Group/{id}/$export", api_bulk_group, 0, API_FORM_MAX, "export.run" },
	{ HTTP_GET, "/fhir/bulk/{job}", api_bulk_status, 0, 0, "export.run" },
	{ HTTP_DELETE, "/fhir/bulk/{job}", api_bulk_cancel, 0, 0, "export.run" },
	{ HTTP_GET, "/fhir/bulk/{job}/{file}", api_bulk_file, 0, 0, "export.run" },

	{ HTTP_POST, "/fhir/Patient/$merge", api_merge, 0, API_RESOURCE_MAX, "match.write" },
	{ HTTP_POST, "/fhir/Patient/{id}/$unmerge", api_unmerge, 0, API_FORM_MAX, "match.write" },
	{ HTTP_POST, "/fhir/Patient/{id}/$purge", api_purge, 0, API_FORM_MAX, "retention.write" },

	{ HTTP_GET, "/fhir/$totals", api_totals, 0, 0, "measure.read" },
	{ HTTP_GET, "/fhir/{type}/{id}/$meta", api_meta, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/{type}/{id}/$meta-add", api_meta_add, 0, API_FORM_MAX, "record.write" },
	{ HTTP_POST, "/fhir/{type}/{id}/$meta-delete", api_meta_delete, 0, API_FORM_MAX, "record.write" },

	{ HTTP_GET, "/fhir/Patient/{id}/$everything", api_everything, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/fhir/Patient/{id}/$everything", api_everything, 0, API_FORM_MAX, SIGNED_IN },

	{ HTTP_GET, "/fhir/{type}/{id}/$explain", api_explain, 0, 0, SIGNED_IN },

	{ HTTP_POST, "/fhir/Patient/$match", api_match, 0, API_RESOURCE_MAX, "person.find" },

	{ HTTP_POST, "/fhir/{type}/${op}", api_act_new, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_POST, "/fhir/{type}/{id}/${op}", api_act, 0, API_RESOURCE_MAX, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/${op}", api_act_get, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/fhir/{type}/{id}/${op}", api_act_get, 0, 0, SIGNED_IN },

	{ HTTP_GET, "/fhir/$events", api_events, 0, 0, SIGNED_IN },

	{ HTTP_GET, "/fhir/.well-known/smart-configuration", api_smart_configuration, 0, 0, PUBLIC },
	{ HTTP_GET, "/.well-known/openid-configuration", api_openid_configuration, 0, 0, PUBLIC },
	{ HTTP_GET, "/auth/jwks", api_jwks, 0, 0, PUBLIC },
	{ HTTP_POST, "/auth/token", api_token, 0, API_FORM_MAX, PUBLIC },
	{ HTTP_POST, "/auth/revoke", api_revoke, 0, API_FORM_MAX, PUBLIC },
	{ HTTP_POST, "/auth/introspect", api_introspect, 0, API_FORM_MAX, PUBLIC },

	{ HTTP_GET, "/healthz", api_health, 0, 0, PUBLIC },
	{ HTTP_GET, "/metrics", api_metrics, 0, 0, "system.read" },
	{ 0 },
};
