#include "say.h"

#include <limits.h>
#include <stdio.h>

void say_list(const char *format, va_list args)
{
	char line[2 * PATH_MAX]; /* whole before it is written: one line, whoever else says something */

	vsnprintf(line, sizeof line, format, args);
	fprintf(stderr, "memscope-record: %s\n", line);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(format, args);
	va_end(args);
}
