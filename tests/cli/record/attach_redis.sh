# redis-server, which brings jemalloc as a shared library, recorded ten times while clients talk to it: no reply is lost or wrong, nothing of the
# recorder stays in its tables of calls, and its memory does not grow by being recorded. (bench/attach_soak does that for minutes.)
. "$ROOT/tests/cli/_lib.sh"
needs_ptrace
command -v redis-server >/dev/null || skip "redis-server is not installed"

timeout 200 /usr/bin/python3 "$ROOT/tests/cli/record/_load.py" "$BIN/memscope-record" "$T" 10 0.3 >"$T/load" || give_up "$(cat "$T/load")"
figure() { sed -n "s/^$1 //p" "$T/load"; }
ge "replies" 1000 "$(figure replies)"
eq "wrong replies" 0 "$(figure wrong)"
eq "recordings" 10 "$(figure recordings)"
eq "recordings that failed" 0 "$(figure failed)"
eq "words that lead to the hooks afterwards" 0 "$(figure leftover)"
eq "read-only data that changed" 0 "$(figure changed)"
eq "lost events" 0 "$(figure lost)"
ge "events" 10000 "$(figure events)"
le "growth in KiB from the third to the tenth recording" 2000 $(($(figure resident_kib_last) - $(figure resident_kib_first)))
report "$T/redis9.ms"
eq "attached" true "$(value .trace.attached)"
eq "findings" 0 "$(value '.findings | length')"
has <(value '.sites[].stack[].function // ""') '^(zmalloc|ztrymalloc|sdsnewlen|_sdsnewlen|createStringObject|tryObjectEncoding|createEmbeddedStringObject)'
has <(value '.modules[].module // .modules[].path' 2>/dev/null) 'redis'
