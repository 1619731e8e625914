/* The ids of the blocks that an Events block begins, without resolving its events. */
#include "trace_fb.h"
#include "trace_internal.h"

int ms_trace_first_block(const struct ms_trace *t, size_t index, uint64_t *first, struct ms_error *err)
{
	const struct ms_block_info *info = ms_trace_block(t, index);
	struct ms_unpacker unpacker = {0};
	struct ms_block_header header;
	struct fb_events e;
	int rc;

	if (info == NULL || info->kind != MS_BLOCK_EVENTS)
		return ms_fail(err, MS_E_ARGUMENT, MS_NO_OFFSET, "block %zu of the file holds no events", index);
	rc = ms_trace_block_header(t, info, &header, err);
	if (rc == MS_OK)
		rc = ms_block_unpack(&unpacker, &t->source, info->offset, &header, NULL, &e.at, err);
	if (rc == MS_OK)
		*first = fb_events_first_block(e);
	ms_unpacker_free(&unpacker);
	return rc;
}
