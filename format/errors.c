#include "errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stddef.h>

static const struct {
	int code;
	const char *text;
} messages[] = {
#define X(id, number, text) {number, text},
	MS_ERRORS(X)
#undef X
};

const char *ms_strerror(int code)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].code == code)
			return messages[i].text;
	}
	return "unknown error";
}

int ms_fail(struct ms_error *err, int code, uint64_t offset, const char *format, ...)
{
	if (err != NULL) {
		va_list ap;

		err->code = code;
		err->offset = offset;
		va_start(ap, format);
		vsnprintf(err->message, sizeof(err->message), format, ap);
		va_end(ap);
	}
	return code;
}
