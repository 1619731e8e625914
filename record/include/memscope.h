/*
 * memscope.h - what a program may ask of memscope while it is recorded. Needs no library: where nothing records, nothing happens.
 *
 * memscope_graph   records now which live block is pointed to from where (a heap graph): all threads stand still for
 *                  some milliseconds, a second or so with millions of blocks. Returns 1 when a graph was recorded, else 0: not
 *                  recorded by memscope-record, recording has ended, or another graph is being taken. errno is kept.
 * memscope_mark    names this moment: "config loaded". Reports tell what happened between two marks and what each phase kept;
 *                  the tools take mark:TEXT for a moment (--at, --window, memscope-diff --at/--vs, snapshot('mark:...')). Text: NUL-
 *                  terminated, copied, at most MEMSCOPE_MARK_BYTES bytes of it (a longer one is cut at a character); NULL is "".
 *                  Costs what one allocation costs; errno is kept.
 * MEMSCOPE_MARK    the same; nothing at all where MEMSCOPE_DISABLE was defined before this header.
 *
 * C99 and C++11, ELF with weak symbols (gcc, clang). Any thread, also in a signal handler. In a shared library of its own that is
 * linked with -z defs the weak symbol may stay undefined; that is its purpose.
 */
#ifndef MEMSCOPE_H
#define MEMSCOPE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Defined by the recorder's library inside the program. Not for direct use. */
extern int memscope_graph_request(void) __attribute__((weak));
extern void memscope_mark_request(const char *text) __attribute__((weak));

static inline int memscope_graph(void)
{
	return memscope_graph_request ? memscope_graph_request() : 0;
}

#define MEMSCOPE_MARK_BYTES 2000

static inline void memscope_mark(const char *text)
{
	if (memscope_mark_request)
		memscope_mark_request(text);
}

#ifndef MEMSCOPE_DISABLE
#define MEMSCOPE_MARK(text) memscope_mark(text)
#else
#define MEMSCOPE_MARK(text) ((void)0)
#endif

#ifdef __cplusplus
}
#endif

#endif
