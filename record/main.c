/* memscope-record: runs a program and records what it does with memory. */
#include "attach.h"
#include "control_client.h"
#include "options.h"
#include "session.h"

int main(int argc, char **argv)
{
	struct options options;

	if (options_parse(argc, argv, 0, &options) != 0)
		return MS_EXIT_FAILURE;
	if (options.control)
		return control_ask(options.control, options.program, options.quiet);
	return options.attach_pid ? attach_run(&options) : session_run(&options);
}
