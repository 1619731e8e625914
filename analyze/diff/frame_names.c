/* frame_names.c - see frame_names.h. */
#include "frame_names.h"

#include <string.h>

#include "analyze/detect/fingerprint.h"

static bool is_name_char(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of "operator()", "operator<<", ... at s, 0 = none: their brackets are no brackets. */
static size_t operator_length(const char *start, const char *s)
{
	static const char *const symbols[] = {"()", "<=>", "<<=", ">>=", "<<", ">>", "<=", ">=", "->*", "->", "<", ">"};

	if (strncmp(s, "operator", 8) != 0 || (s > start && is_name_char(s[-1])) || is_name_char(s[8]))
		return 0;
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (strncmp(s + 8, symbols[i], strlen(symbols[i])) == 0)
			return 8 + strlen(symbols[i]);
	return 8;
}

/* After the bracket that closes the one at s; end when none does. */
static const char *after_parentheses(const char *s, const char *end)
{
	unsigned depth = 0;

	for (; s < end; s++) {
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	return end;
}

/* What may stand between the parameters of a function and "::" or the end. */
static const char *after_qualifiers(const char *s, const char *end)
{
	static const char *const words[] = {" const", " volatile", " noexcept", " &&", " &"};
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			size_t n = strlen(words[i]);

			if ((size_t)(end - s) >= n && strncmp(s, words[i], n) == 0) {
				s += n;
				more = true;
			}
		}
	}
	return s;
}

static size_t without_number(const char *name, size_t n)
{
	for (;;) {
		size_t i = n;

		while (i && is_digit(name[i - 1]))
			i--;
		if (i == n || i < 2 || name[i - 1] != '.')
			return n;
		n = i - 1;
	}
}

size_t ms_frame_name(const char *name, bool ignore_templates, char *out)
{
	static const char anonymous[] = "(anonymous namespace)";
	const char *end = name + without_number(name, ms_normal_name_length(name));
	unsigned angle = 0;
	size_t n = 0;

	for (const char *s = name; s < end;) {
		size_t literal = operator_length(name, s);
		bool hidden = ignore_templates && angle && *name != '<';

		if (literal == 0 && strncmp(s, anonymous, sizeof anonymous - 1) == 0)
			literal = sizeof anonymous - 1;
		if (literal) {
			if (literal > (size_t)(end - s))
				literal = (size_t)(end - s);
			for (size_t i = 0; i < literal && !hidden; i++)
				out[n++] = s[i];
			s += literal;
			continue;
		}
		if (*s == '(' && !angle) {
			s = after_qualifiers(after_parentheses(s, end), end);
			continue;
		}
		if (strncmp(s, "[abi:", 5) == 0) {
			const char *close = memchr(s, ']', (size_t)(end - s));

			s = close ? close + 1 : end;
			continue;
		}
		/* {lambda(int)#1}, {closure#0}, {unnamed type#2}; $_0 of clang */
		if ((*s == '#' && s > name && is_digit(s[1])) || (s[0] == '$' && s[1] == '_' && is_digit(s[2]))) {
			s += *s == '#' ? 1 : 2;
			while (s < end && is_digit(*s))
				s++;
			continue;
		}
		if (*s == '<') {
			if (!hidden)
				out[n++] = '<';
			angle++;
			s++;
			continue;
		}
		if (*s == '>' && angle && s[-1] != '-') {
			angle--;
			hidden = ignore_templates && angle && *name != '<';
		}
		if (!hidden)
			out[n++] = *s;
		s++;
	}
	while (n && out[n - 1] == ' ')
		n--;
	if (n == 0)
		memcpy(out, name, n = strlen(name));
	out[n] = '\0';
	return n;
}
