"""Decodes a pprof profile by profile.proto: _pprof.py FOLDER-WITH-profile_pb2.py FILE

Checks what a reader relies on, prints JSON: sums by sample type, own values by function, mappings.
"""
import collections
import gzip
import json
import sys

sys.path.insert(0, sys.argv[1])
import profile_pb2  # noqa: E402

p = profile_pb2.Profile()
p.ParseFromString(gzip.open(sys.argv[2]).read())
text = p.string_table
assert text[0] == "", "string 0 is not empty"
assert len(set(text)) == len(text), "a string stands twice"
functions = {f.id: f for f in p.function}
locations = {x.id: x for x in p.location}
mappings = {m.id: m for m in p.mapping}
for table, items in ((functions, p.function), (locations, p.location), (mappings, p.mapping)):
    assert len(table) == len(items) and 0 not in table, "ids are not unique and positive"
for x in p.location:
    assert x.mapping_id == 0 or x.mapping_id in mappings, "a location without its mapping"
    assert x.line, "a location without a line"
    for line in x.line:
        assert line.function_id in functions, "a line without its function"
    if x.mapping_id:
        m = mappings[x.mapping_id]
        assert m.memory_start <= x.address < m.memory_limit, "an address outside of its mapping"
types = [text[t.type] for t in p.sample_type]
sums = [0] * len(types)
own = collections.defaultdict(lambda: [0] * len(types))
for s in p.sample:
    assert len(s.value) == len(types) and s.location_id, "a sample of the wrong size"
    leaf = text[functions[locations[s.location_id[0]].line[0].function_id].name]
    for i, v in enumerate(s.value):
        assert v >= 0
        sums[i] += v
        own[leaf][i] += v
json.dump({
    "sums": dict(zip(types, sums)),
    "units": {text[t.type]: text[t.unit] for t in p.sample_type},
    "own": {name: dict(zip(types, values)) for name, values in own.items()},
    "inlined": sum(len(x.line) > 1 for x in p.location),
    "files": sorted({text[f.filename] for f in p.function if f.filename}),
    "mappings": [{"file": text[m.filename], "build_id": text[m.build_id]} for m in p.mapping],
    "period": p.period, "period_type": text[p.period_type.type], "time": p.time_nanos, "duration": p.duration_nanos,
    "default": text[p.default_sample_type],
}, sys.stdout)
