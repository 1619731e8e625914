/* usable.c - see usable.h. */
#include "usable.h"

#include <string.h>

#include "format/evidence.h"
#include "format/trace_types.h"

static bool has_prefix(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ms_usable_known(const struct ms_process *p)
{
	static const char *const architectures[] = {"x86_64", "aarch64"};

	if (p->guard != MS_GUARD_OFF || (!has_prefix(p->allocator, "libc.so.6") && !has_prefix(p->allocator, "libc-2.")))
		return false;
	for (size_t i = 0; p->architecture && i < sizeof architectures / sizeof *architectures; i++)
		if (strcmp(p->architecture, architectures[i]) == 0)
			return true;
	return false;
}

const char *ms_usable_rule(const struct ms_process *p)
{
	return ms_usable_known(p) ? "glibc: chunks of 16 bytes and at least 32, of which 8 are not usable" : NULL;
}
