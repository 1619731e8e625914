/* test_output.c - report files are whole or not there, and private. */
#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "render/output.h"

static char folder[] = "/tmp/memscope-output-XXXXXX";

static size_t files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void test_commit(void **state)
{
	char path[64], text[16] = "";
	struct ms_output o;
	struct ms_error err;
	struct stat st;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/report", folder);
	for (int i = 0; i < 2; i++) { /* the second time over the first */
		assert_int_equal(ms_output_open(&o, path, &err), MS_OK);
		fprintf(o.file, "text %d", i);
		assert_int_equal(files(), 1 + (size_t)i); /* the old one is there until the new one is whole */
		assert_int_equal(ms_output_commit(&o, NULL, &err), MS_OK);
		assert_int_equal(files(), 1);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	assert_string_equal(text, "text 1");
	unlink(path);
}

static void test_discard(void **state)
{
	char path[64];
	struct ms_output o;
	struct ms_error err;

	(void)state;
	snprintf(path, sizeof path, "%s/report", folder);
	assert_int_equal(ms_output_open(&o, path, &err), MS_OK);
	fputs("half", o.file);
	ms_output_discard(&o);
	assert_int_equal(files(), 0);
	ms_output_discard(&o);
}

static void test_failures(void **state)
{
	struct ms_output o;
	struct ms_error err;
	int pipe_end[2], closed_early = 0;
	char path[32];

	(void)state;
	assert_int_equal(ms_output_open(&o, "/nonexistent/report", &err), MS_E_IO);
	assert_non_null(strstr(err.message, "/nonexistent/report"));
	assert_non_null(strstr(err.message, "No such file"));
	ms_output_discard(&o);
	assert_int_equal(ms_output_open(&o, "/dev/full", &err), MS_OK); /* no regular file: written directly */
	fputs("text", o.file);
	assert_int_equal(ms_output_commit(&o, NULL, &err), MS_E_IO);
	assert_non_null(strstr(err.message, "No space"));
	assert_int_equal(access("/dev/full", F_OK), 0);

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(pipe_end), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", pipe_end[1]);
	assert_int_equal(ms_output_open(&o, path, &err), MS_OK);
	close(pipe_end[0]);
	fputs("text", o.file);
	assert_int_equal(ms_output_commit(&o, &closed_early, &err), MS_OK);
	assert_true(closed_early);
	close(pipe_end[1]);
}

static void test_standard_output(void **state)
{
	struct ms_output o;
	struct ms_error err;

	(void)state;
	assert_int_equal(ms_output_open(&o, NULL, &err), MS_OK);
	assert_ptr_equal(o.file, stdout);
	ms_output_discard(&o);
	assert_int_equal(ms_output_open(&o, "-", &err), MS_OK);
	assert_ptr_equal(o.file, stdout);
	assert_int_equal(ms_output_commit(&o, NULL, &err), MS_OK);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}
static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* fails when something was left behind */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_discard),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_standard_output),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
