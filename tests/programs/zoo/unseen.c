/*
 * unseen - bugs that no mode finds, by design: memscope watches blocks, not what stands inside them, on the stack or in data.
 */
#include "zoo.h"

struct person {
	char name[16];
	char role[16];
};
SITE static struct person *make_person(void) { return calloc(1, sizeof(struct person)); }
SITE static void name_it(char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = 'x';
}
/* expect: case=inside_a_block kind=none way=inside */
CASE(inside_a_block)
{
	struct person *p = make_person();
	name_it(p->name, bug ? 20 : 16); /* into role */
	free(p);
}

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void put(char *p, long i)
{
	p[i] = 'x';
}
/* expect: case=into_another_block kind=none way=jump */
CASE(into_another_block)
{
	char *a = make_block(64), *b = make_block(64);
	put(a, bug ? b - a + 10 : 10);
	free(a);
	free(b);
}

/* expect: case=stack_buffer kind=none way=stack */
CASE(stack_buffer)
{
	struct { char a[16], b[16]; } local;
	memset(&local, 0, sizeof local);
	name_it(local.a, bug ? 20 : 16);
	keep(&local);
}

static struct { char a[16], b[16]; } global;
/* expect: case=global_buffer kind=none way=stack */
CASE(global_buffer)
{
	name_it(global.a, bug ? 20 : 16);
	keep(&global);
}

SITE static int choose(const int *p)
{
	return p[3] > 100;
}
/* expect: case=uninitialised kind=none way=uninitialised */
CASE(uninitialised)
{
	int *p = malloc(64);
	if (!bug)
		p[3] = 1;
	keep((void *)(intptr_t)choose(p));
	free(p);
}

static char *volatile cache[64];
/* expect: case=held_for_ever kind=none way=held */
CASE(held_for_ever)
{
	for (size_t i = 0; bug && i < 64; i++)
		cache[i] = make_block(100); /* never looked at again, but held */
}

ZOO_MAIN(ZOO(inside_a_block), ZOO(into_another_block), ZOO(stack_buffer), ZOO(global_buffer), ZOO(uninitialised), ZOO(held_for_ever))
