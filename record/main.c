/* memscope-record: runs a program and records what it does with memory. */
#include "options.h"
#include "session.h"

int main(int argc, char **argv)
{
	struct options options;

	if (options_parse(argc, argv, 0, &options) != 0)
		return MS_EXIT_FAILURE;
	return session_run(&options);
}
