/*
 * fb_verify.h - checks an untrusted FlatBuffer against its schema before anything is read from it.
 *
 * What is checked: every offset stays inside the buffer, every object is aligned, every vtable and table lies inside
 * and holds the fields that it claims, every vector and string fits (a string ends with a zero), required fields are
 * there, a union has exactly the table that its type names, nesting is at most MS_FB_MAX_DEPTH deep, and the number of
 * objects is bounded by the size of the buffer, so that shared objects cannot multiply the work.
 * What is not checked: the meaning of values (enum ranges, ids, UTF-8).
 *
 * The rules are tables that fbgen makes from the schema (trace_fb.h). Fields that the schema does not know are ignored:
 * a later version may have written them.
 * Errors: MS_E_CORRUPT; err->offset is the offset in the buffer of the object at fault.
 * Thread- and signal-safe: no state, no allocation.
 */
#ifndef MS_FORMAT_FB_VERIFY_H
#define MS_FORMAT_FB_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "errors.h"

#define MS_FB_MAX_DEPTH 16

enum ms_fb_type {
	MS_FB_SCALAR,         /* size */
	MS_FB_STRUCT,         /* size, align */
	MS_FB_STRING,
	MS_FB_TABLE,          /* index: table */
	MS_FB_VECTOR,         /* of scalars or structs: size, align of an element */
	MS_FB_VECTOR_STRING,
	MS_FB_VECTOR_TABLE,   /* index: table */
	MS_FB_UNION,          /* index: union; its type is in the slot before */
};

struct ms_fb_field_rule {
	uint8_t type;         /* enum ms_fb_type */
	uint8_t required;
	uint8_t align;
	uint16_t size;        /* bytes */
	uint16_t index;
};

struct ms_fb_table_rule {
	const char *name;
	const struct ms_fb_field_rule *fields; /* by slot */
	uint16_t slots;
};

struct ms_fb_union_rule {
	const char *name;
	const int16_t *tables; /* by type: index of its table, -1 = no table (type 0: none) */
	uint16_t types;
};

struct ms_fb_schema {
	const struct ms_fb_table_rule *tables;
	const struct ms_fb_union_rule *unions;
	uint16_t root;
	const char *identifier; /* 4 bytes, or NULL */
};

int ms_fb_verify(const struct ms_fb_schema *schema, const uint8_t *buffer, size_t size, struct ms_error *err);

#endif
