# Every program of the zoo without its bugs, in every mode: no finding, the same output, the same exit status.
. "$ROOT/tests/cli/_lib.sh"
/usr/bin/python3 "$ROOT/tests/cli/zoo/_zoo.py" twins || wrong "see above"
