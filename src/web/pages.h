/* pages.h - the functions behind the addresses; routes.c lists them. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "web/page.h"

/* One line for each part of the site. */
http_serve sign_in_show, sign_in_do, sign_in_code_show, sign_in_code_do, sign_in_as_do, sign_in_with, sign_in_back, sign_out_do;
http_serve welcome_show, welcome_do;
http_serve account_show, account_password, account_sessions, account_role_do;
http_serve account_codes_show, account_codes_do, account_codes_end;
http_serve sign_in_passkey_do, account_passkeys_show, account_passkeys_do, account_passkeys_keep, account_passkeys_end;
http_serve accounts_show, accounts_add, accounts_one_show, accounts_one_do;
http_serve accounts_import_show, accounts_import_do;
http_serve app_show, app_do, account_apps;
http_serve roles_show, processing_show;
http_serve home_show, help_show, accessibility_show, static_show;
http_serve find_show, person_show, person_print_show, person_printed_do, timeline_show, source_show;
http_serve waiting_show;
http_serve discharge_show, discharge_print, discharge_one_show;
http_serve contact_show, contact_person_do, contact_new_show, contact_new_do;
http_serve time_show, time_do;
http_serve told_show, told_do;
http_serve mdt_show;
http_serve contact_figures_show;
http_serve work_show, work_one_show, work_hand_show, work_hand_do;
http_serve organisations_show, organisation_show;
http_serve agreements_show, agreement_show, agreement_new_show, agreement_new_do, agreement_end_do;
http_serve subscriptions_show, subscription_show, subscription_act;
http_serve identity_show, identity_pair_show, identity_decide, identity_undo;
http_serve identity_merges_show, identity_merges_undo;
http_serve identity_preview_show, identity_preview_merge;
http_serve feeds_show, feeds_replay, feed_message_show, feed_message_replay;
http_serve feed_show, feed_take, feed_take_fhir;

http_serve me_show, me_record_show, me_all_show, me_looked_show, me_ask_show, me_ask_do;
http_serve me_choices_show, me_choices_do, me_people_show, me_people_do;
http_serve me_about_show, me_about_edit_show, me_about_edit_do, me_about_history_show, me_about_undo_do;
http_serve plan_show, eligibility_letter_show, me_plan_show, me_eligibility_show;
http_serve me_wrong_show, me_wrong_do, me_asked_show, me_copy_show, me_copy_fhir, me_copy_read;
http_serve for_show, for_do, join_show, join_do;
http_serve glass_show, glass_do, glass_close_do, why_show, launch_show, launch_do;
http_serve act_show, act_do;
http_serve budgets_show, budget_show, care_account_show, deferral_show, me_budget_show;
http_serve me_receipt_show, me_receipt_do, care_account_letter, deferral_letter;
http_serve privacy_show, privacy_review_do;
http_serve requests_show, requests_open, requests_one_show, requests_one_do, requests_copy, requests_bundle;
http_serve retention_show, retention_do, patterns_show, patterns_do;
http_serve money_any_show, money_any_do;
http_serve money_file_get, money_file_do, me_file_show, me_file_do, me_file_get;
http_serve what_if_show, what_if_do, me_money_show, me_money_do;
http_serve money_show, money_case_show, money_case_do, money_letter_show, money_next_show, money_next_do, money_letters_show, carer_money_show, carer_money_do;
http_serve form_new_show, form_new_do, form_list_show, form_part_show, form_part_do, form_check_show, form_check_do;
http_serve form_print_show, form_file_show, form_file_do, form_file_get;
http_serve me_asked_do, me_asked_copy, me_asked_bundle;

#endif
