#!/usr/bin/env python3
"""_hooked.py PID: how many words in the data of the process' modules lead into libmemscope-attach.so."""
import struct, sys

pid = sys.argv[1]
words, low, high, places = 0, 1 << 64, 0, []
for line in open(f"/proc/{pid}/maps"):
    place, rights, _, _, _, *name = line.split(None, 5)
    start, end = (int(x, 16) for x in place.split("-"))
    name = name[0].strip() if name else ""
    if "libmemscope-attach" in name:
        low, high = min(low, start), max(high, end)
    elif name.startswith("/") and rights[0] == "r" and rights[2:] == "-p" and "memfd" not in name:
        places.append((start, end))
with open(f"/proc/{pid}/mem", "rb") as memory:
    for start, end in places:
        memory.seek(start)
        data = memory.read(end - start)
        words += sum(low <= w < high for (w,) in struct.iter_unpack("Q", data[: len(data) // 8 * 8]))
print(words)
