/*
 * query_fields.h - columns that are fields of a result struct, told by their offset.
 *
 * ms_q_field gives the value of one field to SQLite. Ownership: strings live as long as the query. Errors: none.
 * Thread-safety: as query.h.
 */
#ifndef MS_ANALYZE_QUERY_FIELDS_H
#define MS_ANALYZE_QUERY_FIELDS_H

#include "query_internal.h"

/* *_ID: 0 is NULL. */
enum ms_qfield_type { MS_FIELD_NONE, MS_FIELD_U64, MS_FIELD_U32, MS_FIELD_U16, MS_FIELD_U32_ID, MS_FIELD_U64_ID, MS_FIELD_BOOL, MS_FIELD_TEXT };
struct ms_qfield {
	uint16_t offset;
	uint8_t type;                    /* enum ms_qfield_type */
};
#define MS_QFIELD(type, struct_, field) {(uint16_t)offsetof(struct struct_, field), MS_FIELD_##type}

static inline void ms_q_field(sqlite3_context *out, const void *base, const struct ms_qfield *f)
{
	const void *at = (const char *)base + f->offset;

	switch (f->type) {
	case MS_FIELD_U64:
		ms_q_uint(out, *(const uint64_t *)at);
		break;
	case MS_FIELD_U32:
		ms_q_uint(out, *(const uint32_t *)at);
		break;
	case MS_FIELD_U16:
		ms_q_uint(out, *(const uint16_t *)at);
		break;
	case MS_FIELD_U32_ID:
		ms_q_id(out, *(const uint32_t *)at);
		break;
	case MS_FIELD_U64_ID:
		ms_q_id(out, *(const uint64_t *)at);
		break;
	case MS_FIELD_BOOL:
		sqlite3_result_int(out, *(const bool *)at);
		break;
	case MS_FIELD_TEXT:
		ms_q_text(out, *(const char *const *)at);
		break;
	default:
		break;
	}
}

#endif
