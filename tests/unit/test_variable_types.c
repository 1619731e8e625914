/*
 * Types of variables by name and code address. The compiler is the referee: the sources say, behind each mark, what type a variable of that name has there;
 * compiled with and without optimisation, as DWARF 4 and 5, with split debug information, from C and C++. (Rust: tests/cli/record/annotations_rust.sh.)
 */
#include "symbols_fixture.h"

/* MARK(label): a place in the code. The variables below must exist there: they are handed to keep(). */
static const char c_file[] =
	"#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \":\\n\\tnop\")\n"
	"struct list { struct list *next; char *text; union { int number; double real; }; struct { short x; } in; int row[4]; };\n"
	"typedef struct { int x; } point; typedef unsigned long word; enum colour { RED };\n"
	"void keep(void *, ...) __attribute__((weak)); void keep(void *p, ...) { (void)p; }\n"
	"static struct list *global_list; extern int other; int other;\n"
	"static inline __attribute__((always_inline)) void inlined(const point *inner)\n"
	"{ char shadow[3] = {0}; keep((void *)inner, shadow); MARK(in_inlined); keep((void *)inner, shadow); }\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	struct list head = {0}, *p = &head, **pp = &p; point origin = {0}; word w = 1; enum colour colour = RED;\n"
	"	int (*table)[3] = 0; int *row[3] = {0}; int (*call)(char, ...) = 0; void (*none)(void) = 0; int matrix[2][3] = {{0}};\n"
	"	const char *const fixed = \"\"; char *volatile vol = 0; char *restrict res = 0; const volatile int *both = 0; struct { int a; } *unnamed = 0;\n"
	"	void *nothing = 0; long long int wide = 0; _Bool flag = 0; double shadow = 0; \n"
	"	keep(&head, &p, &pp, &origin, &w, &colour, &table, row, &call, &none, matrix, &fixed, &vol, &res, &both, &unnamed, &nothing, &wide, &flag, &shadow, argv, &argc);\n"
	"	MARK(in_main);\n"
	"	keep(&head, &p, &pp, &origin, &w, &colour, &table, row, &call, &none, matrix, &fixed, &vol, &res, &both, &unnamed, &nothing, &wide, &flag, &shadow, argv, &argc);\n"
	"	{ long shadow = 1; keep(&shadow); MARK(in_block); keep(&shadow); }\n"
	"	inlined(&origin);\n"
	"	return argc + other + (global_list != 0);\n"
	"}\n";

struct expected {
	const char *label, *name, *type; /* type NULL: not known */
};

static const struct expected c_types[] = {
	{"in_main", "head", "struct list"}, {"in_main", "p", "struct list *"}, {"in_main", "pp", "struct list **"},
	{"in_main", "origin", "point"}, {"in_main", "w", "word"}, {"in_main", "colour", "enum colour"},
	{"in_main", "table", "int (*)[3]"}, {"in_main", "row", "int *[3]"}, {"in_main", "call", "int (*)(char, ...)"},
	{"in_main", "none", "void (*)(void)"}, {"in_main", "matrix", "int [2][3]"}, {"in_main", "fixed", "const char *const"},
	{"in_main", "vol", "char *volatile"}, {"in_main", "res", "char *restrict"}, {"in_main", "both", "const volatile int *"},
	{"in_main", "unnamed", "struct {...} *"}, {"in_main", "nothing", "void *"}, {"in_main", "flag", "_Bool"},
	{"in_main", "argc", "int"}, {"in_main", "argv", "char **"}, {"in_main", "shadow", "double"},
	{"in_main", "global_list", "struct list *"}, {"in_main", "other", "int"}, {"in_main", "not_there", NULL},
	{"in_block", "shadow", "long int"}, {"in_block", "p", "struct list *"},
	{"in_inlined", "inner", "const point *"}, {"in_inlined", "shadow", "char [3]"}, {"in_inlined", "argv", "char **"},
	{"in_main", "head.text", "char *"}, {"in_main", "p->next->text", "char *"}, {"in_main", " p -> in . x ", "short int"}, {"in_main", "p->real", "double"},
	{"in_main", "*p", "struct list"}, {"in_main", "**pp", "struct list"}, {"in_main", "row[argc]", "int *"}, {"in_main", "p->row[matrix[0][1]]", "int"},
	{"in_main", "matrix[0]", NULL}, {"in_main", "matrix[0][argc]", "int"}, {"in_main", "*matrix", NULL}, {"in_main", "*head.text", "char"}, {"in_main", "head.none", NULL}, {"in_main", "argc.x", NULL}, {"in_main", "*argc", NULL},
	{"in_main", "p->", NULL}, {"in_main", "f(p)", NULL}, {"in_main", "", NULL}, {"in_main", "row[", NULL}, {"in_main", "&p", NULL}, {"in_main", "7", NULL},
};

static const char cxx_file[] =
	"#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \":\\n\\tnop\")\n"
	"void keep(const void *, ...) __attribute__((weak)); void keep(const void *p, ...) { (void)p; }\n"
	"namespace shop { inline namespace v1 { template <class T, int N> struct box { T *item; T many[N]; struct inner { int deep; }; }; }\n"
	"  class base { protected: char *name; }; enum class kind { a }; typedef box<int, 3> small; namespace { struct hidden { int h; }; }\n"
	"  class till : public base { public: small *drawer; int add(int n) const { keep(this); MARK(in_method); keep(this, n); return n; } };\n"
	"  static till *counter; hidden nobody; }\n"
	"template <class T> __attribute__((noinline)) void generic(T value) { T &ref = value; keep(&value, &ref); MARK(in_generic); keep(&value, &ref); }\n"
	"int main()\n"
	"{\n"
	"	shop::small small{}; shop::box<shop::till *, 2> tills{}; shop::box<int, 3>::inner inner{}; shop::kind kind = shop::kind::a; shop::till till{};\n"
	"	int &ref = inner.deep; int &&moved = 3; int shop::box<int, 3>::inner::*member = nullptr; auto *hidden = &shop::nobody; bool flag = false; int none = 0; int (*noargs)() = nullptr;\n"
	"	decltype(nullptr) null = nullptr; class local { public: int l; } local{};\n"
	"	auto lambda = [&tills, none] { keep(&tills, &none); MARK(in_lambda); keep(&tills, &none); return none; };\n"
	"	keep(&small, &tills, &inner, &kind, &ref, &moved, &member, &hidden, &flag, &till, &null, &local, &noargs, &lambda);\n"
	"	MARK(in_main);\n"
	"	keep(&small, &tills, &inner, &kind, &ref, &moved, &member, &hidden, &flag, &till, &null, &local, &noargs, &lambda);\n"
	"	generic<const char *>(\"\");\n"
	"	return lambda() + till.add(none) + (shop::counter != nullptr);\n"
	"}\n";

static const struct expected cxx_types[] = {
	{"in_main", "small", "shop::small"}, {"in_main", "tills", "shop::box<shop::till*, 2>"}, {"in_main", "inner", "shop::box<int, 3>::inner"},
	{"in_main", "kind", "shop::kind"}, {"in_main", "till", "shop::till"}, {"in_main", "ref", "int &"}, {"in_main", "moved", "int &&"},
	{"in_main", "member", "int shop::box<int, 3>::inner::*"}, {"in_main", "hidden", "shop::(anonymous namespace)::hidden *"}, {"in_main", "flag", "bool"},
	{"in_main", "noargs", "int (*)()"}, {"in_main", "counter", "shop::till *"}, {"in_main", "tills.item", "shop::till **"}, {"in_main", "tills.many[0]", "shop::till *"},
	{"in_method", "drawer", "shop::small *"}, {"in_method", "name", "char *"}, {"in_method", "this->drawer->item", "int *"}, {"in_method", "n", "int"},
	{"in_generic", "value", "const char *"}, {"in_generic", "ref", "const char *&"},
};

static void expect_types(const char *program, const struct expected *expected, size_t n)
{
	struct ms_symbolizer *s = symbolizer("/nonexistent", false);
	struct program p;

	describe(&p, program);
	for (size_t i = 0; i < n; i++) {
		uint64_t address = p.module.load_bias + address_of(&p, expected[i].label) + 1;
		const char *type = ms_symbolizer_variable_type(s, &p.module, address, expected[i].name);

		if ((type == NULL) != (expected[i].type == NULL) || (type && strcmp(type, expected[i].type) != 0))
			fail_msg("%s: %s at %s: '%s', expected '%s'", program, expected[i].name, expected[i].label, type ? type : "-",
			         expected[i].type ? expected[i].type : "-");
	}
	ms_symbolizer_close(s);
}

static void compile(const char *compiler, const char *flags, const char *file, const char *program)
{
	if (run("cd %s && %s -w -g %s -Wl,--build-id -o %s %s", folder, compiler, flags, program, file) != 0)
		fail_msg("cannot compile: %s %s", compiler, flags);
}

static void test_c(void **state)
{
	static const char *const flags[] = {"-O0", "-O2", "-O1 -gdwarf-4", "-O2 -gsplit-dwarf"};

	(void)state;
	write_file("a.c", c_file);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		compile("gcc -std=gnu11", flags[i], "a.c", "a-c");
		expect_types("a-c", c_types, sizeof c_types / sizeof *c_types);
	}
}

static void test_cxx(void **state)
{
	static const char *const flags[] = {"-O0", "-O2"};

	(void)state;
	write_file("a.cpp", cxx_file);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		compile("g++ -std=c++17", flags[i], "a.cpp", "a-cxx");
		expect_types("a-cxx", cxx_types, sizeof cxx_types / sizeof *cxx_types);
	}
}

/* Not at all where there is nothing to say it from, and never what is not so. */
static void test_what_is_not_known(void **state)
{
	static const char two[] =
		"#define MARK(name) __asm__ volatile(\".globl \" #name \"\\n\" #name \":\\n\\tnop\")\n"
		"int main(int argc, char **argv)\n"
		"{\n"
		"	if (argc > 1) { int *twice = &argc; *(int *volatile *)&twice; }\n"
		"	else { char **twice = argv; *(char **volatile *)&twice; }\n"
		"	MARK(outside);\n"
		"	return 0;\n"
		"}\n";
	static const struct expected ambiguous[] = {{"outside", "twice", NULL}, {"outside", "argc", "int"}};
	static const struct expected nothing[] = {{"outside", "twice", NULL}, {"outside", "argc", NULL}};

	(void)state;
	write_file("two.c", two);
	compile("gcc", "-O0", "two.c", "two");
	expect_types("two", ambiguous, 2);
	compile("gcc", "-O0 -g0", "two.c", "none");
	expect_types("none", nothing, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_what_is_not_known),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
