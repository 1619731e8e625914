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

/* The interface of the line: its name stands before the colon, behind blanks. */
static bool is_loopback(const char *s, const char *colon)
{
	s = blanks(s, colon);
	return colon - s == 2 && memcmp(s, "lo", 2) == 0;
}

bool proc_net_dev(const char *text, size_t size, struct proc_net *out)
{
	enum { SENT = 8 }; /* of the numbers behind the colon */
	const char *end = text + size;
	struct proc_net sum = {0};
	bool any = false;

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end), *at = memchr(s, ':', (size_t)(stop - s));
		uint64_t v = 0, first = 0;
		bool loopback = at && is_loopback(s, at);

		if (!at) /* the two lines of titles */
			continue;
		at++;
		for (unsigned i = 0; i <= SENT; i++) {
			at = blanks(at, stop);
			if (!number(&at, stop, &v))
				return false;
			first = i == 0 ? v : first;
		}
		if (loopback)
			sum.loopback = first;
		else if (__builtin_add_overflow(sum.received, first, &sum.received) || __builtin_add_overflow(sum.sent, v, &sum.sent))
			return false;
		any = true;
	}
	if (any)
		*out = sum;
	return any;
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

bool proc_limit(const char *text, size_t size, uint64_t *value)
{
	/* Version 1 has no word for it: it writes the largest number of pages, whatever their size, or of bytes. */
	const uint64_t none = (UINT64_C(1) << 63) - (UINT64_C(1) << 20);
	uint64_t v;

	if (!proc_number(text, size, &v) || v >= none)
		return false;
	*value = v;
	return true;
}

/* Is it in the list, between commas? */
static bool in_list(const char *s, const char *end, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		const char *comma = s < end ? memchr(s, ',', (size_t)(end - s)) : NULL, *stop = comma ? comma : end;

		if ((size_t)(stop - s) == length && memcmp(s, word, length) == 0)
			return true;
		if (!comma)
			return false;
		s = comma + 1;
	}
}

bool proc_cgroup(const char *text, size_t size, const char *controller, char *path, size_t room)
{
	const char *end = text + size;

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end), *list = memchr(s, ':', (size_t)(stop - s)), *name;
		size_t length;

		name = list ? memchr(list + 1, ':', (size_t)(stop - list - 1)) : NULL;
		if (!name || stop - name < 2 || name[1] != '/')
			continue;
		if (controller ? !in_list(list + 1, name, controller) : list - s != 1 || *s != '0' || name != list + 1)
			continue;
		name++;
		length = (size_t)(stop - name);
		if (length >= room)
			return false;
		memcpy(path, name, length);
		path[length] = '\0';
		return true;
	}
	return false;
}

/* The next field of a line, up to a blank. */
static bool field(const char **at, const char *end, const char **start, size_t *length)
{
	const char *s = blanks(*at, end), *stop = s;

	while (stop < end && *stop != ' ')
		stop++;
	*at = stop;
	*start = s;
	*length = (size_t)(stop - s);
	return stop > s;
}

/* A path of mountinfo: blanks and the like stand there as \040. False: no room. */
static bool unescape(const char *s, size_t length, char *out, size_t room)
{
	const char *end = s + length;
	size_t n = 0;

	while (s < end) {
		char c = *s++;

		if (c == '\\' && end - s >= 3 && s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7') {
			c = (char)((s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
			s += 3;
		}
		if (n + 1 >= room || c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

/* What of the group's path lies below the root of the mount; NULL = it does not lie there. */
static const char *below(const char *group, const char *root)
{
	size_t length = strlen(root);

	if (strcmp(root, "/") == 0)
		return strcmp(group, "/") == 0 ? "" : group;
	if (strncmp(group, root, length) != 0 || (group[length] != '/' && group[length] != '\0'))
		return NULL;
	return group + length;
}

bool proc_cgroup_folder(const char *text, size_t size, const char *controller, const char *group, char *folder, size_t room, size_t *top)
{
	/* id, parent, device, root, mount point, options, any number of others, "-", type, source, options */
	enum { ROOT = 3, POINT = 4, TYPE = 1, OPTIONS = 3 };
	const char *end = text + size, *type = controller ? "cgroup" : "cgroup2";

	for (const char *s = text; s < end; s = next_line(s, end)) {
		const char *stop = line_end(s, end), *f[POINT + 1] = {0}, *after[OPTIONS + 1] = {0}, *at = s, *dash, *rest;
		size_t length[POINT + 1] = {0}, after_length[OPTIONS + 1] = {0};
		char root[4096];
		bool whole = true;

		for (unsigned i = 0; i <= POINT && whole; i++)
			whole = field(&at, stop, &f[i], &length[i]);
		dash = whole ? memmem(at, (size_t)(stop - at), " - ", 3) : NULL;
		if (!dash)
			continue;
		at = dash + 1;
		for (unsigned i = 0; i <= OPTIONS && whole; i++)
			whole = field(&at, stop, &after[i], &after_length[i]);
		if (!whole || after_length[TYPE] != strlen(type) || memcmp(after[TYPE], type, after_length[TYPE]) != 0 ||
		    (controller && !in_list(after[OPTIONS], after[OPTIONS] + after_length[OPTIONS], controller)) ||
		    !unescape(f[ROOT], length[ROOT], root, sizeof root))
			continue;
		rest = below(group, root);
		if (!rest || !unescape(f[POINT], length[POINT], folder, room) || strlen(folder) + strlen(rest) >= room)
			continue;
		*top = strlen(folder);
		strcat(folder, rest);
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
