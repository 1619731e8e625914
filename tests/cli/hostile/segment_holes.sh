# Executables that the kernel maps with holes between their segments (large pages, or a linker script; node is one): glibc finds each of
# their segments as a module of its own. For us it is one module, with its names, and stacks go through it; a dlclose does not unload it.
. "$ROOT/tests/cli/_lib.sh"
cat >"$T/holes.c" <<-'EOF'
	#include <dlfcn.h>
	#include <stdio.h>
	#include <stdlib.h>
	static void *volatile kept;
	__attribute__((noipa)) void *innermost(long n) { volatile char pad[200]; pad[n] = 1; kept = malloc(100); return kept; }
	__attribute__((noipa)) void *middle(long n) { volatile char pad[64]; void *p; pad[n] = 1; p = innermost(n); pad[1] = 2; return p; }
	__attribute__((noipa)) void *outer(long n) { volatile char pad[32]; void *p; pad[n] = 1; p = middle(n); pad[1] = 2; return p; }
	int main(void)
	{
		for (int round = 0; round < 2; round++) {
			void *library = dlopen("libresolv.so.2", RTLD_NOW);
			for (int i = 0; i < 10; i++)
				free(outer(i));
			puts(library && dlclose(library) == 0 ? "closed" : "not closed");
		}
		for (int i = 0; i < 10; i++)
			free(outer(i));
		return 0;
	}
EOF
for kind in -no-pie -pie; do
	gcc -O2 -fno-builtin -fomit-frame-pointer $kind -Wl,-z,max-page-size=0x200000 -Wl,-z,separate-code -o "$T/holes" "$T/holes.c"
	ge "$kind: segments far from each other" 2097152 "$(readelf -lW "$T/holes" | awk '$1 == "LOAD" {print $3}' | { read -r a; read -r b; echo $((b - a)); })"
	record "$T/holes"
	eq "$kind: status" 0 $status
	eq "$kind: what it said" "closed closed" "$(tr '\n' ' ' <"$T/out" | sed 's/ $//')"
	report
	exited 0
	whole
	site_is innermost 30 0
	eq "$kind: stacks" "innermost middle outer main" "$(jq -r '[.sites[] | select(.stack[0].function == "innermost") | [.stack[].function][0:4] | join(" ")] | unique | .[]' "$T/report.json")"
	eq "$kind: they end where the program starts" "_start" "$(jq -r '[.sites[] | select(.stack[0].function == "innermost") | .stack[-1].function] | unique | .[]' "$T/report.json")"
	"$BIN/memscope-trace" info -v "$trace" >"$T/info"
	eq "$kind: the executable is one module" 1 "$(grep -c "^0x.*$T/holes\$" "$T/info")"
done
