/*
 * own_suppressions - a program that tells LeakSanitizer which leaks are meant: of its two leaks, one. Two allocations.
 */
#include <stdlib.h>
#include <string.h>

const char *__lsan_default_suppressions(void);
__attribute__((noinline)) const char *__lsan_default_suppressions(void)
{
	return "# meant\nleak:kept_for_good\n";
}

static void *volatile last;

__attribute__((noinline)) static void kept_for_good(void)
{
	last = memset(malloc(100), 1, 100);
}

__attribute__((noinline)) static void forgotten(void)
{
	last = memset(malloc(200), 1, 200);
}

int main(void)
{
	kept_for_good();
	forgotten();
	last = NULL;
	return 0;
}
