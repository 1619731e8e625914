// flags: -lstdc++
/* liblate_cxx.so - brings the C++ library into a program that had none. Its first operator new is called from inside libstdc++,
 * a module that nobody opened by name: std::string::_M_create. See late_operators. */
#include <stddef.h>

char *string_create(void *string, size_t *capacity, size_t old_capacity)
	__asm__("_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_createERmm");
void operator_delete(void *p) __asm__("_ZdlPv");
void late_string(size_t size_bytes);

__attribute__((noipa)) void late_string(size_t size_bytes)
{
	void *string[4] = { NULL };
	size_t capacity = size_bytes - 1;
	char *p = string_create(string, &capacity, 0);
	__asm__ volatile("" : : "r"(p) : "memory");
	operator_delete(p);
}
