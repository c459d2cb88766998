/* known.c - the keys of resources that were asked for lately.
 *
 * A resource keeps its key for ever, so nothing here is ever wrong, only forgotten: a fixed table,
 * four places for each hash, the oldest of the four goes. What is remembered of type and id is a
 * 128-bit hash with a secret of this process, so no client can make two ids meet.
 */
#include "record/inside.h"
#include "record/purge.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"

enum { SETS = 16384, WAYS = 4, LOCKS = 64 };

struct known_key {
	uint64_t high, low; /* hash of type and id */
	int64_t key;        /* 0: free */
};

struct known {
	uint64_t secret[2];
	pthread_mutex_t locks[LOCKS];
	struct known_key sets[SETS][WAYS]; /* newest first */
};

struct known *known_new(void)
{
	struct known *k = calloc(1, sizeof *k);

	if (!k || getrandom(k->secret, sizeof k->secret, 0) != sizeof k->secret)
		abort();
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&k->locks[i], NULL);
	return k;
}

void known_free(struct known *k)
{
	if (!k)
		return;
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&k->locks[i]);
	free(k);
}

static struct known_key hash_of(const struct known *k, int64_t type, struct str id)
{
	const uint64_t one[2] = { k->secret[0], k->secret[1] ^ (uint64_t)type };
	const uint64_t two[2] = { k->secret[1], k->secret[0] ^ (uint64_t)type };

	return (struct known_key){ hash_keyed(one, id.at, id.len),
				   hash_keyed(two, id.at, id.len), 0 };
}

static int64_t recall(struct known *k, struct known_key wanted)
{
	size_t set = wanted.low % SETS;
	int64_t key = 0;

	pthread_mutex_lock(&k->locks[set % LOCKS]);
	for (int i = 0; i < WAYS; i++)
		if (k->sets[set][i].high == wanted.high && k->sets[set][i].low == wanted.low)
			key = k->sets[set][i].key;
	pthread_mutex_unlock(&k->locks[set % LOCKS]);
	return key;
}

static void remember(struct known *k, struct known_key what)
{
	size_t set = what.low % SETS;
	struct known_key *at = k->sets[set];

	pthread_mutex_lock(&k->locks[set % LOCKS]);
	memmove(at + 1, at, (WAYS - 1) * sizeof *at);
	at[0] = what;
	pthread_mutex_unlock(&k->locks[set % LOCKS]);
}

enum err resource_key(struct ctx *c, struct db *db, int64_t type, struct str id, int64_t *key)
{
	struct known *k = c->place->record->known;
	struct known_key wanted = hash_of(k, type, id);
	bool row;
	STMT(s);

	wanted.key = recall(k, wanted);
	if (!wanted.key) {
		TRY(db_stmt(c, db, SQL("SELECT key FROM resource WHERE type = ?1 AND id = ?2"),
			    &s));
		stmt_bind_int(s, 1, type);
		stmt_bind_text(s, 2, id);
		TRY(stmt_step(c, s, &row));
		if (row)
			wanted.key = stmt_int(s, 0);
		else
			TRY(purge_key(c, db, type, id, &wanted.key));
		if (row && !db_writes(db))
			remember(k, wanted);
	}
	*key = wanted.key;
	return OK;
}
