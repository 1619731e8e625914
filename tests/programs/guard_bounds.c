/*
 * guard_bounds.c - libc calls that leave their block or use a freed one, a block for each; with an argument the same calls, all of
 * them right. gcc's AddressSanitizer does not see the wide ones; an unterminated string is no fault of any page.
 *
 * Writes to standard error what a guard should have seen: function, access, offset of the first byte in the block, bytes, freed.
 * Allocations: one block of 10 characters for each call, none freed but those of the last group, besides libc's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

#define CHARS 10

static int wrong = 1;     /* how many characters too many */
static char text[64] = "abcdefghijklmnopqrstuvwxyz";
static wchar_t wide[64] = L"abcdefghijklmnopqrstuvwxyz";
static volatile size_t length; /* so that the calls are made */
static int pipes[2], sockets[2];

static void *block(size_t width)
{
	void *p = malloc(CHARS * width);

	if (p == NULL)
		exit(1);
	return memset(p, 'a', CHARS * width);
}
static void expect(const char *function, const char *access, int offset, int bytes, int freed)
{
	if (wrong)
		fprintf(stderr, "%s %s %d %d %d\n", function, access, offset, bytes, freed);
}
static int compare(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* A call with p, the block, and n, the characters of it that are touched. */
#define NARROW(function, access, call)                                                                                \
	do {                                                                                                          \
		char *p = block(1);                                                                                   \
		size_t n = CHARS + (size_t)wrong;                                                                     \
		expect(function, access, CHARS, 1, 0);                                                                \
		(void)n;                                                                                              \
		call;                                                                                                 \
	} while (0)
#define WIDE(function, access, call)                                                                                  \
	do {                                                                                                          \
		wchar_t *p = block(4);                                                                                \
		size_t n = CHARS + (size_t)wrong;                                                                     \
		expect(function, access, CHARS * 4, 4, 0);                                                            \
		(void)n;                                                                                              \
		call;                                                                                                 \
	} while (0)
/* A string of the whole block without an end, or with one. */
#define UNENDED(call)                                                                                                 \
	do {                                                                                                          \
		if (!wrong)                                                                                           \
			p[CHARS - 1] = 0;                                                                             \
		call;                                                                                                 \
	} while (0)

int main(int argc, char **argv)
{
	(void)argv;
	wrong = argc == 1;
	if (pipe(pipes) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return 1;
	NARROW("memcpy", "write", memcpy(p, text, n));
	NARROW("memmove", "read", memmove(text, p, n));
	NARROW("memset", "write", memset(p, 'x', n));
	NARROW("strcpy", "write", text[n - 1] = '\0'; strcpy(p, text); text[n - 1] = 'x');
	NARROW("strncpy", "write", strncpy(p, "abc", n));
	NARROW("strcat", "write", p[5] = '\0'; strncpy(text, "abcdefgh", n - 5); text[n - 6] = '\0'; strcat(p, text));
	NARROW("strncat", "write", p[0] = '\0'; strncat(p, "abcdefghijklm", n - 1));
	NARROW("sprintf", "write", sprintf(p, "%.*s", (int)n - 1, "123456789012"));
	NARROW("snprintf", "write", snprintf(p, n, "%s", "123456789012"));
	NARROW("strlen", "read", UNENDED(length = strlen(p)));
	NARROW("strdup", "read", UNENDED(free(strdup(p))));
	NARROW("puts", "read", UNENDED(puts(p)));
	NARROW("fputs", "read", UNENDED(fputs(p, stdout)));
	NARROW("printf", "read", UNENDED(printf("%s\n", p)));
	NARROW("memcmp", "read", memset(text, 'a', 20); length = (size_t)memcmp(p, text, n));
	NARROW("qsort", "read", qsort(p, n, 1, compare));
	NARROW("read", "write", write(pipes[1], text, n); read(pipes[0], p, n));
	NARROW("write", "read", write(pipes[1], p, n));
	NARROW("recv", "write", send(sockets[1], text, n, 0); recv(sockets[0], p, n, 0));
	NARROW("send", "read", send(sockets[1], p, n, 0));
	WIDE("wmemcpy", "write", wmemcpy(p, wide, n));
	WIDE("wmemset", "write", wmemset(p, L'x', n));
	WIDE("wcscpy", "write", wide[n - 1] = 0; wcscpy(p, wide));
	WIDE("wcsncpy", "write", wcsncpy(p, L"abc", n));
	WIDE("wcscat", "write", p[0] = 0; wcscat(p, wide));
	WIDE("wcsncat", "write", p[0] = 0; wcsncat(p, wide, n - 1));
	WIDE("swprintf", "write", swprintf(p, n, L"%ls", wide));
	WIDE("mbstowcs", "write", mbstowcs(p, "abcdefghijklmnop", n));
	WIDE("wcslen", "read", UNENDED(length = wcslen(p)));
	WIDE("wcsdup", "read", UNENDED(free(wcsdup(p))));
	{ /* before the start */
		char *p = block(1);
		wchar_t *w = block(4);

		expect("memcpy", "write", -16, 10, 0);
		memcpy(p - 16 * wrong, text, 10);
		expect("wcscpy", "write", -8, 8, 0);
		wide[4] = 0;
		wcscpy(w - 2 * wrong, wide);
	}
	{ /* freed */
		char *p = block(1);
		wchar_t *w = block(4);

		if (wrong)
			free(p);
		expect("memcpy", "read", 0, 10, 1);
		memcpy(text, p, 10);
		if (wrong)
			free(w);
		expect("wmemcpy", "write", 4, 8, 1);
		wmemcpy(w + 1, wide, 2);
		if (!wrong) {
			free(p);
			free(w);
		}
	}
	return 0;
}
