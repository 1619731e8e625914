// flags: -std=c++11
/*
 * annotate_cxx - annotations of memscope.h from C++: containers, smart pointers, templates, lambdas, members, exceptions. Says on stdout what a recording
 * of it must hold, a line per event, in order, with the addresses of the blocks (0: none).
 */
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../record/include/memscope.h"

static void track(const char *what, const void *block)
{
	if (block)
		std::printf("track %s %p\n", what, block);
	else
		std::printf("track %s 0\n", what);
}

namespace shop {
inline namespace v2 {
struct Order {
	int *lines;
	std::vector<int> parts;
	std::string customer; /* short: inside of the order */
};
} // namespace v2

template <class T> struct Shelf {
	T *items_;
	explicit Shelf(T *items) : items_(items) {}
	void look(const char *type)
	{
		MEMSCOPE_TRACK(items_); track((std::string("items_|") + type).c_str(), items_);
	}
};

struct Base {
	char *inherited;
};
struct Till : Base {
	std::unique_ptr<Order[]> orders;
	void count() const
	{
		MEMSCOPE_TRACK(inherited); track("inherited|char *", inherited);
		MEMSCOPE_TRACK(this->orders); track("this->orders|std::unique_ptr<shop::v2::Order [], std::default_delete<shop::v2::Order []> >", nullptr);
	}
};
} // namespace shop

static int depth;
struct Said {
	const char *name;
	~Said() { std::printf("scope-end %s\n", name); }
};

/* Scopes end in the order of destructors, also when an exception flies. */
static void thrower(int n)
{
	MEMSCOPE_SCOPE("thrower");
	Said said = {"thrower"};
	std::puts("scope-begin thrower");
	if (n == 0)
		throw std::runtime_error("on purpose");
	thrower(n - 1);
}

int main()
{
	static char buffer[BUFSIZ];
	std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);

	std::vector<int> numbers(10);
	std::unique_ptr<double> one(new double(1));
	std::shared_ptr<shop::Order> order(new shop::Order());
	std::string text(100, 'x'), shorter("in place");
	int *raw = new int[3];
	int *&reference = raw;
	const volatile char *qualified = nullptr;
	auto inferred = new std::vector<std::string>();
	shop::Order by_value;

	by_value.lines = new int[2];
	by_value.parts.resize(5);
	MEMSCOPE_TRACK(numbers); track("numbers|std::vector<int, std::allocator<int> >", numbers.data());
	MEMSCOPE_TRACK(one); track("one|std::unique_ptr<double, std::default_delete<double> >", one.get());
	MEMSCOPE_TRACK(order); track("order|std::shared_ptr<shop::v2::Order>", order.get());
	MEMSCOPE_TRACK(text); track("text|std::string", text.data());
	MEMSCOPE_TRACK(shorter); track("shorter|std::string", nullptr);
	MEMSCOPE_TRACK(raw); track("raw|int *", raw);
	MEMSCOPE_TRACK(reference); track("reference|int *&", raw);
	MEMSCOPE_TRACK(qualified); track("qualified|const volatile char *", nullptr);
	MEMSCOPE_TRACK(inferred); track("inferred|std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, std::allocator<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > > > *", inferred);
	MEMSCOPE_TRACK(by_value.lines); track("by_value.lines|int *", by_value.lines);
	MEMSCOPE_TRACK(by_value.parts); track("by_value.parts|std::vector<int, std::allocator<int> >", by_value.parts.data());
	MEMSCOPE_TRACK_AS(numbers.data(), "elements", "int[]"); track("elements|int[]", numbers.data());

	shop::Shelf<int>(raw).look("int *");
	shop::Shelf<shop::Order>(order.get()).look("shop::Order *");
	shop::Till till;
	till.inherited = new char[4];
	till.orders.reset(new shop::Order[2]);
	till.count(); /* new[] of a type with a destructor keeps the count before the first one: the pointer leads into the block */
	MEMSCOPE_TRACK(till.inherited); track("till.inherited|char *", till.inherited);
	auto lambda = [&numbers, raw] {
		MEMSCOPE_TRACK(numbers); track("numbers|std::vector<int, std::allocator<int> > &", numbers.data());
		MEMSCOPE_TRACK(raw); track("raw|int *const", raw);
	};
	lambda();

	std::vector<int> copy(numbers);
	MEMSCOPE_CLONE(numbers, copy), std::printf("clone %p %p\n", (void *)numbers.data(), (void *)copy.data());
	std::vector<int> moved(3);
	void *from = numbers.data(), *to = moved.data();
	MEMSCOPE_MOVE(numbers, moved, 40), std::printf("move %p %p\nmove-size 40\n", from, to);
	MEMSCOPE_BORROW(one), std::printf("borrow %p\n", (void *)one.get());
	MEMSCOPE_RETURN(one), std::printf("return %p\n", (void *)one.get());

	try {
		thrower(2);
	} catch (const std::exception &) {
		MEMSCOPE_MARK("caught"), std::puts("mark caught");
	}
	{
		MEMSCOPE_TASK(&order, "by address");
		std::printf("task-spawn %llu by address -\ntask-enter %llu\ntask-leave %llu\n", (unsigned long long)MEMSCOPE_ID(&order),
			    (unsigned long long)MEMSCOPE_ID(&order), (unsigned long long)MEMSCOPE_ID(&order));
	}
	delete[] raw;
	delete inferred;
	delete[] till.inherited;
	delete[] by_value.lines;
	return depth;
}
