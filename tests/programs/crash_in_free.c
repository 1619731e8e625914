/*
 * crash_in_free - the classic: a string is copied into a block that has no room for its terminator, a field is filled beyond its
 * end, and the program dies much later, in free(), of what the allocator found there. Three allocations: two copies and
 * the buffer of stdout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user {
	char *name, *mail;
};

__attribute__((noinline)) static char *copy(const char *text)
{
	char *s = malloc(strlen(text)); /* room for the terminator is forgotten */

	return strcpy(s, text);
}

__attribute__((noinline)) static void hide(char *name)
{
	memset(name, 'x', 48); /* whatever its length */
}

int main(void)
{
	struct user u = {copy("Ada Lovelace, Countess Ada"), copy("ada@example.org, and more")};

	hide(u.name);
	free(u.mail);
	puts("done");
	free(u.name);
	return 0;
}
