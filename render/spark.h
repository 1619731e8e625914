/*
 * spark.h - a curve in one line of text.
 *
 * Pure apart from the stream; thread-safe.
 */
#ifndef MS_RENDER_SPARK_H
#define MS_RENDER_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Draws count values (0 .. maximum) as at most `width` characters; neighbours that share a character are shown by their
 * largest. utf8: eighth blocks; else a ramp of ASCII characters. 0 is blank, the smallest value above it is not.
 */
void ms_spark(FILE *out, const uint64_t *values, size_t count, uint64_t maximum, size_t width, bool utf8);

#endif
