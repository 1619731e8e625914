/* Control groups as folders of files: version 2, version 1, both, nested limits, and what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/sysmon_group.h"

#define NONE UINT64_MAX

static char root[] = "/tmp/memscope-groups-XXXXXX";

static void folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	folder("v2");
	folder("v2/a");
	folder("v2/a/b");
	file("v2/a/memory.max", "3000000\n");
	file("v2/a/b/memory.max", "max\n");
	file("v2/a/b/memory.current", "123456\n");
	file("v2/a/b/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 total=7\n");
	folder("v1");
	folder("v1/c");
	folder("v1/c/d");
	file("v1/memory.limit_in_bytes", "9223372036854771712\n");
	file("v1/c/memory.limit_in_bytes", "5000\n");
	file("v1/c/d/memory.limit_in_bytes", "7000\n");
	file("v1/c/d/memory.usage_in_bytes", "6000\n");
	file("v1/c/d/memory.use_hierarchy", "1\n");
	return 0;
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", root);
	return system(command);
}

static void look(const char *cgroup, const char *mounts, struct sysmon_group *g, uint64_t v[GROUP_VALUES])
{
	char text[4096];

	v[GROUP_MEMORY] = v[GROUP_LIMIT] = v[GROUP_STALLED] = NONE;
	group_open(g, cgroup, strlen(cgroup), mounts, strlen(mounts));
	group_read(g, text, sizeof text, v);
}

static const char *mounts_of(bool first, bool second)
{
	static char text[512];
	int n = 0;

	text[0] = '\0';
	if (first)
		n = snprintf(text, sizeof text, "35 31 0:32 / %s/v1 rw - cgroup cgroup rw,memory\n", root);
	if (second)
		snprintf(text + n, sizeof text - (size_t)n, "41 31 0:38 / %s/v2 rw - cgroup2 cgroup2 rw\n", root);
	return text;
}

static void version_2(void **state)
{
	struct sysmon_group g;
	uint64_t v[GROUP_VALUES];

	(void)state;
	look("0::/a/b\n", mounts_of(false, true), &g, v);
	assert_int_equal(v[GROUP_MEMORY], 123456);
	assert_int_equal(v[GROUP_LIMIT], 3000000); /* of the group above */
	assert_int_equal(v[GROUP_STALLED], 77);
	assert_string_equal(g.source[GROUP_MEMORY], "cgroup v2 memory.current");
	group_close(&g);
	/* the root of a hierarchy has none of these files */
	look("0::/\n", mounts_of(false, true), &g, v);
	assert_true(v[GROUP_MEMORY] == NONE && v[GROUP_LIMIT] == NONE && v[GROUP_STALLED] == NONE);
	assert_string_equal(group_reason(&g, GROUP_MEMORY), "memory.current of its control group: No such file or directory");
	group_close(&g);
}

static void version_1(void **state)
{
	struct sysmon_group g;
	uint64_t v[GROUP_VALUES];

	(void)state;
	look("4:pids,memory:/c/d\n", mounts_of(true, false), &g, v);
	assert_int_equal(v[GROUP_MEMORY], 6000);
	assert_int_equal(v[GROUP_LIMIT], 5000);
	assert_true(v[GROUP_STALLED] == NONE);
	assert_string_equal(g.source[GROUP_LIMIT], "cgroup v1 memory.limit_in_bytes");
	assert_non_null(strstr(group_reason(&g, GROUP_STALLED), "version 2"));
	group_close(&g);
	/* hierarchies are off: what stands above does not count */
	file("v1/c/d/memory.use_hierarchy", "0\n");
	look("4:memory:/c/d\n", mounts_of(true, false), &g, v);
	assert_int_equal(v[GROUP_LIMIT], 7000);
	group_close(&g);
	file("v1/c/d/memory.use_hierarchy", "1\n");
	look("4:memory:/\n", mounts_of(true, false), &g, v);
	assert_true(v[GROUP_LIMIT] == NONE);
	assert_non_null(strstr(group_reason(&g, GROUP_LIMIT), "has a limit"));
	group_close(&g);
}

/* Memory belongs to version 1, pressure to version 2, as on many machines. */
static void hybrid(void **state)
{
	struct sysmon_group g;
	uint64_t v[GROUP_VALUES];

	(void)state;
	look("4:memory:/c/d\n1:name=systemd:/\n0::/a/b\n", mounts_of(true, true), &g, v);
	assert_int_equal(v[GROUP_MEMORY], 6000);
	assert_int_equal(v[GROUP_LIMIT], 5000);
	assert_int_equal(v[GROUP_STALLED], 77);
	group_close(&g);
	/* the memory of version 1 is not mounted: that of version 2 is of another hierarchy, and not taken for it */
	look("4:memory:/c/d\n0::/a/b\n", mounts_of(false, true), &g, v);
	assert_true(v[GROUP_MEMORY] == NONE && v[GROUP_LIMIT] == NONE);
	assert_int_equal(v[GROUP_STALLED], 77);
	assert_non_null(strstr(group_reason(&g, GROUP_MEMORY), "not mounted"));
	group_close(&g);
	look("", "", &g, v);
	assert_true(v[GROUP_MEMORY] == NONE && v[GROUP_LIMIT] == NONE && v[GROUP_STALLED] == NONE);
	for (int i = 0; i < GROUP_VALUES; i++)
		assert_true(strlen(group_reason(&g, (enum group_value)i)) > 10 && g.source[i]);
	group_close(&g);
}

/* Deeper than limits are kept: the innermost count, and nothing is written beyond. */
static void deep(void **state)
{
	char name[200] = "v2/a", path[256];
	struct sysmon_group g;
	uint64_t v[GROUP_VALUES];

	(void)state;
	for (int i = 0; i < 40; i++) {
		strcat(name, "/n");
		folder(name);
		snprintf(path, sizeof path, "%s/memory.max", name);
		file(path, i == 0 ? "10\n" : "99\n");
	}
	snprintf(path, sizeof path, "0::%s\n", name + 2);
	look(path, mounts_of(false, true), &g, v);
	assert_int_equal(v[GROUP_LIMIT], 99);
	assert_int_equal(g.limit_count, GROUP_LEVELS);
	group_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(version_2), cmocka_unit_test(version_1), cmocka_unit_test(hybrid),
	                                   cmocka_unit_test(deep)};

	return cmocka_run_group_tests(tests, make, clean);
}
