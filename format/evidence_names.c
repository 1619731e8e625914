/* evidence_names.c - see evidence_names.h. */
#include "evidence_names.h"

#include <stddef.h>

#include "evidence.h"

static const char *name(const char *const *names, size_t count, unsigned number)
{
	return number < count && names[number] != NULL ? names[number] : "unknown";
}

#define X(number, id, word) [number] = word,
#define NAMES(function, kinds)                                                                                         \
	const char *function(unsigned number)                                                                          \
	{                                                                                                              \
		static const char *const names[] = {kinds(X)};                                                         \
                                                                                                                       \
		return name(names, sizeof(names) / sizeof(names[0]), number);                                          \
	}

NAMES(ms_evidence_kind_name, MS_EVIDENCE_KINDS)
NAMES(ms_access_name, MS_ACCESS_KINDS)
NAMES(ms_check_name, MS_CHECK_KINDS)

const char *ms_graph_reason_name(unsigned reason)
{
	static const char *const names[] = {
		[MS_GRAPH_EXIT] = "exit", [MS_GRAPH_SIGNAL] = "signal", [MS_GRAPH_API] = "api", [MS_GRAPH_CRASH] = "crash"};

	return name(names, sizeof(names) / sizeof(names[0]), reason);
}

const char *const ms_register_names[MS_EVIDENCE_REGISTERS] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
};
