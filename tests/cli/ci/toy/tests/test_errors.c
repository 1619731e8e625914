/* test_errors.c - lines that are no records are refused. */
#include <stdio.h>

#include "records.h"

static const char *const bad[] = {"", "no equals sign", "another line", "and one more"};

int main(void)
{
	struct records all = {0};
	int wrong = 0;

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		wrong += records_add(&all, bad[i]) != -1;
	wrong += records_add(&all, "good=1") != 0 || all.count != 1;
	records_clear(&all);
	if (wrong)
		fprintf(stderr, "test_errors: %d wrong\n", wrong);
	return wrong != 0;
}
