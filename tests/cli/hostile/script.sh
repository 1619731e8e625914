# A script that execs the real program is followed into it.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/run.sh" <<-EOF
	#!/bin/sh
	exec "$PROGRAMS/end_how" exit 1 500
EOF
chmod +x "$T/run.sh"
record "$T/run.sh"
eq status 5 $status
report
exited 5
whole
site_is known_alloc 500 250

echo "# through two interpreters and env"
cat >"$T/outer.sh" <<-EOF
	#!/usr/bin/env bash
	exec "$T/run.sh"
EOF
chmod +x "$T/outer.sh"
record "$T/outer.sh"
eq status 5 $status
report
exited 5
whole
site_is known_alloc 500 250

echo "# through a program that clears the environment"
record /usr/bin/env -i "$PROGRAMS/end_how" exit 1 500
eq status 5 $status
report
exited 5
whole
site_is known_alloc 500 250
