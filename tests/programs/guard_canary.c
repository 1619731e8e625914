/*
 * What redzones and poison show after the fact: `guard_canary CASE`. One block of 20 bytes, one fault; the program itself
 * notices nothing and prints "end".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static __attribute__((noinline)) char *get(size_t bytes)
{
	char *p = malloc(bytes);

	if (p == NULL)
		exit(99);
	return p;
}

static __attribute__((noinline)) void put(char *p)
{
	free(p);
	__asm__ volatile("");
}

static char outside[64];

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "clean";
	char *p = get(20);

	memset(p, 'a', 20);
	if (strcmp(what, "behind") == 0) {
		for (int i = 0; i < 23; i++)
			p[i] = 'x';
		put(p);
	} else if (strcmp(what, "before") == 0) {
		p[-8] = 'x';
		put(p);
	} else if (strcmp(what, "kept") == 0) { /* never freed, and no destructor runs */
		p[-32] = 'x';
		printf("end\n");
		fflush(stdout);
		_exit(7);
	} else if (strcmp(what, "replaced") == 0) { /* the image goes away */
		p[20] = 'x';
		execl("/proc/self/exe", argv[0], "clean", (char *)NULL);
	} else if (strcmp(what, "freed") == 0) {
		put(p);
		p[5] = 'x';
	} else if (strcmp(what, "twice") == 0) {
		put(p);
		put(p);
	} else if (strcmp(what, "inside") == 0) {
		put(p + 4);
		put(p);
	} else if (strcmp(what, "global") == 0) {
		put(outside + 16);
		put(p);
	} else if (strcmp(what, "again") == 0) {
		put(p);
		p = realloc(p, 30);
		memset(p, 'b', 30);
		put(p);
	} else if (strcmp(what, "limited") == 0) { /* a limit on the address space is the program's own */
		struct rlimit limit = {256u << 20, 256u << 20}, seen;

		setrlimit(RLIMIT_AS, &limit);
		getrlimit(RLIMIT_AS, &seen);
		for (int i = 0; i < 1000; i++)
			put(get((size_t)i * 100));
		printf("limit %s\n", seen.rlim_cur == limit.rlim_cur ? "kept" : "changed");
		put(p);
	} else {
		p = realloc(p, 21);
		p[20] = 'a';
		put(p);
	}
	printf("end\n");
	return 0;
}
