#!/usr/bin/env python3
"""The referee of the reader in format/, written from docs/FORMAT.md and schemas/trace.fbs alone. `reader.py TRACE` decodes
every event with stack and address, fails on whatever contradicts the document, and prints its sums as one JSON object."""
import ctypes, json, struct, sys
from collections import Counter, defaultdict, deque
ZSTD, XXH = ctypes.CDLL("libzstd.so.1"), ctypes.CDLL("libxxhash.so.0")
ZSTD.ZSTD_decompress.restype, ZSTD.ZSTD_decompress.argtypes = ctypes.c_size_t, [ctypes.c_char_p, ctypes.c_size_t] * 2
XXH.XXH3_64bits.restype, XXH.XXH3_64bits.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]
M32, M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
PROCESS, EVENTS, KEYFRAME, END, INDEX, EVIDENCE, GRAPH, NODES, EDGES = 1, 8, 9, 10, 11, 12, 13, 14, 15  # of blocks
ALLOC, FREE, FAIL, MAP, OTHER, REALLOC_FAILED, IMAGE_START = 0, 1, 2, 3, 4, 20, 137  # classes and kinds of events
KINDS = {}  # number: (name, class, number of arguments)
for first, class_, names in (
        (16, ALLOC, "malloc calloc realloc-new realloc realloc-failed posix_memalign:1 aligned_alloc:1 memalign:1 "
                    "valloc pvalloc new new[] new-aligned:1 new[]-aligned:1"),
        (48, FREE, "free realloc-free realloc-zero delete delete[] delete-sized:1 delete[]-sized:1 delete-aligned:1 "
                   "delete[]-aligned:1 delete-sized-aligned:2 delete[]-sized-aligned:2 free_sized:1 "
                   "free_aligned_sized:2"),
        (80, FAIL, "alloc-failed:1"), (96, MAP, "mmap:2 munmap mremap:2 brk sbrk:1 pool-alloc:1 pool-free:1"),
        (128, OTHER, "thread-start thread-end thread-name:1 module-load:1 module-unload:1 fork:1 vfork:1 exec:1 "
                     "exec-failed:1 image-start:1 mark:1 lost:1 pause:1 resume:1 snapshot:2 realloc-out "
                     "evidence:1"),
        (160, OTHER, "track:2 clone:2 move:2 borrow:1 return:1 scope-begin:1 scope-end:1 task-spawn:2 task-name:2 "
                     "task-key:2 task-enter:1 task-leave:1 task-end:1 pool-create:2 pool-name:2 pool-reset:1 pool-destroy:1 move-size:1")):
    for i, n in enumerate(names.split()):
        KINDS[first + i] = n.split(":")[0], class_, int(n[-1]) if ":" in n else 0
signed = lambda v: (v >> 1) ^ -(v & 1)  # from zigzag
xxh3 = lambda data: XXH.XXH3_64bits(data, len(data))
chunk = lambda size: 32 if size <= 24 else (size + 23 & ~15) & M64
class_of = lambda size: chunk(size) // 16 if chunk(size) < 1040 else 0
swap = lambda v, a, b: b if v == a else a if v == b else v
context = lambda a, b: ((a * 2654435769 & M32) ^ (b * 2246822519 & M32)) >> 20  # hash of the stack prediction
need = lambda condition, what: condition or sys.exit(f"reader.py: {what}")
class Table:  # of a FlatBuffer; fields are read by id
    def __init__(self, buffer, at):
        self.b, self.at, self.v = buffer, at, at - struct.unpack_from("<i", buffer, at)[0]
    def field(self, id_):
        there = 4 + 2 * id_ < struct.unpack_from("<H", self.b, self.v)[0]
        offset = struct.unpack_from("<H", self.b, self.v + 4 + 2 * id_)[0] if there else 0
        return self.at + offset if offset else None
    def number(self, id_, format_):
        at = self.field(id_)
        return 0 if at is None else struct.unpack_from("<" + format_, self.b, at)[0]
    def object(self, id_):
        return self.field(id_) and self.field(id_) + self.number(id_, "I")
    def table(self, id_):
        return self.object(id_) and Table(self.b, self.object(id_))
    def tables(self, id_):
        at = self.object(id_)
        places = range(at + 4, at + 4 + 4 * struct.unpack_from("<I", self.b, at)[0], 4) if at else ()
        return [Table(self.b, p + struct.unpack_from("<I", self.b, p)[0]) for p in places]
    def column(self, id_):
        column = self.table(id_)
        at = column and column.object(2)
        data = self.b[at + 4:at + 4 + struct.unpack_from("<I", self.b, at)[0]] if at else b""
        return decode(column.number(0, "B"), column.number(1, "I"), data) if column else []

def lebs(data):
    values, v, shift = [], 0, 0
    for byte in data:
        v |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            need(v <= M64 and (byte or shift == 7), "a LEB128 number that is too long")
            values.append(v)
            v = shift = 0
    need(shift == 0, "a LEB128 number without its end")
    return values

def patched(data, n):
    values, rest = list(data[:n]), data[n:]
    large = [i for i, v in enumerate(values) if v == 255]
    high, left = patched(rest[len(large):], len(large)) if large else ([], rest)
    for i, low, h in zip(large, rest, high):
        values[i] = 255 + low + (h << 8)
    return values, left

def decode(codec, count, data):
    values, rest, sum_ = [], b"", 0
    if codec in (0, 5):
        values = list(data) if codec == 0 else [v for v, in struct.iter_unpack("<Q", data)]
    elif codec == 3:
        values, rest = patched(data, count)
    elif codec == 7:
        high, rest = patched(data[count:], count)
        values = [low | h << 8 for low, h in zip(data, high)]
    else:
        for v in lebs(data):
            sum_ = sum_ + signed(v) & M64 if codec == 6 else signed(v) & M64 if codec == 2 else v
            values.append(sum_)
        if codec == 4:
            values = [v for v, n in zip(values[::2], values[1::2]) for _ in range(n)]
    need(codec <= 7 and len(values) == count and not rest, f"codec {codec}: {len(values)} of {count} values, {rest} left")
    return values

class Predictors:  # FORMAT.md, "Predictions"; made anew for each Events block
    def __init__(self):
        self.last_stacks, self.last_sizes = defaultdict(lambda: [0, 0]), defaultdict(lambda: [0, 0])
        self.after_one, self.after_two, self.largest = Counter(), Counter(), 0
        self.cursor, self.last, self.end = [0] * 7, [0] * 4, [[0, 0] for _ in range(4)]
        self.chunks = defaultdict(lambda: (deque(maxlen=7), deque(maxlen=64)))
    def stack(self, thread, code):
        l = self.last_stacks[thread % 256]
        one, two = context(l[0], 0), context(l[0], l[1])
        s = (self.after_two[two] if code == 0 else self.after_one[one] if code == 1 else
             l[0] + signed((code - 3) // 2) if code % 2 else self.largest + 1 + (code - 2) // 2)
        self.after_one[one] = self.after_two[two] = s
        l[:], self.largest = (s, l[0]), max(self.largest, s)
        return s
    def size(self, stack, code):
        l = self.last_sizes[(stack * 2654435769 & M32) >> 20]
        s = swap(swap(code, 1, 1 if l[1] == l[0] else swap(l[1], 0, l[0])), 0, l[0])
        l[:] = (s, l[0]) if s != l[0] else l
        return s
    def free(self, newest, code):
        if code <= 31:
            return newest - (code - 1) if code else 0
        k = (code - 32) // 30 if code < 242 else 6
        b = (self.cursor[k] + (code - 32) % 30 - 15 if code < 242 else
             self.cursor[0] + signed(code - 242) if code < 1266 else newest - (code - 1266))
        self.cursor[:k + 1] = [b] + self.cursor[:k]
        return b
    def address(self, thread, size, code, raws):
        t = thread % 4
        (small, more), end = self.chunks[t, class_of(size)], self.end[t]
        a = (small or more or [0])[-1]
        if code == 0 and a:
            refill = not small
            (small or more).pop()
            while refill and more and len(small) < 7:
                small.append(more.pop())
        else:
            a = (end[0] if code <= 1 else end[1] if code == 2 else next(raws) if code == 3 else
                 (self.last[t] + 16 * signed(code - 4)) & M64)
            end[1] = end[0] if code > 1 else end[1]
            end[0] = (a + chunk(size)) & M64
        self.last[t] = a
        return a
    def freed(self, thread, size, address):
        small, more = self.chunks[thread % 4, class_of(size)]
        (small if len(small) < 7 else more).append(address)

def blocks(data):  # (kind, header, body) of each; verifies hashes and sizes
    magic, _, oldest, length, zero, features, _ = struct.unpack_from("<8sIIIIQQ", data)
    need(magic == b"\x89MST\r\n\x1a\n" and xxh3(data[:56]) == struct.unpack_from("<Q", data, 56)[0], "no trace")
    need(oldest <= 3 and features & ~2 == 0 and length == 64 and zero == 0, "a trace of another version")
    at, kind = 64, None
    while kind != INDEX and at < len(data):
        need(at + 64 <= len(data), f"the file ends inside a block header at {at}")
        h = struct.unpack_from("<4sHBBIIQQQIIQQ", data, at)
        kind, codec, stored, raw, payload = h[1], h[2], h[4], h[5], data[at + 64:at + 64 + h[4]]
        need(h[0] == b"MSBK" and xxh3(data[at:at + 56]) == h[12], f"no block at {at}")
        need(len(payload) == stored and xxh3(payload) == h[11] and raw <= 64 << 20, f"bad payload at {at}")
        if codec == 1:
            out = ctypes.create_string_buffer(raw)
            need(ZSTD.ZSTD_decompress(out, raw, payload, stored) == raw, f"payload at {at} does not decompress")
            payload = out.raw
        need(payload[4:8] == b"MSTB", f"no FlatBuffer at {at}")
        root = Table(payload, struct.unpack_from("<I", payload)[0])
        need(root.number(0, "B") == kind, f"the body of the block at {at} is of another kind")
        yield kind, h, root.table(1)
        at += 64 + stored
    need(kind != INDEX or at + 32 == len(data) and data[-8:] == b"MSTINDEX", "no footer behind the Index")

def graph(parts, facts, newest):  # FORMAT.md, "Heap graphs"; parts: the GraphBlocks and GraphEdges before it
    number, nodes, edges = facts.number(0, "I"), facts.number(6, "Q"), []
    parts = [(kind, body) for kind, body in parts if body.number(0, "I") == number]
    ids = [id_ for kind, body in parts if kind == NODES for id_ in body.column(2)]
    need(len(ids) == nodes and all(1 <= id_ <= newest for id_ in ids), "blocks of a graph")
    sizes = [root.number(6, "Q") - root.number(5, "Q") for root in facts.tables(8)]
    for body in (body for kind, body in parts if kind == EDGES):
        source = offset = target = 0
        for i, (step, o, t, to, flag) in enumerate(zip(*(body.column(c) for c in range(1, 6)))):
            first, source = i == 0 or step != 0, source + step
            offset = o if first else offset + o
            target = signed(t) + (source if first and source < nodes else target) & M64
            need(target < nodes and source < nodes + len(sizes), "an edge")
            need(source < nodes or offset < sizes[source - nodes], "an edge of a root")
            edges.append((source, offset, target, to, flag))
    need(edges == sorted(edges, key=lambda e: e[:2]) and len(edges) == facts.number(7, "Q"), "edges of a graph")
    return {"blocks": nodes, "edges": len(edges), "sums": [sum(column) for column in zip(*edges)]}

def main(path):
    kinds, live, end, parts, graphs, evidence = Counter(), {}, None, [], [], 0
    allocated = live_bytes = peak = newest = events = unmatched = 0
    for number, (kind, header, body) in enumerate(blocks(open(path, "rb").read())):
        need(number or kind == PROCESS, "the first block is not Process")
        end = body if kind == END else end
        parts += [(kind, body)] if kind in (NODES, EDGES) else []
        evidence += len(body.tables(0)) if kind == EVIDENCE else 0
        if kind == GRAPH:
            graphs, parts = graphs + [graph(parts, body, newest)], []
        if kind == KEYFRAME and events == 0:  # what a part of a trace begins with
            columns = [body.column(i) for i in (2, 3, 4)]
            live.update((id_, (size, address)) for id_, address, size in zip(*columns))
            newest, live_bytes = body.number(10, "Q") - 1, sum(size for size, _ in live.values())
            need(sorted(live) == list(range(1, len(live) + 1)) and len(live) <= newest == body.number(9, "Q"), "the start")
            peak = live_bytes
        if kind != EVENTS:
            continue
        p, free_stacks, address_sum, arguments = Predictors(), body.number(13, "B"), 0, 0
        k, times, threads, sizes, stacks, addresses, frees, raws, args = (body.column(i) for i in range(4, 13))
        sizes, stacks, addresses, frees, raws = columns = list(map(iter, (sizes, stacks, addresses, frees, raws)))
        need(len(k) == len(times) == len(threads) == header[9] == body.number(0, "I") and times[0] == 0, "counts")
        need(body.number(1, "Q") == header[8] == events and body.number(2, "Q") == newest + 1, "ordinals")
        need(body.number(3, "Q") == header[6] and header[6] + sum(times) == header[7], "times")
        for event, thread in zip(k, threads):
            name, class_, n = KINDS[event]
            kinds[name], arguments = kinds[name] + 1, arguments + n
            has_stack = class_ in (ALLOC, FAIL, MAP) or class_ == FREE and free_stacks
            stack = p.stack(thread, next(stacks)) if has_stack else 0
            size = p.size(stack, next(sizes)) if class_ in (ALLOC, FAIL, MAP) else 0
            if class_ == ALLOC:
                newest, live_bytes = newest + 1, live_bytes + size
                live[newest] = size, p.address(thread, size, next(addresses), raws)
                address_sum += live[newest][1]
                peak = max(peak, live_bytes)
                allocated += size if event != REALLOC_FAILED else 0
            elif class_ == FREE and (block := p.free(newest, next(frees))):
                p.freed(thread, *live[block])
                live_bytes -= live.pop(block)[0]
            elif class_ in (FREE, MAP):
                unmatched += class_ == FREE
                next(raws)
            elif event == IMAGE_START:
                live, live_bytes = {}, 0
        events += len(k)
        need(all(1 <= a <= evidence for e, a in zip((e for e in k for _ in range(KINDS[e][2])), args) if e == 144), "evidence")
        need(arguments == len(args) and not any(True for c in columns for _ in c), "values that no event wants")
        need(body.number(14, "Q") in (0, address_sum & M64), "address_sum")
    need(not end or end.number(5, "Q") == events and end.number(6, "Q") == newest, "the End counts other events")
    print(json.dumps({"events": events, "events_of_kind": kinds, "blocks": newest, "allocated_bytes": allocated,
                      "live_blocks": len(live), "live_bytes": live_bytes, "peak_bytes": peak,
                      "unmatched_frees": unmatched, "evidence": evidence, "graphs": graphs, "has_end": end is not None}))
main(sys.argv[1])
