# What --plots does when something is missing: gnuplot, data, the folder, room for the files.
. "$ROOT/tests/cli/_lib.sh"
. "$ROOT/tests/cli/plot/_plot.sh"
run() { # EXPECTED-STATUS ARGUMENT...
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>"$T/err" || got=$?
	eq "status of $*" "$want" "$got"
}
record "$PROGRAMS/churn" 4000 20
small=$T/small.ms
mv "$trace" "$small"
every="heap rate sites sizes lifetimes threads fragmentation occupancy"

# No gnuplot: data and scripts, no picture, a message, status 4; reports beside it are written. Later by hand.
mkdir "$T/bin"
run 4 env PATH="$T/bin" "$A" --plots="$T/late" --json="$T/report.json" --by=site --top=0 "$small"
eq "lines of the message" 1 "$(wc -l <"$T/err")"
has "$T/err" "^memscope-analyze: no gnuplot on PATH, so nothing is drawn; data and scripts are in $T/late: cd there and run 'gnuplot heap.gp'"
for figure in $every; do
	[ -s "$T/late/$figure.gp" ] && [ -s "$T/late/$figure.dat" ] || wrong "$figure has no data or script"
done
eq "other files" "" "$(find "$T/late" -mindepth 1 ! -name '*.gp' ! -name '*.dat')"
agrees "$T/late"
(cd "$T/late" && gnuplot heap.gp) >"$T/out" 2>&1 || wrong "by hand later: $(cat "$T/out")"
ge "pixels drawn later" 10000 "$(pixels "$T/late/heap.png" dcebf6)"

# A gnuplot that fails, that draws nothing, that dies: its words, no half pictures, nothing left; what was drawn before is gone.
fake() { printf '#!/bin/sh\n%s\n' "$1" >"$T/bin/gnuplot" && chmod +x "$T/bin/gnuplot"; }
fake 'printf "half" >heap.png; printf "\n\033[31mbad font\n" >&2; exit 3'
run 4 env PATH="$T/bin:$PATH" "$A" --plots="$T/late" "$small"
has "$T/err" "gnuplot ended with status 3 on $T/late/heap.gp: .*bad font"
has_not "$T/err" $'\033'
eq "other files" "" "$(find "$T/late" -mindepth 1 ! -name '*.gp' ! -name '*.dat')"
fake ':'
run 4 env PATH="$T/bin:$PATH" "$A" --plots="$T/late" "$small"
has "$T/err" "cannot read what gnuplot drew, .*heap.svg: No such file"
fake ': >heap.svg; : >heap.png'
run 4 env PATH="$T/bin:$PATH" "$A" --plots="$T/late" "$small"
has "$T/err" "gnuplot drew an empty file for $T/late/heap.svg"
fake 'kill -9 $$'
run 4 env PATH="$T/bin:$PATH" "$A" --plots="$T/late" "$small"
has "$T/err" "gnuplot was ended by signal 9"
eq "other files" "" "$(find "$T/late" -mindepth 1 ! -name '*.gp' ! -name '*.dat')"
# It gets two arguments and no user's start-up file, in a folder of its own with the data beside it, no input.
fake 'echo "$@" >"$LOG"; ls >>"$LOG"; cat >>"$LOG"; exit 1'
run 4 env LOG="$T/log" PATH="$T/bin:$PATH" "$A" --plots="$T/late" "$small"
eq "how gnuplot is called" "-d ../heap.gp
heap.dat
heap.messages" "$(cat "$T/log")"

# Nothing to draw: no empty picture, why, and nothing of an earlier call stays. Quiet: no notes.
plots "$T/some" "$small"
[ -s "$T/some/fragmentation.png" ] || wrong "there is no figure of fragmentation: $(cat "$T/err")"
: >"$T/some/heap.txt"
run 0 "$A" --plots="$T/some" --window=start:start "$small"
for figure in $every; do
	has "$T/err" "^memscope-analyze: no figure '$figure': "
done
eq "files of nothing" "heap.txt" "$(ls -A "$T/some")"
run 0 "$A" -q --plots="$T/some" --window=start:start "$small"
eq "notes when quiet" "" "$(cat "$T/err")"
record /bin/true
run 0 "$A" --plots="$T/true" "$trace"
for figure in $(cd "$T/true" && ls *.gp | sed 's/\.gp$//'); do
	[ -s "$T/true/$figure.svg" ] && [ -s "$T/true/$figure.png" ] || wrong "$figure of /bin/true has a script and no picture"
done

# A recording that is cut off says so in every figure.
head -c $(($(stat -c %s "$golden") * 8 / 10)) "$golden" >"$T/cut.ms"
data_of "$T/cut" "$T/cut.ms"
agrees "$T/cut"
ge "scripts of a part" 6 "$(ls "$T/cut"/*.gp | wc -l)"
for script in "$T/cut"/*.gp; do
	has "$script" "^subtitle = '.* \[INCOMPLETE recording\]'$"
	has "${script%.gp}.dat" '^# of jq, .* \[INCOMPLETE recording\]'
done
has_not "$T/late/heap.gp" INCOMPLETE

# Options and folders.
run 2 "$A" --plots "$small"
run 2 "$A" --plots= "$small"
run 2 "$A" --plots=- "$small"
run 2 "$A" --plots="$T/x" --why=1 "$small"
has "$T/err" 'answered as text or JSON, not as plots'
[ ! -e "$T/x" ] || wrong "a refused command left a folder"
: >"$T/file"
run 4 "$A" --plots="$T/file" "$small"
has "$T/err" "cannot use the folder $T/file: Not a directory"
run 4 "$A" --plots="$T/no/where" "$small"
has "$T/err" "cannot create the folder $T/no/where: No such file"
mkdir "$T/taken" "$T/taken/heap.dat"
run 4 "$A" --plots="$T/taken" "$small"
eq "what is left" "heap.dat" "$(ls -A "$T/taken")"
run 3 "$A" --plots="$T/never" "$T/file"
[ ! -e "$T/never" ] || wrong "an unreadable trace left a folder"
# A full disk: nothing half.
(
	trap '' XFSZ
	ulimit -f 8
	run 4 env PATH="$T/none" "$A" --plots="$T/full" "$small"
	exit "$failures"
) 2>/dev/null || wrong "a limit on the size of files: $(cat "$T/err")"
eq "files of a full disk" "" "$(find "$T/full" -type f -name '*.??????')"
for file in "$T/full"/*; do
	[ ! -e "$file" ] || [ "$(tail -c1 "$file" | wc -l)" = 1 ] || wrong "$file is not whole"
done
