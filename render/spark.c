/* spark.c - see spark.h. */
#include "spark.h"

#define LEVELS 8

void ms_spark(FILE *out, const uint64_t *values, size_t count, uint64_t maximum, size_t width, bool utf8)
{
	static const char *const blocks[LEVELS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ramp[LEVELS + 1] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};

	if (width > count)
		width = count;
	for (size_t i = 0; i < width; i++) {
		uint64_t largest = 0;
		unsigned level = 0;

		for (size_t k = i * count / width; k < (i + 1) * count / width; k++)
			if (values[k] > largest)
				largest = values[k];
		if (maximum && largest)
			level = (unsigned)(((unsigned __int128)largest * LEVELS + maximum - 1) / maximum);
		if (level > LEVELS)
			level = LEVELS;
		fputs((utf8 ? blocks : ramp)[level], out);
	}
}
