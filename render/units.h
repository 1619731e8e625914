/*
 * units.h - numbers for people: bytes in KiB/MiB/GiB, counts in groups of three, durations.
 *
 * Each writes into a buffer of MS_UNIT_TEXT bytes and returns it. Rounded to nearest; three significant digits.
 * Independent of the locale. Pure functions; thread-safe.
 */
#ifndef MS_RENDER_UNITS_H
#define MS_RENDER_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define MS_UNIT_TEXT 48

/* "0 B", "999 B", "1.00 KiB", "12.3 MiB"; exact: "12,345,678 B". */
const char *ms_unit_bytes(char buffer[MS_UNIT_TEXT], uint64_t bytes, bool exact);
/* "1,234,567" */
const char *ms_unit_count(char buffer[MS_UNIT_TEXT], uint64_t count);
/* "1 block", "1,234 blocks": the noun without s. */
const char *ms_unit_of(char buffer[MS_UNIT_TEXT], uint64_t count, const char *noun);
/* "0 ns", "12.3 us", "1.50 ms", "59.9 s", "3 min 20 s", "5 h 12 min". */
const char *ms_unit_duration(char buffer[MS_UNIT_TEXT], uint64_t ns);
/* "12.3 %"; less than a tenth but not 0: "< 0.1 %"; "-" when whole is 0. 100 % is all of it: 99.96 % is "99.9 %". */
const char *ms_unit_share(char buffer[MS_UNIT_TEXT], uint64_t part, uint64_t whole);

#endif
