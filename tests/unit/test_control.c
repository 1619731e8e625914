/* The recorder's end of the control channel: requests, answers, those who say nothing, and those who say nonsense. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/control_client.h"
#include "record/control_server.h"

static struct {
	struct control_server *server;
	int file;
	struct sockaddr_un address;
	socklen_t address_bytes;
	unsigned requests;
	char command[64], text[CONTROL_TEXT_BYTES + 1];
	bool has_text;
	struct control_answer answer;
} rig;

static void handle(void *context, const struct control_request *request, struct control_answer *answer)
{
	assert_ptr_equal(context, &rig);
	rig.requests++;
	snprintf(rig.command, sizeof rig.command, "%s", request->command);
	rig.has_text = request->text != NULL;
	memcpy(rig.text, request->text ? request->text : "", request->text_bytes);
	rig.text[request->text_bytes] = '\0';
	*answer = rig.answer;
}

static int setup(void **state)
{
	char path[] = "/tmp/test_control.XXXXXX";
	struct ms_error err;
	struct stat st;

	(void)state;
	memset(&rig, 0, sizeof rig);
	rig.file = mkstemp(path);
	assert_true(rig.file >= 0);
	unlink(path);
	assert_int_equal(fstat(rig.file, &st), 0);
	assert_true(control_address(&st, &rig.address, &rig.address_bytes));
	if (control_open(&rig.server, rig.file, handle, &rig, &err) != MS_OK)
		fail_msg("%s", err.message);
	rig.answer = (struct control_answer){.done = true, .text = "yes"};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	control_close(rig.server);
	close(rig.file);
	return 0;
}

/* -1: refused, or the queue is full. */
static int connected(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&rig.address, rig.address_bytes) == 0)
		return fd;
	close(fd);
	return -1;
}

static void say(int fd, const char *packet, size_t bytes)
{
	assert_int_equal(send(fd, packet, bytes, MSG_NOSIGNAL), bytes);
}

/* Closes the connection. "": it was dropped; NULL: no answer yet, and it stays open. */
static const char *heard(int fd)
{
	static char answer[CONTROL_ANSWER_BYTES + 1];
	ssize_t n = recv(fd, answer, sizeof answer - 1, 0);

	if (n < 0 && errno == EAGAIN)
		return NULL;
	answer[n > 0 ? n : 0] = '\0';
	close(fd);
	return answer;
}

static const char *asked(const char *packet, size_t bytes)
{
	int fd = connected();
	const char *answer;

	assert_true(fd >= 0);
	say(fd, packet, bytes);
	control_look(rig.server, 1);
	answer = heard(fd);
	return answer ? answer : "(nothing)";
}
#define ASKED(text) asked(text, sizeof(text) - 1)

static void requests(void **state)
{
	char longest[CONTROL_REQUEST_BYTES + 10];
	size_t head = sizeof CONTROL_GREETING "mark " - 1;

	(void)state;
	assert_string_equal(ASKED(CONTROL_GREETING "status"), "+yes");
	assert_string_equal(rig.command, "status");
	assert_false(rig.has_text);
	assert_string_equal(ASKED(CONTROL_GREETING "mark two words"), "+yes");
	assert_string_equal(rig.command, "mark");
	assert_string_equal(rig.text, "two words");
	assert_string_equal(ASKED(CONTROL_GREETING "mark "), "+yes");
	assert_true(rig.has_text);
	assert_string_equal(rig.text, "");
	rig.answer = (struct control_answer){.text = "no"};
	assert_string_equal(ASKED(CONTROL_GREETING "pause"), "-no");
	memset(longest, 'x', sizeof longest);
	memcpy(longest, CONTROL_GREETING "mark ", head);
	assert_string_equal(asked(longest, head + CONTROL_TEXT_BYTES), "-no");
	assert_int_equal(strlen(rig.text), CONTROL_TEXT_BYTES);
	assert_int_equal(rig.requests, 5);
}

static void nonsense(void **state)
{
	static const char refused[] = "-this is no request that is understood here";
	static char big[100000];
	char longer[CONTROL_REQUEST_BYTES];
	size_t head = sizeof CONTROL_GREETING "mark " - 1;
	int fd;

	(void)state;
	assert_string_equal(ASKED("x"), refused);
	assert_string_equal(ASKED(CONTROL_GREETING), refused);
	assert_string_equal(ASKED("memscope-2 status"), refused);
	assert_string_equal(ASKED("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), refused);
	assert_string_equal(ASKED(CONTROL_GREETING "mark a\0b"), refused);
	memset(big, 's', sizeof big);
	assert_string_equal(asked(big, sizeof big), refused);
	memset(longer, 'x', sizeof longer);
	memcpy(longer, CONTROL_GREETING "mark ", head);
	assert_string_equal(asked(longer, head + CONTROL_TEXT_BYTES + 1), refused);
	assert_int_equal(rig.requests, 0);
	/* A packet without bytes reads like an end. */
	fd = connected();
	say(fd, "", 0);
	control_look(rig.server, 1);
	assert_string_equal(heard(fd), "");
	/* Whoever goes away without a word, before or after the request. */
	close(connected());
	fd = connected();
	say(fd, CONTROL_GREETING "status", sizeof CONTROL_GREETING "status" - 1);
	close(fd);
	control_look(rig.server, 1);
	assert_string_equal(ASKED(CONTROL_GREETING "status"), "+yes");
}

/* Silent ones lose their place to those who come later, and after a while to nobody. */
static void silence(void **state)
{
	int fds[3 * CONTROL_CONNECTIONS];
	size_t n = 0, dropped = 0;

	(void)state;
	while (n < sizeof fds / sizeof *fds) {
		int fd = connected();

		if (fd < 0)
			control_look(rig.server, 5);
		else
			fds[n++] = fd;
	}
	for (unsigned i = 0; i < 4; i++)
		control_look(rig.server, 6);
	assert_string_equal(ASKED(CONTROL_GREETING "status"), "+yes");
	for (size_t i = 0; i < n; i++) {
		const char *answer = heard(fds[i]);

		dropped += answer != NULL;
		if (answer)
			fds[i] = -1;
	}
	assert_true(dropped >= 2 * CONTROL_CONNECTIONS);
	control_look(rig.server, 7 + CONTROL_PATIENCE_NS);
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			assert_string_equal(heard(fds[i]), "");
	assert_int_equal(rig.requests, 1);
}

static void later(void **state)
{
	int fds[CONTROL_CONNECTIONS / 2 + 1], talker;
	const size_t n = sizeof fds / sizeof *fds;

	(void)state;
	rig.answer.later = true;
	for (size_t i = 0; i < n; i++) {
		fds[i] = connected();
		say(fds[i], CONTROL_GREETING "stop", sizeof CONTROL_GREETING "stop" - 1);
		control_look(rig.server, 1);
	}
	/* Half of the places at most are for those who wait: others still get in. */
	assert_string_equal(heard(fds[n - 1]), "-too many wait already");
	rig.answer.later = false;
	control_look(rig.server, 1 + 100 * CONTROL_PATIENCE_NS);
	assert_string_equal(ASKED(CONTROL_GREETING "status"), "+yes");
	/* One that talks on while it waits is dropped. */
	talker = fds[0];
	say(talker, "more", 4);
	control_look(rig.server, 1);
	assert_string_equal(heard(talker), "");
	control_shut(rig.server);
	assert_int_equal(connected(), -1);
	control_look(rig.server, 1);
	for (size_t i = 1; i + 1 < n; i++)
		assert_null(heard(fds[i]));
	control_answer_waiting(rig.server, true, "stopped");
	for (size_t i = 1; i + 1 < n; i++)
		assert_string_equal(heard(fds[i]), "+stopped");
}

static void addresses(void **state)
{
	struct control_server *second;
	struct sockaddr_un other;
	struct ms_error err;
	struct stat st;
	socklen_t bytes;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(control_open(&second, rig.file, handle, &rig, &err), MS_E_IO); /* one recorder per trace */
	assert_null(second);
	assert_int_equal(control_open(&second, null, handle, &rig, &err), MS_E_IO);
	assert_int_equal(fstat(null, &st), 0);
	assert_false(control_address(&st, &other, &bytes));
	assert_int_equal(stat("/etc/passwd", &st), 0);
	assert_true(control_address(&st, &other, &bytes));
	assert_true(bytes != rig.address_bytes || memcmp(&other, &rig.address, bytes) != 0);
	close(null);
	control_close(rig.server);
	assert_int_equal(control_open(&rig.server, rig.file, handle, &rig, &err), MS_OK); /* nothing is left of the first */
	assert_string_equal(ASKED(CONTROL_GREETING "status"), "+yes");
}

#define A(s) (char *)(uintptr_t)(s)
#define WORDS(...) control_words_valid((char *[]){__VA_ARGS__ NULL}, reason, sizeof reason)

static void words(void **state)
{
	char reason[160], text[CONTROL_TEXT_BYTES + 2];

	(void)state;
	assert_true(WORDS(A("pause"), ));
	assert_true(WORDS(A("snapshot"), ));
	assert_true(WORDS(A("snapshot"), A("name"), ));
	assert_true(WORDS(A("mark"), A(""), ));
	assert_false(WORDS());
	assert_false(control_words_valid(NULL, reason, sizeof reason));
	assert_false(WORDS(A("mark"), ));
	assert_false(WORDS(A("mark"), A("a"), A("b"), ));
	assert_false(WORDS(A("stop"), A("now"), ));
	assert_false(WORDS(A("paus"), ));
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(WORDS(A("mark"), text, ));
	text[CONTROL_TEXT_BYTES] = '\0';
	assert_true(WORDS(A("mark"), text, ));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(requests), TEST(nonsense), TEST(silence), TEST(later), TEST(addresses), cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
