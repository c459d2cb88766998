/* routes.c - every page's address and the function that serves it. */
#include "web/pages.h"
#include "web/web.h"

#define FORM_MAX ((size_t)16 << 10)
#define CASES_MAX ((size_t)256 << 10) /* some cases of charging, escaped */
#define FILE_MAX ((size_t)64 << 20)
#define LIST_MAX ((size_t)4 << 20)

/* A person's own pages, for themselves and for whom they let in (me.h). */
#define OWN_PAGES(BASE) \
	{ HTTP_GET, BASE "", me_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/record", me_record_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/record/all", me_all_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/plan", me_plan_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/plan/letter/{link}", me_eligibility_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/about", me_about_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/about/part/{link}", me_about_edit_show, 0, 0, "own.write" }, \
	{ HTTP_POST, BASE "/about/part/{link}", me_about_edit_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/about/history", me_about_history_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/about/undo", me_about_undo_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/looked", me_looked_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/looked/{row}", me_ask_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/looked/{row}", me_ask_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/choices", me_choices_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/choices", me_choices_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/people", me_people_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/people", me_people_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/wrong", me_wrong_show, 0, 0, "own.write" }, \
	{ HTTP_POST, BASE "/wrong", me_wrong_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/asked", me_asked_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/asked", me_asked_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/asked/{link}/copy", me_asked_copy, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/asked/{link}/copy.json", me_asked_bundle, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/money", me_money_show, 0, 0, "own.read" }, \
	{ HTTP_POST, BASE "/money", me_money_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/money/file", me_file_show, 0, 0, "own.write" }, \
	{ HTTP_POST, BASE "/money/file", me_file_do, 0, (size_t)9 << 20, "own.write" }, \
	{ HTTP_GET, BASE "/money/files/{link}", me_file_get, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/budget", me_budget_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/budget/receipt", me_receipt_show, 0, 0, "own.write" }, \
	{ HTTP_POST, BASE "/budget/receipt", me_receipt_do, 0, FORM_MAX, "own.write" }, \
	{ HTTP_GET, BASE "/copy", me_copy_show, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/copy/my-record.json", me_copy_fhir, 0, 0, "own.read" }, \
	{ HTTP_GET, BASE "/copy/read", me_copy_read, 0, 0, "own.read" }

const struct route web_routes[] = {
	{ HTTP_GET, "/sign-in", sign_in_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/sign-in", sign_in_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/sign-in/code", sign_in_code_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/sign-in/code", sign_in_code_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_POST, "/sign-in/passkey", sign_in_passkey_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/sign-in/with/{provider}", sign_in_with, 0, 0, PUBLIC },
	{ HTTP_GET, "/sign-in/back/{provider}", sign_in_back, 0, 0, PUBLIC },
	{ HTTP_POST, "/sign-in/as", sign_in_as_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_POST, "/sign-out", sign_out_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/welcome/{link}", welcome_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/welcome/{link}", welcome_do, 0, FORM_MAX, PUBLIC },

	{ HTTP_GET, "/account", account_show, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/account/password", account_password, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/sessions", account_sessions, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/apps", account_apps, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/apps/authorize", app_show, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/apps/authorize", app_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/role", account_role_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/account/codes", account_codes_show, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/account/codes", account_codes_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/codes/end", account_codes_end, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/account/passkeys", account_passkeys_show, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/account/passkeys", account_passkeys_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/passkeys/keep", account_passkeys_keep, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_POST, "/account/passkeys/end", account_passkeys_end, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/accounts", accounts_show, 0, 0, "account.read" },
	{ HTTP_POST, "/accounts", accounts_add, 0, FORM_MAX, "account.write" },
	{ HTTP_GET, "/accounts/{key}", accounts_one_show, 0, 0, "account.read" },
	{ HTTP_POST, "/accounts/{key}", accounts_one_do, 0, FORM_MAX, "account.write" },
	{ HTTP_GET, "/accounts/import", accounts_import_show, 0, 0, "account.write" },
	{ HTTP_POST, "/accounts/import", accounts_import_do, 0, LIST_MAX, "account.write" },
	{ HTTP_GET, "/roles", roles_show, 0, 0, "account.read" },

	{ HTTP_GET, "/", home_show, 0, 0, SIGNED_IN },
	OWN_PAGES("/me"),
	OWN_PAGES("/for/{who}"),
	{ HTTP_GET, "/for", for_show, 0, 0, "own.read" },
	{ HTTP_POST, "/for", for_do, 0, FORM_MAX, "own.read" },
	{ HTTP_GET, "/join", join_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/join", join_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/people/{id}/delegates", me_people_show, 0, 0, "choice.write" },
	{ HTTP_POST, "/people/{id}/delegates", me_people_do, 0, FORM_MAX, "choice.write" },
	{ HTTP_GET, "/people/{id}/choices", me_choices_show, 0, 0, "choice.write" },
	{ HTTP_POST, "/people/{id}/choices", me_choices_do, 0, FORM_MAX, "choice.write" },
	{ HTTP_GET, "/privacy", privacy_show, 0, 0, "glass.review" },
	{ HTTP_POST, "/privacy/{opening}", privacy_review_do, 0, FORM_MAX, "glass.review" },
	{ HTTP_GET, "/requests", requests_show, 0, 0, "subject.write" },
	{ HTTP_POST, "/requests", requests_open, 0, FORM_MAX, "subject.write" },
	{ HTTP_GET, "/requests/{id}", requests_one_show, 0, 0, "subject.write" },
	{ HTTP_POST, "/requests/{id}", requests_one_do, 0, LIST_MAX, "subject.write" },
	{ HTTP_GET, "/requests/{id}/copy", requests_copy, 0, 0, "subject.write" },
	{ HTTP_GET, "/requests/{id}/copy.json", requests_bundle, 0, 0, "subject.write" },
	{ HTTP_GET, "/retention", retention_show, 0, 0, "retention.write" },
	{ HTTP_POST, "/retention", retention_do, 0, FORM_MAX, "retention.write" },
	{ HTTP_GET, "/patterns", patterns_show, 0, 0, "audit.read" },
	{ HTTP_POST, "/patterns", patterns_do, 0, FORM_MAX, "glass.review" },
	{ HTTP_GET, "/processing", processing_show, 0, 0, "account.read" },
	{ HTTP_GET, "/people", find_show, 0, 0, "person.find" },
	{ HTTP_GET, "/people/{id}", person_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/print", person_print_show, 0, 0, "record.read" },
	{ HTTP_POST, "/people/{id}/print", person_printed_do, 0, FORM_MAX, "record.read" },
	{ HTTP_GET, "/people/{id}/open", glass_show, 0, 0, "record.read" },
	{ HTTP_POST, "/people/{id}/open", glass_do, 0, FORM_MAX, "record.read" },
	{ HTTP_POST, "/people/{id}/close", glass_close_do, 0, FORM_MAX, "record.read" },
	{ HTTP_GET, "/people/{id}/why", why_show, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/people/{id}/apps", launch_show, 0, 0, "record.read" },
	{ HTTP_POST, "/people/{id}/apps", launch_do, 0, FORM_MAX, "record.read" },
	{ HTTP_GET, "/people/{id}/plan", plan_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/letter/{rid}", eligibility_letter_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/timeline", timeline_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/source/{type}/{rid}", source_show, 0, 0, "record.read" },
	{ HTTP_GET, "/work", work_show, 0, 0, "work.read" },
	{ HTTP_GET, "/work/hand-over", work_hand_show, 0, 0, "care.write" },
	{ HTTP_POST, "/work/hand-over", work_hand_do, 0, FORM_MAX * 4, "care.write" },
	{ HTTP_GET, "/work/{id}", work_one_show, 0, 0, "work.read" },
	{ HTTP_GET, "/mdt", mdt_show, 0, 0, "care.read" },
	{ HTTP_GET, "/contact", contact_show, 0, 0, "care.write" },
	{ HTTP_GET, "/contact/figures", contact_figures_show, 0, 0, "care.read" },
	{ HTTP_POST, "/contact/person", contact_person_do, 0, FORM_MAX, "care.write" },
	{ HTTP_GET, "/contact/new", contact_new_show, 0, 0, "care.write" },
	{ HTTP_POST, "/contact/new", contact_new_do, 0, (size_t)1 << 17, "care.write" },
	{ HTTP_GET, "/time", time_show, 0, 0, "system.read" },
	{ HTTP_POST, "/time", time_do, 0, FORM_MAX, "system.write" },
	{ HTTP_GET, "/find", home_show, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/people/{id}/forms", form_new_show, 0, 0, "care.write" },
	{ HTTP_POST, "/people/{id}/forms", form_new_do, 0, FORM_MAX, "care.write" },
	{ HTTP_GET, "/forms/{response}", form_list_show, 0, 0, "care.read" },
	{ HTTP_GET, "/forms/{response}/check-answers", form_check_show, 0, 0, "care.read" },
	{ HTTP_POST, "/forms/{response}/check-answers", form_check_do, 0, FORM_MAX, "care.write" },
	{ HTTP_GET, "/forms/{response}/print", form_print_show, 0, 0, "care.read" },
	{ HTTP_GET, "/forms/{response}/file/{field}", form_file_show, 0, 0, "care.write" },
	{ HTTP_POST, "/forms/{response}/file/{field}", form_file_do, 0, (size_t)9 << 20, "care.write" },
	{ HTTP_GET, "/forms/{response}/files/{binary}", form_file_get, 0, 0, "care.read" },
	{ HTTP_GET, "/forms/{response}/{part}", form_part_show, 0, 0, "care.read" },
	{ HTTP_POST, "/forms/{response}/{part}", form_part_do, 0, (size_t)1 << 20, "care.write" },
	{ HTTP_GET, "/waiting", waiting_show, 0, 0, "care.read" },
	{ HTTP_GET, "/discharge", discharge_show, 0, 0, "care.read" },
	{ HTTP_GET, "/discharge/print", discharge_print, 0, 0, "care.read" },
	{ HTTP_GET, "/people/{id}/discharge", discharge_one_show, 0, 0, "care.read" },
	{ HTTP_GET, "/identity", identity_show, 0, 0, "match.write" },
	{ HTTP_GET, "/identity/preview", identity_preview_show, 0, 0, "match.write" },
	{ HTTP_POST, "/identity/preview", identity_preview_merge, 0, FORM_MAX, "match.write" },
	{ HTTP_GET, "/identity/merges", identity_merges_show, 0, 0, "match.write" },
	{ HTTP_POST, "/identity/merges/{key}/undo", identity_merges_undo, 0, FORM_MAX, "match.write" },
	{ HTTP_GET, "/identity/{key}", identity_pair_show, 0, 0, "match.write" },
	{ HTTP_POST, "/identity/{key}", identity_decide, 0, FORM_MAX, "match.write" },
	{ HTTP_POST, "/identity/{key}/undo", identity_undo, 0, FORM_MAX, "match.write" },
	{ HTTP_GET, "/money", money_show, 0, 0, "money.read" },
	{ HTTP_GET, "/money/cases/{task}", money_case_show, 0, 0, "money.read" },
	{ HTTP_POST, "/money/cases/{task}", money_case_do, 0, FORM_MAX, "money.write" },
	{ HTTP_GET, "/money/cases/{task}/files/{binary}", money_file_get, 0, 0, "money.read" },
	{ HTTP_POST, "/money/cases/{task}/files/{binary}", money_file_do, 0, FORM_MAX, "money.write" },
	{ HTTP_GET, "/money/cases/{task}/letter", money_letter_show, 0, 0, "money.read" },
	{ HTTP_GET, "/money/next", money_next_show, 0, 0, "money.read" },
	{ HTTP_POST, "/money/next", money_next_do, 0, FORM_MAX, "money.approve" },
	{ HTTP_GET, "/money/next/letters", money_letters_show, 0, 0, "money.read" },
	{ HTTP_GET, "/money/carer", carer_money_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/money/carer", carer_money_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/budgets", budgets_show, 0, 0, "money.read" },
	{ HTTP_GET, "/budgets/{id}", budget_show, 0, 0, "money.read" },
	{ HTTP_GET, "/care-accounts/{id}", care_account_show, 0, 0, "money.read" },
	{ HTTP_GET, "/care-accounts/{id}/statement", care_account_letter, 0, 0, "money.read" },
	{ HTTP_GET, "/deferred/{id}", deferral_show, 0, 0, "money.read" },
	{ HTTP_GET, "/deferred/{id}/statement", deferral_letter, 0, 0, "money.read" },
	{ HTTP_GET, "/money/what-if", what_if_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/money/what-if", what_if_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/money/what-if/case", money_any_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/money/what-if/case", money_any_do, 0, CASES_MAX, PUBLIC },
	{ HTTP_GET, "/do/{action}", act_show, 0, 0, SIGNED_IN },
	{ HTTP_POST, "/do/{action}", act_do, 0, (size_t)1 << 20, SIGNED_IN },
	{ HTTP_GET, "/organisations", organisations_show, 0, 0, "directory.read" },
	{ HTTP_GET, "/organisations/{id}", organisation_show, 0, 0, "directory.read" },
	{ HTTP_GET, "/agreements", agreements_show, 0, 0, "directory.read" },
	{ HTTP_GET, "/agreements/new", agreement_new_show, 0, 0, "agreement.write" },
	{ HTTP_POST, "/agreements/new", agreement_new_do, 0, FORM_MAX, "agreement.write" },
	{ HTTP_GET, "/agreements/{key}", agreement_show, 0, 0, "directory.read" },
	{ HTTP_POST, "/agreements/{key}", agreement_end_do, 0, FORM_MAX, "agreement.write" },
	{ HTTP_GET, "/subscriptions", subscriptions_show, 0, 0, "system.read" },
	{ HTTP_GET, "/subscriptions/{id}", subscription_show, 0, 0, "system.read" },
	{ HTTP_POST, "/subscriptions/{id}", subscription_act, 0, 4096, "system.write" },
	{ HTTP_GET, "/told", told_show, 0, 0, "system.read" },
	{ HTTP_POST, "/told", told_do, 0, 4096, "system.write" },
	{ HTTP_GET, "/feeds", feeds_show, 0, 0, "feed.read" },
	{ HTTP_POST, "/feeds", feeds_replay, 0, FORM_MAX, "feed.write" },
	{ HTTP_GET, "/feeds/{name}", feed_show, 0, 0, "feed.read" },
	{ HTTP_POST, "/feeds/{name}", feed_take, 0, FILE_MAX, "feed.write" },
	{ HTTP_POST, "/feeds/{name}/fhir", feed_take_fhir, 0, FILE_MAX, "feed.write" },
	{ HTTP_GET, "/feeds/messages/{key}", feed_message_show, 0, 0, "feed.write" },
	{ HTTP_POST, "/feeds/messages/{key}", feed_message_replay, 0, FORM_MAX, "feed.write" },
	{ HTTP_GET, "/help", help_show, 0, 0, PUBLIC },
	{ HTTP_GET, "/accessibility", accessibility_show, 0, 0, PUBLIC },
	{ HTTP_GET, "/static/{hash}/{name}", static_show, ROUTE_QUICK, 0, PUBLIC },
	{ 0 },
};
