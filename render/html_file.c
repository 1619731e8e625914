/* html_file.c - see html_file.h: the page, the title and the data, one after the other. */
#include "html_file.h"

#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "escape.h"
#include "html_page.h"

#define TITLE_BYTES 120u

/* Text between tags: what has a meaning there becomes a reference. */
static char *title_of(const char *text)
{
	size_t left = strlen(text), size;
	char *title = NULL;
	FILE *f = open_memstream(&title, &size);

	if (!f)
		return NULL;
	if (left > TITLE_BYTES) {
		left = TITLE_BYTES;
		while (((unsigned char)text[left] & 0xc0) == 0x80)
			left--;
	}
	for (const char *s = text; s < text + left; s++) {
		if (*s == '&')
			fputs("&amp;", f);
		else if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else
			putc(*s, f);
	}
	if (fclose(f)) {
		free(title);
		return NULL;
	}
	return title;
}

void ms_html_command_words(FILE *out, const struct ms_report *r, bool no_paths)
{
	const struct ms_process *p = r->trace.process;
	const char *first = p->command_count ? p->command[0] : p->executable;

	if (no_paths || p->command_count == 0)
		ms_escape_text(out, ms_path_without_directories(first && *first ? first : "unknown program"));
	else
		ms_escape_words(out, p->command, p->command_count);
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

int ms_html_write(FILE *out, const char *words, struct ms_columns *columns, struct ms_error *err)
{
	size_t length, data_length, packed_length;
	const char *page = ms_html_page(&length), *end = page + length;
	const char *at_title = memmem(page, length, MS_HTML_TITLE_MARK, strlen(MS_HTML_TITLE_MARK));
	const char *at_data = memmem(page, length, MS_HTML_DATA_MARK, strlen(MS_HTML_DATA_MARK));
	const char *after_title = at_title + strlen(MS_HTML_TITLE_MARK), *after_data = at_data + strlen(MS_HTML_DATA_MARK);
	const uint8_t *data = ms_columns_finish(columns, &data_length);
	char *title = title_of(words);
	uint8_t *packed = NULL;
	int rc = MS_OK;

	if (!title || !data || compress_gzip(data, data_length, &packed, &packed_length)) {
		rc = ms_fail(err, MS_E_NOMEM, MS_NO_OFFSET, "no memory for the data of the HTML report");
		goto done;
	}
	fwrite(page, 1, (size_t)(at_title - page), out);
	fputs(title, out);
	fwrite(after_title, 1, (size_t)(at_data - after_title), out);
	put_base64(out, packed, packed_length);
	fwrite(after_data, 1, (size_t)(end - after_data), out);
	if (fflush(out) || ferror(out))
		rc = ms_fail(err, MS_E_IO, MS_NO_OFFSET, "cannot write the report");
done:
	free(packed);
	free(title);
	return rc;
}
