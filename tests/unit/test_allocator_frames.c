/* test_allocator_frames.c - which functions a report does not name as the place of an allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "analyze/allocator_frames.h"

static void test_wrappers(void **state)
{
	/* The first and the last of the table, which is searched by halves, and what stands between. */
	static const char *const yes[] = {
		"CRYPTO_malloc", "ztryrealloc_usable_internal", "Perl_safesysmalloc", "ztrymalloc_usable", "malloc", "realloc", "operator new(unsigned long)",
		"operator new[](unsigned long, std::nothrow_t const&)", "strdup", "xmalloc", "zmalloc", "__libc_malloc",
		"PyObject_Malloc", "_PyMem_RawMalloc", "sqlite3Malloc", "alloc::alloc::alloc", "safemalloc", "jv_mem_alloc",
		"__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)",
		"std::allocator_traits<std::allocator<char> >::allocate(std::allocator<char>&, unsigned long)",
		"std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)", "g_malloc0_n", "__strndup",
		"std::vector<int>::push_back(int const&)", "std::string::append(char const*)", "__gnu_cxx::__pool<true>::_M_reserve_block",
		"<alloc::vec::Vec<T> as core::clone::Clone>::clone", "alloc::raw_vec::finish_grow", "core::ops::function::FnOnce::call_once",
		"__rustc::__rust_alloc", "<[u8]>::to_vec_in::<alloc::alloc::Global>", "<T as alloc::slice::hack::ConvertVec>::to_vec", "__rdl_alloc", "std::__1::vector<int>::push_back(int const&)", "_PyObject_GC_NewVar", "PyType_GenericAlloc",
		"_PyMem_RawWcsdup", "ruby_xmalloc2", "objspace_xmalloc0",
	};
	static const char *const no[] = {
		"", "main", "mallocs", "my_malloc", "operator new2", "parse(malloc)", "standard::copy", "stdio_open", "my::std::f()",
		"a_function_with_a_name_that_is_longer_than_any_of_the_table", "reallocarray_checked", "Cache::put(std::string const&)",
		/* A place of its own: memory for all objects, not for the one that is being made. */
		"_PyObject_ArenaMmap", "new_arena", "PyUnicode_New",
		"<work::Counting as core::alloc::global::GlobalAlloc>::alloc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!ms_is_allocator_frame(yes[i]))
			fail_msg("%s is a wrapper of malloc", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (ms_is_allocator_frame(no[i]))
			fail_msg("%s is no wrapper of malloc", no[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrappers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
