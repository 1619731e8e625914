/*
 * png_pixels - what is to be seen in a PNG, for tests of pictures.
 *
 *   png_pixels FILE [X0 Y0 X1 Y1]    a line per colour in the rectangle, "PIXELS #rrggbb", most first; corners in percent of the picture,
 *                                    default: all of it
 *   png_pixels --differ FILE FILE    how many pixels differ between two pictures of one size
 *
 * 8 bits per sample, RGB or RGBA (alpha is ignored), not interlaced; anything else, and a damaged file, ends with status 1 and a message.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct picture {
	uint32_t width, height, samples;
	uint8_t *pixels;                 /* rows without filter bytes */
};

static void stop(const char *file, const char *why)
{
	fprintf(stderr, "png_pixels: %s: %s\n", file, why);
	exit(1);
}

static uint32_t number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *read_all(const char *file, size_t *size)
{
	FILE *f = fopen(file, "rb");
	uint8_t *data;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		stop(file, "cannot be read");
	data = malloc((size_t)n + 1);
	if (!data || fread(data, 1, (size_t)n, f) != (size_t)n)
		stop(file, "cannot be read");
	fclose(f);
	*size = (size_t)n;
	return data;
}

static uint8_t paeth(int a, int b, int c)
{
	int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);

	return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static void unfilter(const char *file, struct picture *p, const uint8_t *raw)
{
	size_t row = (size_t)p->width * p->samples;

	for (uint32_t y = 0; y < p->height; y++) {
		const uint8_t *in = raw + y * (row + 1);
		uint8_t *out = p->pixels + y * row, kind = *in++;

		for (size_t i = 0; i < row; i++) {
			uint8_t a = i >= p->samples ? out[i - p->samples] : 0, b = y ? out[i - row] : 0;
			uint8_t c = y && i >= p->samples ? out[i - row - p->samples] : 0;
			uint8_t add[5] = {0, a, b, (uint8_t)((a + b) / 2), paeth(a, b, c)};

			if (kind > 4)
				stop(file, "has a filter that there is not");
			out[i] = (uint8_t)(in[i] + add[kind]);
		}
	}
}

static struct picture load(const char *file)
{
	struct picture p = {0};
	size_t size, packed = 0, at = 8;
	uint8_t *data = read_all(file, &size), *raw, *stream = malloc(size + 1);
	uLongf length;

	if (!stream || size < 8 || memcmp(data, "\x89PNG\r\n\x1a\n", 8) != 0)
		stop(file, "is no PNG");
	while (at + 12 <= size) {
		uint32_t n = number(data + at);
		const uint8_t *body = data + at + 8;

		if (n > size - at - 12)
			stop(file, "ends too early");
		if (memcmp(data + at + 4, "IHDR", 4) == 0 && n == 13) {
			p.width = number(body);
			p.height = number(body + 4);
			p.samples = body[9] == 2 ? 3 : body[9] == 6 ? 4 : 0;
			if (body[8] != 8 || !p.samples || body[12] || !p.width || !p.height || p.width > 20000 || p.height > 20000)
				stop(file, "is of a kind that is not read");
		} else if (memcmp(data + at + 4, "IDAT", 4) == 0) {
			memcpy(stream + packed, body, n);
			packed += n;
		}
		at += n + 12;
	}
	length = (uLongf)((size_t)p.height * ((size_t)p.width * p.samples + 1));
	raw = malloc(length + 1);
	p.pixels = malloc(length + 1);
	if (!p.width || !raw || !p.pixels || uncompress(raw, &length, stream, packed) != Z_OK ||
	    length != (size_t)p.height * ((size_t)p.width * p.samples + 1))
		stop(file, "is damaged");
	unfilter(file, &p, raw);
	free(raw);
	free(stream);
	free(data);
	return p;
}

static uint32_t colour(const struct picture *p, uint32_t x, uint32_t y)
{
	const uint8_t *at = p->pixels + ((size_t)y * p->width + x) * p->samples;

	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static uint32_t *counts;

static int most_first(const void *pa, const void *pb)
{
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	return counts[a] != counts[b] ? (counts[a] < counts[b] ? 1 : -1) : (a > b) - (a < b);
}

static void print_colours(const struct picture *p, const uint32_t corner[4])
{
	uint32_t *seen = malloc((size_t)p->width * p->height * sizeof *seen + 1);
	size_t n = 0;

	counts = calloc(1u << 24, sizeof *counts);
	if (!counts || !seen)
		stop("", "no memory");
	for (uint32_t y = p->height * corner[1] / 100; y < p->height * corner[3] / 100; y++)
		for (uint32_t x = p->width * corner[0] / 100; x < p->width * corner[2] / 100; x++) {
			uint32_t c = colour(p, x, y);

			if (counts[c]++ == 0)
				seen[n++] = c;
		}
	qsort(seen, n, sizeof *seen, most_first);
	for (size_t i = 0; i < n; i++)
		printf("%u #%06x\n", counts[seen[i]], seen[i]);
	free(counts);
	free(seen);
}

int main(int argc, char **argv)
{
	uint32_t corner[4] = {0, 0, 100, 100};
	struct picture p, q;
	unsigned long differ = 0;

	if (argc == 4 && strcmp(argv[1], "--differ") == 0) {
		p = load(argv[2]);
		q = load(argv[3]);
		if (p.width != q.width || p.height != q.height)
			stop(argv[3], "has another size");
		for (uint32_t y = 0; y < p.height; y++)
			for (uint32_t x = 0; x < p.width; x++)
				differ += colour(&p, x, y) != colour(&q, x, y);
		printf("%lu\n", differ);
		free(q.pixels);
	} else if (argc == 2 || argc == 6) {
		for (int i = 2; i < argc; i++) {
			corner[i - 2] = (uint32_t)strtoul(argv[i], NULL, 10);
			if (corner[i - 2] > 100)
				stop(argv[i], "is over 100 percent");
		}
		p = load(argv[1]);
		print_colours(&p, corner);
	} else {
		fputs("usage: png_pixels FILE [X0 Y0 X1 Y1] | --differ FILE FILE\n", stderr);
		return 1;
	}
	free(p.pixels);
	return 0;
}
