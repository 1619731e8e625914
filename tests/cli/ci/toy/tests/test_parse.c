/* test_parse.c - many records, and each is found again. */
#include <stdio.h>

#include "records.h"

int main(void)
{
	struct records all = {0};
	char line[40];
	int wrong = 0;

	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof line, "record number %d=%d", i, i * i);
		wrong += records_add(&all, line) != 0;
	}
	for (int i = 0; i < 200; i++) {
		const struct record *found;

		snprintf(line, sizeof line, "record number %d", i);
		found = records_find(&all, line);
		wrong += !found || found->value != i * i;
	}
	records_clear(&all);
	if (wrong)
		fprintf(stderr, "test_parse: %d wrong\n", wrong);
	return wrong != 0;
}
