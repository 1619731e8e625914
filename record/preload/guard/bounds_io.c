/*
 * bounds_io.c - calls whose result says what was touched: input, output, printing into memory.
 */
#include "bounds.h"

#include <errno.h>
#include <signal.h>

#include "record/preload/raw.h"

/* A call that could touch more than this behind its block gets no more opened: nobody has a use for it. */
#define OPEN_BYTES UINT64_C(65536)

static void may_touch_bytes(struct bounds_call *call, uint64_t start, uint64_t bytes, uint64_t before, bool open)
{
	struct bounds_note *note = &call->noted[call->noted_count];
	struct guard_block block;
	uint64_t inside = 0;

	if (bytes == 0 || call->noted_count == BOUNDS_NOTED || !guard_covers(start) || !bounds_pools->find(start, &block))
		return;
	if (!block.freed && start >= block.start && start - block.start < block.bytes)
		inside = block.start + block.bytes - start;
	if (bytes <= inside)
		return;
	call->noted_count++;
	*note = (struct bounds_note){.start = start, .bytes = bytes, .before = before, .block = block};
	if (!block.by_page || !open)
		return;
	note->opened_bytes = bytes - inside > OPEN_BYTES ? inside + OPEN_BYTES : bytes;
	bounds_pools->open(start, note->opened_bytes);
}

/* bytes: of the whole call. */
static void did(const struct bounds_call *call, enum ms_access_kind access, const struct bounds_note *note, uint64_t bytes)
{
	if (bytes > note->before)
		bounds_touch_of(call, access, note->start, bytes - note->before < note->bytes ? bytes - note->before : note->bytes,
				note->block);
}

static void did_at(const struct bounds_call *call, enum ms_access_kind access, const void *at, size_t n)
{
	for (unsigned i = 0; i < call->noted_count; i++) {
		if (call->noted[i].start == (uint64_t)(uintptr_t)at) {
			did(call, access, &call->noted[i], bounds_product(n, call->width));
			return;
		}
	}
}

void bounds_may_touch(struct bounds_call *call, const void *at, size_t n)
{
	may_touch_bytes(call, (uint64_t)(uintptr_t)at, bounds_product(n, call->width), 0, true);
}

void bounds_note(struct bounds_call *call, const void *at)
{
	may_touch_bytes(call, (uint64_t)(uintptr_t)at, UINT64_MAX, 0, false);
}

void bounds_may_read_string(struct bounds_call *call, const void *s)
{
	struct bounds_place place = bounds_place(call, s);

	if (place.room == 0 || (place.room != SIZE_MAX && bounds_length(call, s, place.room) == place.room))
		bounds_may_touch(call, s, SIZE_MAX);
}

void bounds_did_read(const struct bounds_call *call, const void *at, size_t n)
{
	did_at(call, MS_ACCESS_READ, at, n);
}

void bounds_did_write(const struct bounds_call *call, const void *at, size_t n)
{
	did_at(call, MS_ACCESS_WRITE, at, n);
}

void bounds_did_write_string(const struct bounds_call *call, const void *s)
{
	for (unsigned i = 0; i < call->noted_count; i++)
		if (s != NULL && call->noted[i].start == (uint64_t)(uintptr_t)s) {
			bounds_did_write(call, s, bounds_length(call, s, SIZE_MAX) + 1);
			return;
		}
}

/* The program's own use of a page that was opened for it after evidence is not ended: guard_close knows. */
void bounds_done(struct bounds_call *call)
{
	while (call->noted_count > 0) {
		const struct bounds_note *note = &call->noted[--call->noted_count];

		if (note->opened_bytes != 0)
			bounds_pools->close(note->start, note->opened_bytes);
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
	uint64_t before = 0;

	for (int i = 0; i < count; i++) {
		may_touch_bytes(call, (uint64_t)(uintptr_t)at[i].iov_base, at[i].iov_len, before, true);
		if (__builtin_add_overflow(before, at[i].iov_len, &before))
			return; /* no call comes so far */
	}
}

/* The vectors themselves may be gone. */
void bounds_vectors_did(const struct bounds_call *call, enum ms_access_kind access, ssize_t bytes)
{
	for (unsigned i = 0; bytes > 0 && i < call->noted_count; i++)
		did(call, access, &call->noted[i], (uint64_t)bytes);
}
