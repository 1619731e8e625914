#include "symbol_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS_LEAST 2          /* between two looks at the arena */
#define LOOK_MS_MOST 100
#define WARM_ADDRESSES (1u << 16) /* distinct code addresses resolved in advance, at most */
#define SEEN_LEAST 1024u
#define FILES_MOST 65536u        /* that are closed one by one */
#define NAP_MS 20                /* the asker's, between two questions whether to go on */
#define ANSWER_LINES 256u        /* inlined functions of one address, at most */

/* Behind all answers. */
struct answer_end {
	uint64_t bytes;                  /* of what stands before it */
	uint64_t cpu_ns;                 /* that the helper has used */
};

/* ---- the helper's side ------------------------------------------------------------------------------------------- */

struct warm {
	const struct arena *arena;
	struct ms_symbolizer *symbolizer;
	struct ms_module *modules;       /* by index of the arena's record; owned, with their paths */
	uint32_t module_count, node;
	uint64_t *seen;                  /* set of addresses, open addressing, at most half full; 0 = free */
	uint32_t seen_count, seen_room;  /* room: a power of two */
};

/* The program may scribble over the records: they are copied, and checked as the collector checks them. */
static void read_modules(struct warm *w)
{
	uint32_t count = atomic_load_explicit(&w->arena->header->module_count, memory_order_acquire);
	struct ms_module *modules;

	if (count > w->arena->geometry.modules)
		count = w->arena->geometry.modules;
	if (count <= w->module_count)
		return;
	modules = realloc(w->modules, count * sizeof *modules);
	if (!modules)
		return;
	w->modules = modules;
	for (; w->module_count < count; w->module_count++) {
		const struct ms_module_record *r = &w->arena->modules[w->module_count];
		size_t id_bytes = r->build_id_bytes <= sizeof r->build_id ? r->build_id_bytes : 0;
		uint8_t *build_id = malloc(id_bytes + 1);
		char *path = strndup(r->path, sizeof r->path);

		if (!path || !build_id) {
			free(path);
			free(build_id);
			return;
		}
		memcpy(build_id, r->build_id, id_bytes);
		modules[w->module_count] = (struct ms_module){
			.path = path, .build_id = build_id, .build_id_bytes = id_bytes, .load_bias = r->load_bias,
			.start = r->start, .end = r->end, .image = r->image,
		};
	}
}

static uint64_t *place_of(const struct warm *w, uint64_t address)
{
	uint32_t mask = w->seen_room - 1, i = (uint32_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 40) & mask;

	while (w->seen[i] != 0 && w->seen[i] != address)
		i = (i + 1) & mask;
	return &w->seen[i];
}

/* It grows with the program: an address that is looked for in a large table touches a page of its own. */
static bool grow_seen(struct warm *w)
{
	struct warm grown = *w;

	grown.seen_room = w->seen_room ? 2 * w->seen_room : SEEN_LEAST;
	grown.seen = calloc(grown.seen_room, sizeof *grown.seen);
	if (!grown.seen)
		return false;
	for (uint32_t i = 0; i < w->seen_room; i++)
		if (w->seen[i] != 0)
			*place_of(&grown, w->seen[i]) = w->seen[i];
	free(w->seen);
	*w = grown;
	return true;
}

static bool is_new(struct warm *w, uint64_t address)
{
	uint64_t *place;

	if (w->seen_count >= w->seen_room / 2 && !grow_seen(w))
		return false;
	place = place_of(w, address);
	if (*place == address)
		return false;
	*place = address;
	w->seen_count++;
	return true;
}

/* Resolves what the nodes since the last look have brought; the answers only fill the caches of the symbolizer. False: nothing new. */
static bool warm_up(struct warm *w)
{
	uint32_t count = atomic_load_explicit(&w->arena->header->node_count, memory_order_relaxed);
	uint32_t first = w->node;

	if (count > w->arena->geometry.nodes)
		count = w->arena->geometry.nodes;
	read_modules(w);
	for (; w->node < count && w->seen_count < WARM_ADDRESSES; w->node++) {
		uint64_t pc = atomic_load_explicit(&w->arena->nodes[w->node].pc_flags, memory_order_acquire) & MS_NODE_PC_MASK;
		const struct ms_symbol_line *lines;

		if (pc == 0 || !is_new(w, pc))
			continue;
		for (uint32_t m = w->module_count; m-- > 0;) {
			if (pc >= w->modules[m].start && pc < w->modules[m].end) {
				(void)ms_symbolizer_resolve(w->symbolizer, &w->modules[m], pc, &lines);
				break;
			}
		}
	}
	return w->node != first;
}

static void put_text(FILE *out, const char *text)
{
	uint32_t length = (uint32_t)strlen(text);

	fwrite(&length, sizeof length, 1, out);
	fwrite(text, 1, (size_t)length + 1, out);
}

/* The name behind a question; the text is valid until the next call. NULL: there is none, or it is too long. */
static const char *read_name(FILE *in, uint32_t bytes)
{
	static char name[SYMBOL_NAME_MOST + sizeof(struct symbol_question)];
	size_t n = symbol_question_name(bytes);

	if (bytes > SYMBOL_NAME_MOST || fread(name, sizeof(struct symbol_question), n, in) != n)
		return NULL;
	name[bytes] = '\0';
	return name;
}

static void answer_type(struct warm *w, const struct symbol_question *q, const char *name, FILE *out)
{
	const char *type = q->module < w->module_count ? ms_symbolizer_variable_type(w->symbolizer, &w->modules[q->module], q->address, name) : NULL;
	const uint32_t n = type != NULL, line = 0;

	fwrite(&n, sizeof n, 1, out);
	if (!type)
		return;
	fwrite(&line, sizeof line, 1, out);
	put_text(out, type);
	put_text(out, "");
	put_text(out, "");
}

/* Says that the answer is whole. */
static bool end_answer(FILE *out)
{
	struct answer_end end = {0};
	struct timespec cpu;
	long bytes = ftell(out);

	if (bytes < 0 || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) != 0)
		return false;
	end.bytes = (uint64_t)bytes;
	end.cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	fwrite(&end, sizeof end, 1, out);
	return fflush(out) == 0 && !ferror(out);
}

static bool answer(struct warm *w, int question_fd, int answer_fd)
{
	struct symbol_question q;
	FILE *in = fdopen(question_fd, "r"), *out = fdopen(answer_fd, "w");

	if (!in || !out || fseek(in, 0, SEEK_SET) != 0)
		return false;
	read_modules(w);
	while (fread(&q, sizeof q, 1, in) == 1) {
		const struct ms_symbol_line *lines = NULL;
		uint32_t n = 0;

		if (q.name_bytes != 0) {
			const char *name = read_name(in, q.name_bytes);

			if (!name)
				return false;
			answer_type(w, &q, name, out);
			continue;
		}
		if (q.module < w->module_count)
			n = (uint32_t)ms_symbolizer_resolve(w->symbolizer, &w->modules[q.module], q.address, &lines);
		if (n > ANSWER_LINES)
			n = ANSWER_LINES;
		fwrite(&n, sizeof n, 1, out);
		for (uint32_t i = 0; i < n; i++) {
			fwrite(&lines[i].line, sizeof lines[i].line, 1, out);
			put_text(out, lines[i].function);
			put_text(out, lines[i].linkage_name);
			put_text(out, lines[i].file);
		}
	}
	return !ferror(in) && end_answer(out);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Old kernels, and old filters of system calls, do not know close_range. */
static void close_all_from(unsigned first, unsigned last)
{
	struct rlimit files;

	if (close_range(first, last, 0) == 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	for (unsigned fd = first; fd <= last && fd < files.rlim_cur && fd < FILES_MOST; fd++)
		close((int)fd);
}

/* Holds nothing of the collector's that somebody may wait for, but for the fds that are kept: a pipe behind its output would stay open. */
static void let_go(int kept[3])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned from = 3;

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);
	qsort(kept, 3, sizeof *kept, by_number);
	for (size_t i = 0; i < 3; from = (unsigned)kept[i++] + 1)
		if ((unsigned)kept[i] > from)
			close_all_from(from, (unsigned)kept[i] - 1);
	close_all_from(from, UINT_MAX);
}

/* Who has gone to SCHED_IDLE may not come back without this. */
static bool may_be_idle(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct rlimit nice;

	return (syscall(SYS_capget, &header, data) == 0 && (data[CAP_TO_INDEX(CAP_SYS_NICE)].effective & CAP_TO_MASK(CAP_SYS_NICE))) ||
	       (getrlimit(RLIMIT_NICE, &nice) == 0 && (nice.rlim_cur == RLIM_INFINITY || nice.rlim_cur >= 20));
}

static _Noreturn void help(const struct arena *arena, pid_t collector, int go_fd, int question_fd, int answer_fd)
{
	struct warm w = {.arena = arena, .node = 1};
	struct sched_param normal = {0};
	struct rlimit limit;
	int nap_ms = LOOK_MS_LEAST;
	char byte;

	(void)prctl(PR_SET_NAME, "memscope-names");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != collector)
		_exit(1);
	let_go((int[]){go_fd, question_fd, answer_fd});
	/* The limit on address space is meant for the program. */
	if (getrlimit(RLIMIT_AS, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_AS, &limit);
	}
	(void)sched_setscheduler(0, may_be_idle() ? SCHED_IDLE : SCHED_BATCH, &normal);
	if (ms_symbolizer_open(&w.symbolizer, &(struct ms_symbolizer_options){.c_library_by_name = true}, &(struct ms_error){0}) != MS_OK)
		_exit(1);
	for (;;) {
		struct pollfd p = {.fd = go_fd, .events = POLLIN};
		int ready = poll(&p, 1, nap_ms);

		if (ready > 0)
			break;
		if (ready < 0 && errno != EINTR)
			_exit(1);
		if (warm_up(&w))
			nap_ms = LOOK_MS_LEAST;
		else if (nap_ms < LOOK_MS_MOST)
			nap_ms *= 2;
	}
	(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	if (read(go_fd, &byte, 1) == 1)
		(void)answer(&w, question_fd, answer_fd);
	close(go_fd); /* now, and not when all that it has read is given back */
	_exit(0);
}

/* ---- the collector's side ---------------------------------------------------------------------------------------- */

static void close_all(struct symbol_helper *h)
{
	const int fds[] = {h->go_fd, h->question_fd, h->answer_fd};

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	h->go_fd = h->question_fd = h->answer_fd = -1;
}

void symbol_helper_start(struct symbol_helper *h, const struct arena *arena)
{
	pid_t collector = getpid();
	int go[2] = {-1, -1};

	*h = (struct symbol_helper){.go_fd = -1, .question_fd = -1, .answer_fd = -1};
	h->question_fd = memfd_create("memscope-questions", MFD_CLOEXEC);
	h->answer_fd = memfd_create("memscope-answers", MFD_CLOEXEC);
	if (h->question_fd < 0 || h->answer_fd < 0 || pipe2(go, O_CLOEXEC) != 0)
		goto fail;
	h->go_fd = go[1];
	h->pid = fork();
	if (h->pid == 0) {
		close(go[1]);
		help(arena, collector, go[0], h->question_fd, h->answer_fd);
	}
	close(go[0]);
	if (h->pid > 0)
		return;
	h->pid = 0;
fail:
	close_all(h);
}

static bool write_all(int fd, const void *bytes, size_t count)
{
	const char *at = bytes;

	while (count > 0) {
		ssize_t n = write(fd, at, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		count -= (size_t)n;
	}
	return true;
}

/* True when it has closed its end of the pipe: it has answered, or is gone. */
static bool await(struct symbol_helper *h, bool (*interrupted)(void *), void *context)
{
	struct pollfd p = {.fd = h->go_fd, .events = 0};

	while (!(p.revents & (POLLERR | POLLHUP))) {
		if (interrupted && interrupted(context))
			return false;
		p.revents = 0;
		(void)poll(&p, 1, NAP_MS);
	}
	return true;
}

bool symbol_helper_ask(struct symbol_helper *h, const struct symbol_question *questions, size_t count,
                       bool (*interrupted)(void *), void *context, uint64_t *cpu_ns)
{
	struct sched_param normal = {0};
	struct answer_end end;
	struct stat st;
	void *map;

	*cpu_ns = 0;
	if (h->pid <= 0 || !write_all(h->question_fd, questions, count * sizeof *questions))
		return false;
	/* From here on we wait for it. */
	(void)sched_setscheduler(h->pid, SCHED_OTHER, &normal);
	if (!write_all(h->go_fd, "g", 1) || !await(h, interrupted, context))
		return false;
	if (fstat(h->answer_fd, &st) != 0 || (uint64_t)st.st_size < sizeof end)
		return false;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, h->answer_fd, 0);
	if (map == MAP_FAILED)
		return false;
	h->answers = map;
	h->map_bytes = (size_t)st.st_size;
	h->answer_bytes = h->map_bytes - sizeof end;
	h->at = 0;
	memcpy(&end, h->answers + h->answer_bytes, sizeof end);
	if (end.bytes != h->answer_bytes) {
		h->at = h->answer_bytes; /* it is cut off: nothing of it is taken */
		return false;
	}
	*cpu_ns = end.cpu_ns;
	return true;
}

static bool take(struct symbol_helper *h, uint32_t *value)
{
	if (h->answer_bytes - h->at < sizeof *value)
		return false;
	memcpy(value, h->answers + h->at, sizeof *value);
	h->at += sizeof *value;
	return true;
}

static bool take_text(struct symbol_helper *h, const char **text)
{
	uint32_t length;

	if (!take(h, &length) || length >= h->answer_bytes - h->at || h->answers[h->at + length] != '\0')
		return false;
	*text = (const char *)h->answers + h->at;
	h->at += (size_t)length + 1;
	return true;
}

size_t symbol_helper_next(struct symbol_helper *h, struct ms_symbol_line *lines, size_t max)
{
	uint32_t n;

	if (!h->answers || !take(h, &n) || n > max)
		goto none;
	for (uint32_t i = 0; i < n; i++)
		if (!take(h, &lines[i].line) || !take_text(h, &lines[i].function) || !take_text(h, &lines[i].linkage_name) ||
		    !take_text(h, &lines[i].file))
			goto none;
	return n;
none:
	h->at = h->answer_bytes;
	return SIZE_MAX;
}

void symbol_helper_skip(struct symbol_helper *h)
{
	h->at = h->answer_bytes;
}

void symbol_helper_stop(struct symbol_helper *h)
{
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (h->answers)
		munmap((void *)(uintptr_t)h->answers, h->map_bytes);
	if (h->pid > 0 || h->go_fd > 0)
		close_all(h);
	*h = (struct symbol_helper){.go_fd = -1, .question_fd = -1, .answer_fd = -1};
}
