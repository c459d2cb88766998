/* inside.h - what the files of api/ share; for them only. */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include "access/audit.h"
#include "api/api.h"
#include "base/vec.h"
#include "record/search.h"

#define API_RESOURCE_MAX ((size_t)64 << 20) /* bytes of one resource */
#define API_BUNDLE_MAX ((size_t)128 << 20)  /* of a Bundle of them */
#define API_FORM_MAX ((size_t)64 << 10)     /* of a search sent as a form */

/* --- format.c: in what form --------------------------------------------------------------- */

struct format {
	const char *type; /* Content-Type of the reply */
	bool pretty, xml;
};
/* From _format, else Accept; and _pretty. ERR_NOT_ACCEPTED when there is none that we write. */
NODISCARD enum err format_choose(struct ctx *c, const struct request *r, struct format *out);
/* The body as a resource tree, JSON or XML by its Content-Type. ERR_MEDIA_TYPE. */
NODISCARD enum err body_read(struct ctx *c, const struct request *r, struct node **out);
/* Is it a resource of the type the address names? ERR_BAD_REQUEST, with the place in the body. */
NODISCARD enum err body_is(struct ctx *c, const struct request *r, const struct node *resource,
			   struct str type);
/* A patch by its Content-Type: JSON Patch, or FHIRPath Patch in JSON or XML. ERR_MEDIA_TYPE. */
NODISCARD enum err patch_read(struct ctx *c, const struct request *r, struct patch *out);
/* Set type and body; JSON text is read only when it must be laid out or become XML. */
NODISCARD enum err reply_json(struct ctx *c, const struct format *format, struct str json,
			      struct reply *reply);
NODISCARD enum err reply_node(struct ctx *c, const struct format *format, const struct node *n,
			      struct reply *reply);
/* A concrete resource type by the address; ERR_NOT_FOUND. */
NODISCARD enum err type_check(struct ctx *c, struct str type);
/* "http://127.0.0.1:8080/fhir" as this client writes it. */
struct str api_base(struct ctx *c, const struct request *r);
/* Is "return=minimal", "handling=lenient" … among what Prefer says? */
bool prefers(const struct request *r, const char *what);
/* Only parameters of this NULL-ended list may stand in the query; ERR_BAD_REQUEST names another. */
NODISCARD enum err query_only(struct ctx *c, const struct request *r, const char *const *names);

/* --- given.c: the parameters of an operation ---------------------------------------------------- */

struct given {
	const struct request *request;
	const struct node *params; /* of the Parameters resource sent; NULL: there is none */
};
/* Of the address, and of the Parameters resource a POST sends. ERR_BAD_REQUEST for a name that is
 * not in the NULL-ended list. */
NODISCARD enum err given_read(struct ctx *c, const struct request *r, const char *const *names,
			      struct given *out);
/* A simple one, wherever it stands; empty when absent. */
struct str given_text(struct ctx *c, const struct given *given, const char *name);
/* The value or resource of one that was sent; NULL. */
const struct node *given_part(const struct given *given, const char *name);
/* A whole number from 0. ERR_BAD_REQUEST when it is another thing. */
NODISCARD enum err given_count(struct ctx *c, const struct given *given, const char *name,
			       int64_t unsaid, int64_t *out);

/* --- version.c: versions and their headers -------------------------------------------------- */

/* If-Match as a version; 0 when there is none. ERR_BAD_REQUEST when it is not W/"n". */
NODISCARD enum err if_match(struct ctx *c, const struct request *r, int64_t *version);
/* ETag and Last-Modified. */
void version_headers(struct ctx *c, const struct version *v, struct reply *reply);
/* A version as it is stored, or 304 when the client has it. */
NODISCARD enum err reply_version(struct ctx *c, const struct request *r,
				 const struct format *format, const struct version *v,
				 struct reply *reply);
/* The answer to a write, as Prefer asks. */
NODISCARD enum err reply_written(struct ctx *c, const struct request *r,
				 const struct format *format, const struct written *w,
				 struct reply *reply);

/* --- read.c --------------------------------------------------------------------------------- */

/* Cut a body down as _summary and _elements of the address say. */
NODISCARD enum err cut_down(struct ctx *c, const struct request *r, struct str type,
			    struct version *v);

/* --- outcome.c: OperationOutcome ------------------------------------------------------------ */

/* What c->issues holds, and c->why (as `e`) where the issues do not say it. `e` OK: only the
 * issues, or `fine` when there are none. */
struct node *outcome_new(struct ctx *c, enum err e, const char *fine);

/* --- audited.c: noted for the audit, when somebody is signed in (access/audit.h) ------------- */

/* One resource was shown, or a written one answered. */
void audited_open(struct ctx *c, enum audit_what what, const struct version *v);
void audited_written(struct ctx *c, const struct written *w);
/* An entry of a Bundle: as each verb alone. */
void audited_entry(struct ctx *c, const struct bundle_done *done);
/* All whose resources a page shows: one row. The query's names are noted, not its values. */
struct disclosed {
	VEC(int64_t) people;
};
void audited_add(struct ctx *c, struct disclosed *d, const struct version *v);
void audited_page(struct ctx *c, enum audit_what what, struct str section, struct str query,
		  const struct disclosed *d);
/* `e` says that it is not there for the asker: noted for whose it would have been. */
void audited_refused(struct ctx *c, enum err e, struct str type, struct str id);

/* --- capability.c: the CapabilityStatement --------------------------------------------------- */

/* As JSON text, in c->arena. */
struct str capability_text(struct ctx *c);

/* --- the rows of routes.c ------------------------------------------------------------------- */

http_serve api_read, api_vread;                                                    /* read.c */
http_serve api_create, api_update, api_update_where, api_delete, api_delete_where; /* write.c */
http_serve api_patch, api_patch_where;                                   /* write.c */
http_serve api_bundle;                                                             /* write.c */
http_serve api_search, api_search_form, api_search_all, api_search_all_form;       /* find.c */
http_serve api_audit_search; /* audit_search.c */
/* Is it a parameter of GET /fhir/AuditEvent, which asks the audit itself and not the record's indexes? */
bool audit_search_takes(const char *code);
http_serve api_search_inside, api_search_inside_form;                              /* find.c */
http_serve api_totals;                                                             /* meta.c */
http_serve api_history, api_history_type, api_history_all; /* history.c */
http_serve api_validate, api_validate_stored;              /* validate.c */
http_serve api_meta, api_meta_add, api_meta_delete; /* meta.c */
http_serve api_expand, api_validate_in_set, api_validate_in_system, api_lookup,
	api_subsumes;      /* terminology.c */
http_serve api_merge, api_unmerge; /* merge.c */
http_serve api_purge;      /* purge.c */
http_serve api_everything; /* everything.c */
http_serve api_match;      /* match.c */
http_serve api_explain;    /* explain.c */
http_serve api_act, api_act_new, api_act_get; /* act.c */
http_serve api_metadata;                                   /* capability.c */
http_serve api_events;                                     /* live.c */
http_serve api_token, api_smart_configuration, api_openid_configuration; /* auth.c */
http_serve api_revoke, api_introspect, api_jwks;          /* auth_app.c */
http_serve api_health, api_metrics;                        /* probe.c */

#endif
