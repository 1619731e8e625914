# gcc's cc1 compiles a C file: the same assembly.
. "$ROOT/tests/cli/real/_real.sh"
{
	echo '#include <stdio.h>'
	echo '#include <stdlib.h>'
	echo '#include <string.h>'
	for i in $(seq 1 150); do
		echo "struct s$i { int a[$i]; char *n; }; static int f$i(struct s$i *s, int k) { for (int i = 0; i < $i; i++) s->a[i] += k * i; return s->a[0] + (int)strlen(s->n); }"
		echo "int g$i(int k) { struct s$i s = { .n = \"x$i\" }; return f$i(&s, k) + printf(\"%d\", k); }"
	done
} >"$T/in.c"
gcc -E -o "$T/in.i" "$T/in.c"
FILE=$T/out.s real cc1 "$(gcc -print-prog-name=cc1)" -quiet -O2 -fpreprocessed "$T/in.i" -o "$T/out.s"
eq "its exit status" 0 $status
ge "lines of assembly" 1000 "$(wc -l <"$T/out.s")"
