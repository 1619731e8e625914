/*
 * Every row of libc_rows.h against a made-up pool of one block: a call that fits is silent, one character more, a start before the
 * block, and a freed block are one piece of evidence each, with the right address, length and access; results and errno are
 * libc's own.
 */
#include "bounds_fixture.h"

/* ---- one call for each row ---- */

enum shape {
	WHOLE,  /* n characters from p are touched, and evidence names all of them that are outside */
	FIRST,  /* a string or search: evidence names the first character outside */
	SILENT, /* touches nothing that could be outside in this call; tested on its own */
};

/* X(symbol, width, access, shape, statements): p and n as in the shape. */
#define CASES(X)                                                                                                      \
	X(memcpy, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_memcpy(p, other, n), p); assert_memory_equal(p, other, n)) \
	X(memmove, 1, WRITE, WHOLE, wrapped_memmove(p, other, n))                                                     \
	X(mempcpy, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_mempcpy(p, other, n), p + n))                            \
	X(__mempcpy, 1, READ, WHOLE, wrapped___mempcpy(large, p, n))                                                  \
	X(wmemcpy, 4, WRITE, WHOLE, wrapped_wmemcpy(p, wide_other, n))                                                \
	X(wmemmove, 4, READ, WHOLE, wrapped_wmemmove(large, p, n))                                                    \
	X(wmempcpy, 4, WRITE, WHOLE, wrapped_wmempcpy(p, wide_other, n))                                              \
	X(__memcpy_chk, 1, READ, WHOLE, wrapped___memcpy_chk(large, p, n, SIZE_MAX))                                  \
	X(__memmove_chk, 1, WRITE, WHOLE, wrapped___memmove_chk(p, other, n, SIZE_MAX))                               \
	X(__mempcpy_chk, 1, WRITE, WHOLE, wrapped___mempcpy_chk(p, other, n, SIZE_MAX))                               \
	X(__wmemcpy_chk, 4, WRITE, WHOLE, wrapped___wmemcpy_chk(p, wide_other, n, SIZE_MAX))                          \
	X(__wmemmove_chk, 4, WRITE, WHOLE, wrapped___wmemmove_chk(p, wide_other, n, SIZE_MAX))                        \
	X(__wmempcpy_chk, 4, WRITE, WHOLE, wrapped___wmempcpy_chk(p, wide_other, n, SIZE_MAX))                        \
	X(bcopy, 1, WRITE, WHOLE, wrapped_bcopy(other, p, n))                                                         \
	X(swab, 1, WRITE, SILENT, wrapped_swab(other, p, 4))                                                          \
	X(memccpy, 1, WRITE, WHOLE, assert_null(wrapped_memccpy(p, other, 'z', n)))                                   \
	X(memset, 1, WRITE, WHOLE, assert_ptr_equal(wrapped_memset(p, 'x', n), p))                                    \
	X(__memset_chk, 1, WRITE, WHOLE, wrapped___memset_chk(p, 'x', n, SIZE_MAX))                                   \
	X(wmemset, 4, WRITE, WHOLE, wrapped_wmemset(p, L'x', n))                                                      \
	X(__wmemset_chk, 4, WRITE, WHOLE, wrapped___wmemset_chk(p, L'x', n, SIZE_MAX))                                \
	X(bzero, 1, WRITE, WHOLE, wrapped_bzero(p, n))                                                                \
	X(explicit_bzero, 1, WRITE, WHOLE, wrapped_explicit_bzero(p, n))                                              \
	X(__explicit_bzero_chk, 1, WRITE, WHOLE, wrapped___explicit_bzero_chk(p, n, SIZE_MAX))                        \
	X(memfrob, 1, WRITE, WHOLE, wrapped_memfrob(p, n))                                                            \
	X(memcmp, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_memcmp(p, other, n), 0))              \
	X(__memcmpeq, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_memcmp(p, other, n), 0))          \
	X(bcmp, 1, READ, FIRST, memcpy(p, other, n); assert_int_equal(wrapped_bcmp(other, p, n), 0))                  \
	X(wmemcmp, 4, READ, FIRST, wmemcpy(W(p), wide_other, n); assert_int_equal(wrapped_wmemcmp(p, wide_other, n), 0)) \
	X(memchr, 1, READ, FIRST, letters(p, n, 1); SAME(memchr, p, 'z', n))                                          \
	X(wmemchr, 4, READ, FIRST, letters(p, n, 4); assert_null(wrapped_wmemchr(p, L'z', n)))                        \
	X(rawmemchr, 1, READ, FIRST, letters(p, n, 1); p[n - 1] = 'z'; assert_ptr_equal(wrapped_rawmemchr(p, 'z'), p + n - 1)) \
	X(__rawmemchr, 1, READ, FIRST, letters(p, n, 1); p[n - 1] = 'z'; wrapped___rawmemchr(p, 'z'))                 \
	X(memrchr, 1, READ, SILENT, letters(p, n, 1); SAME(memrchr, p, 'z', n))                                       \
	X(memmem, 1, READ, FIRST, letters(p, n, 1); SAME(memmem, p, n, "z", 1))                                       \
	X(qsort, 1, READ, WHOLE, wrapped_qsort(p, n, 1, compare_bytes))                                               \
	X(qsort_r, 1, READ, WHOLE, wrapped_qsort_r(p, n, 1, compare_bytes_r, NULL))                                   \
	X(bsearch, 1, READ, SILENT, letters(p, n, 1); assert_non_null(wrapped_bsearch("a", p, n, 1, compare_bytes)))  \
	X(strlen, 1, READ, FIRST, text(p, n, 1); assert_int_equal(wrapped_strlen(p), n - 1))                          \
	X(wcslen, 4, READ, FIRST, text(p, n, 4); assert_int_equal(wrapped_wcslen(p), n - 1))                          \
	X(strdup, 1, READ, FIRST, text(p, n, 1); free(wrapped_strdup(p)))                                             \
	X(__strdup, 1, READ, FIRST, text(p, n, 1); free(wrapped___strdup(p)))                                         \
	X(wcsdup, 4, READ, FIRST, text(p, n, 4); free(wrapped_wcsdup(p)))                                             \
	X(puts, 1, READ, SILENT, (void)0)                                                                             \
	X(strnlen, 1, READ, FIRST, letters(p, n, 1); assert_int_equal(wrapped_strnlen(p, n), n))                      \
	X(wcsnlen, 4, READ, FIRST, letters(p, n, 4); assert_int_equal(wrapped_wcsnlen(p, n), n))                      \
	X(strndup, 1, READ, FIRST, letters(p, n, 1); free(wrapped_strndup(p, n)))                                     \
	X(__strndup, 1, READ, FIRST, letters(p, n, 1); free(wrapped___strndup(p, n)))                                 \
	X(fputs, 1, READ, FIRST, text(p, n, 1); wrapped_fputs(p, sink))                                               \
	X(fputs_unlocked, 1, READ, FIRST, text(p, n, 1); wrapped_fputs_unlocked(p, sink))                             \
	X(fputws, 4, READ, FIRST, text(p, n, 4); wrapped_fputws(p, wide_sink))                                        \
	X(fputws_unlocked, 4, READ, FIRST, text(p, n, 4); wrapped_fputws_unlocked(p, wide_sink))                      \
	X(strcpy, 1, WRITE, WHOLE, text(large, n, 1); assert_ptr_equal(wrapped_strcpy(p, large), p); assert_string_equal(p, large)) \
	X(stpcpy, 1, WRITE, WHOLE, text(large, n, 1); assert_ptr_equal(wrapped_stpcpy(p, large), p + n - 1))          \
	X(__stpcpy, 1, WRITE, WHOLE, text(large, n, 1); wrapped___stpcpy(p, large))                                   \
	X(wcscpy, 4, WRITE, WHOLE, text(large, n, 4); wrapped_wcscpy(p, large))                                       \
	X(wcpcpy, 4, READ, FIRST, text(p, n, 4); wrapped_wcpcpy(large, p))                                            \
	X(strcat, 1, WRITE, SILENT, (void)0)                                                                          \
	X(wcscat, 4, WRITE, SILENT, (void)0)                                                                          \
	X(__strcpy_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___strcpy_chk(p, large, SIZE_MAX))                 \
	X(__stpcpy_chk, 1, READ, FIRST, text(p, n, 1); wrapped___stpcpy_chk(large, p, SIZE_MAX))                      \
	X(__wcscpy_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___wcscpy_chk(p, large, SIZE_MAX))                 \
	X(__wcpcpy_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___wcpcpy_chk(p, large, SIZE_MAX))                 \
	X(__strcat_chk, 1, READ, FIRST, text(p, n, 1); *large = 0; wrapped___strcat_chk(large, p, SIZE_MAX))          \
	X(__wcscat_chk, 4, READ, FIRST, text(p, n, 4); *W(large) = 0; wrapped___wcscat_chk(large, p, SIZE_MAX))       \
	X(strncpy, 1, WRITE, WHOLE, wrapped_strncpy(p, "a", n))                                                       \
	X(stpncpy, 1, WRITE, WHOLE, wrapped_stpncpy(p, "a", n))                                                       \
	X(__stpncpy, 1, READ, FIRST, letters(p, n, 1); wrapped___stpncpy(large, p, n))                                \
	X(wcsncpy, 4, WRITE, WHOLE, wrapped_wcsncpy(p, L"a", n))                                                      \
	X(wcpncpy, 4, READ, FIRST, letters(p, n, 4); wrapped_wcpncpy(large, p, n))                                    \
	X(strncat, 1, READ, FIRST, letters(p, n, 1); *large = 0; wrapped_strncat(large, p, n))                        \
	X(wcsncat, 4, READ, FIRST, letters(p, n, 4); *W(large) = 0; wrapped_wcsncat(large, p, n))                     \
	X(__strncpy_chk, 1, WRITE, WHOLE, wrapped___strncpy_chk(p, "a", n, SIZE_MAX))                                 \
	X(__stpncpy_chk, 1, WRITE, WHOLE, wrapped___stpncpy_chk(p, "a", n, SIZE_MAX))                                 \
	X(__wcsncpy_chk, 4, WRITE, WHOLE, wrapped___wcsncpy_chk(p, L"a", n, SIZE_MAX))                                \
	X(__wcpncpy_chk, 4, WRITE, WHOLE, wrapped___wcpncpy_chk(p, L"a", n, SIZE_MAX))                                \
	X(__strncat_chk, 1, READ, FIRST, letters(p, n, 1); *large = 0; wrapped___strncat_chk(large, p, n, SIZE_MAX))  \
	X(__wcsncat_chk, 4, READ, FIRST, letters(p, n, 4); *W(large) = 0; wrapped___wcsncat_chk(large, p, n, SIZE_MAX)) \
	X(strcmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strcmp, p, large))                           \
	X(strcoll, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strcoll, p, large))                         \
	X(strverscmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); SAME(strverscmp, p, large))                   \
	X(strcasecmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); large[0] &= 0x5f; SAME(strcasecmp, large, p)) \
	X(__strcasecmp, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped___strcasecmp(large, p))             \
	X(wcscmp, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscmp, W(p), W(large)))                     \
	X(wcscoll, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscoll, W(p), W(large)))                   \
	X(wcscasecmp, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); SAME(wcscasecmp, W(p), W(large)))             \
	X(strcoll_l, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped_strcoll_l(p, large, locale))           \
	X(strcasecmp_l, 1, READ, FIRST, text(p, n, 1); text(large, n, 1); wrapped_strcasecmp_l(p, large, locale))     \
	X(wcscoll_l, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); wrapped_wcscoll_l(p, large, locale))           \
	X(wcscasecmp_l, 4, READ, FIRST, text(p, n, 4); text(large, n, 4); wrapped_wcscasecmp_l(p, large, locale))     \
	X(strncmp, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); SAME(strncmp, p, large, n))            \
	X(strncasecmp, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); SAME(strncasecmp, p, large, n))    \
	X(wcsncmp, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); SAME(wcsncmp, W(p), W(large), n))      \
	X(wcsncasecmp, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); SAME(wcsncasecmp, W(p), W(large), n)) \
	X(strncasecmp_l, 1, READ, FIRST, letters(p, n, 1); letters(large, n + 1, 1); wrapped_strncasecmp_l(p, large, n, locale)) \
	X(wcsncasecmp_l, 4, READ, FIRST, letters(p, n, 4); letters(large, n + 1, 4); wrapped_wcsncasecmp_l(p, large, n, locale)) \
	X(strchr, 1, READ, FIRST, text(p, n, 1); SAME(strchr, p, 'z'))                                                \
	X(index, 1, READ, FIRST, text(p, n, 1); SAME(index, p, 'z'))                                                  \
	X(strchrnul, 1, READ, FIRST, text(p, n, 1); SAME(strchrnul, p, 'z'))                                          \
	X(strrchr, 1, READ, FIRST, text(p, n, 1); SAME(strrchr, p, 'a'))                                              \
	X(rindex, 1, READ, FIRST, text(p, n, 1); SAME(rindex, p, 'a'))                                                \
	X(wcschr, 4, READ, FIRST, text(p, n, 4); SAME(wcschr, W(p), L'z'))                                            \
	X(wcschrnul, 4, READ, FIRST, text(p, n, 4); SAME(wcschrnul, W(p), L'z'))                                      \
	X(wcsrchr, 4, READ, FIRST, text(p, n, 4); SAME(wcsrchr, W(p), L'a'))                                          \
	X(strstr, 1, READ, FIRST, text(p, n, 1); SAME(strstr, p, "z"))                                                \
	X(strcasestr, 1, READ, FIRST, text(p, n, 1); SAME(strcasestr, p, "z"))                                        \
	X(__strcasestr, 1, READ, FIRST, text(p, n, 1); wrapped___strcasestr(p, "z"))                                  \
	X(wcsstr, 4, READ, FIRST, text(p, n, 4); SAME(wcsstr, W(p), L"z"))                                            \
	X(wcswcs, 4, READ, FIRST, text(p, n, 4); wrapped_wcswcs(p, L"z"))                                             \
	X(strspn, 1, READ, FIRST, text(p, n, 1); SAME(strspn, p, "a"))                                                \
	X(strcspn, 1, READ, FIRST, text(p, n, 1); SAME(strcspn, p, "xyz"))                                            \
	X(strpbrk, 1, READ, FIRST, text(p, n, 1); SAME(strpbrk, p, "xyz"))                                            \
	X(wcsspn, 4, READ, FIRST, text(p, n, 4); SAME(wcsspn, W(p), L"a"))                                            \
	X(wcscspn, 4, READ, FIRST, text(p, n, 4); SAME(wcscspn, W(p), L"z"))                                          \
	X(wcspbrk, 4, READ, FIRST, text(p, n, 4); SAME(wcspbrk, W(p), L"z"))                                          \
	X(strtok, 1, READ, FIRST, text(p, n, 1); wrapped_strtok(p, "z"))                                              \
	X(strtok_r, 1, READ, FIRST, void *rest = p; text(p, n, 1); wrapped_strtok_r(NULL, "z", &rest))                \
	X(__strtok_r, 1, READ, FIRST, void *rest = NULL; text(p, n, 1); wrapped___strtok_r(p, "z", &rest))                   \
	X(wcstok, 4, READ, FIRST, void *rest = NULL; text(p, n, 4); wrapped_wcstok(p, L"z", &rest))                          \
	X(strsep, 1, READ, FIRST, void *rest = p; text(p, n, 1); assert_ptr_equal(wrapped_strsep(&rest, "z"), p))     \
	X(atoi, 1, READ, FIRST, digits(p, n, 1); SAME(atoi, p))                                                       \
	X(atol, 1, READ, FIRST, digits(p, n, 1); SAME(atol, p))                                                       \
	X(atoll, 1, READ, FIRST, digits(p, n, 1); SAME(atoll, p))                                                     \
	X(atof, 1, READ, FIRST, digits(p, n, 1); SAME(atof, p))                                                       \
	X(strtol, 1, READ, FIRST, digits(p, n, 1); wrapped_strtol(p, NULL, 0))                                        \
	X(strtoul, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoul(p, NULL, 10))                                     \
	X(strtoll, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoll(p, NULL, 2))                                      \
	X(strtoull, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoull(p, NULL, 16))                                   \
	X(strtoimax, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoimax(p, NULL, 10))                                 \
	X(strtoumax, 1, READ, FIRST, digits(p, n, 1); wrapped_strtoumax(p, NULL, 10))                                 \
	X(wcstol, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstol(p, NULL, 10))                                       \
	X(wcstoul, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoul(p, NULL, 10))                                     \
	X(wcstoll, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoll(p, NULL, 10))                                     \
	X(wcstoull, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstoull(p, NULL, 10))                                   \
	X(strtod, 1, READ, FIRST, digits(p, n, 1); wrapped_strtod(p, NULL))                                           \
	X(strtof, 1, READ, FIRST, digits(p, n, 1); wrapped_strtof(p, NULL))                                           \
	X(strtold, 1, READ, FIRST, digits(p, n, 1); wrapped_strtold(p, NULL))                                         \
	X(wcstod, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstod(p, NULL))                                           \
	X(wcstof, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstof(p, NULL))                                           \
	X(wcstold, 4, READ, FIRST, digits(p, n, 4); wrapped_wcstold(p, NULL))                                         \
	X(strxfrm, 1, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_strxfrm(p, large, n + 8), n - 1))     \
	X(wcsxfrm, 4, WRITE, WHOLE, text(large, n, 4); wrapped_wcsxfrm(p, large, n + 8))                              \
	X(strxfrm_l, 1, READ, FIRST, text(p, n, 1); wrapped_strxfrm_l(large, p, n + 8, locale))                       \
	X(wcsxfrm_l, 4, READ, FIRST, text(p, n, 4); wrapped_wcsxfrm_l(large, p, n + 8, locale))                       \
	X(mbstowcs, 4, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_mbstowcs(p, large, n + 8), n - 1))   \
	X(__mbstowcs_chk, 4, WRITE, WHOLE, text(large, n + 8, 1); wrapped___mbstowcs_chk(p, large, n, SIZE_MAX))      \
	X(wcstombs, 1, WRITE, WHOLE, text(large, n, 4); assert_int_equal(wrapped_wcstombs(p, large, n + 8), n - 1))   \
	X(__wcstombs_chk, 1, WRITE, WHOLE, text(large, n + 8, 4); wrapped___wcstombs_chk(p, large, n, SIZE_MAX))      \
	X(mbsrtowcs, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n, 1); wrapped_mbsrtowcs(p, &s, n + 8, &state)) \
	X(__mbsrtowcs_chk, 1, READ, FIRST, const void *s = p; mbstate_t state = {0}; text(p, n, 1); wrapped___mbsrtowcs_chk(large, &s, n + 8, &state, SIZE_MAX)) \
	X(wcsrtombs, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n, 4); wrapped_wcsrtombs(p, &s, n + 8, &state)) \
	X(__wcsrtombs_chk, 4, READ, FIRST, const void *s = p; mbstate_t state = {0}; text(p, n, 4); wrapped___wcsrtombs_chk(large, &s, n + 8, &state, SIZE_MAX)) \
	X(mbsnrtowcs, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 1); wrapped_mbsnrtowcs(p, &s, n, n + 8, &state)) \
	X(__mbsnrtowcs_chk, 4, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 1); wrapped___mbsnrtowcs_chk(p, &s, n, n + 8, &state, SIZE_MAX)) \
	X(wcsnrtombs, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 4); wrapped_wcsnrtombs(p, &s, n, n + 8, &state)) \
	X(__wcsnrtombs_chk, 1, WRITE, WHOLE, const void *s = large; mbstate_t state = {0}; text(large, n + 8, 4); wrapped___wcsnrtombs_chk(p, &s, n, n + 8, &state, SIZE_MAX)) \
	X(wcrtomb, 1, WRITE, SILENT, (void)0)                                                                         \
	X(__wcrtomb_chk, 1, WRITE, SILENT, (void)0)                                                                   \
	X(wctomb, 1, WRITE, SILENT, (void)0)                                                                          \
	X(__wctomb_chk, 1, WRITE, SILENT, (void)0)                                                                    \
	X(strftime, 1, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 1); assert_int_equal(wrapped_strftime(p, n + 8, large, &tm), n - 1)) \
	X(strftime_l, 1, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 1); wrapped_strftime_l(p, n + 8, large, &tm, locale)) \
	X(wcsftime, 4, WRITE, WHOLE, struct tm tm = {0}; text(large, n, 4); wrapped_wcsftime(p, n + 8, large, &tm))   \
	X(wcsftime_l, 4, READ, FIRST, struct tm tm = {0}; text(p, n, 4); wrapped_wcsftime_l(large, n + 8, p, &tm, locale)) \
	X(sprintf, 1, WRITE, WHOLE, text(large, n, 1); assert_int_equal(wrapped_sprintf(p, "%s", large), n - 1))      \
	X(snprintf, 1, WRITE, WHOLE, text(large, n + 9, 1); assert_int_equal(wrapped_snprintf(p, n, "%s", large), n + 8)) \
	X(swprintf, 4, WRITE, WHOLE, text(large, n, 4); assert_int_equal(wrapped_swprintf(p, n + 8, L"%ls", large), n - 1)) \
	X(__sprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___sprintf_chk(p, 0, SIZE_MAX, "%s", large))      \
	X(__snprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); wrapped___snprintf_chk(p, n + 8, 0, SIZE_MAX, "%s", large)) \
	X(__swprintf_chk, 4, WRITE, WHOLE, text(large, n, 4); wrapped___swprintf_chk(p, n + 8, 0, SIZE_MAX, L"%ls", large)) \
	X(vsprintf, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER_vsprintf, p, n, "%s", large))                    \
	X(vsnprintf, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER_vsnprintf, p, n + 8, "%s", large))              \
	X(vswprintf, 4, WRITE, WHOLE, text(large, n, 4); list_call(NUMBER_vswprintf, p, n + 8, L"%ls", large))            \
	X(__vsprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER___vsprintf_chk, p, n, "%s", large))        \
	X(__vsnprintf_chk, 1, WRITE, WHOLE, text(large, n, 1); list_call(NUMBER___vsnprintf_chk, p, n + 8, "%s", large))  \
	X(__vswprintf_chk, 4, WRITE, WHOLE, text(large, n, 4); list_call(NUMBER___vswprintf_chk, p, n + 8, L"%ls", large)) \
	X(vprintf, 1, READ, SILENT, (void)0)                                                                          \
	X(printf, 1, READ, SILENT, (void)0)                                                                           \
	X(vwprintf, 4, READ, SILENT, (void)0)                                                                         \
	X(wprintf, 4, READ, SILENT, (void)0)                                                                          \
	X(__vprintf_chk, 1, READ, SILENT, (void)0)                                                                    \
	X(__printf_chk, 1, READ, SILENT, (void)0)                                                                     \
	X(__vwprintf_chk, 4, READ, SILENT, (void)0)                                                                   \
	X(__wprintf_chk, 4, READ, SILENT, (void)0)                                                                    \
	X(fprintf, 1, READ, FIRST, text(p, n, 1); wrapped_fprintf(sink, "%d %s", 1, p))                               \
	X(vfprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vfprintf, p, n, "%s", p))                         \
	X(__fprintf_chk, 1, READ, FIRST, letters(p, n, 1); wrapped___fprintf_chk(sink, 0, "%.*s", (int)n, p))         \
	X(__vfprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vfprintf_chk, p, n, "%s", p))             \
	X(fwprintf, 4, READ, FIRST, text(p, n, 4); wrapped_fwprintf(wide_sink, L"%f %ls", 1.0, p))                    \
	X(vfwprintf, 4, READ, FIRST, text(p, n, 4); list_call(NUMBER_vfwprintf, p, n, L"%S", p))                      \
	X(__fwprintf_chk, 4, READ, FIRST, text(p, n, 4); wrapped___fwprintf_chk(wide_sink, 0, L"%ls", p))             \
	X(__vfwprintf_chk, 4, READ, FIRST, text(p, n, 4); list_call(NUMBER___vfwprintf_chk, p, n, L"%ls", p))         \
	X(dprintf, 4, READ, FIRST, text(p, n, 4); wrapped_dprintf(null_fd, "%ls", p))                                 \
	X(vdprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vdprintf, p, n, "%s", p))                         \
	X(__dprintf_chk, 1, READ, FIRST, text(p, n, 1); wrapped___dprintf_chk(null_fd, 0, p))                         \
	X(__vdprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vdprintf_chk, p, n, "%s", p))             \
	X(asprintf, 1, READ, FIRST, void *out; text(p, n, 1); assert_int_equal(wrapped_asprintf(&out, "%s", p), n - 1); free(out)) \
	X(vasprintf, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER_vasprintf, p, n, "%s", p))                       \
	X(__asprintf_chk, 1, READ, FIRST, void *out; text(p, n, 1); wrapped___asprintf_chk(&out, 0, "%s", p); free(out)) \
	X(__vasprintf_chk, 1, READ, FIRST, text(p, n, 1); list_call(NUMBER___vasprintf_chk, p, n, "%s", p))           \
	X(sscanf, 1, READ, FIRST, int i; digits(p, n, 1); assert_int_equal(wrapped_sscanf(p, "%1d", &i), 1); assert_int_equal(i, 1)) \
	X(vsscanf, 1, READ, FIRST, int i; digits(p, n, 1); assert_int_equal(list_call(NUMBER_vsscanf, p, n, "%1d", &i), 1)) \
	X(__isoc99_sscanf, 1, READ, FIRST, int i; digits(p, n, 1); wrapped___isoc99_sscanf(p, "%1d", &i))             \
	X(__isoc99_vsscanf, 1, READ, FIRST, int i; digits(p, n, 1); list_call(NUMBER___isoc99_vsscanf, p, n, "%1d", &i)) \
	X(swscanf, 4, READ, FIRST, int i; digits(p, n, 4); assert_int_equal(wrapped_swscanf(p, L"%1d", &i), 1))       \
	X(vswscanf, 4, READ, FIRST, int i; digits(p, n, 4); list_call(NUMBER_vswscanf, p, n, L"%1d", &i))             \
	X(__isoc99_swscanf, 4, READ, FIRST, int i; digits(p, n, 4); wrapped___isoc99_swscanf(p, L"%1d", &i))          \
	X(__isoc99_vswscanf, 4, READ, FIRST, int i; digits(p, n, 4); list_call(NUMBER___isoc99_vswscanf, p, n, L"%1d", &i)) \
	X(fgets, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgets(p, (int)n + 8, f); fclose(f))      \
	X(fgets_unlocked, 1, WRITE, WHOLE, FILE *f = stream_of(other, n + 8); wrapped_fgets_unlocked(p, (int)n, f); fclose(f)) \
	X(fgetws, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgetws(p, (int)n + 8, f); fclose(f))    \
	X(fgetws_unlocked, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped_fgetws_unlocked(p, (int)n + 8, f); fclose(f)) \
	X(__fgets_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgets_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgets_unlocked_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgets_unlocked_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgetws_chk, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgetws_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(__fgetws_unlocked_chk, 4, WRITE, WHOLE, FILE *f = stream_of(other, n - 1); wrapped___fgetws_unlocked_chk(p, SIZE_MAX, (int)n + 8, f); fclose(f)) \
	X(gets, 1, WRITE, SILENT, (void)0)                                                                            \
	X(__gets_chk, 1, WRITE, SILENT, (void)0)                                                                      \
	X(fread, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); assert_int_equal(wrapped_fread(p, 1, n + 8, f), n); fclose(f)) \
	X(fread_unlocked, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped_fread_unlocked(p, 1, n + 8, f); fclose(f)) \
	X(__fread_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped___fread_chk(p, SIZE_MAX, 1, n, f); fclose(f)) \
	X(__fread_unlocked_chk, 1, WRITE, WHOLE, FILE *f = stream_of(other, n); wrapped___fread_unlocked_chk(p, SIZE_MAX, 1, n, f); fclose(f)) \
	X(fwrite, 1, READ, WHOLE, assert_int_equal(wrapped_fwrite(p, 1, n, sink), n))                                 \
	X(fwrite_unlocked, 1, READ, WHOLE, assert_int_equal(wrapped_fwrite_unlocked(p, n, 1, sink), 1))               \
	X(read, 1, WRITE, WHOLE, fill_pipe(n); assert_int_equal(wrapped_read(pipe_fds[0], p, n + 100), n))            \
	X(__read_chk, 1, WRITE, WHOLE, fill_pipe(n); wrapped___read_chk(pipe_fds[0], p, n, SIZE_MAX))                 \
	X(pread, 1, WRITE, WHOLE, assert_int_equal(wrapped_pread(file_fd(), p, n, 0), n))                             \
	X(pread64, 1, WRITE, WHOLE, wrapped_pread64(file_fd(), p, n + 1, (off_t)(sizeof(other) - n)))                 \
	X(__pread_chk, 1, WRITE, WHOLE, wrapped___pread_chk(file_fd(), p, n, 0, SIZE_MAX))                            \
	X(__pread64_chk, 1, WRITE, WHOLE, wrapped___pread64_chk(file_fd(), p, n, 0, SIZE_MAX))                        \
	X(write, 1, READ, WHOLE, assert_int_equal(wrapped_write(pipe_fds[1], p, n), n); empty(pipe_fds[0], n))        \
	X(pwrite, 1, READ, WHOLE, wrapped_pwrite(file_fd(), p, n, 0))                                                 \
	X(pwrite64, 1, READ, WHOLE, wrapped_pwrite64(file_fd(), p, n, 0))                                             \
	X(send, 1, READ, WHOLE, wrapped_send(socket_fds[1], p, n, 0); empty(socket_fds[0], n))                        \
	X(sendto, 1, READ, WHOLE, wrapped_sendto(socket_fds[1], p, n, 0, NULL, 0); empty(socket_fds[0], n))           \
	X(getrandom, 1, WRITE, WHOLE, wrapped_getrandom(p, n, 0))                                                     \
	X(readlink, 1, WRITE, WHOLE, assert_int_equal(wrapped_readlink(long_link, p, n), n))                   \
	X(__readlink_chk, 1, WRITE, WHOLE, wrapped___readlink_chk(long_link, p, n, SIZE_MAX))                  \
	X(readlinkat, 1, WRITE, WHOLE, wrapped_readlinkat(AT_FDCWD, long_link, p, n))                          \
	X(__readlinkat_chk, 1, WRITE, WHOLE, wrapped___readlinkat_chk(AT_FDCWD, long_link, p, n, SIZE_MAX))    \
	X(recv, 1, WRITE, WHOLE, fill_socket(n); assert_int_equal(wrapped_recv(socket_fds[0], p, n + 100, 0), n))     \
	X(__recv_chk, 1, WRITE, WHOLE, fill_socket(n); wrapped___recv_chk(socket_fds[0], p, n, SIZE_MAX, 0))          \
	X(recvfrom, 1, WRITE, WHOLE, fill_socket(n); wrapped_recvfrom(socket_fds[0], p, n, 0, NULL, NULL))            \
	X(__recvfrom_chk, 1, WRITE, WHOLE, fill_socket(n); wrapped___recvfrom_chk(socket_fds[0], p, n, SIZE_MAX, 0, NULL, NULL)) \
	X(readv, 1, WRITE, WHOLE, struct iovec v[2] = {{large, 3}, {p, n + 50}}; fill_pipe(n + 3); assert_int_equal(wrapped_readv(pipe_fds[0], v, 2), n + 3)) \
	X(writev, 1, READ, WHOLE, struct iovec v[2] = {{large, 3}, {p, n}}; assert_int_equal(wrapped_writev(pipe_fds[1], v, 2), n + 3); empty(pipe_fds[0], n + 3)) \
	X(preadv, 1, WRITE, WHOLE, struct iovec v = {p, n}; wrapped_preadv(file_fd(), &v, 1, 0))                      \
	X(preadv64, 1, WRITE, WHOLE, struct iovec v = {p, n}; wrapped_preadv64(file_fd(), &v, 1, 0))                  \
	X(pwritev, 1, READ, WHOLE, struct iovec v = {p, n}; wrapped_pwritev(file_fd(), &v, 1, 0))                     \
	X(pwritev64, 1, READ, WHOLE, struct iovec v = {p, n}; wrapped_pwritev64(file_fd(), &v, 1, 0))                 \
	X(recvmsg, 1, WRITE, WHOLE, struct iovec v = {p, n}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; fill_socket(n); assert_int_equal(wrapped_recvmsg(socket_fds[0], &m, 0), n)) \
	X(sendmsg, 1, READ, WHOLE, struct iovec v = {p, n}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; assert_int_equal(wrapped_sendmsg(socket_fds[1], &m, 0), n); empty(socket_fds[0], n)) \
	X(getcwd, 1, WRITE, SILENT, (void)0)                                                                          \
	X(__getcwd_chk, 1, WRITE, SILENT, (void)0)                                                                    \
	X(inet_ntop, 1, WRITE, SILENT, (void)0)                                                                       \
	X(realpath, 1, WRITE, SILENT, (void)0)                                                                        \
	X(__realpath_chk, 1, WRITE, SILENT, (void)0)                                                                  \
	X(gethostname, 1, WRITE, SILENT, (void)0)                                                                     \
	X(__gethostname_chk, 1, WRITE, SILENT, (void)0)

static const struct row {
	const char *symbol;
} rows[] = {
#define BEFORE(result, symbol, ...) {#symbol},
#define VOID(symbol, ...) {#symbol},
#define AROUND(result, symbol, ...) {#symbol},
#define PRINTF(symbol, ...) {#symbol},
#include "record/preload/guard/libc_rows.h"
#undef BEFORE
#undef VOID
#undef AROUND
#undef PRINTF
};

#define X(symbol, width, access, shape, ...)                                                                          \
	static void case_##symbol(char *p, size_t n)                                                                  \
	{                                                                                                             \
		(void)p;                                                                                              \
		(void)n;                                                                                              \
		__VA_ARGS__;                                                                                          \
	}
CASES(X)
#undef X

static const struct a_case {
	const char *symbol;
	unsigned width;
	uint8_t access;
	enum shape shape;
	void (*call)(char *p, size_t n);
} cases[] = {
#define X(symbol, width, access, shape, ...) {#symbol, width, MS_ACCESS_##access, shape, case_##symbol},
	CASES(X)
#undef X
};

/* ---- the tests ---- */

#define CHARS 12u

static void test_every_row_has_a_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool found = strncmp(rows[i].symbol, "__isoc23_", 9) == 0; /* libc may not have them; rows like the others */

		for (size_t k = 0; k < COUNT(cases) && !found; k++)
			found = strcmp(rows[i].symbol, cases[k].symbol) == 0;
		if (!found)
			fail_msg("no case for %s", rows[i].symbol);
	}
}

static void test_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].shape == SILENT)
			continue;
		cases[i].call(one_block(CHARS * cases[i].width, false, false), CHARS);
		silent(cases[i].symbol, "as long as its block");
		cases[i].call(one_block(CHARS * cases[i].width, false, true) + 2 * cases[i].width, CHARS - 2);
		silent(cases[i].symbol, "at the end of its block");
		if (opened_count != closed_count)
			fail_msg("%s: opened %zu, closed %zu", cases[i].symbol, opened_count, closed_count);
	}
}

static void test_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];
		uint64_t end;

		if (c->shape == SILENT)
			continue;
		c->call(one_block(CHARS * c->width, false, false), CHARS + 1);
		end = blocks[0].start + blocks[0].bytes;
		expect(c->symbol, "one character behind", c->access, end, c->width, false);
		c->call(one_block(CHARS * c->width, false, false), CHARS + 40);
		expect(c->symbol, "40 characters behind", c->access, end, (c->shape == WHOLE ? 40 : 1) * c->width, false);
		c->call(one_block(CHARS * c->width, false, false) + (CHARS + 2) * c->width, 3);
		expect(c->symbol, "all of it behind", c->access, end + 2 * c->width, (c->shape == WHOLE ? 3 : 1) * c->width, false);
	}
}

static void test_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];

		if (c->shape == SILENT)
			continue;
		for (unsigned chars = 1; chars <= 32; chars += 7) {
			c->call(one_block(CHARS * c->width, false, false) - chars * c->width, chars + 4);
			expect(c->symbol, "from before the start", c->access, blocks[0].start - chars * c->width,
			       (c->shape == WHOLE ? chars : 1) * c->width, false);
		}
	}
}

static void test_freed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct a_case *c = &cases[i];

		if (c->shape == SILENT)
			continue;
		c->call(one_block(CHARS * c->width, true, true) + c->width, CHARS - 2);
		expect(c->symbol, "freed", c->access, blocks[0].start + c->width, (c->shape == WHOLE ? CHARS - 2 : 1) * c->width, true);
		assert_true(opened_count > 0);
	}
}

static void test_outside_of_pools(void **state)
{
	(void)state;
	one_block(8, false, false);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (cases[i].shape != SILENT)
			cases[i].call(large + 16384, CHARS);
	/* In the range of the pools, but nobody's ground. */
	block_count = 0;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (cases[i].shape != SILENT)
			cases[i].call((char *)memory + BLOCK_AT, CHARS);
	silent("any function", "outside of all blocks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_has_a_case),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_outside_of_pools),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
