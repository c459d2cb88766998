/* rules.h - what decides, as data: the tables of share/access that are not about roles, read once.
 *
 * type.tsv, relation.tsv, label.tsv with label_role.tsv, policy.tsv, glass.tsv. Immutable, shared by
 * threads. For decide.c, explain.c and those who show a place's rules.
 */
#ifndef ACCESS_RULES_H
#define ACCESS_RULES_H

#include "access/role.h"
#include "record/guard.h"

/* Any of these capabilities; or everybody. */
struct capset {
	uint64_t bits[CAPABILITIES_MAX / 64];
	bool all;
};
bool capset_has(const struct capset *set, const struct role *role);

struct type_rule {
	enum guard_kind kind;
	uint64_t needs; /* bit of the label that an item must have; 0: or none */
	struct capset read, write;
	const bool *types; /* by fhir_type->number */
	int64_t line;      /* of type.tsv */
};

struct relation_kind {
	struct str name, words, source;
	int64_t before, after; /* microseconds */
	unsigned purposes;     /* 1 << enum purpose */
};

enum delegate_sees { DELEGATE_NEVER, DELEGATE_NAMED, DELEGATE_ALWAYS };
struct label_rule {
	struct str name, title, kind; /* of label.tsv */
	uint64_t bit;
	struct capset own, others;
	bool self, glass, notice;
	enum delegate_sees delegate;
};

struct policy {
	bool share_all;
	unsigned purposes; /* 1 << enum purpose, for which share_all holds */
	bool ask, notice, glass_choices, glass_agreements;
	int64_t ask_span, glass_span; /* microseconds */
};

struct reason {
	struct str name, words;
};

struct rules {
	const struct type_rule *types;
	size_t type_count;
	const struct relation_kind *relations;
	size_t relation_count;
	const struct label_rule *labels;
	size_t label_count;
	struct policy policy;
	const struct reason *reasons; /* for break-glass */
	size_t reason_count;
};

/* The place's. ERR_INVALID with file and line when a table does not fit. Any thread. */
NODISCARD enum err rules_of(struct ctx *c, const struct rules **out);
/* NULL when there is none of that name. */
const struct relation_kind *rules_relation(const struct rules *r, struct str name);
const struct label_rule *rules_label(const struct rules *r, struct str name);
const struct reason *rules_reason(const struct rules *r, struct str name);
/* "care safeguarding" as 1 << enum purpose. ERR_INVALID for a word that is none. */
NODISCARD enum err purposes_read(struct ctx *c, struct str words, unsigned *out);

#endif
