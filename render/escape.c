/* escape.c - see escape.h. UTF-8 validity after Unicode 15, table 3-7 (no overlong forms, no surrogates). */
#include "render/escape.h"

#include <string.h>

#include "format/errors.h"

size_t ms_utf8_length(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (u[0] < 0x80)
		return u[0] ? 1 : 0;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	switch (u[0]) { /* the second byte has a narrower range after these */
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (u[i] < 0x80 || u[i] > 0xbf)
			return 0;
	return n;
}

static const char *short_escape(unsigned char c)
{
	switch (c) {
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	case '\\': return "\\\\";
	}
	return NULL;
}

int ms_escape_json(FILE *out, const char *s)
{
	if (!s)
		s = "";
	putc_unlocked('"', out);
	while (*s) {
		unsigned char c = (unsigned char)*s;
		size_t run = 0, n = 0;

		/* the longest run that needs no escape, in one write */
		while (s[run] && s[run] != '"' && s[run] != '\\' && (unsigned char)s[run] >= 0x20 &&
		       (n = ms_utf8_length(s + run)) > 0)
			run += n;
		if (run) {
			fwrite_unlocked(s, 1, run, out);
			s += run;
			continue;
		}
		if (c == '"')
			fputs_unlocked("\\\"", out);
		else if (short_escape(c))
			fputs_unlocked(short_escape(c), out);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputs_unlocked("\\ufffd", out);
		s++;
	}
	putc_unlocked('"', out);
	return ferror_unlocked(out) ? MS_E_IO : MS_OK;
}

/* Bytes of the next character that prints as itself; 0 when it has to be escaped. C1 controls (U+0080..9F) do. */
static size_t plain_text_length(const char *s)
{
	unsigned char c = (unsigned char)*s;

	if (c < 0x20 || c == 0x7f || c == '\\' || (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0))
		return 0;
	return ms_utf8_length(s);
}

int ms_escape_text(FILE *out, const char *s)
{
	for (s = s ? s : ""; *s;) {
		size_t n = plain_text_length(s);

		if (n) {
			fwrite_unlocked(s, 1, n, out);
			s += n;
		} else {
			if (short_escape((unsigned char)*s))
				fputs_unlocked(short_escape((unsigned char)*s), out);
			else
				fprintf(out, "\\x%02x", (unsigned char)*s);
			s++;
		}
	}
	return ferror_unlocked(out) ? MS_E_IO : MS_OK;
}

int ms_escape_words(FILE *out, const char *const *words, size_t count)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	for (size_t i = 0; i < count; i++) {
		const char *word = words[i];
		const char *quote = *word && !word[strspn(word, plain)] ? "" : strchr(word, '\'') ? "\"" : "'";

		fputs_unlocked(i ? " " : "", out);
		fputs_unlocked(quote, out);
		ms_escape_text(out, word);
		fputs_unlocked(quote, out);
	}
	return ferror_unlocked(out) ? MS_E_IO : MS_OK;
}

size_t ms_escape_text_width(const char *s)
{
	size_t width = 0;

	for (s = s ? s : ""; *s;) {
		size_t n = plain_text_length(s);

		width += n ? 1 : short_escape((unsigned char)*s) ? 2 : 4;
		s += n ? n : 1;
	}
	return width;
}
