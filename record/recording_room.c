/* recording_room.c - see recording_room.h. */
#include "recording_room.h"

#include <sys/resource.h>
#include <sys/statvfs.h>

#define SYMBOL_BYTES 64u                /* of a frame, with its share of strings: several times the usual */
#define TAIL_BYTES 16384u               /* end, index of a small file */

uint64_t recording_room(struct recording *r)
{
	uint64_t bytes = UINT64_MAX, written = r->writer ? ms_writer_stats(r->writer).bytes : 0;
	struct rlimit limit;
	struct statvfs fs;

	if (r->options->max_size_bytes) {
		bytes = r->options->max_size_bytes;
		r->room_limit = "--max-size is reached";
	}
	if (!r->regular)
		return bytes;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes) {
		bytes = limit.rlim_cur;
		r->room_limit = "the limit on file sizes (ulimit -f) is reached";
	}
	if (fstatvfs(r->fd, &fs) == 0 && fs.f_blocks > 0 && written + (uint64_t)fs.f_bavail * fs.f_frsize < bytes) {
		bytes = written + (uint64_t)fs.f_bavail * fs.f_frsize;
		r->room_limit = "the disk is full";
	}
	return bytes;
}

/* Events stop early enough for symbols, end and index to follow; symbols may take half of a small file at most. */
void recording_limit_events(struct recording *r)
{
	uint64_t bytes = recording_room(r), keep = (uint64_t)r->ingest.tables.frame_count * SYMBOL_BYTES + TAIL_BYTES;

	r->ingest.room_bytes = bytes == UINT64_MAX ? 0 : bytes;
	r->ingest.keep_bytes = keep < bytes / 2 ? keep : bytes / 2;
}
