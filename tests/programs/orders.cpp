/*
 * orders COUNT [next] - a small service as services are, with the bugs that they have: what the pictures in docs/screenshots show.
 *
 *   - loads a catalogue (mark "catalogue loaded"), then three workers take COUNT orders, 5000 a second or so (mark "stopping");
 *   - each order is parsed, priced and answered with strings that live shortly; its log line is freed by the logger's thread;
 *   - the session cache is never cleaned: it grows with time;
 *   - Parser::reject forgets the copy of what it could not parse: one block of 48 bytes per 50 orders, lost for good;
 *   - Label::print writes one byte past the end of a label whose city has 16 letters, once;
 *   - a nightly report is built once, halfway: the peak;
 *   - "next" is the next release: sessions remember whole answers, too.
 */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

#include "../../record/include/memscope.h"

#define noinline __attribute__((noipa))

struct Article {
	std::string name, description;
	double price;
};

class Catalogue {
	std::map<int, Article> articles;

public:
	noinline void load(int count)
	{
		for (int i = 0; i < count; i++)
			articles[i] = {"article " + std::to_string(i) + " of the catalogue", std::string(200 + i % 300, 'd'), i * 0.25};
	}
	const Article &find(int id) const { return articles.at(id % (int)articles.size()); }
	size_t size() const { return articles.size(); }
	noinline std::vector<std::string> lines() const
	{
		std::vector<std::string> all;
		for (auto &row : articles)
			all.push_back(row.second.name + ": " + row.second.description);
		return all;
	}
};

struct Session {
	std::string user;
	std::vector<std::string> history;
};

class SessionCache {
	std::mutex lock;
	std::map<std::string, std::unique_ptr<Session>> sessions;

public:
	noinline void remember(const std::string &user, const std::string &what)
	{
		std::lock_guard<std::mutex> guard(lock);
		auto &session = sessions[user];
		if (!session)
			session.reset(new Session{user, {}});
		session->history.push_back(what);
	}
};

class Logger {
	std::mutex lock;
	std::condition_variable ready;
	std::deque<std::unique_ptr<std::string>> lines;
	bool ended = false;

public:
	noinline void write(std::string line)
	{
		std::lock_guard<std::mutex> guard(lock);
		lines.emplace_back(new std::string(std::move(line)));
		ready.notify_one();
	}
	void end()
	{
		std::lock_guard<std::mutex> guard(lock);
		ended = true;
		ready.notify_one();
	}
	noinline void run()
	{
		pthread_setname_np(pthread_self(), "logger");
		for (;;) {
			std::unique_ptr<std::string> line;
			std::unique_lock<std::mutex> guard(lock);
			ready.wait(guard, [this] { return ended || !lines.empty(); });
			if (lines.empty())
				return;
			line = std::move(lines.front());
			lines.pop_front();
		}
	}
};

struct Order {
	std::string user, city;
	int article;
};

struct Parser {
	static noinline bool reject(const char *text)
	{
		char *copy = (char *)malloc(48);
		snprintf(copy, 48, "rejected: %s", text);
		__asm__ volatile("" : : "r"(copy) : "memory");
		return false;
	}
	static noinline bool parse(long number, Order *order)
	{
		static const char *const cities[] = {"Bergen", "Gent", "Lyon", "Porto", "Turku"};
		char text[64];

		snprintf(text, sizeof text, "order %ld", number);
		if (number % 50 == 49)
			return reject(text);
		order->user = "user number " + std::to_string(number / 3);
		order->city = number == 400 ? "Villefranche/Mer" : cities[number % 5];
		order->article = (int)(number * 7);
		return true;
	}
};

struct Label {
	static noinline void print(const Order &order)
	{
		char *label = (char *)malloc(16);
		memcpy(label, order.city.c_str(), order.city.size() + 1);
		__asm__ volatile("" : : "r"(label) : "memory");
		free(label);
	}
};

static Catalogue catalogue;
static SessionCache cache;
static Logger logger;
static std::atomic<long> orders;
static bool next_release;

static noinline void serve(long number)
{
	Order order;

	if (!Parser::parse(number, &order))
		return;
	const Article &article = catalogue.find(order.article);
	std::string answer = "<order><user>" + order.user + "</user><article>" + article.name + "</article><price>" +
			     std::to_string(article.price) + "</price></order>";
	Label::print(order);
	cache.remember(order.user, "bought " + article.name);
	if (next_release)
		cache.remember(order.user, answer);
	logger.write("served " + order.user + " with " + std::to_string(answer.size()) + " bytes");
}

static noinline void nightly_report()
{
	std::vector<std::string> lines = catalogue.lines();
	std::string page;

	MEMSCOPE_MARK("nightly report");
	for (auto &line : lines)
		page += "<li>" + line + "</li>";
	std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	std::vector<std::thread> workers;
	std::thread writer([] { logger.run(); });

	next_release = argc > 2 && strcmp(argv[2], "next") == 0;
	catalogue.load(5000);
	MEMSCOPE_MARK("catalogue loaded");
	for (int w = 0; w < 3; w++)
		workers.emplace_back([=] {
			long first;

			pthread_setname_np(pthread_self(), ("worker " + std::to_string(w)).c_str());
			while ((first = orders.fetch_add(20)) < count) {
				for (long i = first; i < first + 20 && i < count; i++)
					serve(i);
				std::this_thread::sleep_for(std::chrono::milliseconds(12));
			}
		});
	while (orders < count / 2)
		std::this_thread::sleep_for(std::chrono::milliseconds(5));
	nightly_report();
	for (auto &worker : workers)
		worker.join();
	MEMSCOPE_MARK("stopping");
	logger.end();
	writer.join();
	printf("%ld orders\n", count);
	return 0;
}
