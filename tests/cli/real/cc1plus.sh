# gcc's cc1plus compiles a C++ file with many templates: the same assembly.
. "$ROOT/tests/cli/real/_real.sh"
{
	echo '#include <map>'
	echo '#include <string>'
	echo '#include <vector>'
	for i in $(seq 1 5); do
		echo "template <int N> struct t$i { std::map<std::string, std::vector<t$i<N - 1>>> m; int f() { return N + static_cast<int>(m.size()) + t$i<N - 1>().f(); } };"
		echo "template <> struct t$i<0> { int f() { return 1; } };"
		echo "int g$i() { t$i<6> t; t.m[\"a\"].resize($i); return t.f(); }"
	done
} >"$T/in.cc"
g++ -E -o "$T/in.ii" "$T/in.cc"
FILE=$T/out.s real cc1plus "$(g++ -print-prog-name=cc1plus)" -quiet -O1 -fpreprocessed "$T/in.ii" -o "$T/out.s"
eq "its exit status" 0 $status
ge "lines of assembly" 1000 "$(wc -l <"$T/out.s")"
