/*
 * say.h - a line on standard error in the name of memscope-record.
 *
 * format: as printf's, without the line's end. No errors, no ownership. Any thread; not signal-safe (stdio).
 */
#ifndef MS_RECORD_SAY_H
#define MS_RECORD_SAY_H

#include <stdarg.h>

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
