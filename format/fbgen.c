/*
 * fbgen.c - turns a FlatBuffers schema in binary form into C.
 *
 * Usage: fbgen SCHEMA.bfbs > out.h. The input is what `flatc -b --schema` writes: a FlatBuffer whose own schema is
 * reflection.fbs. For every enum of the schema the output has its constants, for every struct a C struct, for every
 * table accessors, builder helpers and verifier rules; names are the schema's in snake_case behind `fb_`.
 * Field numbers below are those of reflection.fbs. The input is checked only so far that nothing is read out of bounds:
 * it comes from flatc in the same build.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/bytes.h"

/* ---- reading the binary schema ---------------------------------------------------------------------------------- */

enum base_type {
	T_NONE, T_UTYPE, T_BOOL, T_BYTE, T_UBYTE, T_SHORT, T_USHORT, T_INT, T_UINT, T_LONG, T_ULONG, T_FLOAT, T_DOUBLE,
	T_STRING, T_VECTOR, T_OBJ, T_UNION, T_ARRAY
};
enum { SCHEMA_OBJECTS, SCHEMA_ENUMS, SCHEMA_FILE_IDENT, SCHEMA_FILE_EXT, SCHEMA_ROOT_TABLE };
enum { OBJECT_NAME, OBJECT_FIELDS, OBJECT_IS_STRUCT, OBJECT_MINALIGN, OBJECT_BYTESIZE };
enum { FIELD_NAME, FIELD_TYPE, FIELD_ID, FIELD_OFFSET, FIELD_DEFAULT_INTEGER, FIELD_DEFAULT_REAL, FIELD_DEPRECATED,
       FIELD_REQUIRED };
enum { TYPE_BASE_TYPE, TYPE_ELEMENT, TYPE_INDEX, TYPE_FIXED_LENGTH };
enum { ENUM_NAME, ENUM_VALUES, ENUM_IS_UNION, ENUM_UNDERLYING_TYPE };
enum { ENUMVAL_NAME, ENUMVAL_VALUE, ENUMVAL_OBJECT, ENUMVAL_UNION_TYPE };

static uint8_t *input;
static size_t input_bytes;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list ap;

	fputs("fbgen: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* Offset of field `slot` of the table at `table`, 0 when absent. Tables and vectors are offsets into the input. */
static const uint8_t *at(size_t offset, size_t bytes)
{
	if (offset > input_bytes || bytes > input_bytes - offset)
		die("the schema is cut or damaged");
	return input + offset;
}

static size_t field(size_t table, unsigned slot)
{
	size_t vtable = table - (size_t)(int32_t)ms_load32(at(table, 4));
	uint16_t entry;

	if (4 + 2 * slot + 2 > ms_load16(at(vtable, 2)))
		return 0;
	entry = ms_load16(at(vtable + 4 + 2 * slot, 2));
	return entry != 0 ? table + entry : 0;
}

static int64_t integer(size_t table, unsigned slot, size_t bytes, int64_t absent)
{
	size_t f = field(table, slot);
	int64_t v = 0;

	if (f == 0)
		return absent;
	memcpy(&v, at(f, bytes), bytes);
	if (bytes == 4)
		v = (int32_t)v;
	return v;
}

static size_t follow(size_t offset)
{
	return offset + ms_load32(at(offset, 4));
}

static size_t child(size_t table, unsigned slot)
{
	size_t f = field(table, slot);
	return f != 0 ? follow(f) : 0;
}

static uint32_t count_of(size_t vector)
{
	return vector != 0 ? ms_load32(at(vector, 4)) : 0;
}

static size_t element(size_t vector, uint32_t i)
{
	return follow(vector + 4 + 4 * (size_t)i);
}

static const char *text(size_t table, unsigned slot)
{
	size_t s = child(table, slot);

	return s != 0 ? (const char *)at(s + 4, ms_load32(at(s, 4)) + 1) : "";
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* memscope.IndexEntry -> index_entry. The result lives as long as the program. */
static const char *snake(const char *name, bool upper)
{
	static char names[1 << 20], *p = names;
	const char *dot = strrchr(name, '.'), *out = p;

	if (dot != NULL)
		name = dot + 1;
	if (2 * strlen(name) + 1 > (size_t)(names + sizeof(names) - p))
		die("the schema is too large");
	for (const char *c = name; *c != 0; c++) {
		if (c > name && isupper((unsigned char)*c) && islower((unsigned char)c[-1]))
			*p++ = '_';
		*p++ = (char)(upper ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
	}
	*p++ = 0;
	return out;
}

static const char *low(const char *name)
{
	return snake(name, false);
}

static const char *up(const char *name)
{
	return snake(name, true);
}

/* ---- the schema ------------------------------------------------------------------------------------------------- */

static size_t schema, objects, enums;

struct scalar {
	const char *c_type;
	unsigned bytes;
};

static struct scalar scalar_of(enum base_type t)
{
	static const struct scalar scalars[] = {
		[T_UTYPE] = {"uint8_t", 1}, [T_BOOL] = {"bool", 1},	 [T_BYTE] = {"int8_t", 1},
		[T_UBYTE] = {"uint8_t", 1}, [T_SHORT] = {"int16_t", 2},	 [T_USHORT] = {"uint16_t", 2},
		[T_INT] = {"int32_t", 4},   [T_UINT] = {"uint32_t", 4},	 [T_LONG] = {"int64_t", 8},
		[T_ULONG] = {"uint64_t", 8},
	};

	if ((size_t)t >= sizeof(scalars) / sizeof(scalars[0]) || scalars[t].bytes == 0)
		die("a scalar of base type %d is not supported", (int)t);
	return scalars[t];
}

static bool is_struct(size_t object)
{
	return integer(object, OBJECT_IS_STRUCT, 1, 0) != 0;
}

static const char *object_name(int64_t index)
{
	if (index < 0 || index >= count_of(objects))
		die("a type refers to no object");
	return text(element(objects, (uint32_t)index), OBJECT_NAME);
}

struct field_info {
	const char *name;
	unsigned slot;
	enum base_type base, element;
	int64_t index, absent;
	bool deprecated, required;
	size_t object; /* of a table, struct or vector of these; else 0 */
};

static struct field_info field_info(size_t f)
{
	size_t type = child(f, FIELD_TYPE);
	struct field_info i = {
		.name = text(f, FIELD_NAME),
		.slot = (unsigned)integer(f, FIELD_ID, 2, 0),
		.base = (enum base_type)integer(type, TYPE_BASE_TYPE, 1, 0),
		.element = (enum base_type)integer(type, TYPE_ELEMENT, 1, 0),
		.index = integer(type, TYPE_INDEX, 4, -1),
		.absent = integer(f, FIELD_DEFAULT_INTEGER, 8, 0),
		.deprecated = integer(f, FIELD_DEPRECATED, 1, 0) != 0,
		.required = integer(f, FIELD_REQUIRED, 1, 0) != 0,
	};

	if (i.base == T_OBJ || (i.base == T_VECTOR && i.element == T_OBJ)) {
		(void)object_name(i.index);
		i.object = element(objects, (uint32_t)i.index);
	}
	if (i.base == T_FLOAT || i.base == T_DOUBLE || i.base == T_ARRAY ||
	    (i.base == T_VECTOR && (i.element == T_UNION || i.element == T_FLOAT || i.element == T_DOUBLE)))
		die("field %s has a type that is not supported", i.name);
	return i;
}

/* Fields come sorted by name; the caller wants them by slot. Returns the number of slots. */
static unsigned fields_by_slot(size_t object, struct field_info *out, unsigned max)
{
	size_t fields = child(object, OBJECT_FIELDS);
	uint32_t n = count_of(fields);

	memset(out, 0, max * sizeof(*out));
	for (uint32_t i = 0; i < n; i++) {
		struct field_info f = field_info(element(fields, i));

		if (n > max || f.slot >= n)
			die("object %s: field ids are not dense", text(object, OBJECT_NAME));
		out[f.slot] = f;
	}
	return n;
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

#define MAX_FIELDS 64

static void print_enum(size_t e)
{
	size_t values = child(e, ENUM_VALUES);
	const char *name = text(e, ENUM_NAME);

	printf("\n/* %s %s */\nenum fb_%s {\n", integer(e, ENUM_IS_UNION, 1, 0) ? "union" : "enum", name, low(name));
	for (uint32_t i = 0; i < count_of(values); i++) {
		size_t v = element(values, i);
		printf("\tFB_%s_%s = %lld,\n", up(name), up(text(v, ENUMVAL_NAME)),
		       (long long)integer(v, ENUMVAL_VALUE, 8, 0));
	}
	printf("\tFB_%s_COUNT = %u\n};\n", up(name), count_of(values));
}

static void print_struct(size_t object)
{
	struct field_info fields[MAX_FIELDS];
	unsigned n = fields_by_slot(object, fields, MAX_FIELDS);
	const char *name = text(object, OBJECT_NAME);
	size_t vector = child(object, OBJECT_FIELDS);

	printf("\n/* struct %s, laid out as in the file */\nstruct fb_%s {\n", name, low(name));
	for (unsigned i = 0; i < n; i++)
		printf("\t%s %s;\n", scalar_of(fields[i].base).c_type, low(fields[i].name));
	printf("};\n_Static_assert(sizeof(struct fb_%s) == %lld, \"layout\");\n", low(name),
	       (long long)integer(object, OBJECT_BYTESIZE, 4, 0));
	for (uint32_t i = 0; i < count_of(vector); i++) {
		size_t f = element(vector, i);
		printf("_Static_assert(__builtin_offsetof(struct fb_%s, %s) == %lld, \"layout\");\n", low(name),
		       low(text(f, FIELD_NAME)), (long long)integer(f, FIELD_OFFSET, 2, 0));
	}
}

static void print_getter(const char *table, const struct field_info *f, const char *union_name)
{
	const char *name = low(f->name);

	switch (f->base) {
	case T_STRING:
		printf("static inline const char *fb_%s_%s(struct fb_%s t)\n{\n"
		       "\treturn ms_fb_string(ms_fb_table(t.at, %u));\n}\n",
		       table, name, table, f->slot);
		break;
	case T_VECTOR:
		printf("static inline struct ms_fb_vector fb_%s_%s(struct fb_%s t)\n{\n"
		       "\treturn ms_fb_vector(t.at, %u);\n}\n",
		       table, name, table, f->slot);
		if (f->object != 0 && !is_struct(f->object)) {
			const char *child_name = low(text(f->object, OBJECT_NAME));
			printf("static inline struct fb_%s fb_%s_%s_at(struct fb_%s t, uint32_t i)\n{\n"
			       "\treturn (struct fb_%s){ms_fb_element(ms_fb_vector(t.at, %u), i)};\n}\n",
			       child_name, table, name, table, child_name, f->slot);
		} else if (f->element == T_STRING) {
			printf("static inline const char *fb_%s_%s_at(struct fb_%s t, uint32_t i)\n{\n"
			       "\treturn ms_fb_string(ms_fb_element(ms_fb_vector(t.at, %u), i));\n}\n",
			       table, name, table, f->slot);
		}
		break;
	case T_OBJ:
		if (is_struct(f->object)) {
			printf("static inline const uint8_t *fb_%s_%s(struct fb_%s t)\n{\n"
			       "\treturn ms_fb_field(t.at, %u);\n}\n",
			       table, name, table, f->slot);
		} else {
			const char *child_name = low(text(f->object, OBJECT_NAME));
			printf("static inline struct fb_%s fb_%s_%s(struct fb_%s t)\n{\n"
			       "\treturn (struct fb_%s){ms_fb_table(t.at, %u)};\n}\n",
			       child_name, table, name, table, child_name, f->slot);
		}
		break;
	case T_UNION: {
		size_t e = element(enums, (uint32_t)f->index);
		size_t values = child(e, ENUM_VALUES);

		printf("static inline const uint8_t *fb_%s_%s(struct fb_%s t)\n{\n\treturn ms_fb_table(t.at, %u);\n}\n", table,
		       name, table, f->slot);
		for (uint32_t i = 0; i < count_of(values); i++) {
			const char *member = text(element(values, i), ENUMVAL_NAME);

			if (integer(element(values, i), ENUMVAL_VALUE, 8, 0) == 0)
				continue;
			printf("static inline struct fb_%s fb_%s_%s_%s(struct fb_%s t)\n{\n"
			       "\treturn (struct fb_%s){ms_fb_get8(t.at, %u, 0) == FB_%s_%s ? ms_fb_table(t.at, %u) "
			       ": NULL};\n}\n",
			       low(member), table, name, low(member), table, low(member), f->slot - 1, up(union_name),
			       up(member), f->slot);
		}
		break;
	}
	default: {
		struct scalar s = scalar_of(f->base);
		printf("static inline %s fb_%s_%s(struct fb_%s t)\n{\n"
		       "\treturn (%s)ms_fb_get%u(t.at, %u, (uint%u_t)%lldLL);\n}\n",
		       s.c_type, table, name, table, s.c_type, 8 * s.bytes, f->slot, 8 * s.bytes,
		       (long long)f->absent);
		break;
	}
	}
}

static void print_setter(const char *table, const struct field_info *f)
{
	const char *name = low(f->name);

	if (f->base == T_UNION || f->base == T_STRING || f->base == T_VECTOR ||
	    (f->base == T_OBJ && !is_struct(f->object))) {
		printf("static inline void fb_%s_set_%s(struct ms_fb_builder *b, ms_fb_ref ref)\n{\n"
		       "\tms_fb_set_ref(b, %u, ref);\n}\n",
		       table, name, f->slot);
	} else if (f->base != T_OBJ) {
		struct scalar s = scalar_of(f->base);
		printf("static inline void fb_%s_set_%s(struct ms_fb_builder *b, %s v)\n{\n"
		       "\tms_fb_set%u(b, %u, (uint%u_t)v, (uint%u_t)%lldLL);\n}\n",
		       table, name, s.c_type, 8 * s.bytes, f->slot, 8 * s.bytes, 8 * s.bytes, (long long)f->absent);
	}
}

static void print_table(size_t object)
{
	struct field_info fields[MAX_FIELDS];
	unsigned n = fields_by_slot(object, fields, MAX_FIELDS);
	const char *full = text(object, OBJECT_NAME), *name = low(full);

	printf("\n/* table %s */\n", full);
	for (unsigned i = 0; i < n; i++) {
		const char *union_name = fields[i].base == T_UNION
						 ? text(element(enums, (uint32_t)fields[i].index), ENUM_NAME)
						 : "";
		if (!fields[i].deprecated)
			print_getter(name, &fields[i], union_name);
	}
	printf("static inline void fb_start_%s(struct ms_fb_builder *b)\n{\n\tms_fb_table_begin(b, %u);\n}\n", name, n);
	for (unsigned i = 0; i < n; i++) {
		if (!fields[i].deprecated)
			print_setter(name, &fields[i]);
	}
	printf("static inline ms_fb_ref fb_finish_%s(struct ms_fb_builder *b)\n{\n\treturn ms_fb_table_end(b);\n}\n", name);
}

static void print_rule(const struct field_info *f)
{
	const char *type = "MS_FB_SCALAR";
	long long bytes = 0, align = 1, index = 0;
	enum base_type scalar = f->base;

	switch (f->base) {
	case T_STRING:
		type = "MS_FB_STRING";
		break;
	case T_UNION:
		type = "MS_FB_UNION";
		index = f->index;
		break;
	case T_OBJ:
	case T_VECTOR:
		scalar = f->base == T_VECTOR ? f->element : T_NONE;
		if (f->object != 0 && is_struct(f->object)) {
			type = f->base == T_VECTOR ? "MS_FB_VECTOR" : "MS_FB_STRUCT";
			bytes = integer(f->object, OBJECT_BYTESIZE, 4, 0);
			align = integer(f->object, OBJECT_MINALIGN, 4, 1);
			scalar = T_NONE;
		} else if (f->object != 0) {
			type = f->base == T_VECTOR ? "MS_FB_VECTOR_TABLE" : "MS_FB_TABLE";
			index = f->index;
			scalar = T_NONE;
		} else if (f->element == T_STRING) {
			type = "MS_FB_VECTOR_STRING";
			scalar = T_NONE;
		} else {
			type = "MS_FB_VECTOR";
		}
		break;
	default:
		break;
	}
	if (scalar != T_NONE && scalar != T_STRING && scalar != T_UNION)
		bytes = align = scalar_of(scalar).bytes;
	printf("\t{.type = %s, .required = %d, .align = %lld, .size = %lld, .index = %lld}, /* %u %s */\n", type,
	       f->required, align, bytes, index, f->slot, f->name);
}

static void print_rules(void)
{
	const char *ident = text(schema, SCHEMA_FILE_IDENT);
	size_t root = child(schema, SCHEMA_ROOT_TABLE);
	int64_t root_index = -1;

	printf("\n/* ---- verifier rules: for the one file that defines FB_SCHEMA before the include ---- */\n"
	       "#ifdef FB_SCHEMA\n");
	for (uint32_t i = 0; i < count_of(objects); i++) {
		struct field_info fields[MAX_FIELDS];
		size_t object = element(objects, i);
		unsigned n;

		if (root != 0 && strcmp(text(object, OBJECT_NAME), text(root, OBJECT_NAME)) == 0)
			root_index = i;
		if (is_struct(object))
			continue;
		n = fields_by_slot(object, fields, MAX_FIELDS);
		printf("static const struct ms_fb_field_rule fb_rules_%s[] = {\n", low(text(object, OBJECT_NAME)));
		for (unsigned k = 0; k < n; k++)
			print_rule(&fields[k]);
		printf("};\n");
	}
	printf("static const struct ms_fb_table_rule fb_table_rules[] = {\n");
	for (uint32_t i = 0; i < count_of(objects); i++) {
		size_t object = element(objects, i);
		const char *name = text(object, OBJECT_NAME);

		if (is_struct(object))
			printf("\t{.name = \"%s\"}, /* a struct */\n", name);
		else
			printf("\t{.name = \"%s\", .fields = fb_rules_%s, .slots = %u},\n", name, low(name),
			       count_of(child(object, OBJECT_FIELDS)));
	}
	printf("};\n");
	for (uint32_t i = 0; i < count_of(enums); i++) {
		size_t e = element(enums, i), values = child(e, ENUM_VALUES);

		if (!integer(e, ENUM_IS_UNION, 1, 0))
			continue;
		printf("static const int16_t fb_members_%s[] = {", low(text(e, ENUM_NAME)));
		for (uint32_t k = 0; k < count_of(values); k++) {
			size_t v = element(values, k), type = child(v, ENUMVAL_UNION_TYPE);

			if (integer(v, ENUMVAL_VALUE, 8, 0) != k)
				die("union %s: its types are not dense", text(e, ENUM_NAME));
			printf("%lld, ", k == 0 ? -1LL : (long long)integer(type, TYPE_INDEX, 4, -1));
		}
		printf("};\n");
	}
	printf("static const struct ms_fb_union_rule fb_union_rules[] = {\n");
	for (uint32_t i = 0; i < count_of(enums); i++) {
		size_t e = element(enums, i);
		const char *name = text(e, ENUM_NAME);

		if (integer(e, ENUM_IS_UNION, 1, 0))
			printf("\t{.name = \"%s\", .tables = fb_members_%s, .types = %u},\n", name, low(name),
			       count_of(child(e, ENUM_VALUES)));
		else
			printf("\t{.name = \"%s\"}, /* an enum */\n", name);
	}
	if (root_index < 0)
		die("the schema has no root type");
	printf("};\nstatic const struct ms_fb_schema fb_schema = {\n\t.tables = fb_table_rules,\n"
	       "\t.unions = fb_union_rules,\n\t.root = %lld,\n\t.identifier = %s%s%s,\n};\n#endif\n",
	       (long long)root_index, *ident ? "\"" : "", *ident ? ident : "NULL", *ident ? "\"" : "");
	printf("#define FB_IDENTIFIER %s%s%s\n", *ident ? "\"" : "", *ident ? ident : "NULL", *ident ? "\"" : "");
}

static void read_input(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 8 || fseek(f, 0, SEEK_SET) != 0)
		die("cannot read %s", path);
	input_bytes = (size_t)size;
	input = malloc(input_bytes);
	if (input == NULL || fread(input, 1, input_bytes, f) != input_bytes)
		die("cannot read %s", path);
	fclose(f);
	if (memcmp(input + 4, "BFBS", 4) != 0)
		die("%s is not a binary schema", path);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		die("usage: fbgen SCHEMA.bfbs");
	read_input(argv[1]);
	schema = follow(0);
	objects = child(schema, SCHEMA_OBJECTS);
	enums = child(schema, SCHEMA_ENUMS);

	printf("/* Generated from the schema by fbgen; do not edit. */\n#ifndef MS_GENERATED_FB_H\n"
	       "#define MS_GENERATED_FB_H\n\n#include \"format/fb_build.h\"\n#include \"format/fb_read.h\"\n"
	       "#ifdef FB_SCHEMA\n#include \"format/fb_verify.h\"\n#endif\n");
	for (uint32_t i = 0; i < count_of(enums); i++)
		print_enum(element(enums, i));
	printf("\n");
	for (uint32_t i = 0; i < count_of(objects); i++) {
		if (!is_struct(element(objects, i)))
			printf("struct fb_%s {\n\tconst uint8_t *at;\n};\n", low(text(element(objects, i), OBJECT_NAME)));
	}
	for (uint32_t i = 0; i < count_of(objects); i++) {
		if (is_struct(element(objects, i)))
			print_struct(element(objects, i));
		else
			print_table(element(objects, i));
	}
	print_rules();
	printf("#endif\n");
	free(input);
	if (fflush(stdout) != 0 || ferror(stdout))
		die("cannot write");
	return 0;
}
