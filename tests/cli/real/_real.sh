# What the tests on real programs share: each program runs plain and recorded, on the same input, and must do the same. In the
# recorded run tests/programs/count is loaded after memscope's library and counts the same calls independently.
. "$ROOT/tests/cli/_lib.sh"
TOP=500 # all call paths of a compiler are too many to look through

# counted EXECUTABLE: the report's totals are those of the referee
counted() {
	local counts
	[ -s "$T/count" ] || give_up "the referee was not loaded into $1"
	read -r -a counts <<<"$(od -An -v -t u8 -w72 "$T/count")"
	eq "pid of the counted process" "${counts[0]}" "$(value .trace.pid)"
	eq "allocations (as the referee counts)" "${counts[1]}" "$(value .totals.allocations)"
	eq "frees (as the referee counts)" "${counts[2]}" "$(value .totals.frees)"
	eq "reallocations (as the referee counts)" "${counts[3]}" "$(value .totals.reallocations)"
	eq "allocated bytes (as the referee counts)" "${counts[4]}" "$(value .totals.allocated_bytes)"
	ge "allocations" 100 "${counts[1]}"
	echo "$1: ${counts[1]} allocations, ${counts[2]} frees, ${counts[3]} reallocations"
}

# symbolized: of the distinct frames for which their module has a symbol (says readelf), at least 95 % have a name
symbolized() {
	/usr/bin/python3 - "$T/report.json" >"$T/symbols" <<-'EOF' || give_up "symbol check: $(cat "$T/symbols")"
		import bisect, json, os, subprocess, sys
		frames = {}
		for site in json.load(open(sys.argv[1]))["sites"]:
		    for f in site["stack"]:
		        if f.get("module") and not f.get("inlined"):
		            key = (f["module"], int(str(f["address"]), 0))
		            frames[key] = frames.get(key) or f.get("function")
		tables = {}
		def has_symbol(module, address):
		    if module not in tables:
		        symbols = []
		        if os.path.exists(module):
		            out = subprocess.run(["readelf", "-W", "--syms", "--dyn-syms", module], capture_output=True, text=True).stdout
		            for line in out.splitlines():
		                w = line.split()
		                if len(w) >= 8 and w[3] in ("FUNC", "IFUNC") and w[6] != "UND":
		                    symbols.append((int(w[1], 16), int(w[2], 0)))
		        tables[module] = sorted(set(symbols))
		    t = tables[module]
		    i = bisect.bisect(t, (address - 1, 1 << 62)) - 1
		    return any(t[k][0] <= address - 1 < t[k][0] + t[k][1] for k in range(max(0, i - 3), i + 1))
		covered = [k for k in frames if has_symbol(*k)]
		named = [k for k in covered if frames[k]]
		print(len(frames), len(covered), len(named))
		print([("%s+%#x" % k) for k in covered if not frames[k]][:20])
	EOF
	local all with named
	read -r all with named <"$T/symbols"
	ge "distinct frames" 10 "$all"
	ge "frames with a symbol in their module" 10 "$with"
	ge "hundredths of these that have a name (of $with; unnamed: $(tail -1 "$T/symbols"))" 95 $((with ? named * 100 / with : 0))
	echo "symbols: $all frames, $with with a symbol in their module, $named of these named"
}

# real EXECUTABLE COMMAND...: plain, recorded, compared. $INPUT: standard input. FILE, if set: a file that the program writes.
real() {
	local exe=$1 plain=0
	shift
	"$@" >"$T/plain.out" 2>"$T/plain.err" <"${INPUT:-/dev/null}" || plain=$?
	[ -z "${FILE-}" ] || mv "$FILE" "$T/plain.file"
	export LD_PRELOAD=$PROGRAMS/count_preload.so COUNT_FILE=$T/count COUNT_EXE=$exe
	record -q "$@"
	unset LD_PRELOAD
	eq status $plain $status
	same "$T/plain.out" "$T/out"
	same "$T/plain.err" "$T/err"
	[ -z "${FILE-}" ] || same "$T/plain.file" "$FILE"
	report
	exited $plain
	whole
	counted "$exe"
	symbolized
}
