/*
 * Property: a column decodes to exactly `count` values or not at all, and what it decodes to can be encoded again and
 * decodes to the same. Input: codec, width, count (2 bytes), data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t count;
	uint64_t *values, *again;
	struct ms_buffer encoded = {0};
	int rc;

	if (size < 4)
		return 0;
	count = data[2] | (uint32_t)data[3] << 8;
	values = calloc((size_t)count + 1, sizeof(*values));
	again = calloc((size_t)count + 1, sizeof(*again));
	if (values == NULL || again == NULL)
		goto done;
	switch (data[1] % 3) {
	case 0:
		ms_column_decode8((uint8_t *)values, count, data[0], data + 4, size - 4);
		break;
	case 1:
		ms_column_decode32((uint32_t *)values, count, data[0], data + 4, size - 4);
		break;
	default:
		rc = ms_column_decode64(values, count, data[0], data + 4, size - 4);
		if (rc != MS_OK)
			break;
		if (ms_column_encode(&encoded, data[0], values, count) != MS_OK ||
		    ms_column_decode64(again, count, data[0], encoded.data, encoded.size) != MS_OK ||
		    memcmp(values, again, count * sizeof(*values)) != 0)
			abort();
	}
done:
	ms_buffer_free(&encoded);
	free(again);
	free(values);
	return 0;
}
