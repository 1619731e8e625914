#include "events.h"

#define SIZED(class_) ((class_) == MS_CLASS_ALLOC || (class_) == MS_CLASS_FAIL || (class_) == MS_CLASS_MAP)

const struct ms_event_kind_info ms_event_kinds[256] = {
#define X(number, id, name_, class_id, args_)                                                                          \
	[number] = {.name = name_,                                                                                     \
		    .class_ = MS_CLASS_##class_id,                                                                     \
		    .args = args_,                                                                                     \
		    .has_size = SIZED(MS_CLASS_##class_id),                                                            \
		    .has_stack = SIZED(MS_CLASS_##class_id)},
	MS_EVENT_KINDS(X)
#undef X
/* Over the rows above: what is named once there, with its arguments here. */
#define X(id, first, second) [MS_EV_##id].ref = {MS_REF_##first, MS_REF_##second},
	MS_EVENT_ARG_REFS(X)
#undef X
};
