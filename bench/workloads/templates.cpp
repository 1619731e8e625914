// A template-heavy translation unit: containers, variants, shared pointers, functions, regular expressions; instantiated
// INSTANCES times. With -DQUICK only a small part is left, for the smoke test.
#ifdef QUICK
template <int N> struct Sum { static constexpr long value = N + Sum<N - 1>::value; };
template <> struct Sum<0> { static constexpr long value = 0; };
int main() { return static_cast<int>(Sum<200>::value % 100); }
#else
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

template <int N> struct Key {
	int value[N % 4 + 1];
	bool operator<(const Key &o) const { return value[0] < o.value[0]; }
	bool operator==(const Key &o) const { return value[0] == o.value[0]; }
};
template <int N> struct KeyHash {
	std::size_t operator()(const Key<N> &k) const { return std::hash<int>()(k.value[0]) * N; }
};

template <int N> long work(const std::vector<int> &in)
{
	std::map<Key<N>, std::variant<int, std::string, std::vector<Key<N>>>> tree;
	std::unordered_map<Key<N>, std::shared_ptr<std::tuple<int, std::string, Key<N>>>, KeyHash<N>> table;
	for (int i : in) {
		Key<N> k{{i}};
		tree[k] = i % 2 ? std::variant<int, std::string, std::vector<Key<N>>>(i) : std::vector<Key<N>>(3, k);
		table.emplace(k, std::make_shared<std::tuple<int, std::string, Key<N>>>(i, std::to_string(i), k));
	}
	long sum = 0;
	for (auto &[k, v] : tree)
		sum += std::visit([](auto &&x) -> long { return static_cast<long>(sizeof x); }, v);
	std::vector<std::pair<Key<N>, int>> order;
	for (auto &[k, p] : table)
		order.emplace_back(k, std::get<0>(*p));
	std::sort(order.begin(), order.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
	std::function<long(int)> f = [&order](int i) { return order[i % order.size()].second + N; };
	return sum + f(N);
}

template <int... N> long all(std::integer_sequence<int, N...>, const std::vector<int> &in) { return (work<N>(in) + ...); }

int main(int argc, char **argv)
{
	std::vector<int> in(argc + 10, 3);
	std::regex pattern("(a|b)*c[0-9]+");
#ifndef INSTANCES
#define INSTANCES 1
#endif
	return static_cast<int>(all(std::make_integer_sequence<int, INSTANCES>(), in) + std::regex_match(argv[0], pattern));
}
#endif
