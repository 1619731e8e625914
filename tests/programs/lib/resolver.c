// flags: -fno-builtin
/*
 * libresolver.so - an indirect function whose resolver calls libc. libresolver_user.so makes the loader run it before a preloaded
 * library is relocated. What the resolver found says whether libc's functions did what they should.
 */
#include <string.h>

static char found[16];

static int whole(void)
{
	return 1;
}
static int broken(void)
{
	return 0;
}

static int (*resolve(void))(void)
{
	static char text[] = "avx2 sse4 sse2";
	char *volatile hidden = text; /* so that the calls are made */
	const char *list = hidden;

	memset(found, 'x', sizeof(found));
	memcpy(found, strchr(list, 's'), 5);
	memmove(found + 1, found, 4);
	found[5] = '\0';
	return strlen(list) == 14 && memcmp(found, "ssse4", 5) == 0 && strcmp(found, "ssse4") == 0 && strncmp(list, "avx9", 3) == 0 &&
			       strrchr(list, ' ') == list + 9 && strcspn(list, "4") == 8 && memchr(list, '2', 14) == list + 3 ?
		       whole :
		       broken;
}

int indirect(void) __attribute__((ifunc("resolve")));
