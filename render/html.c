/* html.c - the page, the title and the data, one after the other. */
#include "html.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "escape.h"
#include "html_columns.h"
#include "html_page.h"
#include "html_tables.h"

/* Text between tags: what has a meaning there becomes a reference, what a terminal would not show is escaped as in the text report. */
static int put_title(FILE *out, const struct ms_report *r, bool no_paths)
{
	const struct ms_process *p = r->trace.process;
	const char *first = p->command_count ? p->command[0] : p->executable;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return MS_E_NOMEM;
	if (no_paths || p->command_count == 0)
		ms_escape_text(f, ms_path_without_directories(first && *first ? first : "unknown program"));
	else
		ms_escape_words(f, p->command, p->command_count);
	if (fclose(f)) {
		free(text);
		return MS_E_NOMEM;
	}
	if (size > 120) {
		size = 120;
		while (((unsigned char)text[size] & 0xc0) == 0x80)
			size--;
		text[size] = '\0';
	}
	for (const char *s = text; *s; s++) {
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else
			putc(*s, out);
	}
	free(text);
	return MS_OK;
}

static void put_base64(FILE *out, const uint8_t *data, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t three = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
		char four[4] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
		                left > 2 ? digits[three & 63] : '='};

		fwrite(four, 1, 4, out);
	}
}

static int compress_gzip(const uint8_t *data, size_t length, uint8_t **packed, size_t *packed_length)
{
	z_stream z = {0};
	int rc = MS_E_NOMEM;
	size_t room;

	*packed = NULL;
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) /* + 16: with the header of gzip */
		return rc;
	room = deflateBound(&z, length);
	*packed = malloc(room);
	if (!*packed)
		goto done;
	/* zlib counts in 32 bits. */
	z.next_in = data;
	z.next_out = *packed;
	for (int state = Z_OK; state != Z_STREAM_END;) {
		size_t in = length - (size_t)(z.next_in - data), space = room - (size_t)(z.next_out - *packed);

		z.avail_in = (uInt)(in < 1u << 30 ? in : 1u << 30);
		z.avail_out = (uInt)(space < 1u << 30 ? space : 1u << 30);
		state = deflate(&z, in == z.avail_in ? Z_FINISH : Z_NO_FLUSH);
		if (state != Z_OK && state != Z_STREAM_END)
			goto done;
	}
	*packed_length = (size_t)(z.next_out - *packed);
	rc = MS_OK;
done:
	deflateEnd(&z);
	return rc;
}

static int put_data(FILE *out, const struct ms_report *r, bool no_paths)
{
	static const struct ms_html_list *const lists[] = {&ms_html_trace_tables, &ms_html_site_tables, &ms_html_time_tables,
	                                                   &ms_html_heap_tables, &ms_html_detail_tables};
	struct ms_columns *c = ms_columns_new(no_paths);
	uint8_t *packed = NULL;
	size_t length, packed_length;
	const uint8_t *data;
	int rc = MS_E_NOMEM;

	if (!c)
		return rc;
	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			ms_columns_add(c, r, &lists[l]->tables[i]);
	data = ms_columns_finish(c, &length);
	if (data)
		rc = compress_gzip(data, length, &packed, &packed_length);
	ms_columns_free(c);
	if (rc == MS_OK)
		put_base64(out, packed, packed_length);
	free(packed);
	return rc;
}

int ms_render_html(FILE *out, const struct ms_report *report, const struct ms_html_options *options, struct ms_error *err)
{
	size_t length;
	const char *page = ms_html_page(&length), *end = page + length;
	const char *title = memmem(page, length, MS_HTML_TITLE_MARK, strlen(MS_HTML_TITLE_MARK));
	const char *data = memmem(page, length, MS_HTML_DATA_MARK, strlen(MS_HTML_DATA_MARK));
	const char *after_title = title + strlen(MS_HTML_TITLE_MARK), *after_data = data + strlen(MS_HTML_DATA_MARK);

	fwrite(page, 1, (size_t)(title - page), out);
	if (put_title(out, report, options->no_paths))
		goto no_memory;
	fwrite(after_title, 1, (size_t)(data - after_title), out);
	if (put_data(out, report, options->no_paths))
		goto no_memory;
	fwrite(after_data, 1, (size_t)(end - after_data), out);
	if (fflush(out) || ferror(out))
		return ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the report");
	return MS_OK;
no_memory:
	return ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the data of the HTML report");
}
