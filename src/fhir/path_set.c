/* path_set.c - collections as sets: is it in there, each one once. */
#include "fhir/path_int.h"

#define FEW 8 /* up to here looking at all is faster than hashing */

enum err items_has(struct vm *vm, struct items in, const struct item *item, bool *out)
{
	enum truth same = TRUTH_NO;

	*out = false;
	TRY(vm_step(vm, in.len));
	for (size_t i = 0; i < in.len && !*out; i++) {
		TRY(item_equal(vm, &in.at[i], item, &same));
		*out = same == TRUTH_YES;
	}
	return OK;
}

/* Equal items have equal numbers; what equality looks at more closely has one number for all. */
static uint64_t item_hash(struct vm *vm, const struct item *given)
{
	struct item item = item_system(vm->a, given);

	switch ((enum item_kind)item.kind) {
	case ITEM_STRING:
	case ITEM_TYPE:
		return hash_bytes(item.text.at, item.text.len);
	case ITEM_BOOLEAN:
		return item.boolean ? 1 : 2;
	case ITEM_NODE:
		return item.value.node ? item.value.node->len * 0x9e3779b97f4a7c15u : 3;
	case ITEM_QUANTITY:
		if (!str_is(item.text, "1")) /* else it may equal a number */
			return 4;
		/* fall through */
	case ITEM_INTEGER:
	case ITEM_DECIMAL:
		return (uint64_t)dec_trim(number_of(&item)).coef * 0x9e3779b97f4a7c15u;
	default:
		return 5; /* dates, of whatever precision */
	}
}

static void link_item(struct item_set *set, size_t at)
{
	size_t slot = set->hashes[at] >> 7 & (set->slots - 1);

	set->next[at] = set->heads[slot];
	set->heads[slot] = (uint32_t)at + 1;
}

/* Twice the room; past FEW items, with slots for the hashes. */
static enum err grow(struct vm *vm, struct item_set *set)
{
	size_t room = set->room ? set->room * 2 : FEW, len = set->items.len;
	struct items items;

	TRY(vm_room(vm, len + 1));
	items = items_new(vm, room);
	if (len)
		memcpy(items.at, set->items.at, len * sizeof *items.at);
	items.len = len;
	set->items = items;
	set->room = room;
	if (room == FEW)
		return OK;
	set->slots = room * 2;
	set->heads = NEW_N(vm->a, uint32_t, set->slots);
	set->next = NEW_N(vm->a, uint32_t, room);
	uint64_t *hashes = NEW_N(vm->a, uint64_t, room);

	for (size_t i = 0; i < len; i++)
		hashes[i] = set->hashes ? set->hashes[i] : item_hash(vm, &items.at[i]);
	set->hashes = hashes;
	for (size_t i = 0; i < len; i++)
		link_item(set, i);
	return OK;
}

static enum err find(struct vm *vm, struct item_set *set, uint64_t hash,
		     const struct item *item, bool *found)
{
	enum truth same = TRUTH_NO;

	if (!set->slots)
		return items_has(vm, set->items, item, found);
	for (uint32_t at = set->heads[hash >> 7 & (set->slots - 1)]; at && same != TRUTH_YES;
	     at = set->next[at - 1]) {
		TRY(vm_step(vm, 1));
		if (set->hashes[at - 1] == hash)
			TRY(item_equal(vm, &set->items.at[at - 1], item, &same));
	}
	*found = same == TRUTH_YES;
	return OK;
}

enum err item_set_add(struct vm *vm, struct item_set *set, const struct item *item, bool *added)
{
	uint64_t hash = set->slots ? item_hash(vm, item) : 0;
	bool found;

	TRY(find(vm, set, hash, item, &found));
	*added = !found;
	if (found)
		return OK;
	if (set->items.len == set->room)
		TRY(grow(vm, set));
	if (set->slots) {
		set->hashes[set->items.len] = hash ? hash : item_hash(vm, item);
		link_item(set, set->items.len);
	}
	set->items.at[set->items.len++] = *item;
	return OK;
}

enum err items_distinct(struct vm *vm, struct items in, struct items *out)
{
	struct item_set set = { 0 };
	bool added;

	if (in.len < 2) {
		*out = in;
		return OK;
	}
	for (size_t i = 0; i < in.len; i++)
		TRY(item_set_add(vm, &set, &in.at[i], &added));
	*out = set.items;
	return OK;
}
