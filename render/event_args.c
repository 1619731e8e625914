/* event_args.c - see event_args.h. */
#include "render/event_args.h"

#include <stddef.h>

#include "format/events.h"

#define ALIGNMENT {"alignment_bytes", MS_ARG_LOG2}
#define GIVEN {"given_size_bytes", MS_ARG_NUMBER}

static const struct ms_arg_info arguments[256][2] = {
	[MS_EV_POSIX_MEMALIGN] = {ALIGNMENT},
	[MS_EV_ALIGNED_ALLOC] = {ALIGNMENT},
	[MS_EV_MEMALIGN] = {ALIGNMENT},
	[MS_EV_NEW_ALIGNED] = {ALIGNMENT},
	[MS_EV_NEW_ARRAY_ALIGNED] = {ALIGNMENT},
	[MS_EV_DELETE_SIZED] = {GIVEN},
	[MS_EV_DELETE_ARRAY_SIZED] = {GIVEN},
	[MS_EV_DELETE_ALIGNED] = {ALIGNMENT},
	[MS_EV_DELETE_ARRAY_ALIGNED] = {ALIGNMENT},
	[MS_EV_DELETE_SIZED_ALIGNED] = {GIVEN, ALIGNMENT},
	[MS_EV_DELETE_ARRAY_SIZED_ALIGNED] = {GIVEN, ALIGNMENT},
	[MS_EV_FREE_SIZED] = {GIVEN},
	[MS_EV_FREE_ALIGNED_SIZED] = {GIVEN, ALIGNMENT},
	[MS_EV_ALLOC_FAILED] = {{"tried", MS_ARG_KIND}},
	[MS_EV_MMAP] = {{"protection", MS_ARG_PROTECTION}, {"flags", MS_ARG_HEX}},
	[MS_EV_MREMAP] = {{"old_address", MS_ARG_HEX}, {"old_size_bytes", MS_ARG_NUMBER}},
	[MS_EV_SBRK] = {{"increment_bytes", MS_ARG_ZIGZAG}},
	[MS_EV_THREAD_NAME] = {{"name", MS_ARG_STRING}},
	[MS_EV_MODULE_LOAD] = {{"module", MS_ARG_MODULE}},
	[MS_EV_MODULE_UNLOAD] = {{"module", MS_ARG_MODULE}},
	[MS_EV_FORK] = {{"child_pid", MS_ARG_NUMBER}},
	[MS_EV_VFORK] = {{"child_pid", MS_ARG_NUMBER}},
	[MS_EV_EXEC] = {{"path", MS_ARG_STRING}},
	[MS_EV_EXEC_FAILED] = {{"errno", MS_ARG_ERRNO}},
	[MS_EV_IMAGE_START] = {{"image", MS_ARG_NUMBER}},
	[MS_EV_MARK] = {{"name", MS_ARG_STRING}},
	[MS_EV_EVIDENCE] = {{"evidence", MS_ARG_EVIDENCE}},
	[MS_EV_LOST] = {{"events", MS_ARG_NUMBER}},
};

const struct ms_arg_info *ms_event_arg(uint8_t kind, unsigned i)
{
	static const struct ms_arg_info none = {NULL, MS_ARG_NONE};

	return i < 2 ? &arguments[kind][i] : &none;
}
