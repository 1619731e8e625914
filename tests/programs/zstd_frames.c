// flags: -lzstd
/*
 * zstd_frames FILE - not traced: writes the decompressed contents of every zstd frame in FILE to stdout, so that a test can search
 * what a trace says. Frames are found by their magic number; what stands between them is passed over.
 */
#include <zstd.h>

#include "known.h"

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!f)
		give_up("usage: zstd_frames FILE");
	static unsigned char in[64 << 20], out[64 << 20];
	size_t n = fread(in, 1, sizeof in, f), frames = 0;
	for (size_t i = 0; i + 4 < n;) {
		size_t size = memcmp(in + i, "\x28\xb5\x2f\xfd", 4) ? 0 : ZSTD_findFrameCompressedSize(in + i, n - i);
		if (size == 0 || ZSTD_isError(size)) {
			i++;
			continue;
		}
		size_t got = ZSTD_decompress(out, sizeof out, in + i, size);
		if (!ZSTD_isError(got)) {
			fwrite(out, 1, got, stdout);
			frames++;
		}
		i += size;
	}
	fclose(f);
	return frames ? 0 : 1;
}
