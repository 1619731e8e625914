// flags: -fno-builtin
/*
 * realloc_after_free_cxx - a buffer class over malloc whose copies share, and whose methods run after the end.
 */
#include "zoo.h"

struct buffer {
	char *bytes;
	size_t size;
	__attribute__((noipa)) explicit buffer(size_t n) : bytes(static_cast<char *>(malloc(n))), size(n) {}
	__attribute__((noipa)) void clear()
	{
		free(bytes);
	}
	__attribute__((noipa)) void grow(size_t n)
	{
		bytes = static_cast<char *>(realloc(bytes, n)); /* BUG */
		size = n;
	}
};
static void *volatile kept[8];

// expect: case=after_clear kind=realloc-after-free size=40 alloc=buffer::buffer free=buffer::clear error=buffer::grow way=bad-free
CASE(after_clear)
{
	buffer b(40);
	if (bug)
		b.clear();
	b.grow(400);
	kept[0] = b.bytes;
}

// expect: case=copy kind=realloc-after-free size=64 alloc=buffer::buffer free=buffer::clear error=buffer::grow way=bad-free
CASE(copy)
{
	buffer a(64), b(a);
	if (bug)
		a.clear();
	b.grow(640);
	kept[1] = b.bytes;
}

SITE void grow_all(buffer **table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		table[i]->grow(1000);
}
// expect: case=loop kind=realloc-after-free size=33 alloc=buffer::buffer free=buffer::clear error=buffer::grow way=bad-free
CASE(loop)
{
	buffer a(31), b(32), c(33);
	buffer *table[] = {&a, &b, &c};
	if (bug)
		c.clear();
	grow_all(table, 3);
	kept[2] = a.bytes;
	kept[3] = b.bytes;
	kept[4] = c.bytes;
}

SITE void *clear_there(void *b)
{
	static_cast<buffer *>(b)->clear();
	return nullptr;
}
SITE void *leave(void *) { return nullptr; }
// expect: case=thread kind=realloc-after-free size=96 alloc=buffer::buffer free=buffer::clear error=buffer::grow way=bad-free
CASE(thread)
{
	buffer b(96);
	in_thread(bug ? clear_there : leave, &b);
	b.grow(960);
	kept[5] = b.bytes;
}

ZOO_MAIN(ZOO(after_clear), ZOO(copy), ZOO(loop), ZOO(thread))
