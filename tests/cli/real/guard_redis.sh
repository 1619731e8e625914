# redis-server under the guards and under load, over jemalloc, until SHUTDOWN.
. "$ROOT/tests/cli/real/_guard.sh"
load() { # SOCKET: deterministic commands, the answers are the output
	redis-cli -s "$1" <<-'EOS'
		set a 1
		incr a
		rpush l x y z
		lrange l 0 -1
		hset h f1 v1 f2 v2
		hgetall h
		zadd z 3 c 1 a 2 b
		zrange z 0 -1 withscores
		eval "local s = 0 for i = 1, 300 do redis.call('set', 'k' .. i, string.rep('v', i)) s = s + i end return s" 0
		append k7 tail
		setrange k9 100 x
		sort l alpha
		dbsize
		del a l h
		flushall async
		dbsize
	EOS
}
serve() { # COMMAND...: the server, the load, the end; sets status
	rm -f "$T/redis.sock"
	"$@" /usr/bin/redis-server --port 0 --unixsocket "$T/redis.sock" --save "" --appendonly no --dir "$T" --daemonize no \
		>"$T/server.out" 2>"$T/err" </dev/null &
	local server=$!
	await "$T/redis.sock"
	load "$T/redis.sock" >"$T/answers"
	redis-benchmark -s "$T/redis.sock" -n 500 -c 10 -q -t set,get,lpush,lrange_100,hset,zadd >/dev/null
	redis-cli -s "$T/redis.sock" shutdown nosave >/dev/null 2>&1 || true
	status=0
	wait $server || status=$?
}
serve env
eq "plain status" 0 $status
mv "$T/answers" "$T/plain.answers"
for guard in "${GUARDS[@]}"; do
	rm -rf "$T/traces"
	mkdir "$T/traces"
	# shellcheck disable=SC2086
	serve "$BIN/memscope-record" -q -o "$T/traces/redis.ms" $guard --
	eq "$guard: status" 0 $status
	same "$T/plain.answers" "$T/answers"
	no_findings "$guard"
done
