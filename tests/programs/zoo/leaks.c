/*
 * leaks - blocks without a pointer to them, blocks that only such blocks point to, blocks with a pointer into their middle.
 */
#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }

/* ---- definite ---------------------------------------------------------------------------------------------------- */

static char *volatile slot;
SITE static char *make_current(size_t n) { return memset(malloc(n), 'a', n); }
/* expect: case=overwritten kind=leak-definite size=40 alloc=make_current way=leak */
CASE(overwritten)
{
	slot = make_current(40);
	if (!bug)
		drop(slot);
	slot = NULL;
}

SITE static void work(size_t n, bool bug)
{
	for (size_t i = 0; i < n; i++) {
		char *p = make_block(24);
		if (!bug)
			drop(p);
	}
}
/* expect: case=loop kind=leak-definite size=24 count=7 alloc=make_block way=leak */
CASE(loop) { work(7, bug); }

SITE static char *dup_name(void) { return strdup("a copy"); }
/* expect: case=libc kind=leak-definite size=7 alloc=dup_name way=leak */
CASE(libc)
{
	char *p = dup_name();
	if (!bug)
		drop(p);
}

SITE static void *lose(void *arg)
{
	char *p = make_block(90);
	if (!arg)
		drop(p);
	p = NULL;
	scrub();
	return p;
}
/* expect: case=thread kind=leak-definite size=90 alloc=make_block way=leak */
CASE(thread) { in_thread(lose, bug ? "bug" : NULL); }

SITE static char *grow_block(char *p, size_t n) { return realloc(p, n); }
/* expect: case=grown kind=leak-definite size=600 alloc=grow_block way=leak */
CASE(grown)
{
	char *p = grow_block(make_block(20), 600);
	if (!bug)
		drop(p);
}

/* expect: case=large kind=leak-definite size=500000 alloc=make_block way=leak */
CASE(large)
{
	char *p = make_block(500000);
	if (!bug)
		drop(p);
}

/* ---- indirect ---------------------------------------------------------------------------------------------------- */

struct node {
	struct node *next, *other;
	char *name;
};
SITE static struct node *make_head(struct node *next)
{
	struct node *n = calloc(1, sizeof *n);
	n->next = next;
	return n;
}
SITE static struct node *make_node(struct node *next)
{
	struct node *n = calloc(1, sizeof *n);
	n->next = next;
	return n;
}
SITE static void drop_list(struct node *n)
{
	while (n) {
		struct node *next = n->next;
		free(n->name);
		free(n);
		n = next;
	}
}
/* expect: case=list kind=leak-definite size=24 alloc=make_head way=leak */
/* expect: case=list kind=leak-indirect size=24 count=3 alloc=make_node way=leak */
CASE(list)
{
	struct node *n = make_head(make_node(make_node(make_node(NULL))));
	if (!bug)
		drop_list(n);
}

SITE static char *make_name(void) { return strdup("a name"); }
/* expect: case=member kind=leak-definite size=24 alloc=make_head way=leak */
/* expect: case=member kind=leak-indirect size=7 alloc=make_name way=leak */
CASE(member)
{
	struct node *n = make_head(NULL);
	n->name = make_name();
	if (bug)
		free(n->other); /* a member, and not that one */
	else
		drop_list(n);
}

/* A ring that nobody holds: the block met first counts as lost, the others as lost with it. */
/* expect: case=ring kind=leak-definite size=24 alloc=make_node way=leak */
/* expect: case=ring kind=leak-indirect size=24 count=2 alloc=make_node way=leak */
CASE(ring)
{
	struct node *nodes[3];
	for (int i = 0; i < 3; i++)
		nodes[i] = make_node(NULL);
	for (int i = 0; i < 3; i++)
		nodes[i]->next = nodes[(i + 1) % 3];
	for (int i = 0; !bug && i < 3; i++)
		drop(nodes[i]);
}

SITE static void *lose_list(void *arg)
{
	struct node *n = make_head(make_node(make_node(NULL)));
	if (!arg)
		drop_list(n);
	n = NULL;
	scrub();
	return n;
}
/* expect: case=list_thread kind=leak-definite size=24 alloc=make_head way=leak */
/* expect: case=list_thread kind=leak-indirect size=24 count=2 alloc=make_node way=leak */
CASE(list_thread) { in_thread(lose_list, bug ? "bug" : NULL); }

/* ---- possible ---------------------------------------------------------------------------------------------------- */

static char *volatile cursor;
/* expect: case=cursor kind=leak-possible size=64 alloc=make_block way=leak */
CASE(cursor)
{
	char *p = make_block(64);
	if (bug)
		cursor = p + 20;
	else
		drop(p);
}

static char *volatile cursors[5];
SITE static char *make_line(size_t n) { return memset(malloc(n), 'l', n); }
/* expect: case=cursor_loop kind=leak-possible size=80 count=5 alloc=make_line way=leak */
CASE(cursor_loop)
{
	for (size_t i = 0; i < 5; i++) {
		char *p = make_line(80);
		if (bug)
			cursors[i] = p + 24 + i;
		else
			drop(p);
	}
}

static char *volatile value;
SITE static char *dup_pair(void) { return strdup("a key that is long enough = a value"); }
/* expect: case=value_libc kind=leak-possible size=36 alloc=dup_pair way=leak */
CASE(value_libc)
{
	char *p = dup_pair();
	if (bug)
		value = strchr(p, '=');
	else
		drop(p);
}

static char *volatile inner;
SITE static void *keep_inner(void *arg)
{
	char *p = make_block(70);
	if (arg)
		inner = p + 33;
	else
		drop(p);
	p = NULL;
	scrub();
	return p;
}
/* expect: case=cursor_thread kind=leak-possible size=70 alloc=make_block way=leak */
CASE(cursor_thread) { in_thread(keep_inner, bug ? "bug" : NULL); }

ZOO_MAIN(ZOO(overwritten), ZOO(loop), ZOO(libc), ZOO(thread), ZOO(grown), ZOO(large), ZOO(list), ZOO(member), ZOO(ring),
	 ZOO(list_thread), ZOO(cursor), ZOO(cursor_loop), ZOO(value_libc), ZOO(cursor_thread))
