/*
 * libc_rows.h - the libc functions whose ranges are compared with the blocks that they touch: one row each, included several
 * times with other macros (no include guard): for the table of real functions (bounds.h), their names (bounds.c), the exported
 * functions (interpose_libc.c), and the tests.
 *
 *   BEFORE(result, symbol, name, width, parameters, arguments, covered, check)
 *       check runs before the real function, which is then jumped to: no frame of ours is on the stack while it runs.
 *   VOID(symbol, ...)     the same for functions without a result
 *   AROUND(result, symbol, name, width, parameters, arguments, covered, before, after)
 *       what is touched is known afterwards: before may open protected pages, after sees the result as r.
 *   PRINTF(symbol, real, name, width, parameters, last, arguments, covered, before, after)
 *       variadic: calls the function real, which has a row of its own, with arguments; in them the rest is called list
 *   name: for people, without underscores. width: bytes of a character. covered: could a pointer be in a pool? In checks C is
 *   the call (struct bounds_call *).
 *
 * A new function: a row here, its name in exports.map and tests/golden/guard-exports.txt, a case in tests/unit/test_bounds.c.
 *
 * Types are those of the calling convention, not of the headers: pointers are void *, locales and streams too. No header of
 * libc that declares these functions is needed, and none may be included where they are defined.
 */

/* ---- memory ---- */
#define COPY(symbol, name, width)                                                                                     \
	BEFORE(void *, symbol, name, width, (void *to, const void *from, size_t n), (to, from, n), IN2(to, from),     \
	       bounds_copy(C, to, from, n))
COPY(memcpy, "memcpy", 1)
COPY(memmove, "memmove", 1)
COPY(mempcpy, "mempcpy", 1)
COPY(__mempcpy, "mempcpy", 1)
COPY(wmemcpy, "wmemcpy", 4)
COPY(wmemmove, "wmemmove", 4)
COPY(wmempcpy, "wmempcpy", 4)
#undef COPY
#define COPY_CHK(symbol, name, width)                                                                                 \
	BEFORE(void *, symbol, name, width, (void *to, const void *from, size_t n, size_t room), (to, from, n, room), \
	       IN2(to, from), bounds_copy(C, to, from, n))
COPY_CHK(__memcpy_chk, "memcpy", 1)
COPY_CHK(__memmove_chk, "memmove", 1)
COPY_CHK(__mempcpy_chk, "mempcpy", 1)
COPY_CHK(__wmemcpy_chk, "wmemcpy", 4)
COPY_CHK(__wmemmove_chk, "wmemmove", 4)
COPY_CHK(__wmempcpy_chk, "wmempcpy", 4)
#undef COPY_CHK
VOID(bcopy, "bcopy", 1, (const void *from, void *to, size_t n), (from, to, n), IN2(to, from), bounds_copy(C, to, from, n))
VOID(swab, "swab", 1, (const void *from, void *to, ssize_t n), (from, to, n), IN2(to, from),
     bounds_copy(C, to, from, n > 0 ? (size_t)n & ~(size_t)1 : 0))
BEFORE(void *, memccpy, "memccpy", 1, (void *to, const void *from, int value, size_t n), (to, from, value, n), IN2(to, from),
       bounds_copy_until(C, to, from, value, n))
BEFORE(void *, memset, "memset", 1, (void *to, int value, size_t n), (to, value, n), IN1(to), bounds_fill(C, to, n))
BEFORE(void *, __memset_chk, "memset", 1, (void *to, int value, size_t n, size_t room), (to, value, n, room), IN1(to),
       bounds_fill(C, to, n))
BEFORE(void *, wmemset, "wmemset", 4, (void *to, wchar_t value, size_t n), (to, value, n), IN1(to), bounds_fill(C, to, n))
BEFORE(void *, __wmemset_chk, "wmemset", 4, (void *to, wchar_t value, size_t n, size_t room), (to, value, n, room), IN1(to),
       bounds_fill(C, to, n))
VOID(bzero, "bzero", 1, (void *to, size_t n), (to, n), IN1(to), bounds_fill(C, to, n))
VOID(explicit_bzero, "explicit_bzero", 1, (void *to, size_t n), (to, n), IN1(to), bounds_fill(C, to, n))
VOID(__explicit_bzero_chk, "explicit_bzero", 1, (void *to, size_t n, size_t room), (to, n, room), IN1(to), bounds_fill(C, to, n))
BEFORE(void *, memfrob, "memfrob", 1, (void *to, size_t n), (to, n), IN1(to), bounds_fill(C, to, n))
#define COMPARE(symbol, name, width)                                                                                  \
	BEFORE(int, symbol, name, width, (const void *a, const void *b, size_t n), (a, b, n), IN2(a, b),              \
	       bounds_compare(C, a, b, n))
COMPARE(memcmp, "memcmp", 1)
COMPARE(__memcmpeq, "memcmp", 1)
COMPARE(bcmp, "bcmp", 1)
COMPARE(wmemcmp, "wmemcmp", 4)
#undef COMPARE
BEFORE(void *, memchr, "memchr", 1, (const void *at, int value, size_t n), (at, value, n), IN1(at), bounds_find(C, at, (unsigned char)value, n))
BEFORE(void *, wmemchr, "wmemchr", 4, (const void *at, wchar_t value, size_t n), (at, value, n), IN1(at), bounds_find(C, at, (uint32_t)value, n))
BEFORE(void *, rawmemchr, "rawmemchr", 1, (const void *at, int value), (at, value), IN1(at), bounds_find(C, at, (unsigned char)value, SIZE_MAX))
BEFORE(void *, __rawmemchr, "rawmemchr", 1, (const void *at, int value), (at, value), IN1(at), bounds_find(C, at, (unsigned char)value, SIZE_MAX))
BEFORE(void *, memrchr, "memrchr", 1, (const void *at, int value, size_t n), (at, value, n), IN1(at), bounds_find_last(C, at, value, n))
BEFORE(void *, memmem, "memmem", 1, (const void *hay, size_t n, const void *needle, size_t m), (hay, n, needle, m), IN2(hay, needle),
       bounds_find_bytes(C, hay, n, needle, m))
VOID(qsort, "qsort", 1, (void *base, size_t n, size_t bytes, int (*compare)(const void *, const void *)), (base, n, bytes, compare),
     IN1(base), bounds_sort(C, base, n, bytes))
VOID(qsort_r, "qsort_r", 1, (void *base, size_t n, size_t bytes, int (*compare)(const void *, const void *, void *), void *context),
     (base, n, bytes, compare, context), IN1(base), bounds_sort(C, base, n, bytes))
AROUND(void *, bsearch, "bsearch", 1, (const void *key, const void *base, size_t n, size_t bytes, int (*compare)(const void *, const void *)),
       (key, base, n, bytes, compare), IN1(base), (void)0, bounds_touch(C, MS_ACCESS_READ, (uint64_t)(uintptr_t)r, r != NULL ? 1 : 0))

/* ---- strings, narrow and wide ---- */
#define ONE(result, symbol, name, width)                                                                              \
	BEFORE(result, symbol, name, width, (const void *s), (s), IN1(s), bounds_string(C, s, SIZE_MAX))
ONE(size_t, strlen, "strlen", 1)
ONE(size_t, wcslen, "wcslen", 4)
ONE(void *, strdup, "strdup", 1)
ONE(void *, __strdup, "strdup", 1)
ONE(void *, wcsdup, "wcsdup", 4)
ONE(int, puts, "puts", 1)
#undef ONE
#define ONE_N(result, symbol, name, width)                                                                            \
	BEFORE(result, symbol, name, width, (const void *s, size_t n), (s, n), IN1(s), bounds_string(C, s, n))
ONE_N(size_t, strnlen, "strnlen", 1)
ONE_N(size_t, wcsnlen, "wcsnlen", 4)
ONE_N(void *, strndup, "strndup", 1)
ONE_N(void *, __strndup, "strndup", 1)
#undef ONE_N
#define OUT(symbol, name, width)                                                                                      \
	BEFORE(int, symbol, name, width, (const void *s, void *stream), (s, stream), IN1(s), bounds_string(C, s, SIZE_MAX))
OUT(fputs, "fputs", 1)
OUT(fputs_unlocked, "fputs_unlocked", 1)
OUT(fputws, "fputws", 4)
OUT(fputws_unlocked, "fputws_unlocked", 4)
#undef OUT
#define STRING_COPY(symbol, name, width, check)                                                                       \
	BEFORE(void *, symbol, name, width, (void *to, const void *from), (to, from), IN2(to, from), check(C, to, from))
STRING_COPY(strcpy, "strcpy", 1, bounds_string_copy)
STRING_COPY(stpcpy, "stpcpy", 1, bounds_string_copy)
STRING_COPY(__stpcpy, "stpcpy", 1, bounds_string_copy)
STRING_COPY(wcscpy, "wcscpy", 4, bounds_string_copy)
STRING_COPY(wcpcpy, "wcpcpy", 4, bounds_string_copy)
STRING_COPY(strcat, "strcat", 1, bounds_string_append)
STRING_COPY(wcscat, "wcscat", 4, bounds_string_append)
#undef STRING_COPY
#define STRING_COPY_CHK(symbol, name, width, check)                                                                   \
	BEFORE(void *, symbol, name, width, (void *to, const void *from, size_t room), (to, from, room), IN2(to, from), \
	       check(C, to, from))
STRING_COPY_CHK(__strcpy_chk, "strcpy", 1, bounds_string_copy)
STRING_COPY_CHK(__stpcpy_chk, "stpcpy", 1, bounds_string_copy)
STRING_COPY_CHK(__wcscpy_chk, "wcscpy", 4, bounds_string_copy)
STRING_COPY_CHK(__wcpcpy_chk, "wcpcpy", 4, bounds_string_copy)
STRING_COPY_CHK(__strcat_chk, "strcat", 1, bounds_string_append)
STRING_COPY_CHK(__wcscat_chk, "wcscat", 4, bounds_string_append)
#undef STRING_COPY_CHK
#define STRING_COPY_N(symbol, name, width, check)                                                                     \
	BEFORE(void *, symbol, name, width, (void *to, const void *from, size_t n), (to, from, n), IN2(to, from),     \
	       check(C, to, from, n))
STRING_COPY_N(strncpy, "strncpy", 1, bounds_string_copy_n)
STRING_COPY_N(stpncpy, "stpncpy", 1, bounds_string_copy_n)
STRING_COPY_N(__stpncpy, "stpncpy", 1, bounds_string_copy_n)
STRING_COPY_N(wcsncpy, "wcsncpy", 4, bounds_string_copy_n)
STRING_COPY_N(wcpncpy, "wcpncpy", 4, bounds_string_copy_n)
STRING_COPY_N(strncat, "strncat", 1, bounds_string_append_n)
STRING_COPY_N(wcsncat, "wcsncat", 4, bounds_string_append_n)
#undef STRING_COPY_N
#define STRING_COPY_N_CHK(symbol, name, width, check)                                                                 \
	BEFORE(void *, symbol, name, width, (void *to, const void *from, size_t n, size_t room), (to, from, n, room), \
	       IN2(to, from), check(C, to, from, n))
STRING_COPY_N_CHK(__strncpy_chk, "strncpy", 1, bounds_string_copy_n)
STRING_COPY_N_CHK(__stpncpy_chk, "stpncpy", 1, bounds_string_copy_n)
STRING_COPY_N_CHK(__wcsncpy_chk, "wcsncpy", 4, bounds_string_copy_n)
STRING_COPY_N_CHK(__wcpncpy_chk, "wcpncpy", 4, bounds_string_copy_n)
STRING_COPY_N_CHK(__strncat_chk, "strncat", 1, bounds_string_append_n)
STRING_COPY_N_CHK(__wcsncat_chk, "wcsncat", 4, bounds_string_append_n)
#undef STRING_COPY_N_CHK
#define STRING_COMPARE(symbol, name, width, fold)                                                                     \
	BEFORE(int, symbol, name, width, (const void *a, const void *b), (a, b), IN2(a, b),                           \
	       bounds_string_compare(C, a, b, SIZE_MAX, fold))
STRING_COMPARE(strcmp, "strcmp", 1, false)
STRING_COMPARE(strcoll, "strcoll", 1, false)
STRING_COMPARE(strverscmp, "strverscmp", 1, false)
STRING_COMPARE(strcasecmp, "strcasecmp", 1, true)
STRING_COMPARE(__strcasecmp, "strcasecmp", 1, true)
STRING_COMPARE(wcscmp, "wcscmp", 4, false)
STRING_COMPARE(wcscoll, "wcscoll", 4, false)
STRING_COMPARE(wcscasecmp, "wcscasecmp", 4, true)
#undef STRING_COMPARE
#define STRING_COMPARE_L(symbol, name, width, fold)                                                                   \
	BEFORE(int, symbol, name, width, (const void *a, const void *b, void *locale), (a, b, locale), IN2(a, b),     \
	       bounds_string_compare(C, a, b, SIZE_MAX, fold))
STRING_COMPARE_L(strcoll_l, "strcoll_l", 1, false)
STRING_COMPARE_L(strcasecmp_l, "strcasecmp_l", 1, true)
STRING_COMPARE_L(wcscoll_l, "wcscoll_l", 4, false)
STRING_COMPARE_L(wcscasecmp_l, "wcscasecmp_l", 4, true)
#undef STRING_COMPARE_L
#define STRING_COMPARE_N(symbol, name, width, fold)                                                                   \
	BEFORE(int, symbol, name, width, (const void *a, const void *b, size_t n), (a, b, n), IN2(a, b),              \
	       bounds_string_compare(C, a, b, n, fold))
STRING_COMPARE_N(strncmp, "strncmp", 1, false)
STRING_COMPARE_N(strncasecmp, "strncasecmp", 1, true)
STRING_COMPARE_N(wcsncmp, "wcsncmp", 4, false)
STRING_COMPARE_N(wcsncasecmp, "wcsncasecmp", 4, true)
#undef STRING_COMPARE_N
#define STRING_COMPARE_NL(symbol, name, width, fold)                                                                  \
	BEFORE(int, symbol, name, width, (const void *a, const void *b, size_t n, void *locale), (a, b, n, locale),   \
	       IN2(a, b), bounds_string_compare(C, a, b, n, fold))
STRING_COMPARE_NL(strncasecmp_l, "strncasecmp_l", 1, true)
STRING_COMPARE_NL(wcsncasecmp_l, "wcsncasecmp_l", 4, true)
#undef STRING_COMPARE_NL
#define FIND(symbol, name, check)                                                                                     \
	BEFORE(void *, symbol, name, 1, (const void *s, int value), (s, value), IN1(s), check)
FIND(strchr, "strchr", bounds_string_find(C, s, (unsigned char)value))
FIND(index, "index", bounds_string_find(C, s, (unsigned char)value))
FIND(strchrnul, "strchrnul", bounds_string_find(C, s, (unsigned char)value))
FIND(strrchr, "strrchr", bounds_string(C, s, SIZE_MAX))
FIND(rindex, "rindex", bounds_string(C, s, SIZE_MAX))
#undef FIND
#define FIND_WIDE(symbol, name, check)                                                                                \
	BEFORE(void *, symbol, name, 4, (const void *s, wchar_t value), (s, value), IN1(s), check)
FIND_WIDE(wcschr, "wcschr", bounds_string_find(C, s, (uint32_t)value))
FIND_WIDE(wcschrnul, "wcschrnul", bounds_string_find(C, s, (uint32_t)value))
FIND_WIDE(wcsrchr, "wcsrchr", bounds_string(C, s, SIZE_MAX))
#undef FIND_WIDE
#define TWO(result, symbol, name, width, check)                                                                       \
	BEFORE(result, symbol, name, width, (const void *s, const void *other), (s, other), IN2(s, other), check)
TWO(void *, strstr, "strstr", 1, bounds_string_in(C, s, other, false))
TWO(void *, strcasestr, "strcasestr", 1, bounds_string_in(C, s, other, true))
TWO(void *, __strcasestr, "strcasestr", 1, bounds_string_in(C, s, other, true))
TWO(void *, wcsstr, "wcsstr", 4, bounds_string_in(C, s, other, false))
TWO(void *, wcswcs, "wcswcs", 4, bounds_string_in(C, s, other, false))
TWO(size_t, strspn, "strspn", 1, bounds_string_span(C, s, other, false))
TWO(size_t, strcspn, "strcspn", 1, bounds_string_span(C, s, other, true))
TWO(void *, strpbrk, "strpbrk", 1, bounds_string_span(C, s, other, true))
TWO(size_t, wcsspn, "wcsspn", 4, bounds_string_span(C, s, other, false))
TWO(size_t, wcscspn, "wcscspn", 4, bounds_string_span(C, s, other, true))
TWO(void *, wcspbrk, "wcspbrk", 4, bounds_string_span(C, s, other, true))
#undef TWO
BEFORE(void *, strtok, "strtok", 1, (void *s, const void *set), (s, set), IN2(s, set), bounds_token(C, s, set))
#define TOKEN(symbol, name, width)                                                                                    \
	BEFORE(void *, symbol, name, width, (void *s, const void *set, void **rest), (s, set, rest),                  \
	       IN2(s != NULL ? s : *rest, set), bounds_token(C, s != NULL ? s : *rest, set))
TOKEN(strtok_r, "strtok_r", 1)
TOKEN(__strtok_r, "strtok_r", 1)
TOKEN(wcstok, "wcstok", 4)
#undef TOKEN
BEFORE(void *, strsep, "strsep", 1, (void **s, const void *set), (s, set), IN2(*s, set), bounds_string_span(C, *s, set, true))

/* ---- numbers in strings ---- */
#define NUMBER(result, symbol, base)                                                                                  \
	BEFORE(result, symbol, #symbol, 1, (const void *s), (s), IN1(s), bounds_number(C, s, base))
NUMBER(int, atoi, 10)
NUMBER(long, atol, 10)
NUMBER(long long, atoll, 10)
NUMBER(double, atof, BOUNDS_FLOAT)
#undef NUMBER
#define NUMBER_IN_BASE(result, symbol, name, width)                                                                   \
	BEFORE(result, symbol, name, width, (const void *s, void **end, int base), (s, end, base), IN1(s), bounds_number(C, s, base))
NUMBER_IN_BASE(long, strtol, "strtol", 1)
NUMBER_IN_BASE(unsigned long, strtoul, "strtoul", 1)
NUMBER_IN_BASE(long long, strtoll, "strtoll", 1)
NUMBER_IN_BASE(unsigned long long, strtoull, "strtoull", 1)
NUMBER_IN_BASE(long long, strtoimax, "strtoimax", 1)
NUMBER_IN_BASE(unsigned long long, strtoumax, "strtoumax", 1)
NUMBER_IN_BASE(long, wcstol, "wcstol", 4)
NUMBER_IN_BASE(unsigned long, wcstoul, "wcstoul", 4)
NUMBER_IN_BASE(long long, wcstoll, "wcstoll", 4)
NUMBER_IN_BASE(unsigned long long, wcstoull, "wcstoull", 4)
/* What headers since glibc 2.38 call. */
NUMBER_IN_BASE(long, __isoc23_strtol, "strtol", 1)
NUMBER_IN_BASE(unsigned long, __isoc23_strtoul, "strtoul", 1)
NUMBER_IN_BASE(long long, __isoc23_strtoll, "strtoll", 1)
NUMBER_IN_BASE(unsigned long long, __isoc23_strtoull, "strtoull", 1)
NUMBER_IN_BASE(long, __isoc23_wcstol, "wcstol", 4)
NUMBER_IN_BASE(unsigned long, __isoc23_wcstoul, "wcstoul", 4)
NUMBER_IN_BASE(long long, __isoc23_wcstoll, "wcstoll", 4)
NUMBER_IN_BASE(unsigned long long, __isoc23_wcstoull, "wcstoull", 4)
#undef NUMBER_IN_BASE
#define REAL_NUMBER(result, symbol, width)                                                                            \
	BEFORE(result, symbol, #symbol, width, (const void *s, void **end), (s, end), IN1(s), bounds_number(C, s, BOUNDS_FLOAT))
REAL_NUMBER(double, strtod, 1)
REAL_NUMBER(float, strtof, 1)
REAL_NUMBER(long double, strtold, 1)
REAL_NUMBER(double, wcstod, 4)
REAL_NUMBER(float, wcstof, 4)
REAL_NUMBER(long double, wcstold, 4)
#undef REAL_NUMBER

/* ---- conversions: characters, locales, times ---- */
#define TRANSFORM(symbol, width)                                                                                      \
	AROUND(size_t, symbol, #symbol, width, (void *to, const void *from, size_t n), (to, from, n), IN2(to, from),  \
	       (bounds_string(C, from, SIZE_MAX), bounds_may_touch(C, to, n)), bounds_did_write(C, to, r < n ? r + 1 : 0))
TRANSFORM(strxfrm, 1)
TRANSFORM(wcsxfrm, 4)
#undef TRANSFORM
#define TRANSFORM_L(symbol, width)                                                                                    \
	AROUND(size_t, symbol, #symbol, width, (void *to, const void *from, size_t n, void *locale), (to, from, n, locale), IN2(to, from), \
	       (bounds_string(C, from, SIZE_MAX), bounds_may_touch(C, to, n)), bounds_did_write(C, to, r < n ? r + 1 : 0))
TRANSFORM_L(strxfrm_l, 1)
TRANSFORM_L(wcsxfrm_l, 4)
#undef TRANSFORM_L
/* A conversion returns characters without the terminator, which stands there if it fitted; (size_t)-1: unknown how far it came. */
#define CONVERTED(to, n) (to == NULL || r == (size_t)-1 ? 0 : r < n ? r + 1 : n)
#define TO_WIDE(symbol, name, parameters, arguments)                                                                  \
	AROUND(size_t, symbol, name, 4, parameters, arguments, IN2(to, from),                                         \
	       (bounds_multibyte(C, from, to != NULL ? n : SIZE_MAX), bounds_may_touch(C, to, n)),                    \
	       bounds_did_write(C, to, CONVERTED(to, n)))
TO_WIDE(mbstowcs, "mbstowcs", (void *to, const void *from, size_t n), (to, from, n))
TO_WIDE(__mbstowcs_chk, "mbstowcs", (void *to, const void *from, size_t n, size_t room), (to, from, n, room))
#undef TO_WIDE
#define TO_NARROW(symbol, name, parameters, arguments)                                                                \
	AROUND(size_t, symbol, name, 1, parameters, arguments, IN2(to, from),                                         \
	       (bounds_wide(C, from, to != NULL ? n : SIZE_MAX), bounds_may_touch(C, to, n)),                         \
	       bounds_did_write(C, to, CONVERTED(to, n)))
TO_NARROW(wcstombs, "wcstombs", (void *to, const void *from, size_t n), (to, from, n))
TO_NARROW(__wcstombs_chk, "wcstombs", (void *to, const void *from, size_t n, size_t room), (to, from, n, room))
#undef TO_NARROW
#define TO_WIDE_R(symbol, name, parameters, arguments)                                                                \
	AROUND(size_t, symbol, name, 4, parameters, arguments, IN2(to, *from),                                        \
	       (bounds_multibyte(C, *from, to != NULL ? n : SIZE_MAX), bounds_may_touch(C, to, n)),                   \
	       bounds_did_write(C, to, CONVERTED(to, n)))
TO_WIDE_R(mbsrtowcs, "mbsrtowcs", (void *to, const void **from, size_t n, void *state), (to, from, n, state))
TO_WIDE_R(__mbsrtowcs_chk, "mbsrtowcs", (void *to, const void **from, size_t n, void *state, size_t room), (to, from, n, state, room))
#undef TO_WIDE_R
#define TO_NARROW_R(symbol, name, parameters, arguments)                                                              \
	AROUND(size_t, symbol, name, 1, parameters, arguments, IN2(to, *from),                                        \
	       (bounds_wide(C, *from, to != NULL ? n : SIZE_MAX), bounds_may_touch(C, to, n)),                        \
	       bounds_did_write(C, to, CONVERTED(to, n)))
TO_NARROW_R(wcsrtombs, "wcsrtombs", (void *to, const void **from, size_t n, void *state), (to, from, n, state))
TO_NARROW_R(__wcsrtombs_chk, "wcsrtombs", (void *to, const void **from, size_t n, void *state, size_t room), (to, from, n, state, room))
#undef TO_NARROW_R
/* With a limit on the source, the terminator may be missing: only the characters counted are certain. */
#define LIMITED(symbol, name, width, parameters, arguments)                                                           \
	AROUND(size_t, symbol, name, width, parameters, arguments, IN1(to), bounds_may_touch(C, to, n),               \
	       bounds_did_write(C, to, to == NULL || r == (size_t)-1 ? 0 : r))
LIMITED(mbsnrtowcs, "mbsnrtowcs", 4, (void *to, const void **from, size_t m, size_t n, void *state), (to, from, m, n, state))
LIMITED(__mbsnrtowcs_chk, "mbsnrtowcs", 4, (void *to, const void **from, size_t m, size_t n, void *state, size_t room), (to, from, m, n, state, room))
LIMITED(wcsnrtombs, "wcsnrtombs", 1, (void *to, const void **from, size_t m, size_t n, void *state), (to, from, m, n, state))
LIMITED(__wcsnrtombs_chk, "wcsnrtombs", 1, (void *to, const void **from, size_t m, size_t n, void *state, size_t room), (to, from, m, n, state, room))
#undef LIMITED
AROUND(size_t, wcrtomb, "wcrtomb", 1, (void *to, wchar_t value, void *state), (to, value, state), IN1(to), bounds_may_touch(C, to, 16),
       bounds_did_write(C, to, r == (size_t)-1 ? 0 : r))
AROUND(size_t, __wcrtomb_chk, "wcrtomb", 1, (void *to, wchar_t value, void *state, size_t room), (to, value, state, room), IN1(to),
       bounds_may_touch(C, to, 16), bounds_did_write(C, to, r == (size_t)-1 ? 0 : r))
AROUND(int, wctomb, "wctomb", 1, (void *to, wchar_t value), (to, value), IN1(to), bounds_may_touch(C, to, 16),
       bounds_did_write(C, to, r > 0 ? (size_t)r : 0))
AROUND(int, __wctomb_chk, "wctomb", 1, (void *to, wchar_t value, size_t room), (to, value, room), IN1(to), bounds_may_touch(C, to, 16),
       bounds_did_write(C, to, r > 0 ? (size_t)r : 0))
#define TIME(symbol, width, parameters, arguments)                                                                    \
	AROUND(size_t, symbol, #symbol, width, parameters, arguments, IN2(to, format),                                \
	       (bounds_may_read_string(C, format), bounds_may_touch(C, to, n)),                                       \
	       (bounds_string(C, format, r > 0 ? SIZE_MAX : 0), bounds_did_write(C, to, r > 0 ? r + 1 : 0)))
TIME(strftime, 1, (void *to, size_t n, const void *format, const void *tm), (to, n, format, tm))
TIME(strftime_l, 1, (void *to, size_t n, const void *format, const void *tm, void *locale), (to, n, format, tm, locale))
TIME(wcsftime, 4, (void *to, size_t n, const void *format, const void *tm), (to, n, format, tm))
TIME(wcsftime_l, 4, (void *to, size_t n, const void *format, const void *tm, void *locale), (to, n, format, tm, locale))
#undef TIME

/* ---- printing ---- */

/* The format was read as a whole if there is a result. */
#define PRINTING (bounds_format(C, format, list), bounds_may_read_string(C, format))
#define FORMAT_READ bounds_string(C, format, r >= 0 ? SIZE_MAX : 0)
#define PRINTED(n) (r < 0 || n == 0 ? 0 : (size_t)r < n ? (size_t)r + 1 : n)
#define FORMATTED(width) bounds_format_covered(format, width, list)
/* A function and its variadic form, into memory and elsewhere. */
#define INTO(real, symbol, name, width, parameters, variadic, arguments, open, size)                                  \
	AROUND(int, real, "v" name, width, parameters, arguments, bounds_covered(to) || FORMATTED(width),             \
	       (PRINTING, open), (FORMAT_READ, bounds_did_write(C, to, PRINTED(size))))                               \
	PRINTF(symbol, real, name, width, variadic, format, arguments, bounds_covered(to) || FORMATTED(width),        \
	       (PRINTING, open), (FORMAT_READ, bounds_did_write(C, to, PRINTED(size))))
#define ELSEWHERE(real, symbol, name, width, parameters, variadic, arguments)                                         \
	AROUND(int, real, "v" name, width, parameters, arguments, FORMATTED(width), PRINTING, FORMAT_READ)            \
	PRINTF(symbol, real, name, width, variadic, format, arguments, FORMATTED(width), PRINTING, FORMAT_READ)
#define WITH_LIST(...) (__VA_ARGS__, const void *format, va_list list)
#define WITH_REST(...) (__VA_ARGS__, const void *format, ...)
INTO(vsprintf, sprintf, "sprintf", 1, WITH_LIST(void *to), WITH_REST(void *to), (to, format, list), bounds_may_print(C, to, format, list), SIZE_MAX)
INTO(vsnprintf, snprintf, "snprintf", 1, WITH_LIST(void *to, size_t n), WITH_REST(void *to, size_t n), (to, n, format, list), bounds_may_touch(C, to, n), n)
INTO(vswprintf, swprintf, "swprintf", 4, WITH_LIST(void *to, size_t n), WITH_REST(void *to, size_t n), (to, n, format, list), bounds_may_touch(C, to, n), n)
INTO(__vsprintf_chk, __sprintf_chk, "sprintf", 1, WITH_LIST(void *to, int flag, size_t room), WITH_REST(void *to, int flag, size_t room),
     (to, flag, room, format, list), bounds_may_print(C, to, format, list), SIZE_MAX)
INTO(__vsnprintf_chk, __snprintf_chk, "snprintf", 1, WITH_LIST(void *to, size_t n, int flag, size_t room),
     WITH_REST(void *to, size_t n, int flag, size_t room), (to, n, flag, room, format, list), bounds_may_touch(C, to, n), n)
INTO(__vswprintf_chk, __swprintf_chk, "swprintf", 4, WITH_LIST(void *to, size_t n, int flag, size_t room),
     WITH_REST(void *to, size_t n, int flag, size_t room), (to, n, flag, room, format, list), bounds_may_touch(C, to, n), n)
ELSEWHERE(vprintf, printf, "printf", 1, (const void *format, va_list list), (const void *format, ...), (format, list))
ELSEWHERE(vwprintf, wprintf, "wprintf", 4, (const void *format, va_list list), (const void *format, ...), (format, list))
ELSEWHERE(vfprintf, fprintf, "fprintf", 1, WITH_LIST(void *stream), WITH_REST(void *stream), (stream, format, list))
ELSEWHERE(vfwprintf, fwprintf, "fwprintf", 4, WITH_LIST(void *stream), WITH_REST(void *stream), (stream, format, list))
ELSEWHERE(vdprintf, dprintf, "dprintf", 1, WITH_LIST(int fd), WITH_REST(int fd), (fd, format, list))
ELSEWHERE(vasprintf, asprintf, "asprintf", 1, WITH_LIST(void **out), WITH_REST(void **out), (out, format, list))
ELSEWHERE(__vprintf_chk, __printf_chk, "printf", 1, WITH_LIST(int flag), WITH_REST(int flag), (flag, format, list))
ELSEWHERE(__vwprintf_chk, __wprintf_chk, "wprintf", 4, WITH_LIST(int flag), WITH_REST(int flag), (flag, format, list))
ELSEWHERE(__vfprintf_chk, __fprintf_chk, "fprintf", 1, WITH_LIST(void *stream, int flag), WITH_REST(void *stream, int flag), (stream, flag, format, list))
ELSEWHERE(__vfwprintf_chk, __fwprintf_chk, "fwprintf", 4, WITH_LIST(void *stream, int flag), WITH_REST(void *stream, int flag), (stream, flag, format, list))
ELSEWHERE(__vdprintf_chk, __dprintf_chk, "dprintf", 1, WITH_LIST(int fd, int flag), WITH_REST(int fd, int flag), (fd, flag, format, list))
ELSEWHERE(__vasprintf_chk, __asprintf_chk, "asprintf", 1, WITH_LIST(void **out, int flag), WITH_REST(void **out, int flag), (out, flag, format, list))
/* A string that is scanned is searched for its end first. */
#define SCAN(real, symbol, name, width)                                                                               \
	AROUND(int, real, "v" name, width, (const void *s, const void *format, va_list list), (s, format, list),      \
	       IN1(s), bounds_string(C, s, SIZE_MAX), (void)0)                                                        \
	PRINTF(symbol, real, name, width, (const void *s, const void *format, ...), format, (s, format, list),        \
	       IN1(s), bounds_string(C, s, SIZE_MAX), (void)0)
SCAN(vsscanf, sscanf, "sscanf", 1)
SCAN(__isoc99_vsscanf, __isoc99_sscanf, "sscanf", 1)
SCAN(__isoc23_vsscanf, __isoc23_sscanf, "sscanf", 1)
SCAN(vswscanf, swscanf, "swscanf", 4)
SCAN(__isoc99_vswscanf, __isoc99_swscanf, "swscanf", 4)
SCAN(__isoc23_vswscanf, __isoc23_swscanf, "swscanf", 4)
#undef SCAN
#undef WITH_LIST
#undef WITH_REST
#undef ELSEWHERE
#undef INTO
#undef FORMATTED
#undef PRINTING
#undef FORMAT_READ

/* ---- streams ---- */
#define GET(symbol, name, width, parameters, arguments)                                                               \
	AROUND(void *, symbol, name, width, parameters, arguments, IN1(to), bounds_may_touch(C, to, n > 0 ? (size_t)n : 0), \
	       bounds_did_write_string(C, r))
GET(fgets, "fgets", 1, (void *to, int n, void *stream), (to, n, stream))
GET(fgets_unlocked, "fgets_unlocked", 1, (void *to, int n, void *stream), (to, n, stream))
GET(fgetws, "fgetws", 4, (void *to, int n, void *stream), (to, n, stream))
GET(fgetws_unlocked, "fgetws_unlocked", 4, (void *to, int n, void *stream), (to, n, stream))
GET(__fgets_chk, "fgets", 1, (void *to, size_t room, int n, void *stream), (to, room, n, stream))
GET(__fgets_unlocked_chk, "fgets_unlocked", 1, (void *to, size_t room, int n, void *stream), (to, room, n, stream))
GET(__fgetws_chk, "fgetws", 4, (void *to, size_t room, int n, void *stream), (to, room, n, stream))
GET(__fgetws_unlocked_chk, "fgetws_unlocked", 4, (void *to, size_t room, int n, void *stream), (to, room, n, stream))
#undef GET
AROUND(void *, gets, "gets", 1, (void *to), (to), IN1(to), bounds_may_touch(C, to, SIZE_MAX), bounds_did_write_string(C, r))
AROUND(void *, __gets_chk, "gets", 1, (void *to, size_t room), (to, room), IN1(to), bounds_may_touch(C, to, SIZE_MAX), bounds_did_write_string(C, r))
#define ITEMS(symbol, name, did, parameters, arguments)                                                               \
	AROUND(size_t, symbol, name, 1, parameters, arguments, IN1(at),                                               \
	       bounds_may_touch(C, at, bounds_product(bytes, n)), did(C, at, bounds_product(bytes, r)))
ITEMS(fread, "fread", bounds_did_write, (void *at, size_t bytes, size_t n, void *stream), (at, bytes, n, stream))
ITEMS(fread_unlocked, "fread_unlocked", bounds_did_write, (void *at, size_t bytes, size_t n, void *stream), (at, bytes, n, stream))
ITEMS(__fread_chk, "fread", bounds_did_write, (void *at, size_t room, size_t bytes, size_t n, void *stream), (at, room, bytes, n, stream))
ITEMS(__fread_unlocked_chk, "fread_unlocked", bounds_did_write, (void *at, size_t room, size_t bytes, size_t n, void *stream), (at, room, bytes, n, stream))
ITEMS(fwrite, "fwrite", bounds_did_read, (const void *at, size_t bytes, size_t n, void *stream), (at, bytes, n, stream))
ITEMS(fwrite_unlocked, "fwrite_unlocked", bounds_did_read, (const void *at, size_t bytes, size_t n, void *stream), (at, bytes, n, stream))
#undef ITEMS

/* ---- the kernel ---- */
#define TRANSFER(symbol, name, did, parameters, arguments)                                                            \
	AROUND(ssize_t, symbol, name, 1, parameters, arguments, IN1(at), bounds_may_touch(C, at, n),                  \
	       did(C, at, r > 0 ? (size_t)r : 0))
TRANSFER(read, "read", bounds_did_write, (int fd, void *at, size_t n), (fd, at, n))
TRANSFER(__read_chk, "read", bounds_did_write, (int fd, void *at, size_t n, size_t room), (fd, at, n, room))
TRANSFER(pread, "pread", bounds_did_write, (int fd, void *at, size_t n, off_t offset), (fd, at, n, offset))
TRANSFER(pread64, "pread64", bounds_did_write, (int fd, void *at, size_t n, off_t offset), (fd, at, n, offset))
TRANSFER(__pread_chk, "pread", bounds_did_write, (int fd, void *at, size_t n, off_t offset, size_t room), (fd, at, n, offset, room))
TRANSFER(__pread64_chk, "pread64", bounds_did_write, (int fd, void *at, size_t n, off_t offset, size_t room), (fd, at, n, offset, room))
TRANSFER(write, "write", bounds_did_read, (int fd, const void *at, size_t n), (fd, at, n))
TRANSFER(pwrite, "pwrite", bounds_did_read, (int fd, const void *at, size_t n, off_t offset), (fd, at, n, offset))
TRANSFER(pwrite64, "pwrite64", bounds_did_read, (int fd, const void *at, size_t n, off_t offset), (fd, at, n, offset))
TRANSFER(send, "send", bounds_did_read, (int fd, const void *at, size_t n, int flags), (fd, at, n, flags))
TRANSFER(sendto, "sendto", bounds_did_read, (int fd, const void *at, size_t n, int flags, const void *to, unsigned to_bytes), (fd, at, n, flags, to, to_bytes))
TRANSFER(getrandom, "getrandom", bounds_did_write, (void *at, size_t n, unsigned flags), (at, n, flags))
TRANSFER(readlink, "readlink", bounds_did_write, (const void *path, void *at, size_t n), (path, at, n))
TRANSFER(__readlink_chk, "readlink", bounds_did_write, (const void *path, void *at, size_t n, size_t room), (path, at, n, room))
TRANSFER(readlinkat, "readlinkat", bounds_did_write, (int fd, const void *path, void *at, size_t n), (fd, path, at, n))
TRANSFER(__readlinkat_chk, "readlinkat", bounds_did_write, (int fd, const void *path, void *at, size_t n, size_t room), (fd, path, at, n, room))
#undef TRANSFER
/* With MSG_TRUNC the result is the length of the message, and a stream's bytes are thrown away unread: nothing is certain. */
#define RECEIVE(symbol, name, parameters, arguments)                                                                  \
	AROUND(ssize_t, symbol, name, 1, parameters, arguments, IN1(at), bounds_may_touch(C, at, n),                  \
	       bounds_did_write(C, at, r > 0 && (flags & MSG_TRUNC) == 0 ? (size_t)r : 0))
RECEIVE(recv, "recv", (int fd, void *at, size_t n, int flags), (fd, at, n, flags))
RECEIVE(__recv_chk, "recv", (int fd, void *at, size_t n, size_t room, int flags), (fd, at, n, room, flags))
RECEIVE(recvfrom, "recvfrom", (int fd, void *at, size_t n, int flags, void *from, void *from_bytes), (fd, at, n, flags, from, from_bytes))
RECEIVE(__recvfrom_chk, "recvfrom", (int fd, void *at, size_t n, size_t room, int flags, void *from, void *from_bytes),
	(fd, at, n, room, flags, from, from_bytes))
#undef RECEIVE
#define VECTORS(symbol, access, parameters, arguments)                                                                \
	AROUND(ssize_t, symbol, #symbol, 1, parameters, arguments, bounds_vectors_covered(at, count),                 \
	       bounds_vectors_may_touch(C, at, count), bounds_vectors_did(C, access, r))
VECTORS(readv, MS_ACCESS_WRITE, (int fd, const struct iovec *at, int count), (fd, at, count))
VECTORS(writev, MS_ACCESS_READ, (int fd, const struct iovec *at, int count), (fd, at, count))
VECTORS(preadv, MS_ACCESS_WRITE, (int fd, const struct iovec *at, int count, off_t offset), (fd, at, count, offset))
VECTORS(preadv64, MS_ACCESS_WRITE, (int fd, const struct iovec *at, int count, off_t offset), (fd, at, count, offset))
VECTORS(pwritev, MS_ACCESS_READ, (int fd, const struct iovec *at, int count, off_t offset), (fd, at, count, offset))
VECTORS(pwritev64, MS_ACCESS_READ, (int fd, const struct iovec *at, int count, off_t offset), (fd, at, count, offset))
#undef VECTORS
#define MESSAGE(symbol, access, message_type, taken)                                                                  \
	AROUND(ssize_t, symbol, #symbol, 1, (int fd, message_type *message, int flags), (fd, message, flags),         \
	       bounds_message_covered(message), bounds_vectors_may_touch(C, message->msg_iov, (int)message->msg_iovlen), \
	       bounds_vectors_did(C, access, taken))
MESSAGE(recvmsg, MS_ACCESS_WRITE, struct msghdr, (flags & MSG_TRUNC) == 0 ? r : 0)
MESSAGE(sendmsg, MS_ACCESS_READ, const struct msghdr, r)
#undef MESSAGE

/* ---- names ---- */
#define NAME(symbol, name, parameters, arguments)                                                                     \
	AROUND(void *, symbol, name, 1, parameters, arguments, IN1(to), bounds_may_touch(C, to, n), bounds_did_write_string(C, r))
NAME(getcwd, "getcwd", (void *to, size_t n), (to, n))
NAME(__getcwd_chk, "getcwd", (void *to, size_t n, size_t room), (to, n, room))
NAME(inet_ntop, "inet_ntop", (int family, const void *from, void *to, unsigned n), (family, from, to, n))
#undef NAME
AROUND(void *, realpath, "realpath", 1, (const void *path, void *to), (path, to), IN2(path, to),
       (bounds_may_read_string(C, path), bounds_may_touch(C, to, SIZE_MAX)),
       (bounds_string(C, path, r != NULL ? SIZE_MAX : 0), bounds_did_write_string(C, to != NULL ? r : NULL)))
AROUND(void *, __realpath_chk, "realpath", 1, (const void *path, void *to, size_t room), (path, to, room), IN2(path, to),
       (bounds_may_read_string(C, path), bounds_may_touch(C, to, SIZE_MAX)),
       (bounds_string(C, path, r != NULL ? SIZE_MAX : 0), bounds_did_write_string(C, to != NULL ? r : NULL)))
AROUND(int, gethostname, "gethostname", 1, (void *to, size_t n), (to, n), IN1(to), bounds_may_touch(C, to, n),
       bounds_did_write_string(C, r == 0 ? to : NULL))
AROUND(int, __gethostname_chk, "gethostname", 1, (void *to, size_t n, size_t room), (to, n, room), IN1(to), bounds_may_touch(C, to, n),
       bounds_did_write_string(C, r == 0 ? to : NULL))

#undef CONVERTED
#undef PRINTED
