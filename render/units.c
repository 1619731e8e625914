/* units.c - see units.h. Integer arithmetic only: no locale, no surprises of floating point. */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 wide;

/* value / unit with three significant digits: 1.23, 12.3, 123, 1023. */
static void three_digits(char buffer[MS_UNIT_TEXT], uint64_t value, uint64_t unit, const char *name)
{
	uint64_t hundredths = (uint64_t)(((wide)value * 100 + unit / 2) / unit);
	uint64_t tenths = (uint64_t)(((wide)value * 10 + unit / 2) / unit);

	if (hundredths < 1000)
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 ".%02" PRIu64 " %s", hundredths / 100, hundredths % 100, name);
	else if (tenths < 1000)
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, name);
	else
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 " %s", (uint64_t)(((wide)value + unit / 2) / unit), name);
}

const char *ms_unit_count(char buffer[MS_UNIT_TEXT], uint64_t count)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%" PRIu64, count), at = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buffer[at++] = ',';
		buffer[at++] = digits[i];
	}
	buffer[at] = '\0';
	return buffer;
}

const char *ms_unit_of(char buffer[MS_UNIT_TEXT], uint64_t count, const char *noun)
{
	size_t n;

	ms_unit_count(buffer, count);
	n = strlen(buffer);
	snprintf(buffer + n, MS_UNIT_TEXT - n, " %s%s", noun, count == 1 ? "" : "s");
	return buffer;
}

const char *ms_unit_bytes(char buffer[MS_UNIT_TEXT], uint64_t bytes, bool exact)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1024;
	int i = 0;

	if (exact || bytes < 1024) {
		ms_unit_count(buffer, bytes);
		strcat(buffer, " B");
		return buffer;
	}
	/* What would round to 1024 of a unit is 1.00 of the next. */
	while (i < 5 && bytes >= unit * 1024 - unit / 2) {
		unit *= 1024;
		i++;
	}
	three_digits(buffer, bytes, unit, names[i]);
	return buffer;
}

const char *ms_unit_duration(char buffer[MS_UNIT_TEXT], uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000)
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 " ns", ns);
	else if (ns < 999500)
		three_digits(buffer, ns, 1000, "us");
	else if (ns < 999500000)
		three_digits(buffer, ns, 1000000, "ms");
	else if (s < 120)
		three_digits(buffer, ns, 1000000000, "s");
	else if (s < 7200)
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	return buffer;
}

const char *ms_unit_share(char buffer[MS_UNIT_TEXT], uint64_t part, uint64_t whole)
{
	uint64_t tenths;

	if (whole == 0)
		return strcpy(buffer, "-");
	tenths = (uint64_t)(((wide)part * 1000 + whole / 2) / whole);
	if (part && tenths == 0)
		return strcpy(buffer, "< 0.1 %");
	if (part < whole && tenths >= 1000)
		tenths = 999;
	if (part == whole)
		return strcpy(buffer, "100 %");
	snprintf(buffer, MS_UNIT_TEXT, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
	return buffer;
}
