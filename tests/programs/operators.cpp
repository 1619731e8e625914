/*
 * operators - every form of operator new and operator delete, each with a size of its own.
 *
 * Breaks recorders that see only the malloc below: the family is lost, and with it every mismatch of new and free.
 *
 *   size  new form                         delete form
 *   8001  new                              delete                      (in a constructor call: new T / delete p)
 *   8002  new[]                            delete[]
 *   8003  new nothrow                      delete
 *   8004  new[] nothrow                    delete[]
 *   8064  new align 64                     delete align 64
 *   8128  new[] align 128                  delete[] align 128
 *   8192  new align 64 nothrow             delete sized, align 64
 *   8256  new[] align 64 nothrow           delete[] sized, align 64
 *   8005  new                              delete sized
 *   8006  new[]                            delete[] sized
 *   8007  new                              delete nothrow
 *   8008  new[]                            delete[] nothrow
 *   huge  new nothrow: gives nullptr; new: throws std::bad_alloc
 * 12 allocations, 12 frees, 0 alive.
 */
#include <new>

#include "known.h"

static void *used(void *p, size_t n)
{
	if (!p)
		give_up("no memory");
	memset(p, 1, n);
	keep(p);
	return p;
}

SITE void use_scalar() { ::operator delete(used(::operator new(8001), 8001)); }
SITE void use_array() { ::operator delete[](used(::operator new[](8002), 8002)); }
SITE void use_nothrow() { ::operator delete(used(::operator new(8003, std::nothrow), 8003)); }
SITE void use_array_nothrow() { ::operator delete[](used(::operator new[](8004, std::nothrow), 8004)); }
SITE void use_aligned()
{
	std::align_val_t a{64};
	::operator delete(used(::operator new(8064, a), 8064), a);
}
SITE void use_array_aligned()
{
	std::align_val_t a{128};
	::operator delete[](used(::operator new[](8128, a), 8128), a);
}
SITE void use_aligned_nothrow()
{
	std::align_val_t a{64};
	::operator delete(used(::operator new(8192, a, std::nothrow), 8192), 8192, a);
}
SITE void use_array_aligned_nothrow()
{
	std::align_val_t a{64};
	::operator delete[](used(::operator new[](8256, a, std::nothrow), 8256), 8256, a);
}
SITE void use_sized() { ::operator delete(used(::operator new(8005), 8005), 8005); }
SITE void use_array_sized() { ::operator delete[](used(::operator new[](8006), 8006), 8006); }
SITE void use_delete_nothrow() { ::operator delete(used(::operator new(8007), 8007), std::nothrow); }
SITE void use_delete_array_nothrow() { ::operator delete[](used(::operator new[](8008), 8008), std::nothrow); }
SITE void use_failing()
{
	volatile size_t huge = static_cast<size_t>(-1) / 4;
	if (::operator new(huge, std::nothrow))
		give_up("a huge new succeeded");
	try {
		keep(::operator new(huge));
		give_up("a huge new did not throw");
	} catch (const std::bad_alloc &) {
	}
}

int main()
{
	use_scalar();
	use_array();
	use_nothrow();
	use_array_nothrow();
	use_aligned();
	use_array_aligned();
	use_aligned_nothrow();
	use_array_aligned_nothrow();
	use_sized();
	use_array_sized();
	use_delete_nothrow();
	use_delete_array_nothrow();
	use_failing();
	say(1, "done\n");
	return 0;
}
