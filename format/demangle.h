/*
 * demangle.h - linkage names to what engineers read: C++ (Itanium), Rust (legacy and v0) and D.
 *
 * C++ names come with parameters and without the return type of templates ("std::vector<int>::push_back(int const&)"),
 * Rust names without their hash. A suffix that a compiler adds to a copy (".constprop.0") stays in brackets.
 *
 * linkage: NUL-terminated, borrowed. Returns the name, which the caller frees, or NULL: not a mangled name, a name that
 * expands beyond 64 KiB, or out of memory; the linkage name is then the best name there is.
 * Thread-safety: none shared. Not signal-safe.
 * Source: libiberty, the GNU demangler.
 */
#ifndef MS_FORMAT_DEMANGLE_H
#define MS_FORMAT_DEMANGLE_H

char *ms_demangle(const char *linkage) __attribute__((warn_unused_result));

#endif
