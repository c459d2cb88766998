/* main.c - causeway, the program. */
#include "main/modules.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv, all_commands);
}
