/*
 * interpose_early.c - what the functions of interpose_libc.c do before the real ones are known, and what this library itself
 * calls instead of them.
 *
 * The functions that the library itself, a compiler, or another library's resolver of indirect functions may call at any time
 * have a plain loop here. They are put into the empty table before anything is looked for, by code that needs no relocation.
 *
 * The library's own calls of libc's names would come back to the exported functions, and writing the canaries of a block would be
 * evidence against the program. The linker turns them into __wrap_ names (WRAPPED in the Makefile), which call the real functions.
 */
#include "bounds.h"

#include "record/preload/elf_lookup.h"

#define EXPORT __attribute__((visibility("default")))
#define UNCHANGED __asm__ volatile("" ::: "memory") /* a loop stays a loop: no call of the function that it is */

void bounds_early(void);

/* ---- plain loops ---- */

static void *early_memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if ((uintptr_t)to - (uintptr_t)from >= n) {
		for (size_t i = 0; i < n; i++) {
			t[i] = f[i];
			UNCHANGED;
		}
	} else {
		while (n-- > 0) {
			t[n] = f[n];
			UNCHANGED;
		}
	}
	return to;
}

static void *early_memset(void *to, int value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		((char *)to)[i] = (char)value;
		UNCHANGED;
	}
	return to;
}

static int early_memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
		UNCHANGED;
	}
	return 0;
}

static size_t early_strlen(const void *s)
{
	size_t n = 0;

	while (((const char *)s)[n] != '\0') {
		n++;
		UNCHANGED;
	}
	return n;
}

static int early_strncmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i] || x[i] == '\0')
			return x[i] - y[i];
		UNCHANGED;
	}
	return 0;
}

static int early_strcmp(const void *a, const void *b)
{
	return early_strncmp(a, b, SIZE_MAX);
}

static void *early_memchr(const void *at, int value, size_t n)
{
	for (const char *p = at; n-- > 0; p++) {
		if (*p == (char)value)
			return (void *)(uintptr_t)p;
		UNCHANGED;
	}
	return NULL;
}

static void *early_strchr(const void *s, int value)
{
	for (const char *p = s;; p++) {
		if (*p == (char)value)
			return (void *)(uintptr_t)p;
		if (*p == '\0')
			return NULL;
		UNCHANGED;
	}
}

static void *early_strrchr(const void *s, int value)
{
	const char *last = NULL;

	for (const char *p = s;; p++) {
		if (*p == (char)value)
			last = p;
		if (*p == '\0')
			return (void *)(uintptr_t)last;
		UNCHANGED;
	}
}

static size_t early_strcspn(const void *s, const void *set)
{
	size_t n = 0;

	while (((const char *)s)[n] != '\0' && early_strchr(set, ((const char *)s)[n]) == NULL)
		n++;
	return n;
}

/* X(name, stands-in): what the library calls itself, besides those of resolvers. */
#define EARLY(X)                                                                                                      \
	X(memcpy, early_memmove)                                                                                      \
	X(memmove, early_memmove)                                                                                     \
	X(memset, early_memset)                                                                                       \
	X(memcmp, early_memcmp)                                                                                       \
	X(bcmp, early_memcmp)                                                                                         \
	X(strlen, early_strlen)                                                                                       \
	X(strcmp, early_strcmp)                                                                                       \
	X(strncmp, early_strncmp)                                                                                     \
	X(memchr, early_memchr)                                                                                       \
	X(strchr, early_strchr)                                                                                       \
	X(strrchr, early_strrchr)                                                                                     \
	X(strcspn, early_strcspn)

/* ---- the way to the real ones ---- */

static const char *const probe = "";

/* The first call of any function that is not known yet. */
void bounds_early(void)
{
	const char *const *volatile where = &probe;

#define X(symbol, early)                                                                                              \
	if (libc_real.symbol == NULL)                                                                                 \
		libc_real.symbol = early;
	EARLY(X)
#undef X
	/* A pointer in our data is the number in the file, or nothing, until the loader has added our address. */
	if ((uintptr_t)*where > UINT32_MAX)
		bounds_resolve();
}

__attribute__((constructor(101))) static void start(void)
{
	bounds_early();
}

/* ---- the library's own calls ---- */

static inline const struct libc_real *ready(void)
{
	if (MS_UNLIKELY(libc_real.memcpy == NULL))
		bounds_early();
	return &libc_real;
}

#define WRAP(result, name, parameters, arguments)                                                                     \
	result __wrap_##name parameters;                                                                              \
	result __wrap_##name parameters                                                                               \
	{                                                                                                             \
		return ready()->name arguments;                                                                       \
	}
WRAP(void *, memcpy, (void *to, const void *from, size_t n), (to, from, n))
WRAP(void *, memmove, (void *to, const void *from, size_t n), (to, from, n))
WRAP(void *, memset, (void *to, int value, size_t n), (to, value, n))
WRAP(int, memcmp, (const void *a, const void *b, size_t n), (a, b, n))
WRAP(int, bcmp, (const void *a, const void *b, size_t n), (a, b, n))
WRAP(size_t, strlen, (const void *s), (s))
WRAP(int, strcmp, (const void *a, const void *b), (a, b))
WRAP(int, strncmp, (const void *a, const void *b, size_t n), (a, b, n))
WRAP(void *, memchr, (const void *at, int value, size_t n), (at, value, n))
WRAP(void *, strchr, (const void *s, int value), (s, value))
WRAP(void *, strrchr, (const void *s, int value), (s, value))
WRAP(size_t, strcspn, (const void *s, const void *set), (s, set))
