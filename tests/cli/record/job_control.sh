# Ctrl-Z stops program and recorder, as the shell sees it; fg continues both; nothing is lost.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/terminal.py" <<'EOF'
"""A terminal, and on it a shell of the smallest kind: runs one job in the foreground, continues it when it stops."""
import os, pty, signal, sys, time

folder, command = sys.argv[1], sys.argv[2:]

def shell():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(command[0], command)
    stops = 0
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        stops += 1
        os.tcsetpgrp(0, os.getpgrp())
        with open(folder + "/ready") as f:
            app = int(f.read())
        with open("/proc/%d/stat" % app) as f:
            state = f.read().rsplit(")", 1)[1].split()[0]
        open(folder + "/go", "w").close()
        time.sleep(0.1)
        with open(folder + "/seen", "w") as f:
            f.write("stops %d app %s result %d\n" % (stops, state, os.path.exists(folder + "/result")))
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
    os._exit(os.waitstatus_to_exitcode(status) & 255)

child, terminal = pty.fork()
if child == 0:
    shell()
for _ in range(1500):
    if os.path.exists(folder + "/ready"):
        break
    time.sleep(0.02)
os.write(terminal, b"\x1a")
output = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    output += piece
sys.stdout.buffer.write(output)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
EOF
mkdir "$T/steps"
trace=$T/trace.ms
status=0
timeout 120 python3 "$T/terminal.py" "$T/steps" "$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>"$T/err" ||
	status=$?
eq status 17 $status
eq "what the shell saw" "stops 1 app T result 0" "$(cat "$T/steps/seen")"
report
exited 17
whole
site_is before_alloc 1000 25
site_is after_alloc 5000 0

echo "# a stop that is not the terminal's is the program's own affair: the recorder goes on"
rm -r "$T/steps"
mkdir "$T/steps"
"$BIN/memscope-record" -o "$trace" "$PROGRAMS/steps" "$T/steps" 1000 5000 >"$T/out" 2>"$T/err" </dev/null &
recorder=$!
await "$T/steps/ready"
app=$(cat "$T/steps/ready")
kill -STOP "$app"
touch "$T/steps/go"
sleep 0.2
eq "state of the program" T "$(ps -o state= -p "$app")"
has_not <(ps -o state= -p $recorder) T
kill -CONT "$app"
status=0
wait $recorder || status=$?
eq status 17 $status
report
whole
