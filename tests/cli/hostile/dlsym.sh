# A program whose own dlsym calls malloc, before the recorder is ready and later.
. "$ROOT/tests/cli/_lib.sh"
"$PROGRAMS/dlsym_wrap" >"$T/plain"
record "$PROGRAMS/dlsym_wrap"
eq status 0 $status
same "$T/plain" "$T/out"
report
exited 0
whole
site_is main_dlsym_alloc 10 0
site_is main_alloc 12 0
eq "live blocks of wrapper_alloc" 0 "$(site wrapper_alloc live_blocks)"
