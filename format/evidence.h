/*
 * evidence.h - what a guard saw, as numbers on disk: kinds of evidence, of access, and the moment of the check.
 *
 * Evidence is what the recorder measured, never a judgement: analyze/ decides what it proves. Shared by the library inside
 * the app, the collector, the trace and the analyses. Numbers are part of the file format: append only.
 * Thread-safety: pure data. Source of the format: schemas/trace.fbs, table EvidenceEntry.
 */
#ifndef MS_FORMAT_EVIDENCE_H
#define MS_FORMAT_EVIDENCE_H

/* X(number, identifier, name) */
#define MS_EVIDENCE_KINDS(X)                                                                                          \
	X(1, DAMAGE, "damage")            /* bytes that nobody may write (redzone, slack, poison) had changed */      \
	X(2, FAULT, "fault")              /* an access to a protected page */                                         \
	X(3, BOUNDS, "bounds")            /* a libc call whose range leaves its block, or lies in a freed one */      \
	X(4, REFUSED_FREE, "refused-free") /* a free or realloc that was not passed to the allocator */               \
	X(5, FREED_STACK, "freed-stack")  /* who freed a sampled block; proves nothing by itself */

#define MS_ACCESS_KINDS(X)                                                                                            \
	X(0, UNKNOWN, "unknown")                                                                                      \
	X(1, READ, "read")                                                                                            \
	X(2, WRITE, "write")

/* When the evidence was found. */
#define MS_CHECK_KINDS(X)                                                                                             \
	X(0, ACCESS, "access")            /* at the access itself: a fault or a libc call */                          \
	X(1, FREE, "free")                                                                                            \
	X(2, REALLOC, "realloc")                                                                                      \
	X(3, EVICTION, "eviction")        /* the freed block left the quarantine */                                   \
	X(4, EXIT, "exit")                                                                                            \
	X(5, REQUEST, "request")          /* by signal */                                                             \
	X(6, INTERVAL, "interval")                                                                                    \
	X(7, CRASH, "crash")              /* a fatal signal */

#define X(number, id, name) MS_EVIDENCE_##id = number,
enum ms_evidence_kind { MS_EVIDENCE_KINDS(X) };
#undef X
#define X(number, id, name) MS_ACCESS_##id = number,
enum ms_access_kind { MS_ACCESS_KINDS(X) };
#undef X
#define X(number, id, name) MS_CHECK_##id = number,
enum ms_check_kind { MS_CHECK_KINDS(X) };
#undef X

enum ms_guard_mode { MS_GUARD_OFF = 0, MS_GUARD_CANARY = 1, MS_GUARD_FULL = 2, MS_GUARD_SAMPLE = 3 };
/* On which side of its block the guard page of the full mode stands; ALTERNATE: every second block. */
enum ms_guard_side { MS_SIDE_END = 0, MS_SIDE_START = 1, MS_SIDE_ALTERNATE = 2 };

#define MS_EVIDENCE_BYTES 64u     /* bytes kept of damaged memory, at most */
#define MS_EVIDENCE_REGISTERS 18u /* rax rbx rcx rdx rsi rdi rbp rsp r8 .. r15 rip eflags */
#define MS_EVIDENCE_FUNCTION 24u  /* name of a libc function, NUL-terminated, cut */

/* Why a heap graph was taken. */
enum ms_graph_reason { MS_GRAPH_EXIT = 0, MS_GRAPH_SIGNAL = 1, MS_GRAPH_API = 2, MS_GRAPH_CRASH = 3 };
enum ms_root_kind {
	MS_ROOT_DATA = 1,      /* data, bss of a module: [start, end) of the mapped segment */
	MS_ROOT_STACK = 2,     /* one frame of a thread's stack */
	MS_ROOT_REGISTERS = 3, /* a thread's registers; offset / 8 = index as in MS_EVIDENCE_REGISTERS */
	MS_ROOT_TLS = 4,       /* a thread's static thread-local storage and control block */
	MS_ROOT_MAPPING = 5,   /* memory mapped by the program or a library, no heap */
};
/* Why an edge into the middle of a block counts as one to its start, as Memcheck's heuristics have it. */
enum ms_edge_flag {
	MS_EDGE_NEWARRAY = 1,  /* behind the element count of new[] */
	MS_EDGE_LENGTH64 = 2,  /* behind a 64-bit length (size - 8) at the start of the block */
	MS_EDGE_MULTIPLE_INHERITANCE = 4, /* at a second vtable pointer */
	MS_EDGE_STDSTRING = 8, /* at the characters of an old-ABI std::string */
};
/* Why something was not scanned. */
enum ms_unscanned_reason {
	MS_UNSCANNED_THREAD = 1,   /* id = tid: it did not stop in time; its registers are not known */
	MS_UNSCANNED_RANGE = 2,    /* id = start address, bytes: not readable, or changed while it was read */
	MS_UNSCANNED_TIME = 3,     /* the scan took too long and stopped here */
	MS_UNSCANNED_BLOCKS = 4,   /* bytes = number of live blocks beyond what the table holds */
};

#endif
