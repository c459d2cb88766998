/* main.c - causeway, the program. */
#include <malloc.h>

#include "main/modules.h"

/* The chunks of large arenas come from mmap and go back to the system when their request ends: one
 * huge Bundle must not leave the server huge. Without this the C library raises the threshold the
 * first time such a chunk is freed, and keeps what comes after. */
#define CHUNK_FROM_SYSTEM (512 << 10)

int main(int argc, char **argv)
{
	mallopt(M_MMAP_THRESHOLD, CHUNK_FROM_SYSTEM);
	ARENA(life);
	return command_main(argc, argv, all_commands(&life));
}
