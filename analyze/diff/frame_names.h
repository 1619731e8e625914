/*
 * frame_names.h - what a function is called when two builds are compared.
 *
 * Left out: parameters and what follows them (const, &), suffixes of copies that compilers make (.constprop.0, [clone ...],
 * .cold), numbers of static functions (f.123), Rust's hashes, ABI tags, numbers of lambdas and unnamed types, and
 * template arguments when asked. Namespaces and classes stay; overloads become one.
 *   "std::vector<int>::push_back(int const&)"       std::vector<int>::push_back, std::vector<>::push_back
 *   "f(int)::{lambda(char)#2}::operator()(char) const"  f::{lambda}::operator()
 *
 * out: at least strlen(function) + 1 bytes; NUL-terminated. Returns the length. A name of which nothing would be left stays as
 * it is. Pure function; thread-safe. Source: own; the forms are those of the GNU demangler.
 */
#ifndef MS_ANALYZE_FRAME_NAMES_H
#define MS_ANALYZE_FRAME_NAMES_H

#include <stdbool.h>
#include <stddef.h>

size_t ms_frame_name(const char *function, bool ignore_templates, char *out);

#endif
