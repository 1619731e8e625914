/*
 * own_malloc - an executable with an allocator of its own, not libc's: nothing of it can be preloaded away.
 *
 * Breaks preloads that assume the calls come to them, or free a block that another allocator gave. The program must run as
 * without a recorder; that its allocator was not seen must be said.
 */
#include <errno.h>
#include <stdint.h>

#include "known.h"

static _Alignas(16) char pool[1 << 20];
static size_t used;

void *malloc(size_t n)
{
	size_t at = (used + 31) & ~(size_t)15;
	if (n > sizeof pool || at + n > sizeof pool) {
		errno = ENOMEM;
		return NULL;
	}
	used = at + n;
	memcpy(pool + at - sizeof n, &n, sizeof n);
	return pool + at;
}
void free(void *p)
{
	if (p && (uintptr_t)p - (uintptr_t)pool >= sizeof pool)
		give_up("free of a stranger: %p", p);
}
void *calloc(size_t k, size_t n) { return malloc(k * n); }
void *realloc(void *p, size_t n)
{
	void *q = malloc(n);
	size_t old = 0;
	if (p)
		memcpy(&old, (char *)p - sizeof old, sizeof old);
	return q && p ? memcpy(q, p, old < n ? old : n) : q;
}

int main(void)
{
	for (int i = 0; i < 100; i++)
		free(malloc(50));
	char *copy = strdup("text");
	if ((uintptr_t)copy - (uintptr_t)pool >= sizeof pool)
		give_up("strdup used another malloc");
	say(1, "own malloc %s\n", copy);
	return 24;
}
