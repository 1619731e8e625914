# redis-server under load, over jemalloc, with its background threads, until SHUTDOWN.
. "$ROOT/tests/cli/real/_real.sh"
# Debian's redis-server is redis-check-rdb under three names: its executable's base name is what /proc/self/exe says.
exe=$(basename "$(readlink -f /usr/bin/redis-server)")
load() { # SOCKET: deterministic commands, the answers are the output
	redis-cli -s "$1" <<-'EOF'
		set a 1
		incr a
		rpush l x y z
		lrange l 0 -1
		hset h f1 v1 f2 v2
		hgetall h
		zadd z 3 c 1 a 2 b
		zrange z 0 -1 withscores
		eval "local s = 0 for i = 1, 1000 do redis.call('set', 'k' .. i, string.rep('v', i)) s = s + i end return s" 0
		dbsize
		del a l h
		dbsize
		flushall async
		dbsize
	EOF
}
serve() { # COMMAND...: the server, the load, the end; sets status
	rm -f "$T/redis.sock"
	"$@" /usr/bin/redis-server --port 0 --unixsocket "$T/redis.sock" --save "" --appendonly no --dir "$T" --daemonize no \
		>"$T/server.out" 2>"$T/err" </dev/null &
	local server=$!
	await "$T/redis.sock"
	load "$T/redis.sock" >"$T/answers"
	redis-benchmark -s "$T/redis.sock" -n 1000 -c 10 -q -t set,get,lpush,lrange_100 >/dev/null
	redis-cli -s "$T/redis.sock" shutdown nosave >/dev/null 2>&1 || true
	status=0
	wait $server || status=$?
}
serve env
eq "plain status" 0 $status
mv "$T/answers" "$T/plain.answers"
trace=$T/trace.ms
serve env LD_PRELOAD="$PROGRAMS/count_preload.so" COUNT_FILE="$T/count" COUNT_EXE="$exe" "$BIN/memscope-record" -o "$trace"
eq status 0 $status
same "$T/plain.answers" "$T/answers"
report
exited 0
whole
counted "$exe"
symbolized
ge "threads" 4 "$(value '.threads | length')"
