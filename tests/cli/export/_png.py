"""Colours of a PNG as a browser writes it: _png.py FILE: one line per colour, pixels and #rrggbb, most first."""
import collections
import struct
import sys
import zlib

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, packed = 8, b""
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    if kind == b"IHDR":
        width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        assert depth == 8 and colour in (2, 6) and not interlaced
    elif kind == b"IDAT":
        packed += body
    at += length + 12
size = 3 if colour == 2 else 4
raw, row, before = zlib.decompress(packed), width * size, bytearray(width * size)
counts = collections.Counter()
for y in range(height):
    kind = raw[y * (row + 1)]
    line = bytearray(raw[y * (row + 1) + 1:(y + 1) * (row + 1)])
    for i in range(row):
        a = line[i - size] if i >= size else 0
        b, c = before[i], before[i - size] if i >= size else 0
        if kind == 1:
            add = a
        elif kind == 2:
            add = b
        elif kind == 3:
            add = (a + b) // 2
        elif kind == 4:
            pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            add = a if pa <= pb and pa <= pc else b if pb <= pc else c
        else:
            add = 0
        line[i] = (line[i] + add) & 255
    before = line
    for x in range(0, row, size):
        counts[bytes(line[x:x + 3])] += 1
for colour, pixels in counts.most_common():
    print(pixels, "#" + colour.hex())
