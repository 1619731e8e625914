# Estimates of samples against full traces of jq, python3 and redis-server: 200 seeds each, drawn as the hooks draw (tests/tools/sample_estimates.c).
. "$ROOT/tests/cli/_lib.sh"
TOOL=$B/test-tools/sample_estimates

# judge WHAT TRACE rate|bytes VALUE: of the 20 call paths with most bytes (allocated, alive at the end, alive at the peak), at least 95 of 100
# (seed, path) pairs have the truth within 3 standard errors, and the mean over the seeds is the truth
judge() {
	local what="$1, $3 $4" kind pairs within
	"$TOOL" "$2" "$3" "$4" 1 200 >"$T/judged" || give_up "$what: status $?"
	while read -r kind pairs within; do
		case $kind in
		allocated | live | peak)
			[ $((within * 100)) -ge $((pairs * 95)) ] || wrong "$what: $kind: $within of $pairs within 3 standard errors"
			[ $kind = live ] || ge "$what: pairs of $kind" 2000 "$pairs"
			;;
		bias) # in standard errors of a mean of 200
			awk -v a="$pairs" -v b="$within" 'BEGIN { exit !(a > -5 && a < 5 && b > -5 && b < 5) }' || wrong "$what: biased: $pairs $within"
			;;
		esac
	done <"$T/judged"
}
every() { # WHAT: the last recorded trace, by each way of sampling
	judge "$1" "$trace" bytes 512
	judge "$1" "$trace" bytes 8192
	judge "$1" "$trace" rate 100000000 # --preset demo
	judge "$1" "$trace" rate 10000000  # --preset high_performance
}

awk 'BEGIN { for (i = 0; i < 3000; i++) printf "{\"id\":%d,\"name\":\"n%d\",\"tags\":[\"a%d\",\"b\"],\"price\":%d.5}\n", i, i, i % 7, i % 100 }' >"$T/records.json"
record /usr/bin/jq -s 'map(select(.price > 50)) | length' "$T/records.json"
eq "jq says" 1500 "$(cat "$T/out")"
every jq

export PYTHONHASHSEED=0 PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
cat >"$T/work.py" <<-'PY'
	import ast, json, os
	source = "def f(x):\n    return [x * %d + y for y in range(x)] + {'k': (x, 'v')}['k'][0:1]\n"
	tree = [ast.dump(ast.parse(source % i)) for i in range(60)]
	table = {i: "text %d" % i for i in range(3000)}
	kept = [json.loads(json.dumps({"k%d" % j: list(range(j))})) for j in range(100)]
	os._exit(0)
PY
record /usr/bin/python3 "$T/work.py"
eq "python3: status" 0 $status
every python3

trace=$T/redis.ms
timeout -k 5 60 "$BIN/memscope-record" -o "$trace" /usr/bin/redis-server --port 0 --unixsocket "$T/redis.sock" --save "" --appendonly no \
	--dir "$T" --daemonize no >"$T/server.out" 2>"$T/err" </dev/null &
server=$!
for i in $(seq 300); do
	[ ! -S "$T/redis.sock" ] || break
	sleep 0.1
done
redis-cli -s "$T/redis.sock" eval "for i = 1, 5000 do redis.call('set', 'k' .. i, string.rep('v', i % 500)) redis.call('hset', 'h' .. (i % 50), 'f' .. i, i)
	redis.call('rpush', 'l' .. (i % 20), i) end return 'done'" 0 >"$T/answer"
redis-cli -s "$T/redis.sock" shutdown nosave >"$T/shutdown.out" 2>&1 || true
wait $server || wrong "redis-server: status $?"
eq "redis-server answers" done "$(cat "$T/answer")"
every redis-server
