/* event_args.c - see event_args.h. */
#include "render/event_args.h"

#include <stddef.h>

#include "format/events.h"

#define ALIGNMENT {"alignment_bytes", MS_ARG_LOG2}
#define ASKED_BY {"asked_by", MS_ARG_NUMBER}
#define POOL {"pool", MS_ARG_NUMBER}
#define TASK {"task", MS_ARG_NUMBER}
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
	[MS_EV_POOL_ALLOC] = {POOL},
	[MS_EV_POOL_FREE] = {POOL},
	[MS_EV_PAUSE] = {ASKED_BY},
	[MS_EV_RESUME] = {ASKED_BY},
	[MS_EV_SNAPSHOT] = {{"name", MS_ARG_STRING}, ASKED_BY},
	[MS_EV_TRACK] = {{"variable", MS_ARG_VARIABLE}, {"tracked_block", MS_ARG_NUMBER}},
	[MS_EV_CLONE] = {{"source_block", MS_ARG_NUMBER}, {"copy_block", MS_ARG_NUMBER}},
	[MS_EV_MOVE] = {{"from_block", MS_ARG_NUMBER}, {"to_block", MS_ARG_NUMBER}},
	[MS_EV_MOVE_SIZE] = {{"moved_bytes", MS_ARG_NUMBER}},
	[MS_EV_BORROW] = {{"borrowed_block", MS_ARG_NUMBER}},
	[MS_EV_RETURN] = {{"borrowed_block", MS_ARG_NUMBER}},
	[MS_EV_SCOPE_BEGIN] = {{"name", MS_ARG_STRING}},
	[MS_EV_SCOPE_END] = {{"name", MS_ARG_STRING}},
	[MS_EV_TASK_SPAWN] = {TASK, {"parent_task", MS_ARG_NUMBER}},
	[MS_EV_TASK_NAME] = {TASK, {"name", MS_ARG_STRING}},
	[MS_EV_TASK_KEY] = {TASK, {"key", MS_ARG_NUMBER}},
	[MS_EV_TASK_ENTER] = {TASK},
	[MS_EV_TASK_LEAVE] = {TASK},
	[MS_EV_TASK_END] = {TASK},
	[MS_EV_POOL_CREATE] = {POOL, {"parent_block", MS_ARG_NUMBER}},
	[MS_EV_POOL_NAME] = {POOL, {"name", MS_ARG_STRING}},
	[MS_EV_POOL_RESET] = {POOL},
	[MS_EV_POOL_DESTROY] = {POOL},
	[MS_EV_EVIDENCE] = {{"evidence", MS_ARG_EVIDENCE}},
	[MS_EV_LOST] = {{"events", MS_ARG_NUMBER}},
};

const struct ms_arg_info *ms_event_arg(uint8_t kind, unsigned i)
{
	static const struct ms_arg_info none = {NULL, MS_ARG_NONE};

	return i < 2 ? &arguments[kind][i] : &none;
}
