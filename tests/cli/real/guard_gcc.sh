# gcc under the guards, with the compiler, the assembler and the linker that it starts: a C and a C++ file.
. "$ROOT/tests/cli/real/_guard.sh"
cat >"$T/in.c" <<-'EOS'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	struct s { int a[20]; char *n; };
	static int f(struct s *s, int k) { for (int i = 0; i < 20; i++) s->a[i] += k * i; return s->a[0] + (int)strlen(s->n); }
	int main(int argc, char **argv) { struct s s = { .n = argv[0] }; return f(&s, argc) + printf("%d", atoi("7")); }
EOS
cat >"$T/in.cc" <<-'EOS'
	#include <string>
	template <int N> struct t { std::string s; int f() { return N + static_cast<int>(s.size()) + t<N - 1>().f(); } };
	template <> struct t<0> { int f() { return 1; } };
	int main() { t<9> x; x.s += "a"; return x.f(); }
EOS
FOLLOW=1 FILE=$T/c.out guarded gcc -O2 -Wall -o "$T/c.out" "$T/in.c"
GUARDS=(--guard=canary "--guard=full --guard-side=end" --guard=sample=20)
FOLLOW=1 FILE=$T/cc.o guarded g++ -O1 -c -o "$T/cc.o" "$T/in.cc"
