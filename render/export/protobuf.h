/*
 * protobuf.h - writes messages of Protocol Buffers: the wire format, as far as a profile needs it (varints and bytes).
 *
 * A message is built in memory and put into the one around it with its length. Fields with the value 0 are left out, as proto3 does.
 * Ownership: ms_pb_free. Errors: no memory sets `failed`, and everything after it is ignored. Thread-safety: one thread per message.
 * Source: the encoding guide of Protocol Buffers.
 */
#ifndef MS_EXPORT_PROTOBUF_H
#define MS_EXPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_pb {                       /* zero-initialised is empty */
	uint8_t *bytes;
	size_t size, capacity;
	bool failed;
};

void ms_pb_uint(struct ms_pb *m, uint32_t field, uint64_t value);
void ms_pb_bytes(struct ms_pb *m, uint32_t field, const void *bytes, size_t size);
void ms_pb_packed(struct ms_pb *m, uint32_t field, const uint64_t *values, size_t count);
/* Puts `inner` into m and empties it, so that it can be filled again. */
void ms_pb_message(struct ms_pb *m, uint32_t field, struct ms_pb *inner);
/* The fields of `other` after those of m. */
void ms_pb_append(struct ms_pb *m, const struct ms_pb *other);
void ms_pb_free(struct ms_pb *m);

#endif
