// test_index.cpp - records in the containers of C++.
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "records.h"

class Index {
public:
	void add(const std::string &line)
	{
		records_add(&records_, line.c_str());
		lengths_[line] = line.size();
	}
	std::size_t size() const { return lengths_.size(); }
	~Index() { records_clear(&records_); }

private:
	records records_ = {};
	std::map<std::string, std::size_t> lengths_;
};

int main()
{
	auto index = std::make_unique<Index>();

	for (int i = 0; i < 50; i++)
		index->add("a name that is too long to stand in the string itself " + std::to_string(i) + "=1");
	if (index->size() != 50) {
		std::fprintf(stderr, "test_index: %zu records\n", index->size());
		return 1;
	}
	return 0;
}
