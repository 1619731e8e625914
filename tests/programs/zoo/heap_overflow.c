/*
 * heap_overflow - writes and reads past the end of a block: by stores, loops, libc, in another thread. What is to be found
 * stands above each case; zoo.h says how to read it.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "zoo.h"

SITE static char *make_block(size_t n) { return memset(malloc(n), 'a', n); }
SITE static void drop(void *p) { free(p); }

SITE static void put1(char *p, size_t i)
{
	p[i] = 'x'; /* BUG */
}
SITE static void put2(uint16_t *p, size_t i)
{
	p[i] = 0x7878; /* BUG */
}
SITE static void put4(uint32_t *p, size_t i)
{
	p[i] = 0x78787878; /* BUG */
}
SITE static void put8(uint64_t *p, size_t i)
{
	p[i] = UINT64_C(0x7878787878787878); /* BUG */
}
SITE static int get1(const char *p, size_t i)
{
	return p[i]; /* BUG */
}
SITE static uint32_t get4(const uint32_t *p, size_t i)
{
	return p[i]; /* BUG */
}
SITE static uint64_t get8(const uint64_t *p, size_t i)
{
	return p[i]; /* BUG */
}

/* expect: case=one_byte kind=heap-overflow size=33 offset=33 access=write alloc=make_block error=put1 way=store */
CASE(one_byte)
{
	char *p = make_block(33);
	put1(p, bug ? 33 : 32);
	drop(p);
}

/* expect: case=one_byte_of_1 kind=heap-overflow size=1 offset=1 access=write alloc=make_block error=put1 way=store */
CASE(one_byte_of_1)
{
	char *p = make_block(1);
	put1(p, bug ? 1 : 0);
	drop(p);
}

/* expect: case=one_byte_of_40 kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=put1 way=store */
CASE(one_byte_of_40)
{
	char *p = make_block(40);
	put1(p, bug ? 40 : 39);
	drop(p);
}

/* expect: case=one_byte_of_5001 kind=heap-overflow size=5001 offset=5001 access=write alloc=make_block error=put1 way=store */
CASE(one_byte_of_5001)
{
	char *p = make_block(5001);
	put1(p, bug ? 5001 : 5000);
	drop(p);
}

/* expect: case=two_bytes kind=heap-overflow size=54 offset=54 access=write alloc=make_block error=put2 way=store */
CASE(two_bytes)
{
	char *p = make_block(54);
	put2((uint16_t *)p, bug ? 27 : 26);
	drop(p);
}

/* expect: case=four_bytes kind=heap-overflow size=44 offset=44 access=write alloc=make_block error=put4 way=store */
CASE(four_bytes)
{
	char *p = make_block(44);
	put4((uint32_t *)p, bug ? 11 : 10);
	drop(p);
}

/* expect: case=eight_bytes kind=heap-overflow size=24 offset=24 access=write alloc=make_block error=put8 way=store */
CASE(eight_bytes)
{
	char *p = make_block(24);
	put8((uint64_t *)p, bug ? 3 : 2);
	drop(p);
}

SITE static char *make_zeroed(size_t n) { return calloc(n, 1); }
/* expect: case=zeroed kind=heap-overflow size=72 offset=72 access=write alloc=make_zeroed error=put8 way=store */
CASE(zeroed)
{
	char *p = make_zeroed(72);
	put8((uint64_t *)p, bug ? 9 : 8);
	drop(p);
}

SITE static char *grow_block(char *p, size_t n) { return realloc(p, n); }
/* expect: case=grown kind=heap-overflow size=90 offset=90 access=write alloc=grow_block error=put1 way=store */
CASE(grown)
{
	char *p = grow_block(make_block(40), 90);
	put1(p, bug ? 90 : 89);
	drop(p);
}

SITE static char *make_aligned(size_t align, size_t n) { return memset(aligned_alloc(align, n), 'a', n); }
/* expect: case=aligned kind=heap-overflow size=192 offset=192 access=write alloc=make_aligned error=put4 way=store */
CASE(aligned)
{
	char *p = make_aligned(64, 192);
	put4((uint32_t *)p, bug ? 48 : 47);
	drop(p);
}

static char *volatile never_freed;
/* expect: case=kept kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=put1 way=store */
CASE(kept)
{
	never_freed = make_block(40);
	put1(never_freed, bug ? 40 : 39);
}

SITE static void *store_there(void *p)
{
	put1(p, 61);
	return NULL;
}
SITE static void *store_inside(void *p)
{
	put1(p, 60);
	return NULL;
}
/* expect: case=thread kind=heap-overflow size=61 offset=61 access=write alloc=make_block error=put1 way=store */
CASE(thread)
{
	char *p = make_block(61);
	in_thread(bug ? store_there : store_inside, p);
	drop(p);
}

SITE static void fill(char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p[i] = 'x'; /* BUG */
}
/* expect: case=loop_1 kind=heap-overflow size=15 offset=15 access=write alloc=make_block error=fill way=store */
CASE(loop_1)
{
	char *p = make_block(15);
	fill(p, 0, bug ? 16 : 15);
	drop(p);
}

/* expect: case=loop_16 kind=heap-overflow size=64 offset=64 access=write alloc=make_block error=fill way=store */
CASE(loop_16)
{
	char *p = make_block(64);
	fill(p, 0, bug ? 80 : 64);
	drop(p);
}

/* expect: case=loop_400 kind=heap-overflow size=208 offset=208 access=write alloc=make_block error=fill way=store */
CASE(loop_400)
{
	char *p = make_block(208);
	fill(p, 0, bug ? 608 : 208);
	drop(p);
}

SITE static long sum(const char *p, size_t n)
{
	long s = 0;
	for (size_t i = 0; i < n; i++)
		s += p[i]; /* BUG */
	return s;
}
/* expect: case=read_one kind=heap-overflow size=33 offset=33 access=read alloc=make_block error=get1 way=load */
CASE(read_one)
{
	char *p = make_block(33);
	keep((void *)(intptr_t)get1(p, bug ? 33 : 32));
	drop(p);
}

/* expect: case=read_four kind=heap-overflow size=28 offset=28 access=read alloc=make_block error=get4 way=load */
CASE(read_four)
{
	char *p = make_block(28);
	keep((void *)(intptr_t)get4((uint32_t *)p, bug ? 7 : 6));
	drop(p);
}

/* expect: case=read_eight kind=heap-overflow size=48 offset=48 access=read alloc=make_block error=get8 way=load */
CASE(read_eight)
{
	char *p = make_block(48);
	keep((void *)(intptr_t)get8((uint64_t *)p, bug ? 6 : 5));
	drop(p);
}

/* expect: case=read_loop kind=heap-overflow size=112 offset=112 access=read alloc=make_block error=sum way=load */
CASE(read_loop)
{
	char *p = make_block(112);
	keep((void *)sum(p, bug ? 140 : 112));
	drop(p);
}

SITE static void *load_there(void *p)
{
	get1(p, 41);
	return NULL;
}
SITE static void *load_inside(void *p)
{
	get1(p, 40);
	return NULL;
}
/* expect: case=read_thread kind=heap-overflow size=41 offset=41 access=read alloc=make_block error=get1 way=load */
CASE(read_thread)
{
	char *p = make_block(41);
	in_thread(bug ? load_there : load_inside, p);
	drop(p);
}

/* ---- libc calls that write --------------------------------------------------------------------------------------- */

static char source[512] = "0123456789012345678901234567890123456789";
static const char forty[] = "0123456789012345678901234567890123456789";

SITE static void copy(char *p, size_t n)
{
	memcpy(p, source, n); /* BUG */
}
/* expect: case=memcpy kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=copy way=libc */
CASE(memcpy)
{
	char *p = make_block(40);
	copy(p, bug ? 41 : 40);
	drop(p);
}

/* expect: case=memcpy_400 kind=heap-overflow size=80 offset=80 access=write alloc=make_block error=copy way=libc */
CASE(memcpy_400)
{
	char *p = make_block(80);
	copy(p, bug ? 480 : 80);
	drop(p);
}

SITE static void *copy_there(void *p)
{
	copy(p, 60);
	return NULL;
}
SITE static void *copy_inside(void *p)
{
	copy(p, 50);
	return NULL;
}
/* expect: case=memcpy_thread kind=heap-overflow size=50 offset=50 access=write alloc=make_block error=copy way=libc */
CASE(memcpy_thread)
{
	char *p = make_block(50);
	in_thread(bug ? copy_there : copy_inside, p);
	drop(p);
}

/* expect: case=memmove kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=case_memmove way=libc */
CASE(memmove)
{
	char *p = make_block(40);
	memmove(p + (bug ? 9 : 8), p, 32); /* BUG */
	drop(p);
}

/* expect: case=memset kind=heap-overflow size=57 offset=57 access=write alloc=make_block error=case_memset way=libc */
CASE(memset)
{
	char *p = make_block(57);
	memset(p, 'x', bug ? 64 : 57); /* BUG */
	drop(p);
}

/* expect: case=strcpy kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=case_strcpy way=libc */
CASE(strcpy)
{
	char *p = make_block(40);
	strcpy(p, bug ? forty : forty + 1); /* BUG */
	drop(p);
}

/* expect: case=strncpy kind=heap-overflow size=30 offset=30 access=write alloc=make_block error=case_strncpy way=libc */
CASE(strncpy)
{
	char *p = make_block(30);
	strncpy(p, forty, bug ? 38 : 30); /* BUG */
	drop(p);
}

/* expect: case=strcat kind=heap-overflow size=25 offset=25 access=write alloc=make_block error=case_strcat way=libc */
CASE(strcat)
{
	char *p = make_block(25);
	strcpy(p, "0123456789");
	strcat(p, bug ? "012345678901234" : "01234567890123"); /* BUG */
	drop(p);
}

/* expect: case=strncat kind=heap-overflow size=20 offset=20 access=write alloc=make_block error=case_strncat way=libc */
CASE(strncat)
{
	char *p = make_block(20);
	strcpy(p, "0123456789");
	strncat(p, forty, bug ? 10 : 9); /* BUG */
	drop(p);
}

/* expect: case=stpcpy kind=heap-overflow size=31 offset=31 access=write alloc=make_block error=case_stpcpy way=libc */
CASE(stpcpy)
{
	char *p = make_block(31);
	stpcpy(p, bug ? forty + 7 : forty + 10); /* BUG */
	drop(p);
}

/* expect: case=sprintf kind=heap-overflow size=10 offset=10 access=write alloc=make_block error=case_sprintf way=libc */
CASE(sprintf)
{
	char *p = make_block(10);
	sprintf(p, "id=%d", bug ? 1234567 : 123456); /* BUG */
	drop(p);
}

/* expect: case=snprintf kind=heap-overflow size=16 offset=16 access=write alloc=make_block error=case_snprintf way=libc */
CASE(snprintf)
{
	char *p = make_block(16);
	snprintf(p, bug ? 64 : 16, "%s", forty); /* BUG */
	drop(p);
}

/* expect: case=wcscpy kind=heap-overflow size=28 offset=28 access=write alloc=make_block error=case_wcscpy way=libc */
CASE(wcscpy)
{
	char *p = make_block(28);
	wcscpy((wchar_t *)p, bug ? L"1234567" : L"123456"); /* BUG */
	drop(p);
}

/* expect: case=wcsncpy kind=heap-overflow size=24 offset=24 access=write alloc=make_block error=case_wcsncpy way=libc */
CASE(wcsncpy)
{
	char *p = make_block(24);
	wcsncpy((wchar_t *)p, L"12", bug ? 8 : 6); /* BUG */
	drop(p);
}

/* expect: case=wcscat kind=heap-overflow size=32 offset=32 access=write alloc=make_block error=case_wcscat way=libc */
CASE(wcscat)
{
	char *p = make_block(32);
	wcscpy((wchar_t *)p, L"1234");
	wcscat((wchar_t *)p, bug ? L"5678" : L"567"); /* BUG */
	drop(p);
}

/* expect: case=wmemcpy kind=heap-overflow size=40 offset=40 access=write alloc=make_block error=case_wmemcpy way=libc */
CASE(wmemcpy)
{
	char *p = make_block(40);
	wmemcpy((wchar_t *)p, (wchar_t *)source, bug ? 12 : 10); /* BUG */
	drop(p);
}

/* expect: case=wmemset kind=heap-overflow size=36 offset=36 access=write alloc=make_block error=case_wmemset way=libc */
CASE(wmemset)
{
	char *p = make_block(36);
	wmemset((wchar_t *)p, L'x', bug ? 10 : 9); /* BUG */
	drop(p);
}

/* expect: case=read kind=heap-overflow size=45 offset=45 access=write alloc=make_block error=case_read way=libc */
CASE(read)
{
	char *p = make_block(45);
	int fd = open("/proc/self/exe", O_RDONLY);
	if (read(fd, p, bug ? 64 : 45) < 45) /* BUG */
		give_up("read");
	close(fd);
	drop(p);
}

/* expect: case=recv kind=heap-overflow size=20 offset=20 access=write alloc=make_block error=case_recv way=libc */
CASE(recv)
{
	char *p = make_block(20);
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[1], source, 32) != 32)
		give_up("socketpair");
	if (recv(pair[0], p, bug ? 32 : 20, 0) < 20) /* BUG */
		give_up("recv");
	close(pair[0]);
	close(pair[1]);
	drop(p);
}

static FILE *input(void)
{
	FILE *f = fopen("/proc/self/cmdline", "r");
	if (!f)
		give_up("no file");
	return f;
}
/* expect: case=fread kind=heap-overflow size=3 offset=3 access=write alloc=make_block error=case_fread way=libc */
CASE(fread)
{
	FILE *f = input();
	char *p = make_block(3);
	if (fread(p, 1, bug ? 8 : 3, f) < 3) /* BUG */
		give_up("fread");
	drop(p);
	fclose(f);
}

/* expect: case=fgets kind=heap-overflow size=7 offset=7 access=write alloc=make_block error=case_fgets way=libc */
CASE(fgets)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char *p = make_block(7);
	if (!fgets(p, bug ? 24 : 7, f)) /* BUG */
		give_up("fgets");
	drop(p);
	fclose(f);
}

SITE static int compare(const void *a, const void *b)
{
	const long *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}
/* expect: case=qsort kind=heap-overflow size=56 offset=56 access=read alloc=make_block error=case_qsort way=libc */
CASE(qsort)
{
	char *p = make_block(56);
	for (size_t i = 0; i < 7; i++)
		((long *)p)[i] = INT64_MIN + 100 - (long)i; /* below what stands behind the block: that stays where it is */
	qsort(p, bug ? 8 : 7, sizeof(long), compare); /* BUG */
	drop(p);
}

/* ---- libc calls that read ---------------------------------------------------------------------------------------- */

static char target[512];

/* expect: case=memcpy_from kind=heap-overflow size=40 offset=40 access=read alloc=make_block error=case_memcpy_from way=libc */
CASE(memcpy_from)
{
	char *p = make_block(40);
	memcpy(target, p, bug ? 48 : 40); /* BUG */
	drop(p);
}

/* expect: case=memcmp kind=heap-overflow size=26 offset=26 access=read alloc=make_block error=case_memcmp way=libc */
CASE(memcmp)
{
	char *p = make_block(26);
	memset(target, 'a', sizeof target);
	keep((void *)(intptr_t)memcmp(p, target, bug ? 32 : 26)); /* BUG */
	drop(p);
}

/* expect: case=strlen kind=heap-overflow size=21 offset=21 access=read alloc=make_block error=case_strlen way=libc */
CASE(strlen)
{
	char *p = make_block(21);
	if (!bug)
		p[20] = '\0';
	keep((void *)strlen(p)); /* BUG */
	drop(p);
}

/* expect: case=puts kind=heap-overflow size=12 offset=12 access=read alloc=make_block error=case_puts way=libc */
CASE(puts)
{
	char *p = make_block(12);
	if (!bug)
		p[11] = '\0';
	puts(p); /* BUG */
	fflush(stdout);
	drop(p);
}

/* expect: case=strchr kind=heap-overflow size=18 offset=18 access=read alloc=make_block error=case_strchr way=libc */
CASE(strchr)
{
	char *p = make_block(18);
	if (!bug)
		p[17] = '\0';
	keep(strchr(p, 'b')); /* BUG */
	drop(p);
}

SITE static char *copy_name(const char *p)
{
	return strdup(p); /* BUG */
}
/* expect: case=strdup kind=heap-overflow size=9 offset=9 access=read alloc=make_block error=copy_name way=libc */
CASE(strdup)
{
	char *p = make_block(9);
	if (!bug)
		p[8] = '\0';
	drop(copy_name(p));
	drop(p);
}

/* expect: case=strcpy_from kind=heap-overflow size=35 offset=35 access=read alloc=make_block error=case_strcpy_from way=libc */
CASE(strcpy_from)
{
	char *p = make_block(35);
	if (!bug)
		p[34] = '\0';
	strcpy(target, p); /* BUG */
	drop(p);
}

/* expect: case=wcslen kind=heap-overflow size=20 offset=20 access=read alloc=make_block error=case_wcslen way=libc */
CASE(wcslen)
{
	char *p = make_block(20);
	if (!bug)
		((wchar_t *)p)[4] = L'\0';
	keep((void *)wcslen((wchar_t *)p)); /* BUG */
	drop(p);
}

/* expect: case=write kind=heap-overflow size=50 offset=50 access=read alloc=make_block error=case_write way=libc */
CASE(write)
{
	char *p = make_block(50);
	int fd = open("/dev/null", O_WRONLY);
	if (write(fd, p, bug ? 56 : 50) < 50) /* BUG */
		give_up("write");
	close(fd);
	drop(p);
}

/* expect: case=fwrite kind=heap-overflow size=14 offset=14 access=read alloc=make_block error=case_fwrite way=libc */
CASE(fwrite)
{
	FILE *f = fopen("/dev/null", "w");
	char *p = make_block(14);
	if (fwrite(p, 1, bug ? 22 : 14, f) < 14) /* BUG */
		give_up("fwrite");
	fclose(f);
	drop(p);
}

ZOO_MAIN(ZOO(one_byte), ZOO(one_byte_of_1), ZOO(one_byte_of_40), ZOO(one_byte_of_5001), ZOO(two_bytes), ZOO(four_bytes),
	 ZOO(eight_bytes), ZOO(zeroed), ZOO(grown), ZOO(aligned), ZOO(kept), ZOO(thread), ZOO(loop_1), ZOO(loop_16),
	 ZOO(loop_400), ZOO(read_one), ZOO(read_four), ZOO(read_eight), ZOO(read_loop), ZOO(read_thread), ZOO(memcpy),
	 ZOO(memcpy_400), ZOO(memcpy_thread), ZOO(memmove), ZOO(memset), ZOO(strcpy), ZOO(strncpy), ZOO(strcat), ZOO(strncat),
	 ZOO(stpcpy), ZOO(sprintf), ZOO(snprintf), ZOO(wcscpy), ZOO(wcsncpy), ZOO(wcscat), ZOO(wmemcpy), ZOO(wmemset),
	 ZOO(read), ZOO(recv), ZOO(fread), ZOO(fgets), ZOO(qsort), ZOO(memcpy_from), ZOO(memcmp), ZOO(strlen), ZOO(puts),
	 ZOO(strchr), ZOO(strdup), ZOO(strcpy_from), ZOO(wcslen), ZOO(write), ZOO(fwrite))
