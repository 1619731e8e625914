/* symbols_variables.c - see symbols_variables.h. */
#include "format/symbols_variables.h"

#include <ctype.h>
#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/type_names.h"

#define SCOPES_MAX 64u                   /* inlined into each other */
#define BLOCKS_MAX 200u                  /* blocks within blocks, namespaces, base classes */
#define NAME_BYTES 256u

/* The next child; false when there is none, or a damaged reference leads back. */
static bool next_child(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) != 0 || (const char *)next.addr <= (const char *)die->addr)
		return false;
	*die = next;
	return true;
}

static bool is_named(Dwarf_Die *die, const char *name)
{
	const char *own = dwarf_diename(die);

	return own && strcmp(own, name) == 0;
}

static bool is_variable(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

static bool is_block(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

/* ---- variables of a function ---- */

/* In the innermost block of the scope that has the variable and covers the address. */
static bool find_in_blocks(Dwarf_Die *scope, uint64_t address, const char *name, Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die die, here;
	bool found = false;

	if (depth > BLOCKS_MAX || dwarf_child(scope, &die) != 0)
		return false;
	do {
		if (is_block(&die) && dwarf_haspc(&die, address) > 0 && find_in_blocks(&die, address, name, type, depth + 1))
			return true;
		/* the last one: a name may be declared again in the same block of a language like Rust */
		if (is_variable(&die) && is_named(&die, name) && type_of(&die, &here)) {
			*type = here;
			found = true;
		}
	} while (next_child(&die));
	return found;
}

/* Anywhere in the scope; counts how many different types there are, up to 2. */
static void find_anywhere(Dwarf_Die *scope, const char *name, Dwarf_Die *type, unsigned *types, unsigned depth)
{
	Dwarf_Die die, here;

	if (depth > BLOCKS_MAX || dwarf_child(scope, &die) != 0)
		return;
	do {
		if (is_block(&die))
			find_anywhere(&die, name, type, types, depth + 1);
		if (is_variable(&die) && is_named(&die, name) && type_of(&die, &here) && *types < 2 &&
		    (*types == 0 || dwarf_dieoffset(&here) != dwarf_dieoffset(type))) {
			*type = here;
			++*types;
		}
	} while (next_child(&die));
}

/* What the inlined call is one of: it has the variables that this call has lost. */
static bool origin_of(Dwarf_Die *scope, Dwarf_Die *origin)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr(scope, DW_AT_abstract_origin, &attribute), origin) != NULL;
}

/* 0: the function has no such variable; 1: *type; 2: several, and which one is meant is not known. */
static unsigned find_in_function(Dwarf_Die *scope, uint64_t address, const char *name, Dwarf_Die *type)
{
	Dwarf_Die origin;
	unsigned types = 0;

	if (find_in_blocks(scope, address, name, type, 0))
		return 1;
	find_anywhere(scope, name, type, &types, 0);
	if (types == 0 && origin_of(scope, &origin))
		find_anywhere(&origin, name, type, &types, 0);
	return types;
}

/* ---- members ---- */

/* The member of a struct, also of what it is derived from and of unnamed parts of it. */
static bool find_member(Dwarf_Die *whole, const char *name, Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die die, inner;

	if (depth > 16 || dwarf_child(whole, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_member && is_named(&die, name))
			return type_of(&die, type);
		if ((tag == DW_TAG_inheritance || (tag == DW_TAG_member && !dwarf_diename(&die))) && type_of(&die, &inner) &&
		    type_stripped(&inner, &inner) && find_member(&inner, name, type, depth + 1))
			return true;
	} while (next_child(&die));
	return false;
}

/* What a pointer, or a reference, leads to; the type itself if it is none. */
static bool pointed_to(Dwarf_Die *type, Dwarf_Die *out)
{
	if (!type_stripped(type, out))
		return false;
	return dwarf_tag(out) != DW_TAG_pointer_type || (type_of(out, out) && type_stripped(out, out));
}

/* Members of the object whose method it is, and what a closure has captured (gcc names these "__name"). */
static bool find_in_object(Dwarf_Die *scopes, size_t n, uint64_t address, const char *name, Dwarf_Die *type)
{
	static const char *const objects[] = {"this", "self", "__closure"};
	char captured[NAME_BYTES + 2];
	Dwarf_Die object;

	snprintf(captured, sizeof captured, "__%s", name);
	for (size_t i = 0; i < n; i++)
		for (size_t o = 0; o < sizeof objects / sizeof *objects; o++)
			if (find_in_function(&scopes[i], address, objects[o], &object) == 1 && pointed_to(&object, &object) &&
			    (find_member(&object, name, type, 0) || find_member(&object, captured, type, 0)))
				return true;
	return false;
}

/* ---- variables of the file ---- */

static bool find_global(Dwarf_Die *parent, const char *name, Dwarf_Die *type, unsigned depth)
{
	Dwarf_Die die;

	if (depth > 16 || dwarf_child(parent, &die) != 0)
		return false;
	do {
		if (dwarf_tag(&die) == DW_TAG_variable && is_named(&die, name) && type_of(&die, type))
			return true;
		if (dwarf_tag(&die) == DW_TAG_namespace && find_global(&die, name, type, depth + 1))
			return true;
	} while (next_child(&die));
	return false;
}

static bool find_variable(Dwarf_Die *unit, Dwarf_Die *scopes, size_t n, uint64_t address, const char *name, Dwarf_Die *type)
{
	for (size_t i = 0; i < n; i++) {
		unsigned types = find_in_function(&scopes[i], address, name, type);

		if (types > 0)
			return types == 1;
	}
	return find_in_object(scopes, n, address, name, type) || find_global(unit, name, type, 0);
}

/* ---- what is written ---- */

static const char *skip_spaces(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/* A name at *p, into `name`; false when there is none or it is too long. */
static bool take_name(const char **p, char *name)
{
	size_t n = 0;

	*p = skip_spaces(*p);
	if (isdigit((unsigned char)**p))
		return false;
	while (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_' || (unsigned char)(*p)[n] >= 0x80)
		if (++n == NAME_BYTES)
			return false;
	memcpy(name, *p, n);
	name[n] = '\0';
	*p = skip_spaces(*p + n);
	return n > 0;
}

/* The element of an array, or what a pointer points to. *indexes: how many it takes to get there. */
static bool element_of(Dwarf_Die *type, unsigned *indexes)
{
	Dwarf_Die whole, range;

	if (!type_stripped(type, &whole) || (dwarf_tag(&whole) != DW_TAG_pointer_type && dwarf_tag(&whole) != DW_TAG_array_type))
		return false;
	*indexes = dwarf_tag(&whole) == DW_TAG_pointer_type;
	if (*indexes == 0 && dwarf_child(&whole, &range) == 0)
		do {
			*indexes += dwarf_tag(&range) == DW_TAG_subrange_type;
		} while (next_child(&range));
	return type_of(&whole, type);
}

/* The index at *p, which stands at '['. */
static bool skip_index(const char **p)
{
	unsigned open = 0;

	for (; **p; ++*p) {
		open += **p == '[';
		if (**p == ']' && --open == 0) {
			*p = skip_spaces(*p + 1);
			return true;
		}
	}
	return false;
}

/* Parts of the variable, as `p` selects them. */
static bool select_parts(const char *p, Dwarf_Die *type)
{
	char name[NAME_BYTES];
	Dwarf_Die whole;
	unsigned indexes;

	while (*p) {
		if (*p == '[') {
			/* all dimensions: the debug information has no type for some of them */
			if (!element_of(type, &indexes) || indexes == 0)
				return false;
			for (; indexes > 0; indexes--)
				if (*p != '[' || !skip_index(&p))
					return false;
			continue;
		}
		if (*p == '.')
			p++;
		else if (p[0] == '-' && p[1] == '>')
			p += 2;
		else
			return false;
		if (!take_name(&p, name) || !pointed_to(type, &whole) || !find_member(&whole, name, type, 0))
			return false;
	}
	return true;
}

char *symbols_variable_type(struct symbols_dwarf *d, uint64_t address, const char *name)
{
	Dwarf_Die unit, scopes[SCOPES_MAX], type;
	size_t n = symbols_dwarf_scopes(d, address, &unit, scopes, SCOPES_MAX);
	char base[NAME_BYTES];
	unsigned stars = 0, indexes;
	const char *p = name;

	for (p = skip_spaces(p); *p == '*'; p = skip_spaces(p + 1))
		stars++;
	if (n == 0 || !take_name(&p, base) || !find_variable(&unit, scopes, n, address, base, &type) || !select_parts(p, &type))
		return NULL;
	for (; stars > 0; stars--)
		if (!element_of(&type, &indexes) || indexes != 1)
			return NULL;
	return type_name(&unit, &type);
}
