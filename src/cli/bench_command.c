/* bench_command.c - causeway bench: fixed workloads on a database, without HTTP.
 *
 * Each row of `workloads` runs one operation over and over on some threads for a few seconds and
 * reports how many a second and the median and 99th percentile. The rate of fsync on the same
 * disk stands beside them, because durable writes can be no better than it allows. Writes go to the
 * database given: use a copy. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/commands.h"
#include "record/guard.h"
#include "record/search.h"

#define THREADS_MOST 64
#define SAMPLES (1 << 16)
#define IDS 4096
#define LOOKED_AT 200   /* people, for the one with the largest record */
#define WHOLE_MAX 50000 /* resources of a record */

static const struct option bench_options[] = {
	{ "seconds", "N", "for each workload", "3" },
	{ "guarded", NULL, "reads and searches as somebody too who may see 500 people, three of whom have chosen, and "
			   "no item with a label; how much slower that is", NULL },
	{ "json", "FILE", "write the results there as JSON too", NULL },
	{ 0 },
};

struct bench {
	struct place *place;
	const char *db;
	int64_t seconds;
	struct str ids[IDS]; /* of Patients */
	size_t id_count;
	struct str codes[IDS]; /* "system|code" of Conditions */
	size_t code_count;
	int64_t keys[IDS];    /* of those Patients as people */
	struct guard guard;   /* of who sees some of them */
	struct str seen[IDS]; /* ids of the Patients it lets see */
	size_t seen_count;
	struct str whole; /* the Patient with the largest record of those looked at */
	size_t whole_count;
};

struct lane { /* one thread's share of a workload */
	const struct bench *bench;
	const struct workload *workload;
	unsigned number;
	uint64_t random;
	int64_t done, failed;
	uint32_t *times; /* microseconds of the first SAMPLES operations */
	int file;
};

struct workload {
	const char *name;
	unsigned threads;
	enum err (*run)(struct ctx *c, struct lane *lane);
	bool guarded;
};

static uint64_t lane_random(struct lane *lane)
{
	lane->random ^= lane->random << 13;
	lane->random ^= lane->random >> 7;
	lane->random ^= lane->random << 17;
	return lane->random;
}

static enum err run_fsync(struct ctx *c, struct lane *lane)
{
	static const char page[4096];

	if (pwrite(lane->file, page, sizeof page, (off_t)(lane->done % 256) * 4096) < 0 ||
	    fdatasync(lane->file) != 0)
		return fail(c, ERR_IO, "the disk cannot be written: %m");
	return OK;
}

static enum err run_read(struct ctx *c, struct lane *lane)
{
	struct version version;
	return record_read(c, STR("Patient"), lane->bench->ids[lane_random(lane) % lane->bench->id_count],
			   &version);
}

static enum err run_token(struct ctx *c, struct lane *lane)
{
	const struct search *search;
	struct search_page page;
	struct str code = lane->bench->codes[lane_random(lane) % lane->bench->code_count];
	char *query = arena_printf(c->arena, "code=" STR_FMT "&_count=20&_total=none", STR_ARG(code));

	TRY(search_parse(c, STR("Condition"), str_of(query), &search));
	return search_run(c, search, &page);
}

/* The same people are read without the guard and with it. */
static enum err run_read_seen(struct ctx *c, struct lane *lane)
{
	struct version version;
	return record_read(c, STR("Patient"),
			   lane->bench->seen[lane_random(lane) % lane->bench->seen_count], &version);
}

/* An Observation and a Task about one person, both new. */
static enum err run_transaction(struct ctx *c, struct lane *lane)
{
	struct str id = lane->bench->ids[lane_random(lane) % lane->bench->id_count];
	struct str text = str_of(arena_printf(c->arena,
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
		"{\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":"
		"[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{\"reference\":\"Patient/"
		STR_FMT "\"},\"effectiveDateTime\":\"2025-11-19T10:00:00Z\",\"valueQuantity\":{\"value\":7%llu.5,"
		"\"unit\":\"kg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\"}},"
		"\"request\":{\"method\":\"POST\",\"url\":\"Observation\"}},"
		"{\"resource\":{\"resourceType\":\"Task\",\"status\":\"requested\",\"intent\":\"order\",\"for\":"
		"{\"reference\":\"Patient/" STR_FMT "\"},\"description\":\"Ring about weight\"},"
		"\"request\":{\"method\":\"POST\",\"url\":\"Task\"}}]}",
		STR_ARG(id), (unsigned long long)(lane_random(lane) % 10), STR_ARG(id)));
	struct node *bundle, *response;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, &bundle));
	return record_bundle(c, text, bundle, &response);
}

static enum err run_count(struct ctx *c, struct lane *lane)
{
	const struct search *search;
	struct search_page page;

	(void)lane;
	TRY(search_parse(c, STR("Observation"), STR("status=final&date=gt1900&_summary=count"), &search));
	return search_run(c, search, &page);
}

static enum err pass_over(struct ctx *c, void *arg, const struct version *v, bool own)
{
	(void)c;
	*(size_t *)arg += v->body.len;
	(void)own;
	return OK;
}

static enum err run_everything(struct ctx *c, struct lane *lane)
{
	struct everything ask = { .id = lane->bench->whole, .count = WHOLE_MAX };
	struct everything_page page;
	size_t bytes = 0;

	return record_everything(c, &ask, pass_over, &bytes, &page);
}

static const struct workload workloads[] = {
	{ "fsync of 4 KB", 1, run_fsync },
	{ "read one resource", 1, run_read },
	{ "search by one token, page of 20", 1, run_token },
	{ "a person's whole record, the largest", 1, run_everything },
	{ "durable two-resource transaction", 64, run_transaction },
	{ "count with two unselective parameters", 1, run_count },
	{ 0 },
};

/* Each row beside its twin: first as the system, then as somebody. */
static const struct workload guarded_workloads[] = {
	{ "read one of those people", 1, run_read_seen, false },
	{ "the same, guarded", 1, run_read_seen, true },
	{ "search by one token, page of 20", 1, run_token, false },
	{ "the same, guarded", 1, run_token, true },
	{ 0 },
};

static void *lane_run(void *arg)
{
	struct lane *lane = arg;
	int64_t end = clock_monotonic() + lane->bench->seconds * 1000000, now = clock_monotonic();
	ARENA(arena);

	while (now < end) {
		struct ctx c;
		int64_t then;
		ctx_init(&c, &arena);
		c.place = lane->bench->place;
		c.guard = lane->workload->guarded ? &lane->bench->guard : NULL;
		if (lane->workload->run(&c, lane) != OK && lane->failed++ == 0)
			fprintf(stderr, "bench: %s: %s\n", lane->workload->name, c.why);
		then = now;
		now = clock_monotonic();
		if (lane->done < SAMPLES)
			lane->times[lane->done] = (uint32_t)(now - then);
		lane->done++;
		arena_reset(&arena);
	}
	return NULL;
}

struct result {
	double rate;
	uint32_t median, p99;
	int64_t done, failed;
};

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void result_make(struct arena *a, const struct lane *lanes, unsigned count, double seconds,
			struct result *out)
{
	uint32_t *times = NEW_N(a, uint32_t, (size_t)count * SAMPLES);
	size_t n = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t some = (size_t)(lanes[i].done < SAMPLES ? lanes[i].done : SAMPLES);
		memcpy(times + n, lanes[i].times, some * sizeof *times);
		n += some;
		out->done += lanes[i].done;
		out->failed += lanes[i].failed;
	}
	qsort(times, n, sizeof *times, by_size);
	out->rate = (double)(out->done - out->failed) / seconds;
	out->median = n ? times[n / 2] : 0;
	out->p99 = n ? times[n * 99 / 100] : 0;
}

static enum err workload_run(struct ctx *c, const struct bench *bench, const struct workload *workload,
			     struct result *out)
{
	ARENA(scratch);
	pthread_t threads[THREADS_MOST];
	struct lane *lanes = NEW_N(&scratch, struct lane, workload->threads);
	int64_t started = clock_monotonic();
	bool on_server = strstr(bench->db, "://"); /* then the disk here stands in for its own */
	char *path = arena_printf(&scratch, "%s.fsync", on_server ? "causeway" : bench->db);
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (file < 0)
		return fail(c, ERR_IO, "%s cannot be made: %m", path);
	for (unsigned i = 0; i < workload->threads; i++) {
		lanes[i] = (struct lane){ bench, workload, i, UINT64_C(0x9E3779B97F4A7C15) * (i + 1), 0, 0,
					  NEW_N(&scratch, uint32_t, SAMPLES), file };
		if (pthread_create(&threads[i], NULL, lane_run, &lanes[i]) != 0)
			abort();
	}
	for (unsigned i = 0; i < workload->threads; i++)
		pthread_join(threads[i], NULL);
	result_make(&scratch, lanes, workload->threads, (double)(clock_monotonic() - started) / 1e6, out);
	close(file);
	unlink(path);
	return OK;
}

/* ---- what to ask for: taken from the database itself, the same each time ---- */

static enum err sample_one(struct ctx *c, void *arg, const struct version *v)
{
	struct bench *bench = arg;
	struct node *resource, *coding;

	if (str_is(v->type, "Patient") && bench->id_count < IDS) {
		bench->keys[bench->id_count] = v->person;
		bench->ids[bench->id_count++] = str_of(str_dup(&bench->place->life, v->id));
	}
	if (!str_is(v->type, "Condition") || bench->code_count == IDS)
		return OK;
	TRY(json_read(c, c->arena, v->body, &(struct json_options){ 0 }, &resource));
	coding = node_at(node_get(node_get(resource, "code"), "coding"), 0);
	if (node_str(coding, "code").len)
		bench->codes[bench->code_count++] = str_of(
			arena_printf(&bench->place->life, STR_FMT "|" STR_FMT,
				     STR_ARG(node_str(coding, "system")), STR_ARG(node_str(coding, "code"))));
	return OK;
}

static enum err bench_sample(struct ctx *c, struct bench *bench)
{
	static const char *const types[] = { "Condition", "Patient", NULL };

	TRY(record_each(c, types, sample_one, bench));
	if (bench->id_count == 0 || bench->code_count == 0)
		return fail(c, ERR_USAGE, "the database holds no Patient or no coded Condition to ask for");
	return OK;
}

/* ---- somebody who may see some of it ---- */

#define GUARDED_PEOPLE 500
#define GUARDED_CHOICES 3

/* Those people are spread over all that were looked at. */
static void make_guard(struct bench *bench)
{
	unsigned types = bench->place->fhir->type_count;
	struct arena *a = &bench->place->life;
	uint8_t *kinds = NEW_N(a, uint8_t, types);
	int64_t *people = NEW_N(a, int64_t, GUARDED_PEOPLE);
	struct guard_person *persons = NEW_N(a, struct guard_person, GUARDED_CHOICES);
	size_t step = bench->id_count / GUARDED_PEOPLE + 1, count = 0;

	memset(kinds, GUARD_RELATED, types);
	for (size_t i = 0; i < bench->id_count && count < GUARDED_PEOPLE; i += step) {
		people[count++] = bench->keys[i];
		bench->seen[bench->seen_count++] = bench->ids[i];
	}
	for (size_t i = 0; i < GUARDED_CHOICES && i < count; i++)
		persons[i] = (struct guard_person){ .person = people[i], .hidden = 1 };
	bench->guard = (struct guard){ .kinds = kinds,       .people = people,
				       .people_count = count, .all_orgs = true,
				       .persons = persons,
				       .person_count = count < GUARDED_CHOICES ? count : GUARDED_CHOICES,
				       .stamp = 2 };
}

static enum err bench_guarded(struct ctx *c, const struct invocation *in, struct bench *bench,
			      struct node *json)
{
	struct node *list = node_add(c->arena, json, "guarded", NODE_ARRAY);
	double before = 0;

	make_guard(bench);
	fprintf(in->out, "\nas somebody who may see %zu people\n", bench->guard.people_count);
	for (const struct workload *w = guarded_workloads; w->name; w++) {
		struct result r = { 0 };
		struct node *row = node_add(c->arena, list, NULL, NODE_OBJECT);

		TRY(workload_run(c, bench, w, &r));
		TRY(ctx_check(c));
		fprintf(in->out, "%-40s %12.0f %12u %12u", w->name, r.rate, r.median, r.p99);
		if (w->guarded && before > 0)
			fprintf(in->out, "   %.2f times", r.rate / before);
		fputc('\n', in->out);
		before = r.rate;
		node_add_cstr(c->arena, row, "name", w->name);
		node_add_bool(c->arena, row, "guarded", w->guarded);
		node_add_int(c->arena, row, "per_second", (int64_t)r.rate);
		node_add_int(c->arena, row, "failed", r.failed);
	}
	return OK;
}

static enum err find_largest(struct ctx *c, struct bench *bench)
{
	for (size_t i = 0; i < bench->id_count && i < LOOKED_AT; i++) {
		struct everything ask = { .id = bench->ids[i], .count = WHOLE_MAX };
		struct everything_page page;
		struct arena_mark mark = arena_mark(c->arena);
		size_t bytes = 0;

		TRY(record_everything(c, &ask, pass_over, &bytes, &page));
		arena_release(c->arena, mark);
		if (page.own > bench->whole_count) {
			bench->whole_count = page.own;
			bench->whole = bench->ids[i];
		}
	}
	return OK;
}

/* The most memory this process ever had, in MB. */
static int64_t peak_memory(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_maxrss / 1024;
}

static void print_machine(const struct invocation *in, struct node *json, struct arena *a)
{
	struct utsname name;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	uname(&name);
	fprintf(in->out, "%ld cores, %s %s %s\n", cores, name.sysname, name.release, name.machine);
	node_add_int(a, json, "cores", cores);
	node_add_cstr(a, json, "kernel", arena_str(a, name.release));
}

static enum err bench_all(struct ctx *c, const struct invocation *in, struct bench *bench, struct node *json)
{
	struct node *list;

	TRY(bench_sample(c, bench));
	TRY(find_largest(c, bench));
	print_machine(in, json, c->arena);
	fprintf(in->out, "the largest record looked at has %zu resources\n", bench->whole_count);
	node_add_int(c->arena, json, "whole", (int64_t)bench->whole_count);
	fprintf(in->out, "%-40s %12s %12s %12s\n", "workload", "a second", "median us", "99 % us");
	list = node_add(c->arena, json, "workloads", NODE_ARRAY);
	for (const struct workload *w = workloads; w->name; w++) {
		struct result r = { 0 };
		struct node *row;
		TRY(workload_run(c, bench, w, &r));
		TRY(ctx_check(c));
		fprintf(in->out, "%-40s %12.0f %12u %12u\n", w->name, r.rate, r.median, r.p99);
		fflush(in->out);
		row = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, row, "name", w->name);
		node_add_int(c->arena, row, "threads", w->threads);
		node_add_int(c->arena, row, "per_second", (int64_t)r.rate);
		node_add_int(c->arena, row, "median_us", r.median);
		node_add_int(c->arena, row, "p99_us", r.p99);
		node_add_int(c->arena, row, "failed", r.failed);
	}
	if (command_option(in, "guarded"))
		TRY(bench_guarded(c, in, bench, json));
	fprintf(in->out, "memory at its most: %lld MB\n", (long long)peak_memory());
	node_add_int(c->arena, json, "memory_mb", peak_memory());
	return OK;
}

static enum err write_json(struct ctx *c, const struct invocation *in, const struct node *json)
{
	FILE *file = fopen(command_option(in, "json"), "w");
	struct buf text;

	buf_init(&text, c->arena, 0);
	json_write(&text, json, 2);
	if (!file || fwrite(text.at, 1, text.len, file) != text.len || fputc('\n', file) == EOF ||
	    fclose(file) != 0)
		return fail(c, ERR_IO, "%s cannot be written: %m", command_option(in, "json"));
	return OK;
}

static enum err run_bench(struct ctx *c, struct invocation *in)
{
	struct bench *bench = NEW(c->arena, struct bench);
	struct node *json = node_new(c->arena, NODE_OBJECT);
	int64_t began = clock_monotonic();
	enum err e;

	bench->db = in->argv[0];
	TRY(command_option_int(c, in, "seconds", 1, 600, &bench->seconds));
	TRY(place_open(c, in->share, bench->db, STORE_MIGRATE, false, &bench->place));
	node_add_int(c->arena, json, "open_ms", (clock_monotonic() - began) / 1000);
	e = bench_all(c, in, bench, json);
	place_close(bench->place);
	TRY(e);
	return command_option(in, "json") ? write_json(c, in, json) : OK;
}

const struct command bench_commands[] = {
	{ "bench", "DB", "Measure fixed workloads on a database; it is written to, so give a copy.", NULL,
	  bench_options, run_bench, "  causeway bench copy-of-county.db --seconds 5 --json result.json" },
	{ 0 },
};
