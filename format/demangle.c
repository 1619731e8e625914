/*
 * demangle.c - see demangle.h.
 *
 * Substitutions let a short linkage name stand for one of any length, so the C++ and Rust demanglers write through a
 * callback that stops them at a limit. It leaves by longjmp: those two keep their state on the stack. The D demangler has
 * no callback; its names are limited by their number of back references, each of which can double the length.
 */
#include "format/demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define LINKAGE_MAX (64u << 10)
#define READABLE_MAX (64u << 10)
#define D_LINKAGE_MAX 1024u
#define D_REFERENCES_MAX 16

struct output {
	char *text;
	size_t length, capacity;
	jmp_buf too_long;                /* or no memory */
};

static void append(const char *bytes, size_t n, void *opaque)
{
	struct output *o = opaque;

	if (n > READABLE_MAX - o->length)
		longjmp(o->too_long, 1);
	if (o->length + n + 1 > o->capacity) {
		size_t capacity = 2 * (o->length + n) + 256;
		char *grown = realloc(o->text, capacity);

		if (!grown)
			longjmp(o->too_long, 1);
		o->text = grown;
		o->capacity = capacity;
	}
	memcpy(o->text + o->length, bytes, n);
	o->length += n;
	o->text[o->length] = '\0';
}

typedef int (*demangler)(const char *mangled, int options, demangle_callbackref callback, void *opaque);

static char *demangle_with(demangler f, const char *linkage)
{
	/* on the heap: what changes between setjmp and longjmp must not live in a register */
	struct output *o = calloc(1, sizeof *o);
	char *text = NULL;

	if (!o)
		return NULL;
	if (setjmp(o->too_long) == 0 && f(linkage, DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP, append, o) && o->length)
		text = o->text;
	else
		free(o->text);
	free(o);
	return text;
}

static char *demangle_d(const char *linkage)
{
	int references = 0;

	for (const char *p = linkage; *p; p++)
		references += *p == 'Q';
	if (references > D_REFERENCES_MAX || strlen(linkage) > D_LINKAGE_MAX)
		return NULL;
	return dlang_demangle(linkage, DMGL_PARAMS | DMGL_ANSI);
}

char *ms_demangle(const char *linkage)
{
	char *name;

	/* "_Z" C++ and legacy Rust, "_R" Rust v0, "_D" D, "_GLOBAL_" C++ constructors of a file */
	if (linkage[0] != '_' || strnlen(linkage, LINKAGE_MAX) == LINKAGE_MAX)
		return NULL;
	if (linkage[1] == 'D')
		return isdigit((unsigned char)linkage[2]) || strcmp(linkage, "_Dmain") == 0 ? demangle_d(linkage) : NULL;
	name = demangle_with(rust_demangle_callback, linkage);
	return name ? name : demangle_with(cplus_demangle_v3_callback, linkage);
}
