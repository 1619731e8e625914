/* export_xml.c - see export_xml.h. */
#include "export_xml.h"

#include <stdarg.h>
#include <string.h>

#include "render/escape.h"

static const char *reference(unsigned char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '\t': return "&#9;";
	case '\n': return "&#10;";
	case '\r': return "&#13;";
	}
	return NULL;
}

void ms_export_xml(FILE *out, const char *text)
{
	while (*text) {
		size_t n = ms_utf8_length(text);
		unsigned char c = (unsigned char)*text;

		if (n == 1 && reference(c))
			fputs(reference(c), out);
		else if (n == 0 || (n == 1 && (c < 0x20 || c == 0x7f)) || (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) ||
		         (n == 3 && c == 0xef && (unsigned char)text[1] == 0xbf && (unsigned char)text[2] >= 0xbe))
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(text, 1, n, out);
		text += n ? n : 1;
	}
}

void ms_export_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	ms_export_xml(out, text);
	putc('"', out);
}

void ms_export_attribute_format(FILE *out, const char *name, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ms_export_attribute(out, name, text);
}

void ms_export_element(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<%s>", name);
	ms_export_xml(out, text);
	fprintf(out, "</%s>\n", name);
}
