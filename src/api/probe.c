/* probe.c - is it well, and what does it do: for supervisors and Prometheus. No personal data. */
#include "api/inside.h"
#include "feed/feed.h"

#include <pthread.h>

#define COUNTS_KEPT INT64_C(60000000) /* microseconds for which counts of the record are kept */
#define COUNTS_MAX 256

enum err api_health(struct ctx *c, const struct request *r, struct reply *reply)
{
	READER(db);

	(void)r;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	db_end(db);
	reply->type = "application/json";
	reply->body = STR("{\"status\":\"ok\"}\n");
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}

struct metric {
	const char *name, *kind, *help;
	int64_t value;
};

static void metrics_print(struct buf *b, const struct metric *metrics, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct metric *m = &metrics[i];
		buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", m->name, m->help,
			   m->name, m->kind, m->name, (long long)m->value);
	}
}

static void http_metrics(struct buf *b, const struct http_stats *s)
{
	const struct metric metrics[] = {
		{ "causeway_http_requests_total", "counter", "Requests answered.",
		  s->requests },
		{ "causeway_http_busy_total", "counter",
		  "Requests refused because too many waited.", s->busy },
		{ "causeway_http_reply_bytes_total", "counter", "Bytes of reply bodies.",
		  s->bytes_out },
		{ "causeway_http_in_flight", "gauge", "Requests being answered.",
		  s->in_flight },
		{ "causeway_http_waiting", "gauge", "Requests waiting for a worker.",
		  s->waiting },
	};
	int64_t sum = 0;

	metrics_print(b, metrics, sizeof metrics / sizeof *metrics);
	buf_cstr(b, "# HELP causeway_http_replies_total Replies by class of status.\n"
		    "# TYPE causeway_http_replies_total counter\n");
	for (unsigned i = 1; i < 6; i++)
		buf_printf(b, "causeway_http_replies_total{class=\"%uxx\"} %lld\n", i,
			   (long long)s->by_class[i]);
	buf_cstr(b, "# HELP causeway_http_seconds Time from the head of a request to the end "
		    "of its reply.\n"
		    "# TYPE causeway_http_seconds histogram\n");
	for (unsigned i = 0; i < 15; i++) {
		int64_t us = INT64_C(64) << i;
		sum += s->latency[i];
		buf_printf(b, "causeway_http_seconds_bucket{le=\"%lld.%06lld\"} %lld\n",
			   (long long)(us / 1000000), (long long)(us % 1000000),
			   (long long)sum);
	}
	sum += s->latency[15];
	buf_printf(b, "causeway_http_seconds_bucket{le=\"+Inf\"} %lld\n", (long long)sum);
	buf_printf(b, "causeway_http_seconds_sum %lld.%06lld\n", (long long)(s->took / 1000000),
		   (long long)(s->took % 1000000));
	buf_printf(b, "causeway_http_seconds_count %lld\n", (long long)sum);
}

static void reindex_metrics(struct buf *b, const struct ctx *c)
{
	struct reindex_state s;
	bool running = record_reindex_state(c, &s);
	const struct metric metrics[] = {
		{ "causeway_reindex_parameters", "gauge", "Search parameters that are not ready.",
		  s.parameters },
		{ "causeway_reindex_done", "gauge", "Resources indexed again so far.", s.done },
		{ "causeway_reindex_total", "gauge", "Resources to be indexed again.",
		  running ? s.total : 0 },
	};

	metrics_print(b, metrics, sizeof metrics / sizeof *metrics);
}

static void store_metrics(struct buf *b, struct store *store)
{
	struct store_stats s;

	store_stats(store, &s);
	const struct metric metrics[] = {
		{ "causeway_store_writes_total", "counter", "Write transactions.", s.writes },
		{ "causeway_store_commits_total", "counter", "Commits, each made durable once.",
		  s.commits },
		{ "causeway_store_failures_total", "counter", "Write transactions that failed.",
		  s.failures },
		{ "causeway_store_waiting", "gauge", "Write transactions waiting.", s.waiting },
		{ "causeway_store_bytes", "gauge", "Bytes of the database on disk.", s.bytes },
	};
	metrics_print(b, metrics, sizeof metrics / sizeof *metrics);
}

static void audit_metrics(struct buf *b, const struct place *place)
{
	struct audit_stats s;

	audit_stats(place, &s);
	const struct metric metrics[] = {
		{ "causeway_audit_rows_total", "counter", "Audit rows written.", s.rows },
		{ "causeway_audit_batches_total", "counter", "Commits that wrote audit rows.", s.batches },
		{ "causeway_audit_failures_total", "counter", "Commits of audit rows that failed.", s.failures },
		{ "causeway_audit_waiting", "gauge", "Replies that wait for their audit row.", s.waiting },
		{ "causeway_audit_cut", "gauge", "1: the audit's end was cut off, or written to without its key; see causeway check.", s.cut },
	};
	metrics_print(b, metrics, sizeof metrics / sizeof *metrics);
}

static void follower_metrics(struct buf *b, const struct place *place, const struct http_stats *http)
{
	struct hook_stats s;

	hooks_stats(place->hooks, &s);
	const struct metric metrics[] = {
		{ "causeway_streams", "gauge", "Who listens to changes now.", http->streams },
		{ "causeway_hooks_sent_total", "counter", "Deliveries to subscribers made.", s.sent },
		{ "causeway_hooks_failed_total", "counter", "Tries of a delivery that failed.",
		  s.failed },
		{ "causeway_hooks_given_up_total", "counter", "Deliveries given up.", s.dead },
		{ "causeway_hooks_waiting", "gauge", "Deliveries that wait.", s.waiting },
		{ "causeway_hooks_served", "gauge", "Subscriptions that are active.", s.served },
		{ "causeway_hooks_stopped", "gauge", "Subscriptions stopped by failures.",
		  s.stopped },
	};
	metrics_print(b, metrics, sizeof metrics / sizeof *metrics);
}

/* Counts of the record, kept for a minute: a scraper must not cost more than it tells. */
static pthread_mutex_t counts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	const struct place *place;
	int64_t at;
	size_t len;
	const char *types[COUNTS_MAX]; /* of the FHIR tables */
	int64_t counts[COUNTS_MAX];
} kept;

static enum err counts_refresh(struct ctx *c)
{
	struct type_count *counts;
	size_t len;

	if (kept.place == c->place && kept.at && clock_monotonic() - kept.at < COUNTS_KEPT)
		return OK;
	TRY(record_counts(c, &counts, &len));
	kept.len = 0;
	for (size_t i = 0; i < len && kept.len < COUNTS_MAX; i++) {
		const struct fhir_type *type = fhir_type(c->place->fhir, counts[i].type);
		if (!type)
			continue;
		kept.types[kept.len] = type->name;
		kept.counts[kept.len++] = counts[i].count;
	}
	kept.place = c->place;
	kept.at = clock_monotonic();
	return OK;
}

static enum err record_metrics(struct ctx *c, struct buf *b)
{
	pthread_mutex_lock(&counts_lock);
	enum err e = counts_refresh(c);
	buf_cstr(b, "# HELP causeway_resources Current resources by type.\n# TYPE "
		    "causeway_resources gauge\n");
	for (size_t i = 0; e == OK && i < kept.len; i++)
		buf_printf(b, "causeway_resources{type=\"%s\"} %lld\n", kept.types[i],
			   (long long)kept.counts[i]);
	pthread_mutex_unlock(&counts_lock);
	return e;
}

enum err api_metrics(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct http_stats stats;
	struct buf b;

	request_stats(r, &stats);
	buf_init(&b, c->arena, 0);
	http_metrics(&b, &stats);
	store_metrics(&b, c->place->store);
	audit_metrics(&b, c->place);
	follower_metrics(&b, c->place, &stats);
	reindex_metrics(&b, c);
	TRY(record_metrics(c, &b));
	TRY(feed_metrics(c, &b));
	reply->type = "text/plain; version=0.0.4; charset=utf-8";
	reply->body = buf_get(&b);
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}
