/* The texts of /proc and of control groups, as kernels write them and as they never should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/sysmon_proc.h"

#define TEXT(s) (s), sizeof(s) - 1

static void stat_file(void **state)
{
	/* A name may hold parentheses, blanks and line ends. */
	static const char text[] = "4242 (a) b (c\nd) S 1 2 3 -1 5 4194304 120 0 7 0 31 12 0 0 20 0 9 0 55 1000 200 18446744073709551615\n";
	struct proc_stat s;

	(void)state;
	assert_true(proc_stat(TEXT(text), &s));
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.minor_faults, 120);
	assert_int_equal(s.major_faults, 7);
	assert_int_equal(s.user_ticks, 31);
	assert_int_equal(s.system_ticks, 12);
	assert_int_equal(s.threads, 9);
	/* cut anywhere before the last field that is wanted */
	for (size_t n = 0; n < (size_t)(strstr(text, " 9 0 55") - text) + 1; n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, text, n);
		assert_false(proc_stat(cut, n, &s));
		free(cut);
	}
	assert_false(proc_stat(TEXT("1 (x) S 1 2 3 4 5 6 99999999999999999999999 0 7 0 31 12 0 0 20 0 9 0"), &s));
	assert_false(proc_stat(TEXT("1 x S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"), &s));
	assert_false(proc_stat(TEXT("1 (x) S 1 2 3 4 5 6 7 8 9 x 11 12 13 14 15 16 17 18 19"), &s));
}

static void fields(void **state)
{
	static const char text[] = "Name:\tVmRSS: 5\nVmRSSx:\t1 kB\nVmRSS:\t  1234 kB\nThreads:\t3\nvoluntary_ctxt_switches:\t17\n"
				   "nonvoluntary_ctxt_switches:\t4";
	uint64_t v = 77;

	(void)state;
	assert_true(proc_field(TEXT(text), "VmRSS", &v));
	assert_int_equal(v, 1234 * 1024);
	assert_true(proc_field(TEXT(text), "Threads", &v));
	assert_int_equal(v, 3);
	assert_true(proc_field(TEXT(text), "voluntary_ctxt_switches", &v));
	assert_int_equal(v, 17);
	assert_true(proc_field(TEXT(text), "nonvoluntary_ctxt_switches", &v));
	assert_int_equal(v, 4);
	assert_false(proc_field(TEXT(text), "VmSwap", &v));
	assert_false(proc_field(TEXT(text), "Name", &v));
	assert_false(proc_field(TEXT(""), "VmRSS", &v));
	assert_false(proc_field(TEXT("VmRSS:"), "VmRSS", &v));
	assert_false(proc_field(TEXT("VmRSS:\n5 kB"), "VmRSS", &v));
	assert_false(proc_field(TEXT("VmRSS: 18446744073709551616\n"), "VmRSS", &v));
	assert_false(proc_field(TEXT("VmRSS: 18446744073709551615 kB\n"), "VmRSS", &v));
	assert_int_equal(v, 4);
	assert_true(proc_field(TEXT("rchar: 18446744073709551615"), "rchar", &v));
	assert_true(v == UINT64_MAX);
}

static void network(void **state)
{
	static const char text[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
		"    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0\n"
		"  eth0:5000000000 200 0 0 0 0 0 0 70 5 0 0 0 0 0 0\n";
	struct proc_net net = {.received = 7};

	(void)state;
	assert_true(proc_net_dev(TEXT(text), &net));
	assert_int_equal(net.received, 5000000000);
	assert_int_equal(net.sent, 70);
	assert_int_equal(net.loopback, 1000);
	assert_true(proc_net_dev(TEXT("lo: 1 2 3 4 5 6 7 8 9"), &net));
	assert_int_equal(net.received, 0);
	assert_int_equal(net.loopback, 1);
	assert_true(proc_net_dev(TEXT(" lo0: 1 2 3 4 5 6 7 8 9\n elo: 1 2 3 4 5 6 7 8 9\n l: 1 2 3 4 5 6 7 8 9"), &net));
	assert_int_equal(net.received, 3);
	assert_int_equal(net.loopback, 0);
	assert_false(proc_net_dev(TEXT("Inter-|\n face |bytes\n"), &net));
	assert_false(proc_net_dev(TEXT(" lo: 1 2 3 4 5 6 7 8\n"), &net));
	assert_false(proc_net_dev(TEXT(" lo: 1 2 3 4 5 6 7 8\n9 9 9"), &net));
	assert_false(proc_net_dev(TEXT(""), &net));
	assert_false(proc_net_dev(TEXT("a: 18446744073709551615 2 3 4 5 6 7 8 9\nb: 1 2 3 4 5 6 7 8 9\n"), &net));
	assert_int_equal(net.received, 3);
}

static void groups(void **state)
{
	char path[16];
	uint64_t v;

	(void)state;
	assert_true(proc_pressure(TEXT("some avg10=0.00 avg60=1.50 avg300=0.10 total=123456\nfull avg10=0.00 total=7\n"), &v));
	assert_int_equal(v, 123456);
	assert_false(proc_pressure(TEXT("full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"), &v));
	assert_false(proc_pressure(TEXT("some avg10=0.00\nfull avg10=0 total=7\n"), &v));
	assert_false(proc_pressure(TEXT("some"), &v));
	assert_true(proc_number(TEXT("8589934592\n"), &v));
	assert_int_equal(v, 8589934592);
	assert_false(proc_number(TEXT("max\n"), &v));
	assert_false(proc_number(TEXT("12x\n"), &v));
	assert_false(proc_number(TEXT(""), &v));
	assert_true(proc_limit(TEXT("8589934592\n"), &v));
	assert_int_equal(v, 8589934592);
	assert_true(proc_limit(TEXT("0\n"), &v));
	assert_int_equal(v, 0);
	assert_false(proc_limit(TEXT("max\n"), &v));
	assert_false(proc_limit(TEXT("9223372036854771712\n"), &v)); /* pages of 4 KiB */
	assert_false(proc_limit(TEXT("9223372036854710272\n"), &v)); /* of 64 KiB */
	assert_false(proc_limit(TEXT("9223372036854775807\n"), &v));
	assert_false(proc_limit(TEXT("18446744073709551615\n"), &v));
	assert_false(proc_limit(TEXT("-1\n"), &v));
	assert_int_equal(v, 0);
	assert_true(proc_cgroup(TEXT("12:memory:/old\n1:name=systemd:/\n0::/a/b c\n"), NULL, path, sizeof path));
	assert_string_equal(path, "/a/b c");
	assert_true(proc_cgroup(TEXT("0::/"), NULL, path, sizeof path));
	assert_string_equal(path, "/");
	assert_false(proc_cgroup(TEXT("4:memory:/x\n"), NULL, path, sizeof path));
	assert_false(proc_cgroup(TEXT("0::/0123456789abcdef\n"), NULL, path, sizeof path));
	assert_false(proc_cgroup(TEXT("10::/x\n0:memory:/y\n"), NULL, path, sizeof path));
	assert_string_equal(path, "/");
	assert_true(proc_cgroup(TEXT("12:cpu,cpuacct:/no\n4:hugetlb,memory,pids:/m:x\n0::/a\n"), "memory", path, sizeof path));
	assert_string_equal(path, "/m:x");
	assert_false(proc_cgroup(TEXT("12:memoryx,xmemory:/no\n1:name=memory:/a\n0::/memory\n3:memory\n"), "memory", path, sizeof path));
}

static void group_folders(void **state)
{
	static const char mounts[] =
		"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
		"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
		"33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
		"35 31 0:32 /docker/ab\\040c /sys/fs/cgroup/me\\040mory rw,nosuid shared:11 master:2 - cgroup cgroup rw,seclabel,memory\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
	char folder[64];
	size_t top = 7;

	(void)state;
	assert_true(proc_cgroup_folder(TEXT(mounts), NULL, "/user.slice/x", folder, sizeof folder, &top));
	assert_string_equal(folder, "/sys/fs/cgroup/unified/user.slice/x");
	assert_int_equal(top, strlen("/sys/fs/cgroup/unified"));
	assert_true(proc_cgroup_folder(TEXT(mounts), NULL, "/", folder, sizeof folder, &top));
	assert_string_equal(folder, "/sys/fs/cgroup/unified");
	/* only a part of the hierarchy is mounted */
	assert_true(proc_cgroup_folder(TEXT(mounts), "memory", "/docker/ab c/inner", folder, sizeof folder, &top));
	assert_string_equal(folder, "/sys/fs/cgroup/me mory/inner");
	assert_int_equal(top, strlen("/sys/fs/cgroup/me mory"));
	assert_true(proc_cgroup_folder(TEXT(mounts), "memory", "/docker/ab c", folder, sizeof folder, &top));
	assert_string_equal(folder, "/sys/fs/cgroup/me mory");
	top = 7;
	assert_false(proc_cgroup_folder(TEXT(mounts), "memory", "/docker/ab cd", folder, sizeof folder, &top));
	assert_false(proc_cgroup_folder(TEXT(mounts), "memory", "/", folder, sizeof folder, &top));
	assert_false(proc_cgroup_folder(TEXT(mounts), "pids", "/", folder, sizeof folder, &top));
	assert_false(proc_cgroup_folder(TEXT(mounts), NULL, "/a/path/that/is/too/long/for/the/room/that/is/there", folder, 48, &top));
	assert_false(proc_cgroup_folder(TEXT(""), NULL, "/", folder, sizeof folder, &top));
	/* cut anywhere */
	for (size_t n = 0; n < sizeof mounts - 1 - strlen("cgroup2 cgroup2 rw\n"); n++) {
		char *cut = malloc(n + 1);

		memcpy(cut, mounts, n);
		assert_false(proc_cgroup_folder(cut, n, NULL, "/x", folder, sizeof folder, &top));
		free(cut);
	}
	assert_int_equal(top, 7);
}

/* ---- smaps --------------------------------------------------------------------------------------------------------- */

struct seen {
	struct ms_region region[8];
	char name[8][64];
	size_t count, room;
};

static bool see(void *context, const struct ms_region *region, const char *name)
{
	struct seen *s = context;

	if (s->count == s->room)
		return false;
	s->region[s->count] = *region;
	snprintf(s->name[s->count++], sizeof s->name[0], "%s", name);
	return true;
}

/* In pieces of this size. */
static bool parse(struct seen *s, const char *text, size_t size, size_t piece)
{
	struct smaps_parser *p = calloc(1, sizeof *p);
	bool good;

	assert_non_null(p);
	s->count = 0;
	p->region = see;
	p->context = s;
	for (size_t at = 0; at < size; at += piece)
		smaps_feed(p, text + at, size - at < piece ? size - at : piece);
	good = smaps_end(p);
	free(p);
	return good;
}

static const char smaps[] =
	"00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/dbus daemon (deleted)\n"
	"Size:                328 kB\nRss:                 300 kB\nPss:                   5 kB\nAnonymous:             0 kB\n"
	"AnonHugePages:        64 kB\nSwap:                  0 kB\nSwapPss:               9 kB\nVmFlags: rd ex mr mw me dw\n"
	"00e03000-00e24000 rw-p 00000000 00:00 0           [heap]\n"
	"Rss:                  40 kB\nAnonymous:            36 kB\nSwap:                  8 kB\n"
	"7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
	"Rss:                   0 kB\n"
	"7f0000001000-7f0000002000 rw-s 00000000 00:05 99                         /dev/shm/x\n"
	"Rss:                   4 kB\nAnonymous:             8 kB\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static void mappings(void **state)
{
	struct seen s = {.room = 8};

	(void)state;
	for (size_t piece = 1; piece < 200; piece++) {
		assert_true(parse(&s, TEXT(smaps), piece));
		assert_int_equal(s.count, 5);
		assert_int_equal(s.region[0].start, 0x400000);
		assert_int_equal(s.region[0].end, 0x452000);
		assert_int_equal(s.region[0].flags, MS_REGION_READ | MS_REGION_EXECUTE);
		assert_int_equal(s.region[0].resident_bytes, 300 * 1024);
		assert_string_equal(s.name[0], "/usr/bin/dbus daemon (deleted)");
		assert_int_equal(s.region[1].resident_bytes, 40 * 1024);
		assert_int_equal(s.region[1].anonymous_bytes, 36 * 1024);
		assert_int_equal(s.region[1].swapped_bytes, 8 * 1024);
		assert_string_equal(s.name[1], "[heap]");
		assert_int_equal(s.region[2].flags, 0);
		assert_string_equal(s.name[2], "");
		assert_int_equal(s.region[3].flags, MS_REGION_READ | MS_REGION_WRITE | MS_REGION_SHARED);
		assert_int_equal(s.region[3].anonymous_bytes, 4096); /* no more than what is resident */
		assert_true(s.region[4].end == 0xffffffffff601000);
		assert_string_equal(s.name[4], "[vsyscall]");
	}
}

static void odd_mappings(void **state)
{
	static const char *const wrong[] = {
		"Rss: 4 kB\n",                                         /* of nothing */
		"1000-2000\n",
		"2000-1000 rw-p 00000000 00:00 0\n",
		"1000-2000 rw-p 0 00:00 0\nRss: x kB\n",
		"1000-3000 rw-p 0 00:00 0\n2000-4000 rw-p 0 00:00 0\n", /* one in another */
		"11000000000000000-2 rw-p 0 00:00 0\n",
		"hello\n",
		"1000 2000 rw-p\n",
	};
	struct seen s = {.room = 8};
	char *longest = malloc(10000);

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		for (size_t piece = 1; piece < 60; piece += 7)
			assert_false(parse(&s, wrong[i], strlen(wrong[i]), piece));
	assert_true(parse(&s, "", 0, 1));
	assert_int_equal(s.count, 0);
	/* a line that does not end */
	memset(longest, 'A', 10000);
	assert_false(parse(&s, longest, 10000, 4096));
	free(longest);
	/* who wants no more is asked no more */
	s.room = 2;
	assert_false(parse(&s, TEXT(smaps), 64));
	assert_int_equal(s.count, 2);
}

/* Cut, and with bytes changed: never beyond the text (under the sanitizers), never a mapping inside another. */
static void damaged_mappings(void **state)
{
	uint64_t random = 88172645463325252ULL;
	char text[sizeof smaps];

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct seen s = {.room = 8};
		size_t size;

		memcpy(text, smaps, sizeof smaps);
		for (unsigned k = 0; k < 3; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			text[random % (sizeof smaps - 1)] = (char)(random >> 40);
		}
		size = random % sizeof smaps;
		(void)parse(&s, text, size, 1 + random % 97);
		for (size_t i = 1; i < s.count; i++)
			assert_true(s.region[i].start >= s.region[i - 1].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_file), cmocka_unit_test(fields), cmocka_unit_test(network), cmocka_unit_test(groups), cmocka_unit_test(group_folders),
		cmocka_unit_test(mappings), cmocka_unit_test(odd_mappings), cmocka_unit_test(damaged_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
