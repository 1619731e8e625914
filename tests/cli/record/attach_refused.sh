# memscope-record -p: what cannot be attached to is named, with its reason and a status of its own, and stays as it was.
. "$ROOT/tests/cli/_lib.sh"
needs_ptrace

# refused WHAT STATUS PATTERN OPTIONS...
refused() {
	local what=$1 expected=$2 pattern=$3
	shift 3
	record "$@"
	eq "status: $what" "$expected" "$status"
	has "$T/err" "$pattern"
	[ ! -e "$trace" ] || wrong "$what: left a file"
}

# A number that no process has: of one that has ended.
sleep 0 &
gone=$!
wait $gone
refused "no process" 127 "there is no process $gone" -p $gone
refused "not a number" 125 'takes the number of a process' -p abc
refused "a program, too" 125 'does not go with a program' -p $$ true
refused "a guard" 125 'does not go with --guard' -p $$ --guard=canary
refused "children" 125 'does not go with --follow' -p $$ --follow
refused "a duration without a process" 125 '--duration is for --pid' --duration 1 true
refused "no time at all" 125 '--duration takes a time from 10ms on' -p $$ --duration 0

sleep 60 &
stopped=$!
kill -STOP $stopped
while ! grep -q '^State:.T' /proc/$stopped/status; do sleep 0.01; done
refused "a stopped process" 126 'it is stopped; kill -CONT' -p $stopped
has /proc/$stopped/status '^State:.T'
kill -CONT $stopped
kill -KILL $stopped
wait $stopped 2>/dev/null || true

# Its parent does not wait for it.
/usr/bin/python3 -c 'import os, time
pid = os.fork()
if pid == 0:
    os._exit(0)
print(pid, flush=True)
time.sleep(60)' >"$T/zombie" &
parent=$!
while [ ! -s "$T/zombie" ] || ! grep -q '^State:.Z' "/proc/$(cat "$T/zombie")/status"; do sleep 0.02; done
refused "a zombie" 126 'a zombie' -p "$(cat "$T/zombie")"
kill -KILL $parent
wait $parent 2>/dev/null || true

if [ -n "$(ldd "$PROGRAMS/static_loop" 2>/dev/null | grep 'libc\.so')" ]; then wrong "static_loop is not static"; fi
"$PROGRAMS/static_loop" &
static=$!
while ! grep -q static_loop /proc/$static/maps; do sleep 0.01; done
refused "a static program" 126 'linked statically' -p $static
kill -KILL $static
wait $static 2>/dev/null || true

if [ "$(id -u)" = 0 ]; then
	refused "a thread of the kernel" 126 'a thread of the kernel' -p 2
	sleep 60 &
	other=$!
	cp -r "$BIN" "$LIB" "$T"
	chmod -R a+rX "$T"
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$T/bin/memscope-record" -p $other -o /dev/null 2>"$T/err" || status=$?
	eq "status: another user's process" 126 "$status"
	has "$T/err" 'may not be (looked at|traced)|not permitted'
	kill -KILL $other
	wait $other 2>/dev/null || true
fi

# It forbids itself system calls: loading a library could be its end.
/usr/bin/python3 -c 'import ctypes, time
libc = ctypes.CDLL(None)
class F(ctypes.Structure): _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]
class P(ctypes.Structure): _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(F))]
f = (F * 1)(F(6, 0, 0, 0x7fff0000))
libc.prctl(38, 1, 0, 0, 0)
print(libc.prctl(22, 2, ctypes.byref(P(1, f)), 0, 0), flush=True)
time.sleep(60)' >"$T/seccomp" &
filtered=$!
while [ ! -s "$T/seccomp" ]; do sleep 0.02; done
if [ "$(cat "$T/seccomp")" = 0 ]; then
	refused "a process with a filter" 126 'seccomp' -p $filtered
fi
kill -KILL $filtered
wait $filtered 2>/dev/null || true
