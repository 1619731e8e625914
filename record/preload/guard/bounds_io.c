/*
 * bounds_io.c - calls whose result says what was touched: input, output, printing into memory.
 */
#include "bounds.h"

#include <errno.h>
#include <signal.h>

#include "record/preload/raw.h"

/* A call that could touch more than this behind its block gets no more opened: nobody has a use for it. */
#define OPEN_BYTES UINT64_C(65536)

static void may_touch_bytes(struct bounds_call *call, uint64_t start, uint64_t bytes)
{
	struct guard_block block;
	uint64_t inside = 0;

	if (bytes == 0 || call->opened_count == BOUNDS_OPENED || !guard_covers(start) || !bounds_pools->find(start, &block) || !block.by_page)
		return;
	if (!block.freed && start >= block.start && start - block.start < block.bytes)
		inside = block.start + block.bytes - start;
	if (bytes <= inside)
		return;
	if (bytes - inside > OPEN_BYTES)
		bytes = inside + OPEN_BYTES;
	bounds_pools->open(start, bytes);
	call->opened[call->opened_count].start = start;
	call->opened[call->opened_count++].bytes = bytes;
}

void bounds_may_touch(struct bounds_call *call, const void *at, size_t n)
{
	may_touch_bytes(call, (uint64_t)(uintptr_t)at, bounds_product(n, call->width));
}

void bounds_may_read_string(struct bounds_call *call, const void *s)
{
	struct bounds_place place = bounds_place(call, s);

	if (place.room == 0 || (place.room != SIZE_MAX && bounds_length(call, s, place.room) == place.room))
		bounds_may_touch(call, s, SIZE_MAX);
}

void bounds_did_read(const struct bounds_call *call, const void *at, size_t n)
{
	bounds_touch(call, MS_ACCESS_READ, (uint64_t)(uintptr_t)at, bounds_product(n, call->width));
}

void bounds_did_write(const struct bounds_call *call, const void *at, size_t n)
{
	bounds_touch(call, MS_ACCESS_WRITE, (uint64_t)(uintptr_t)at, bounds_product(n, call->width));
}

void bounds_did_write_string(const struct bounds_call *call, const void *s)
{
	if (s != NULL && bounds_covered(s))
		bounds_did_write(call, s, bounds_length(call, s, SIZE_MAX) + 1);
}

/* The program's own use of a page that was opened for it after evidence is not ended: guard_close knows. */
void bounds_done(struct bounds_call *call)
{
	while (call->opened_count > 0) {
		call->opened_count--;
		bounds_pools->close(call->opened[call->opened_count].start, call->opened[call->opened_count].bytes);
	}
}

/* ---- vectors ---- */

/*
 * The kernel refuses vectors that cannot be read; reading them here would end the program. rt_sigprocmask reads its set before
 * it looks at what to do with it: EFAULT, or EINVAL for what nobody can do.
 */
static bool readable(const void *p, size_t bytes)
{
	uint64_t first = (uint64_t)(uintptr_t)p, last = first + bytes - sizeof(uint64_t);

	for (uint64_t at = first;; at = (at | 4095) + 1) {
		if (at > last)
			at = last;
		if (ms_raw(SYS_rt_sigprocmask, -1, (long)at, 0, sizeof(uint64_t), 0, 0) != -EINVAL)
			return false;
		if (at == last)
			return true;
	}
}

bool bounds_vectors_covered(const struct iovec *at, int count)
{
	if (guard_span == 0 || at == NULL || count <= 0 || count > 1024 || !readable(at, (size_t)count * sizeof(*at)))
		return false;
	for (int i = 0; i < count; i++)
		if (bounds_covered(at[i].iov_base))
			return true;
	return false;
}

bool bounds_message_covered(const struct msghdr *message)
{
	return guard_span != 0 && message != NULL && readable(message, sizeof(*message)) && message->msg_iovlen <= 1024 &&
	       bounds_vectors_covered(message->msg_iov, (int)message->msg_iovlen);
}

void bounds_vectors_may_touch(struct bounds_call *call, const struct iovec *at, int count)
{
	for (int i = 0; i < count; i++)
		may_touch_bytes(call, (uint64_t)(uintptr_t)at[i].iov_base, at[i].iov_len);
}

void bounds_vectors_did(const struct bounds_call *call, enum ms_access_kind access, const struct iovec *at, int count, ssize_t bytes)
{
	for (int i = 0; i < count && bytes > 0; i++) {
		size_t part = at[i].iov_len < (size_t)bytes ? at[i].iov_len : (size_t)bytes;

		bounds_touch(call, access, (uint64_t)(uintptr_t)at[i].iov_base, part);
		bytes -= (ssize_t)part;
	}
}
