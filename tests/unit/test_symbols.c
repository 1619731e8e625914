/* Symbolization against programs compiled here, with binutils' addr2line as the referee: lines, inlined functions, names. */
#include "symbols_fixture.h"

static void test_inline_chain(void **state)
{
	static const char *const flags[] = {"-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -gz=zlib", "-gdwarf-4 -gsplit-dwarf -gno-pubnames",
	                                    "-gdwarf-5 -gsplit-dwarf", "-gdwarf-5 -no-pie -O3", "-gdwarf-5 -ffunction-sections -Wl,--gc-sections"};

	(void)state;
	write_file("c.c", c_source);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct ms_symbolizer *s = symbolizer(NULL, false);
		struct program p;

		assert_int_equal(run("cd %s && gcc -O2 %s -Wl,--build-id c.c -o c", folder, flags[i]), 0);
		describe(&p, "c");
		assert_int_equal(p.module.build_id_bytes, 20);
		check_c(s, &p);
		ms_symbolizer_close(s);
	}
}

/* A source named relative to the folder of the build, as most build systems do. */
static void test_relative_source(void **state)
{
	struct program p;

	(void)state;
	write_file("c.c", c_source);
	for (int version = 4; version <= 5; version++) {
		struct ms_symbolizer *s = symbolizer(NULL, false);
		const struct ms_symbol_line *lines;

		assert_int_equal(run("mkdir -p %s/build && cd %s/build && gcc -O2 -gdwarf-%d -Wl,--build-id ../c.c -o c", folder, folder,
		                     version), 0);
		describe(&p, "build/c");
		assert_int_equal(resolve(s, &p, "mark_inner", &lines), 3);
		expect_line(&lines[0], "inner", "build/../c.c", line_with(c_source, "MARK(mark_inner)"));
		expect_line(&lines[2], "outer", "build/../c.c", line_with(c_source, "calls middle"));
		ms_symbolizer_close(s);
	}
}

static void test_cxx(void **state)
{
	static const struct {
		const char *label, *function, *linkage;
	} cases[] = {
	        {"mark_add", "shop::cart<long>::add(long const&)", "_ZN4shop4cartIlE3addERKl"},
	        {"mark_hidden", "shop::(anonymous namespace)::hidden(int)", "_ZN4shop12_GLOBAL__N_16hiddenEi"},
	        {"mark_item", "shop::item::item(int)", "_ZN4shop4itemC2Ei"},
	        {"mark_plain", "plain", ""},
	};
	struct ms_symbolizer *s = symbolizer(NULL, false);
	const struct ms_symbol_line *lines;
	struct program p;
	size_t n;

	(void)state;
	write_file("cxx.cpp", cxx_source);
	assert_int_equal(run("cd %s && g++ -O1 -fno-inline -g -Wl,--build-id cxx.cpp -o cxx", folder), 0);
	describe(&p, "cxx");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(resolve(s, &p, cases[i].label, &lines), 1);
		expect_line(&lines[0], cases[i].function, "cxx.cpp", line_with(cxx_source, cases[i].label));
		assert_string_equal(lines[0].linkage_name, cases[i].linkage);
	}
	/* the instance for a lambda has no linkage name in the debug information: the symbol table completes it */
	assert_int_equal(run("cd %s && g++ -O2 -g -Wl,--build-id cxx.cpp -o cxx2", folder), 0);
	describe(&p, "cxx2");
	n = resolve(s, &p, "mark_lambda", &lines);
	assert_true(n >= 2);
	assert_int_equal(lines[0].line, line_with(cxx_source, "mark_lambda"));
	assert_non_null(strstr(lines[n - 1].function, "std::_Function_handler<int (int), main::{lambda(int)#1}>::_M_invoke("));
	ms_symbolizer_close(s);
}

/* Without debug information: the symbol tables give the function, and nothing gives a guess. */
static void test_symbol_tables(void **state)
{
	struct ms_symbolizer *s = symbolizer("/nonexistent", false);
	const struct ms_symbol_line *lines;
	struct program p;
	uint64_t address;

	(void)state;
	write_file("cxx.cpp", cxx_source);
	assert_int_equal(run("cd %s && g++ -O1 -fno-inline -fPIC -shared '-DMARK(x)=' -Wl,--build-id cxx.cpp -o table.so", folder), 0);
	describe(&p, "table.so");
	address = p.module.load_bias + address_of(&p, "_ZN4shop4cartIlE3addERKl") + 2;
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 1);
	assert_string_equal(lines[0].function, "shop::cart<long>::add(long const&)");
	assert_string_equal(lines[0].linkage_name, "_ZN4shop4cartIlE3addERKl");
	assert_string_equal(lines[0].file, "");
	assert_int_equal(lines[0].line, 0);
	/* stripped: .dynsym is left, and a function that it does not name is unknown, not "the one before" */
	uint64_t hidden = p.module.load_bias + address_of(&p, "_ZN4shop12_GLOBAL__N_16hiddenEi") + 2;
	assert_int_equal(run("cd %s && strip table.so -o stripped.so", folder), 0);
	describe(&p, "stripped.so");
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, address, &lines), 1);
	assert_string_equal(lines[0].function, "shop::cart<long>::add(long const&)");
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, hidden, &lines), 0);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, p.module.load_bias + 1, &lines), 0);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, 0, &lines), 0);
	assert_int_equal(ms_symbolizer_resolve(s, &p.module, UINT64_MAX, &lines), 0);
	ms_symbolizer_close(s);
}

/* Public aliases of one address: the name that programs call. */
static void test_aliases(void **state)
{
	struct ms_symbolizer *s = symbolizer("/nonexistent", false);
	const struct ms_symbol_line *lines;
	struct program p;

	(void)state;
	write_file("alias.c", "int __my_open(int x) { return x + 1; }\n"
	                      "int __my_open_internal(int) __attribute__((alias(\"__my_open\")));\n"
	                      "int my_open(int) __attribute__((weak, alias(\"__my_open\")));\n"
	                      "int my_open64(int) __attribute__((weak, alias(\"__my_open\")));\n");
	assert_int_equal(run("cd %s && gcc -O2 -shared -fPIC -Wl,--build-id alias.c -o alias.so", folder), 0);
	describe(&p, "alias.so");
	assert_int_equal(resolve(s, &p, "__my_open", &lines), 1);
	assert_string_equal(lines[0].function, "my_open");
	ms_symbolizer_close(s);
}

/* One address as addr2line sees it: pairs of function and "file:line". */
struct referee {
	char function[16][1024], place[16][1024];
	size_t n;
};

static bool next_answer(FILE *f, struct referee *r)
{
	char line[1024];

	r->n = 0;
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0x", 2) == 0)
			return true; /* the next address begins; all but the first answer are complete */
		assert_true(r->n < 16);
		strcpy(r->function[r->n], line);
		assert_non_null(fgets(r->place[r->n], sizeof r->place[0], f));
		r->place[r->n][strcspn(r->place[r->n], "\n")] = '\0';
		/* the debug information has no name for the cold part of a C function; the symbol table has one */
		char *cold = strstr(r->function[r->n], ".cold");
		if (cold)
			*cold = '\0';
		*strchrnul(r->place[r->n], ' ') = '\0'; /* " (discriminator 3)" */
		r->n++;
	}
	return r->n > 0;
}

/* Every seventh instruction of the functions of an optimised C++ program, in all levels. */
static void test_against_addr2line(void **state)
{
	struct ms_symbolizer *s = symbolizer(NULL, false);
	const struct ms_symbol_line *lines;
	struct program p;
	char command[1024];
	static struct referee r;
	uint64_t *addresses = calloc(100000, sizeof *addresses);
	size_t count = 0, compared = 0, deep = 0, impossible = 0;
	FILE *f;

	(void)state;
	write_file("ref.cpp", "#include <algorithm>\n#include <map>\n#include <string>\n#include <vector>\n"
	                      "int main(int argc, char **argv) {\n"
	                      "	std::map<std::string, std::vector<int>> m;\n"
	                      "	for (int i = 0; i < argc; i++) m[argv[i]].push_back(i);\n"
	                      "	std::vector<std::string> v;\n"
	                      "	for (auto &p : m) v.push_back(p.first);\n"
	                      "	std::sort(v.begin(), v.end());\n"
	                      "	return (int)v.size();\n}\n");
	assert_int_equal(run("cd %s && g++ -O2 -g -Wl,--build-id ref.cpp -o ref", folder), 0);
	describe(&p, "ref");
	/* instructions of named functions only: padding and start-up files have no debug information */
	assert_int_equal(run("cd %s && objdump -d --no-show-raw-insn -j .text ref |"
	                     " awk '/^[0-9a-f]+ <(main|_Z)/ { on = 1 } /^$/ { on = 0 } on && /^ / && !/nop|xchg *%%ax,%%ax/ && n++ %% 7 == 0 "
	                     "{ sub(\":\", \"\", $1); print $1 }' > addresses && addr2line -a -f -i -e ref < addresses > answers", folder), 0);
	snprintf(command, sizeof command, "%s/addresses", folder);
	f = fopen(command, "r");
	assert_non_null(f);
	while (count < 100000 && fscanf(f, "%lx", &addresses[count]) == 1)
		count++;
	fclose(f);
	snprintf(command, sizeof command, "%s/answers", folder);
	f = fopen(command, "r");
	assert_non_null(f);
	assert_true(next_answer(f, &r));
	for (size_t i = 0; i < count; i++) {
		size_t n = ms_symbolizer_resolve(s, &p.module, p.module.load_bias + addresses[i] + 1, &lines);

		assert_true(next_answer(f, &r));
		if (n != r.n)
			fail_msg("0x%lx: %zu levels, addr2line has %zu", addresses[i], n, r.n);
		for (size_t level = 0; level < n; level++) {
			char place[1024];
			const char *colon = strrchr(r.place[level], ':');

			snprintf(place, sizeof place, "%s:%u", lines[level].file, lines[level].line);
			assert_string_equal(*lines[level].linkage_name ? lines[level].linkage_name : lines[level].function,
			                    r.function[level]);
			/* binutils 2.40 names the main file with a line of a header in places: ref.cpp has 12 lines */
			if (strstr(r.place[level], "/ref.cpp:") && atoi(colon + 1) > 12) {
				assert_string_equal(strrchr(place, ':'), colon);
				impossible++;
				continue;
			}
			assert_string_equal(place, r.place[level]);
		}
		compared++;
		deep += n > 3;
	}
	fclose(f);
	free(addresses);
	ms_symbolizer_close(s);
	print_message("compared %zu addresses, %zu more than 3 levels deep; the referee is wrong in %zu lines\n", compared, deep,
	              impossible);
	assert_true(impossible < compared / 10);
	assert_true(compared >= 300);
	assert_true(deep >= 50);
}

static void test_rust(void **state)
{
	struct ms_symbolizer *s;
	const struct ms_symbol_line *lines;
	struct program p;
	size_t n;
	static const char source[] = "#![allow(named_asm_labels)]\n"
	                             "use std::arch::asm;\n"
	                             "struct Shelf<T> { v: Vec<T> }\n"
	                             "impl<T: Clone> Shelf<T> {\n"
	                             "    #[inline(always)]\n"
	                             "    fn put(&mut self, x: T) { self.v.push(x); unsafe { asm!(\".globl mark_put\", \"mark_put:\", \"nop\") } }\n"
	                             "}\n"
	                             "#[inline(never)]\n"
	                             "fn fill(s: &mut Shelf<u32>) {\n"
	                             "    s.put(7); // calls put\n"
	                             "}\n"
	                             "fn main() { let mut s = Shelf { v: vec![] }; fill(&mut s); println!(\"{}\", s.v.len()); }\n";

	(void)state;
	if (run("rustc --version >/dev/null 2>&1") != 0) {
		print_message("no rustc: Rust names are covered by test_demangle alone\n");
		skip();
	}
	write_file("r.rs", source);
	for (int v0 = 0; v0 < 2; v0++) {
		assert_int_equal(run("cd %s && rustc -O -g %s -C link-arg=-Wl,--build-id r.rs -o r", folder,
		                     v0 ? "-C symbol-mangling-version=v0" : ""), 0);
		describe(&p, "r");
		s = symbolizer(NULL, false);
		n = resolve(s, &p, "mark_put", &lines);
		assert_true(n >= 2);
		expect_line(&lines[0], v0 ? "<r::Shelf<u32>>::put" : "r::Shelf<T>::put", "r.rs", line_with(source, "mark_put"));
		expect_line(&lines[1], "r::fill", "r.rs", line_with(source, "calls put"));
		ms_symbolizer_close(s);
	}
}

static void test_demangle(void **state)
{
	static const struct {
		const char *linkage, *name;
	} cases[] = {
	        {"main", NULL},
	        {"", NULL},
	        {"_", NULL},
	        {"_start", NULL},
	        {"_Data", NULL},
	        {"_ZN", NULL},
	        {"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back(int const&)"},
	        {"_ZN3foo3barIiEET_S1_", "foo::bar<int>(int)"}, /* without the return type */
	        {"_ZNKSt3mapIiiE4sizeEv", "std::map<int, int>::size() const"},
	        {"_Znwm", "operator new(unsigned long)"},
	        {"_Z3fooi.constprop.0", "foo(int) [clone .constprop.0]"},
	        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"}, /* without the hash */
	        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
	        {"_RNvMs_NtCs6XJlJRQ9zrs_5alloc3vecINtB4_3VechE4push", "<alloc::vec::Vec<u8>>::push"},
	        {"_D3std5stdio7writelnFZv", "std.stdio.writeln()"},
	        {"_Dmain", "D main"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *name = ms_demangle(cases[i].linkage);

		if (!cases[i].name && name)
			fail_msg("%s demangled to %s", cases[i].linkage, name);
		if (cases[i].name) {
			assert_non_null(name);
			assert_string_equal(name, cases[i].name);
		}
		free(name);
	}
	/* f(p<a, a>, p<p<a, a>, p<a, a>>, …): 300 bytes that stand for gigabytes */
	char bomb[1024] = "_Z1f1pI1aS0_E";
	for (int i = 1; i < 30; i++) {
		char id = (char)(i < 10 ? '0' + i : 'A' + i - 10);

		sprintf(bomb + strlen(bomb), "S_IS%c_S%c_E", id, id);
		char *name = ms_demangle(bomb);

		if (i == 1) {
			assert_non_null(name);
			assert_string_equal(name, "f(p<a, a>, p<p<a, a>, p<a, a> >)");
		}
		if (i == 29)
			assert_null(name);
		free(name);
	}
}

/* The flattened table gives what a scan over all ranges gives. */
static void test_intervals(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct symbols_intervals t = {0};
		struct symbols_interval all[24];
		size_t n = 1 + (size_t)rand_r(&seed) % 24;

		for (size_t i = 0; i < n; i++) {
			all[i] = (struct symbols_interval){.low = (uint64_t)rand_r(&seed) % 60, .value = (uint32_t)i};
			all[i].high = all[i].low + (uint64_t)rand_r(&seed) % 20;
			all[i].rank = (uint32_t)rand_r(&seed) % 3;
			assert_int_equal(symbols_intervals_add(&t, all[i].low, all[i].high, all[i].value, all[i].rank), 0);
		}
		assert_int_equal(symbols_intervals_build(&t), 0);
		for (uint64_t at = 0; at < 90; at++) {
			const struct symbols_interval *best = NULL;

			for (size_t i = 0; i < n; i++) {
				const struct symbols_interval *c = &all[i];

				if (at < c->low || at >= c->high)
					continue;
				if (!best || c->low > best->low || (c->low == best->low && c->high < best->high) ||
				    (c->low == best->low && c->high == best->high && c->rank < best->rank))
					best = c;
			}
			assert_int_equal(symbols_intervals_find(&t, at), best ? best->value : SYMBOLS_NO_VALUE);
		}
		symbols_intervals_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_demangle),
		cmocka_unit_test(test_inline_chain),
		cmocka_unit_test(test_relative_source),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_symbol_tables),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_against_addr2line),
		cmocka_unit_test(test_rust),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
