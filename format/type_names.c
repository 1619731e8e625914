/* type_names.c - see type_names.h. */
#include "format/type_names.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64u                    /* of types within types, and of namespaces */
#define SIBLINGS_MAX (1u << 22)          /* looked at on the way to one type */
#define PARAMETERS_MAX 64u
#define NAME_BYTES_MAX 4096u             /* a name that long is cut by whoever shows it */

#define STEPS_MAX 2000u                  /* types looked at for one name: a damaged file can have a tree without end */
#define LANG_C_PLUS_PLUS_17 0x2b         /* DWARF 6; compilers use them already */
#define LANG_C_PLUS_PLUS_20 0x2c

struct style {
	bool rust, cplusplus;
	unsigned steps;
};

bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), type) != NULL;
}

static bool is_wrapper(int tag)
{
	switch (tag) {
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return true;
	}
	return false;
}

bool type_stripped(Dwarf_Die *type, Dwarf_Die *out)
{
	*out = *type;
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		Dwarf_Die next;

		if (!is_wrapper(dwarf_tag(out)))
			return true;
		if (!type_of(out, &next))
			return false;
		*out = next;
	}
	return false;
}

static const char *own_name(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name && *name && strnlen(name, NAME_BYTES_MAX) < NAME_BYTES_MAX ? name : NULL;
}

/* a + b; frees both; NULL when one is NULL. */
static char *join(char *a, char *b)
{
	char *both = NULL;

	if (a && b && strlen(a) + strlen(b) < 2 * NAME_BYTES_MAX && asprintf(&both, "%s%s", a, b) < 0)
		both = NULL;
	free(a);
	free(b);
	return both;
}

/* ---- qualified names ---- */

/*
 * The child of *parent that the DIE at `offset` is, or stands in: children stand in the order of the tree. False: there is none.
 */
static bool child_around(Dwarf_Die *parent, Dwarf_Off offset, Dwarf_Die *child)
{
	Dwarf_Die at, next;

	if (dwarf_child(parent, &at) != 0)
		return false;
	for (unsigned n = 0; n < SIBLINGS_MAX; n++) {
		if (dwarf_dieoffset(&at) > offset)
			return false;
		if (dwarf_siblingof(&at, &next) != 0 || dwarf_dieoffset(&next) > offset) {
			*child = at;
			return true;
		}
		if ((const char *)next.addr <= (const char *)at.addr)
			return false;
		at = next;
	}
	return false;
}

/* What a name is qualified with: namespaces and types, without inline namespaces. */
static const char *qualifier(Dwarf_Die *die, const struct style *style)
{
	Dwarf_Attribute attribute;
	bool exported = false;
	const char *name;

	switch (dwarf_tag(die)) {
	case DW_TAG_namespace:
		name = own_name(die);
		if (!name)
			return style->rust ? NULL : "(anonymous namespace)";
		if (dwarf_formflag(dwarf_attr(die, DW_AT_export_symbols, &attribute), &exported) == 0 && exported)
			return NULL;
		return name;
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
		return own_name(die);
	}
	return NULL;
}

/* "ns::Outer::" of a type that stands there. */
static char *prefix_of(Dwarf_Die *type, const struct style *style)
{
	char *prefix = strdup("");
	Dwarf_Off offset = dwarf_dieoffset(type);
	Dwarf_Die die, child;

	if (!dwarf_diecu(type, &die, NULL, NULL))
		return prefix;
	for (unsigned depth = 0; prefix && depth < DEPTH_MAX; depth++) {
		const char *name;
		char *text = NULL;

		if (!child_around(&die, offset, &child) || dwarf_dieoffset(&child) == offset)
			return prefix;
		die = child;
		name = qualifier(&die, style);
		if (name)
			prefix = asprintf(&text, "%s::", name) < 0 ? join(prefix, NULL) : join(prefix, text);
	}
	return prefix;
}

/* ---- declarators ---- */

static char *declare(Dwarf_Die *type, const char *inner, struct style *style, unsigned depth);

static char *with_inner(const char *name, const char *inner)
{
	char *text;

	return asprintf(&text, "%s%s%s", name, *inner ? " " : "", inner) < 0 ? NULL : text;
}

static const char *word_of(int tag)
{
	switch (tag) {
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_enumeration_type:
		return "enum";
	case DW_TAG_class_type:
		return "class";
	default:
		return "struct";
	}
}

static char *named(Dwarf_Die *type, const char *inner, const struct style *style)
{
	int tag = dwarf_tag(type);
	const char *name = own_name(type);
	bool tagged = tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type;
	char *text, *prefix;

	if (!name) {
		if (!tagged)
			return NULL;
		if (asprintf(&text, "%s {...}%s%s", word_of(tag), *inner ? " " : "", inner) < 0)
			return NULL;
		return text;
	}
	if (tagged && !style->cplusplus && !style->rust) {
		if (asprintf(&text, "%s %s%s%s", word_of(tag), name, *inner ? " " : "", inner) < 0)
			return NULL;
		return text;
	}
	/* "&str", "[u8]", "(i32, i32)" are names by themselves */
	prefix = (style->cplusplus || (style->rust && !strchr("&*[(", name[0]))) && tag != DW_TAG_base_type ? prefix_of(type, style) : strdup("");
	return join(prefix, with_inner(name, inner));
}

static bool is_function_or_array(Dwarf_Die *type)
{
	int tag = dwarf_tag(type);

	return tag == DW_TAG_array_type || tag == DW_TAG_subroutine_type;
}

static char *pointer(Dwarf_Die *type, const char *mark, const char *inner, struct style *style, unsigned depth)
{
	Dwarf_Die target;
	bool any = type_of(type, &target), bracket = any && is_function_or_array(&target);
	char *middle, *text;

	if (style->rust && own_name(type))
		return with_inner(own_name(type), inner);
	if (asprintf(&middle, "%s%s%s%s", bracket ? "(" : "", mark, inner, bracket ? ")" : "") < 0)
		return NULL;
	text = declare(any ? &target : NULL, middle, style, depth + 1);
	free(middle);
	return text;
}

/* A qualifier stands behind a pointer and before everything else. */
static char *qualified(Dwarf_Die *type, const char *word, const char *inner, struct style *style, unsigned depth)
{
	Dwarf_Die target, below;
	char *middle, *text;

	if (!type_of(type, &target))
		return asprintf(&text, "%s void%s%s", word, *inner ? " " : "", inner) < 0 ? NULL : text;
	/* const first, whatever came first in the source: compilers do not agree */
	if (dwarf_tag(type) == DW_TAG_volatile_type && dwarf_tag(&target) == DW_TAG_const_type && type_of(&target, &below) &&
	    dwarf_tag(&below) != DW_TAG_pointer_type)
		return asprintf(&text, "const volatile ") < 0 ? NULL : join(text, declare(&below, inner, style, depth + 1));
	if (dwarf_tag(&target) != DW_TAG_pointer_type)
		return asprintf(&text, "%s ", word) < 0 ? NULL : join(text, declare(&target, inner, style, depth + 1));
	if (asprintf(&middle, "%s%s%s", word, *inner ? " " : "", inner) < 0)
		return NULL;
	text = declare(&target, middle, style, depth + 1);
	free(middle);
	return text;
}

/* Elements of one dimension; false: not said. */
static bool bound_of(Dwarf_Die *range, uint64_t *count)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(range, DW_AT_count, &attribute), &value) == 0)
		*count = value;
	else if (dwarf_formudata(dwarf_attr(range, DW_AT_upper_bound, &attribute), &value) == 0)
		*count = value + 1;
	else
		return false;
	return true;
}

static char *array(Dwarf_Die *type, const char *inner, struct style *style, unsigned depth)
{
	char *bounds = strdup(""), *text;
	Dwarf_Die target, range;
	uint64_t count = 0;
	int more = dwarf_child(type, &range);

	for (unsigned n = 0; more == 0 && n < 16; n++) {
		if (dwarf_tag(&range) == DW_TAG_subrange_type) {
			bool known = bound_of(&range, &count);

			if (asprintf(&text, known ? "[%llu]" : "[]", (unsigned long long)count) < 0)
				text = NULL;
			bounds = join(bounds, text);
		}
		more = dwarf_siblingof(&range, &range);
	}
	if (!bounds || !type_of(type, &target)) {
		free(bounds);
		return NULL;
	}
	if (style->rust) {
		char *element = declare(&target, "", style, depth + 1);

		if (!element || asprintf(&text, "[%s; %llu]%s%s", element, (unsigned long long)count, *inner ? " " : "", inner) < 0)
			text = NULL;
		free(element);
		free(bounds);
		return text;
	}
	text = join(strdup(inner), bounds);
	bounds = text ? declare(&target, text, style, depth + 1) : NULL;
	free(text);
	return bounds;
}

static char *function(Dwarf_Die *type, const char *inner, struct style *style, unsigned depth)
{
	char *parameters = strdup("("), *text;
	Dwarf_Die at, target;
	unsigned n = 0, seen = 0;
	int more = dwarf_child(type, &at);

	for (; parameters && more == 0 && seen++ < PARAMETERS_MAX; more = dwarf_siblingof(&at, &at)) {
		int tag = dwarf_tag(&at);
		char *one = NULL;

		if (tag == DW_TAG_unspecified_parameters)
			one = strdup("...");
		else if (tag == DW_TAG_formal_parameter && type_of(&at, &target))
			one = declare(&target, "", style, depth + 1);
		else
			continue;
		if (n++ > 0)
			parameters = join(parameters, strdup(", "));
		parameters = join(parameters, one);
	}
	if (parameters && n == 0 && !style->cplusplus)
		parameters = join(parameters, strdup("void"));
	parameters = join(strdup(inner), join(parameters, strdup(")")));
	if (!parameters)
		return NULL;
	text = declare(type_of(type, &target) ? &target : NULL, parameters, style, depth + 1);
	free(parameters);
	return text;
}

static char *member_pointer(Dwarf_Die *type, const char *inner, struct style *style, unsigned depth)
{
	Dwarf_Attribute attribute;
	Dwarf_Die of, target;
	char *middle, *text;
	char *name = dwarf_formref_die(dwarf_attr(type, DW_AT_containing_type, &attribute), &of) ? named(&of, "", style) : NULL;
	bool bracket = type_of(type, &target) && is_function_or_array(&target);

	if (!name || asprintf(&middle, "%s%s::*%s%s", bracket ? "(" : "", name, inner, bracket ? ")" : "") < 0)
		middle = NULL;
	free(name);
	text = middle && type_of(type, &target) ? declare(&target, middle, style, depth + 1) : NULL;
	free(middle);
	return text;
}

/* The type around a declarator `inner`. */
static char *declare(Dwarf_Die *type, const char *inner, struct style *style, unsigned depth)
{
	if (depth > DEPTH_MAX || style->steps++ > STEPS_MAX || strlen(inner) > NAME_BYTES_MAX)
		return NULL;
	if (!type)
		return with_inner("void", inner);
	switch (dwarf_tag(type)) {
	case DW_TAG_pointer_type:
		return pointer(type, "*", inner, style, depth);
	case DW_TAG_reference_type:
		return pointer(type, "&", inner, style, depth);
	case DW_TAG_rvalue_reference_type:
		return pointer(type, "&&", inner, style, depth);
	case DW_TAG_ptr_to_member_type:
		return member_pointer(type, inner, style, depth);
	case DW_TAG_const_type:
		return qualified(type, "const", inner, style, depth);
	case DW_TAG_volatile_type:
		return qualified(type, "volatile", inner, style, depth);
	case DW_TAG_restrict_type:
		return qualified(type, "restrict", inner, style, depth);
	case DW_TAG_atomic_type:
		return qualified(type, "_Atomic", inner, style, depth);
	case DW_TAG_array_type:
		return array(type, inner, style, depth);
	case DW_TAG_subroutine_type:
		return function(type, inner, style, depth);
	default:
		return named(type, inner, style);
	}
}

char *type_name(Dwarf_Die *unit, Dwarf_Die *type)
{
	int language = dwarf_srclang(unit);
	struct style style = {
		.rust = language == DW_LANG_Rust,
		.cplusplus = language == DW_LANG_C_plus_plus || language == DW_LANG_C_plus_plus_03 || language == DW_LANG_C_plus_plus_11 ||
		             language == DW_LANG_C_plus_plus_14 || language == LANG_C_PLUS_PLUS_17 || language == LANG_C_PLUS_PLUS_20,
	};

	return declare(type, "", &style, 0);
}
