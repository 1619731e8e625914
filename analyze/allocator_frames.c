/* allocator_frames.c - the tables of malloc's wrappers and of the standard libraries. Names are compared up to the parameter list. */
#include "allocator_frames.h"

#include <stdlib.h>
#include <string.h>

/* Exact names, sorted (strcmp order). */
static const char *const exact[] = {
	"CRYPTO_malloc",
	"CRYPTO_realloc",
	"CRYPTO_zalloc",
	"Perl_safesyscalloc",
	"Perl_safesysmalloc",
	"Perl_safesysrealloc",
	"Perl_savepv",
	"Perl_savepvn",
	"PyMem_Calloc",
	"PyMem_Malloc",
	"PyMem_RawCalloc",
	"PyMem_RawMalloc",
	"PyMem_RawRealloc",
	"PyMem_Realloc",
	"PyObject_Calloc",
	"PyObject_Malloc",
	"PyObject_Realloc",
	"PyType_GenericAlloc",
	"_PyMem_DebugCalloc",
	"_PyMem_DebugMalloc",
	"_PyMem_DebugRawAlloc",
	"_PyMem_DebugRawCalloc",
	"_PyMem_DebugRawMalloc",
	"_PyMem_DebugRawRealloc",
	"_PyMem_DebugRealloc",
	"_PyMem_RawCalloc",
	"_PyMem_RawMalloc",
	"_PyMem_RawRealloc",
	"_PyMem_RawStrdup",
	"_PyMem_RawWcsdup",
	"_PyMem_Strdup",
	"_PyObject_Calloc",
	"_PyObject_GC_Alloc",
	"_PyObject_GC_Calloc",
	"_PyObject_GC_Malloc",
	"_PyObject_GC_New",
	"_PyObject_GC_NewVar",
	"_PyObject_GC_Resize",
	"_PyObject_Malloc",
	"_PyObject_New",
	"_PyObject_NewVar",
	"_PyObject_Realloc",
	"_PyType_AllocNoTrack",
	"__libc_calloc",
	"__libc_malloc",
	"__libc_memalign",
	"__libc_realloc",
	"__rdl_alloc",
	"__rdl_alloc_zeroed",
	"__rdl_realloc",
	"__rg_alloc",
	"__rg_alloc_zeroed",
	"__rg_realloc",
	"__rust_alloc",
	"__rust_alloc_zeroed",
	"__rust_realloc",
	"__strdup",
	"__strndup",
	"aligned_alloc",
	"alloc::alloc::alloc",
	"alloc::alloc::alloc_zeroed",
	"alloc::alloc::exchange_malloc",
	"alloc::alloc::realloc",
	"calloc",
	"g_malloc",
	"g_malloc0",
	"g_malloc0_n",
	"g_malloc_n",
	"g_memdup",
	"g_memdup2",
	"g_realloc",
	"g_realloc_n",
	"g_slice_alloc",
	"g_slice_alloc0",
	"g_strdup",
	"g_strndup",
	"g_try_malloc",
	"g_try_malloc0",
	"g_try_malloc_n",
	"g_try_realloc",
	"gc_alloc",
	"jv_mem_alloc",
	"jv_mem_calloc",
	"jv_mem_realloc",
	"jv_mem_strdup",
	"malloc",
	"memalign",
	"memscope_pool_alloc",
	"objspace_xcalloc",
	"objspace_xmalloc0",
	"objspace_xrealloc",
	"operator new",
	"operator new[]",
	"posix_memalign",
	"pvalloc",
	"rb_xcalloc_mul_add",
	"rb_xmalloc_mul_add",
	"rb_xrealloc_mul_add",
	"realloc",
	"reallocarray",
	"ruby_strdup",
	"ruby_xcalloc",
	"ruby_xmalloc",
	"ruby_xmalloc2",
	"ruby_xrealloc",
	"ruby_xrealloc2",
	"safecalloc",
	"safemalloc",
	"saferealloc",
	"sqlite3Malloc",
	"sqlite3MemMalloc",
	"sqlite3MemRealloc",
	"sqlite3Realloc",
	"sqlite3_malloc",
	"sqlite3_malloc64",
	"sqlite3_realloc",
	"sqlite3_realloc64",
	"strdup",
	"strndup",
	"valloc",
	"wcsdup",
	"xcalloc",
	"xmalloc",
	"xmemdup",
	"xrealloc",
	"xstrdup",
	"xstrndup",
	"zcalloc",
	"zcalloc_num",
	"zcalloc_usable",
	"zmalloc",
	"zmalloc_usable",
	"zrealloc",
	"zrealloc_usable",
	"ztrycalloc_usable",
	"ztrycalloc_usable_internal",
	"ztrymalloc_usable",
	"ztrymalloc_usable_internal",
	"ztryrealloc_usable",
	"ztryrealloc_usable_internal",
};

/* Beginnings: the standard libraries of C++ and Rust (whose own methods of slices, and of all types, have no crate in front). Their containers allocate for whoever calls them. */
static const char *const prefixes[] = {
	"<T as ", "<[", "<alloc::", "<core::", "<std::", "__gnu_cxx::", "__rustc::", "alloc::", "core::", "std::",
};

static int compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

bool ms_is_allocator_frame(const char *function)
{
	char name[32];
	size_t n = 0;

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(function, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	while (n < sizeof name && function[n] && function[n] != '(')
		n++;
	if (n == 0 || n >= sizeof name)
		return false;
	memcpy(name, function, n);
	name[n] = '\0';
	return bsearch(name, exact, sizeof exact / sizeof *exact, sizeof *exact, compare) != NULL;
}
