#include "sysmon_proc.h"

#include <string.h>

/* The decimal number at *at, which moves behind it. */
static bool number(const char **at, const char *end, uint64_t *value)
{
	const char *s = *at;
	uint64_t v = 0;

	while (s < end && *s >= '0' && *s <= '9') {
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
		s++;
	}
	if (s == *at)
		return false;
	*at = s;
	*value = v;
	return true;
}

static const char *blanks(const char *s, const char *end)
{
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	return s;
}

static const char *line_end(const char *s, const char *end)
{
	const char *n = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;

	return n ? n : end;
}

static const char *next_line(const char *s, const char *end)
{
	s = line_end(s, end);
	return s < end ? s + 1 : end;
}

/* Number of a field, in bytes when "kB" follows. */
static bool quantity(const char *s, const char *end, uint64_t *value)
{
	uint64_t v;

	s = blanks(s, end);
	if (!number(&s, end, &v))
		return false;
	s = blanks(s, end);
	if (end - s >= 2 && memcmp(s, "kB", 2) == 0 && __builtin_mul_overflow(v, 1024, &v))
		return false;
	*value = v;
	return true;
}

bool proc_stat(const char *text, size_t size, struct proc_stat *out)
{
	/* Fields behind the name, from 3 on; negative ones are skipped. */
	enum { STATE = 3, MINOR = 10, MAJOR = 12, USER = 14, SYSTEM = 15, THREADS = 20, FIELDS };
	const char *end = text + size, *s;
	uint64_t field[FIELDS] = {0};
	char state;

	/* The name may hold anything, ") " too: the last parenthesis ends it. */
	s = memrchr(text, ')', size);
	if (!s || end - s < 3)
		return false;
	s = blanks(s + 1, end);
	if (s == end)
		return false;
	state = *s++;
	for (unsigned i = STATE + 1; i < FIELDS; i++) {
		s = blanks(s, end);
		if (s < end && *s == '-')
			s++;
		if (!number(&s, end, &field[i]))
			return false;
	}
	*out = (struct proc_stat){
		.minor_faults = field[MINOR], .major_faults = field[MAJOR], .user_ticks = field[USER],
		.system_ticks = field[SYSTEM], .threads = field[THREADS], .state = state,
	};
	return true;
}

bool proc_field(const char *text, size_t size, const char *name, uint64_t *value)
{
	const char *end = text + size;
	size_t length = strlen(name);

	for (const char *s = text; s < end; s = next_line(s, end))
		if ((size_t)(end - s) > length && memcmp(s, name, length) == 0 && s[length] == ':')
			return quantity(s + length + 1, line_end(s, end), value);
	return false;
}

bool proc_net_dev(const char *text, size_t size, uint64_t *received, uint64_t *sent)
{
	enum { SENT = 8 }; /* of the numbers behind the colon */
	const char *end = text + size;
	uint64_t in = 0, out = 0;
	bool any = false;

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end), *at = memchr(s, ':', (size_t)(stop - s));
		uint64_t v = 0, first = 0;

		if (!at) /* the two lines of titles */
			continue;
		at++;
		for (unsigned i = 0; i <= SENT; i++) {
			at = blanks(at, stop);
			if (!number(&at, stop, &v))
				return false;
			first = i == 0 ? v : first;
		}
		if (__builtin_add_overflow(in, first, &in) || __builtin_add_overflow(out, v, &out))
			return false;
		any = true;
	}
	if (!any)
		return false;
	*received = in;
	*sent = out;
	return true;
}

bool proc_pressure(const char *text, size_t size, uint64_t *stalled_us)
{
	static const char some[] = "some ", total[] = " total=";
	const char *end = text + size;

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end), *at;

		if (stop - s < (ptrdiff_t)sizeof some || memcmp(s, some, sizeof some - 1) != 0)
			continue;
		at = memmem(s, (size_t)(stop - s), total, sizeof total - 1);
		if (!at)
			return false;
		at += sizeof total - 1;
		return number(&at, stop, stalled_us);
	}
	return false;
}

bool proc_number(const char *text, size_t size, uint64_t *value)
{
	const char *end = text + size, *s = blanks(text, end);
	uint64_t v;

	if (!number(&s, end, &v) || (s < end && *s != '\n'))
		return false;
	*value = v;
	return true;
}

bool proc_cgroup(const char *text, size_t size, char *path, size_t room)
{
	const char *end = text + size;

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end);
		size_t length;

		if (stop - s < 4 || memcmp(s, "0::/", 4) != 0)
			continue;
		s += 3;
		length = (size_t)(stop - s);
		if (length >= room)
			return false;
		memcpy(path, s, length);
		path[length] = '\0';
		return true;
	}
	return false;
}

/* ---- smaps --------------------------------------------------------------------------------------------------------- */

static bool hexadecimal(const char **at, const char *end, uint64_t *value)
{
	const char *s = *at;
	uint64_t v = 0;

	for (; s < end; s++) {
		unsigned digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			digit = (unsigned)(*s - 'a') + 10;
		else
			break;
		if (v >> 60)
			return false;
		v = v << 4 | digit;
	}
	if (s == *at)
		return false;
	*at = s;
	*value = v;
	return true;
}

/* "7f00-7f10 r-xp 00000000 08:01 1234   /usr/lib/libc.so.6" */
static bool mapping_line(const char *s, const char *end, struct ms_region *r, const char **name)
{
	uint64_t first, last;

	if (!hexadecimal(&s, end, &first) || s == end || *s++ != '-' || !hexadecimal(&s, end, &last) || last < first ||
	    end - s < 6 || *s++ != ' ')
		return false;
	*r = (struct ms_region){.start = first, .end = last};
	r->flags = (uint8_t)((s[0] == 'r' ? MS_REGION_READ : 0) | (s[1] == 'w' ? MS_REGION_WRITE : 0) |
	                     (s[2] == 'x' ? MS_REGION_EXECUTE : 0) | (s[3] == 's' ? MS_REGION_SHARED : 0));
	s += 4;
	for (unsigned skipped = 0; skipped < 3; skipped++) { /* offset, device, inode */
		s = blanks(s, end);
		while (s < end && *s != ' ')
			s++;
	}
	*name = blanks(s, end);
	return true;
}

static void hand_over(struct smaps_parser *p)
{
	if (!p->open)
		return;
	p->open = false;
	if (p->now.anonymous_bytes > p->now.resident_bytes)
		p->now.anonymous_bytes = p->now.resident_bytes;
	if (!p->region(p->context, &p->now, p->name))
		p->failed = true;
}

static void take_line(struct smaps_parser *p)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		{"Rss:", offsetof(struct ms_region, resident_bytes)},
		{"Anonymous:", offsetof(struct ms_region, anonymous_bytes)},
		{"Swap:", offsetof(struct ms_region, swapped_bytes)},
	};
	const char *end = p->line + p->line_size, *name;
	struct ms_region r;

	if (p->line_size == 0 || p->failed)
		return;
	if (p->line[0] >= 'A' && p->line[0] <= 'Z') {
		for (size_t i = 0; p->open && i < sizeof fields / sizeof *fields; i++) {
			size_t length = strlen(fields[i].name);

			if (p->line_size > length && memcmp(p->line, fields[i].name, length) == 0 &&
			    !quantity(p->line + length, end, (uint64_t *)(void *)((char *)&p->now + fields[i].offset)))
				p->failed = true;
		}
		p->failed |= !p->open;
		return;
	}
	if (!mapping_line(p->line, end, &r, &name) || (p->open && r.start < p->now.end)) {
		p->failed = true;
		return;
	}
	hand_over(p);
	p->now = r;
	p->open = true;
	memcpy(p->name, name, (size_t)(end - name));
	p->name[end - name] = '\0';
}

void smaps_feed(struct smaps_parser *p, const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end && !p->failed) {
		const char *stop = line_end(text, end);
		size_t length = (size_t)(stop - text);

		if (length >= sizeof p->line - p->line_size) {
			p->failed = true;
			return;
		}
		memcpy(p->line + p->line_size, text, length);
		p->line_size += length;
		if (stop == end)
			return;
		take_line(p);
		p->line_size = 0;
		text = stop + 1;
	}
}

bool smaps_end(struct smaps_parser *p)
{
	take_line(p);
	p->line_size = 0;
	if (!p->failed)
		hand_over(p);
	return !p->failed;
}
