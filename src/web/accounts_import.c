/* accounts_import.c - joiners, movers and leavers as a list: looked at, changed all or nothing, their first links taken. */
#include "access/roster.h"
#include "base/sheet.h"
#include "web/accounts.h"
#include "web/multipart.h"
#include "web/pages.h"
#include "web/sign_in.h"

static struct node *import_page(struct ctx *c, const struct request *r)
{
	return page_new(c, r, "Joiners, movers and leavers");
}

static void put_line(struct ctx *c, struct node *list, const struct roster_line *line)
{
	static const char *const changes[] = { "Same", "Joins", "New name", "Gains", "Loses", "Leaves", "Not known", "Wrong" };
	struct node *row;

	if (line->change == ROSTER_SAME)
		return;
	row = data_object(c, list, NULL);
	data_str(c, row, "number", line->number ? SAY(c->arena, "Line %lld", (long long)line->number) : STR("Not listed"));
	data_words(c, row, "change", changes[line->change]);
	data_str(c, row, "line_login", line->login);
	data_str(c, row, "line_words", line->words);
	if (line->change == ROSTER_WRONG)
		node_add_bool(c->arena, row, "wrong", true);
}

static void put_roster(struct ctx *c, struct node *data, const struct roster *roster)
{
	struct node *list = data_list(c, data, "lines");

	for (size_t i = 0; i < roster->len; i++)
		put_line(c, list, &roster->at[i]);
	data_str(c, data, "same", say_count(c->arena, (int64_t)roster->count[ROSTER_SAME]));
	data_str(c, data, "wrong_count", say_count(c->arena, (int64_t)roster->count[ROSTER_WRONG]));
	if (roster->count[ROSTER_WRONG])
		node_add_bool(c->arena, data, "any_wrong", true);
	if (roster->len)
		node_add_bool(c->arena, data, "compared", true);
	if (roster->len > roster->count[ROSTER_SAME])
		node_add_bool(c->arena, data, "any_line", true);
}

/* Pasted, or sent as a file. */
static enum err list_of(struct ctx *c, const struct request *r, struct str *text)
{
	struct str type = request_header(r, "Content-Type"), name;
	size_t bad;

	*text = request_param(c, r, "list", 0);
	if (str_starts(type, STR("multipart/form-data")) && (!multipart_file(type, r->body, &name, text) || !text->len))
		return fail(c, ERR_INVALID, "Choose a file first.");
	if (str_utf8(*text, &bad))
		return OK;
	*text = (struct str){ .at = "" };
	return fail(c, ERR_INVALID, "The list is not written in UTF-8 (at byte %zu): save it as “CSV UTF-8”.", bad + 1);
}

/* Each is told once: who takes the file hands them out. */
static enum err links_file(struct ctx *c, const struct request *r, const struct roster *roster, struct reply *reply)
{
	struct roster_link *links;
	struct buf b;
	size_t len;

	TRY(roster_invite(c, roster, LINK_DAYS * 86400, &links, &len));
	if (!len)
		return fail(c, ERR_INVALID, "Everybody of the list can sign in already, or has no account: there is no link to take.");
	buf_init(&b, c->arena, 8u << 20);
	buf_cstr(&b, "login,name,link\r\n");
	for (size_t i = 0; i < len; i++) {
		sheet_put(&b, links[i].login);
		buf_char(&b, ',');
		/* what a spreadsheet would reckon with is told to be text */
		sheet_put(&b, memchr("=+-@", links[i].name.at[0], 4) ? SAY(c->arena, "'" STR_FMT, STR_ARG(links[i].name))
								     : links[i].name);
		buf_printf(&b, "," STR_FMT "/welcome/%s\r\n", STR_ARG(r->base), links[i].token);
	}
	reply->type = "text/csv; charset=utf-8";
	reply->body = buf_get(&b);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"first-links.csv\""));
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}

enum err accounts_import_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return page_show(c, "accounts_import", import_page(c, r), reply);
}

enum err accounts_import_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str what = request_param(c, r, "do", 0), text = { .at = "" };
	struct node *data = import_page(c, r);
	struct roster roster = { 0 };
	bool apply = str_is(what, "apply");
	enum err e = list_of(c, r, &text);

	if (e == OK)
		e = roster_read_text(c, text, &roster);
	if (e == ERR_SYNTAX)
		e = fail(c, ERR_INVALID, "%s", arena_str(c->arena, c->why));
	if (e == OK && str_is(what, "links")) {
		e = links_file(c, r, &roster, reply);
		if (e == OK)
			return OK;
	}
	if (e == OK && apply)
		e = roster_apply(c, &roster);
	data_str(c, data, "text", text);
	put_roster(c, data, &roster);
	if (e != OK)
		return show_again(c, "accounts_import", data, e, "list", reply);
	if (apply)
		node_add_bool(c->arena, data, "applied", true);
	return page_show(c, "accounts_import", data, reply);
}
