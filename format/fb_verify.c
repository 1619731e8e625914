#include "fb_verify.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"

struct verifier {
	const struct ms_fb_schema *schema;
	const uint8_t *buffer;
	size_t size;
	size_t objects_left;
	struct ms_error *err;
};

static bool inside(const struct verifier *v, size_t at, size_t bytes)
{
	return at <= v->size && bytes <= v->size - at;
}

static int bad(const struct verifier *v, size_t at, const char *table, const char *what)
{
	return ms_fail(v->err, MS_E_CORRUPT, at, "FlatBuffer table %s: %s at byte %zu of %zu", table, what, at, v->size);
}

/* Follows the offset at `at` (which lies inside and is aligned) to an object of at least 4 bytes. */
static int follow(const struct verifier *v, const char *table, size_t at, size_t *to)
{
	uint32_t distance = ms_load32(v->buffer + at);

	*to = at + distance;
	if (distance == 0 || !inside(v, *to, 4))
		return bad(v, at, table, "an offset leads outside");
	if (*to % 4 != 0)
		return bad(v, *to, table, "an object is not aligned");
	return MS_OK;
}

static int verify_vector(const struct verifier *v, const char *table, size_t at, size_t size, size_t align)
{
	uint32_t count = ms_load32(v->buffer + at);

	if ((at + 4) % align != 0)
		return bad(v, at, table, "a vector is not aligned");
	if (size * count > v->size - at - 4)
		return bad(v, at, table, "a vector is longer than the buffer");
	return MS_OK;
}

static int verify_string(struct verifier *v, const char *table, size_t at)
{
	int rc = verify_vector(v, table, at, 1, 1);
	size_t end;

	if (rc != MS_OK)
		return rc;
	if (v->objects_left-- == 0)
		return bad(v, at, table, "more objects than the buffer can hold");
	end = at + 4 + ms_load32(v->buffer + at);
	if (!inside(v, end, 1) || v->buffer[end] != 0)
		return bad(v, at, table, "a string without its terminating zero");
	return MS_OK;
}

static int verify_table(struct verifier *v, unsigned index, size_t at, unsigned depth);

static int verify_elements(struct verifier *v, const char *table, const struct ms_fb_field_rule *rule, size_t at,
			   unsigned depth)
{
	int rc = verify_vector(v, table, at, 4, 4);
	uint32_t count = ms_load32(v->buffer + at);

	for (uint32_t i = 0; rc == MS_OK && i < count; i++) {
		size_t to;

		rc = follow(v, table, at + 4 + 4 * (size_t)i, &to);
		if (rc == MS_OK)
			rc = rule->type == MS_FB_VECTOR_STRING ? verify_string(v, table, to)
							       : verify_table(v, rule->index, to, depth + 1);
	}
	return rc;
}

static int verify_union(struct verifier *v, const char *table, const struct ms_fb_field_rule *rule, uint8_t type,
			size_t at, unsigned depth)
{
	const struct ms_fb_union_rule *u = &v->schema->unions[rule->index];

	/* A type that this version does not know cannot be checked; nothing reads it either. */
	if (type >= u->types)
		return MS_OK;
	if (u->tables[type] < 0)
		return bad(v, at, table, "a union with a value but without a type");
	return verify_table(v, (unsigned)u->tables[type], at, depth + 1);
}

static int verify_field(struct verifier *v, const char *table, const struct ms_fb_field_rule *rule, uint8_t union_type,
			size_t at, unsigned depth)
{
	size_t to = 0;
	int rc = MS_OK;

	if (rule->type != MS_FB_SCALAR && rule->type != MS_FB_STRUCT)
		rc = follow(v, table, at, &to);
	if (rc != MS_OK)
		return rc;
	switch (rule->type) {
	case MS_FB_STRING:
		return verify_string(v, table, to);
	case MS_FB_TABLE:
		return verify_table(v, rule->index, to, depth + 1);
	case MS_FB_VECTOR:
		return verify_vector(v, table, to, rule->size, rule->align);
	case MS_FB_VECTOR_STRING:
	case MS_FB_VECTOR_TABLE:
		return verify_elements(v, table, rule, to, depth);
	case MS_FB_UNION:
		return verify_union(v, table, rule, union_type, to, depth);
	default:
		return MS_OK;
	}
}

static int verify_table(struct verifier *v, unsigned index, size_t at, unsigned depth)
{
	const struct ms_fb_table_rule *rule = &v->schema->tables[index];
	const uint8_t *vtable;
	int64_t vtable_at;
	uint16_t vtable_bytes, table_bytes;

	if (depth > MS_FB_MAX_DEPTH)
		return bad(v, at, rule->name, "nested too deeply");
	if (v->objects_left-- == 0)
		return bad(v, at, rule->name, "more objects than the buffer can hold");
	vtable_at = (int64_t)at - (int32_t)ms_load32(v->buffer + at);
	if (vtable_at < 0 || vtable_at % 2 != 0 || !inside(v, (size_t)vtable_at, 4))
		return bad(v, at, rule->name, "its vtable lies outside or is not aligned");
	vtable = v->buffer + vtable_at;
	vtable_bytes = ms_load16(vtable);
	table_bytes = ms_load16(vtable + 2);
	if (vtable_bytes < 4 || vtable_bytes % 2 != 0 || !inside(v, (size_t)vtable_at, vtable_bytes))
		return bad(v, (size_t)vtable_at, rule->name, "its vtable has an impossible length");
	if (table_bytes < 4 || !inside(v, at, table_bytes))
		return bad(v, (size_t)vtable_at, rule->name, "it has an impossible length");

	for (unsigned slot = 0; slot < rule->slots; slot++) {
		const struct ms_fb_field_rule *field = &rule->fields[slot];
		unsigned entry = 4 + 2 * slot;
		uint16_t offset = entry + 2 <= vtable_bytes ? ms_load16(vtable + entry) : 0;
		uint8_t union_type = 0;
		size_t bytes, align;
		int rc;

		if (offset == 0) {
			if (field->required)
				return bad(v, at, rule->name, "a required field is missing");
			continue;
		}
		bytes = field->type == MS_FB_SCALAR || field->type == MS_FB_STRUCT ? field->size : 4;
		align = field->type == MS_FB_SCALAR || field->type == MS_FB_STRUCT ? field->align : 4;
		if (offset < 4 || offset + bytes > table_bytes)
			return bad(v, at, rule->name, "a field lies outside of its table");
		if ((at + offset) % align != 0)
			return bad(v, at + offset, rule->name, "a field is not aligned");
		if (field->type == MS_FB_UNION) {
			uint16_t type_offset = ms_load16(vtable + entry - 2);

			/* The slot before was checked in the round before. */
			union_type = type_offset != 0 ? v->buffer[at + type_offset] : 0;
		}
		rc = verify_field(v, rule->name, field, union_type, at + offset, depth);
		if (rc != MS_OK)
			return rc;
	}
	return MS_OK;
}

int ms_fb_verify(const struct ms_fb_schema *schema, const uint8_t *buffer, size_t size, struct ms_error *err)
{
	/* Each object that a well-formed buffer refers to takes an offset of 4 bytes of its own. */
	struct verifier v = {.schema = schema, .buffer = buffer, .size = size, .objects_left = size / 4, .err = err};
	size_t root;
	int rc;

	if (size < 8 || size > INT32_MAX)
		return ms_fail(err, MS_E_CORRUPT, 0, "FlatBuffer of %zu bytes", size);
	if (schema->identifier != NULL && memcmp(buffer + 4, schema->identifier, 4) != 0)
		return ms_fail(err, MS_E_CORRUPT, 4, "FlatBuffer without the identifier %.4s", schema->identifier);
	rc = follow(&v, v.schema->tables[schema->root].name, 0, &root);
	return rc != MS_OK ? rc : verify_table(&v, schema->root, root, 1);
}
