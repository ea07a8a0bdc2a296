// Reads road maps, plans the shortest ways between places, orders tours and ranks them, again and again.
//
//     ./routes [SIZE] [--seconds N]
//
// SIZE is the number of places on a map (default 250). With --seconds it stops after that time, else it runs until it is
// stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "account.hpp"

namespace routes {

struct Road {
  int to;
  double length;
};

struct Place {
  std::string name;
  double x;
  double y;
  std::vector<Road> roads;
};

using Map = std::vector<Place>;

// Distance of two points; small enough that the compiler inlines it.
inline double distance(const Place& a, const Place& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// Writes a map as JSON text.
[[gnu::noinline]] std::string write_map(int size, std::mt19937_64& random) {
  std::uniform_real_distribution<double> coordinate(0, 1000);
  nlohmann::json document = nlohmann::json::array();
  for (int i = 0; i < size; i++) {
    nlohmann::json roads = nlohmann::json::array();
    for (int j = 0; j < 4; j++) {
      roads.push_back({{"to", random() % static_cast<unsigned>(size)}, {"delay", coordinate(random)}});
    }
    roads.push_back({{"to", (i + 1) % size}, {"delay", 1.0}});
    document.push_back({{"name", "place " + std::to_string(i)}, {"x", coordinate(random)}, {"y", coordinate(random)}, {"roads", roads}});
  }
  return document.dump();
}

// Reads a map from JSON text.
[[gnu::noinline]] Map read_map(const std::string& text) {
  const auto document = nlohmann::json::parse(text);
  Map map;
  map.reserve(document.size());
  for (const auto& entry : document) {
    Place place{entry.at("name"), entry.at("x"), entry.at("y"), {}};
    for (const auto& road : entry.at("roads")) {
      place.roads.push_back({road.at("to"), road.at("delay").get<double>() / 10});
    }
    map.push_back(std::move(place));
  }
  for (auto& place : map) {
    for (auto& road : place.roads) {
      road.length += distance(place, map[static_cast<size_t>(road.to)]);
    }
  }
  return map;
}

// Lengths of the shortest ways from one place to all others (Dijkstra, 1959).
std::vector<double> shortest_from(const Map& map, int start) {
  std::vector<double> best(map.size(), std::numeric_limits<double>::infinity());
  using Entry = std::pair<double, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  best[static_cast<size_t>(start)] = 0;
  open.emplace(0.0, start);
  while (!open.empty()) {
    const auto [length, place] = open.top();
    open.pop();
    if (length > best[static_cast<size_t>(place)]) {
      continue;
    }
    for (const auto& road : map[static_cast<size_t>(place)].roads) {
      const double through = length + road.length;
      if (through < best[static_cast<size_t>(road.to)]) {
        best[static_cast<size_t>(road.to)] = through;
        open.emplace(through, road.to);
      }
    }
  }
  return best;
}

// Shortest ways from a sample of the places.
[[gnu::noinline]] std::vector<std::vector<double>> plan(const Map& map) {
  std::vector<std::vector<double>> table;
  for (size_t start = 0; start < map.size(); start += 8) {
    table.push_back(shortest_from(map, static_cast<int>(start)));
  }
  return table;
}

// A tour through all places: nearest neighbour, then improved by reversing stretches (2-opt: Croes, 1958).
[[gnu::noinline]] std::vector<int> tour(const Map& map) {
  std::vector<int> order(map.size());
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = 1; i + 1 < order.size(); i++) {
    const auto& here = map[static_cast<size_t>(order[i - 1])];
    const auto nearest = std::min_element(order.begin() + static_cast<std::ptrdiff_t>(i), order.end(), [&](int a, int b) {
      return distance(here, map[static_cast<size_t>(a)]) < distance(here, map[static_cast<size_t>(b)]);
    });
    std::iter_swap(order.begin() + static_cast<std::ptrdiff_t>(i), nearest);
  }
  const auto leg = [&](size_t a, size_t b) { return distance(map[static_cast<size_t>(order[a])], map[static_cast<size_t>(order[b])]); };
  for (size_t i = 1; i + 2 < order.size(); i++) {
    for (size_t j = i + 1; j + 1 < order.size(); j++) {
      if (leg(i - 1, j) + leg(i, j + 1) < leg(i - 1, i) + leg(j, j + 1)) {
        std::reverse(order.begin() + static_cast<std::ptrdiff_t>(i), order.begin() + static_cast<std::ptrdiff_t>(j) + 1);
      }
    }
  }
  return order;
}

// The names of the places, grouped by how far they are from the tour's start.
[[gnu::noinline]] std::map<std::string, std::vector<std::string>> rank(const Map& map, const std::vector<int>& order) {
  std::map<std::string, std::vector<std::string>> groups;
  double length = 0;
  for (size_t i = 1; i < order.size(); i++) {
    length += distance(map[static_cast<size_t>(order[i - 1])], map[static_cast<size_t>(order[i])]);
    groups["after " + std::to_string(static_cast<int>(length) / 500 * 500)].push_back(map[static_cast<size_t>(order[i])].name);
  }
  for (auto& [_, names] : groups) {
    std::sort(names.begin(), names.end());
  }
  return groups;
}

void round(account::Account& account, int size, std::mt19937_64& random) {
  const auto text = account.measure("write the map", "routes::write_map", [&] { return write_map(size, random); });
  const auto map = account.measure("read the map", "routes::read_map", [&] { return read_map(text); });
  const auto table = account.measure("plan", "routes::plan", [&] { return plan(map); });
  const auto order = account.measure("tour", "routes::tour", [&] { return tour(map); });
  const auto groups = account.measure("rank", "routes::rank", [&] { return rank(map, order); });
  if (table.empty() || groups.empty()) {
    std::cerr << "routes: the map has no roads\n";
  }
  account.print();
}

}  // namespace routes

int main(int argc, char** argv) {
  int size = 250;
  double seconds = 0;
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::strtod(argv[++i], nullptr);
    } else {
      const std::string_view text{argv[i]};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
      if (error != std::errc{} || end != text.data() + text.size() || size < 10) {
        std::cerr << "usage: routes [SIZE] [--seconds N]; SIZE is a whole number of places, at least 10\n";
        return 2;
      }
    }
  }
  std::mt19937_64 random{42};
  account::Account account;
  const double end = account::clock_seconds(CLOCK_MONOTONIC) + seconds;
  do {
    routes::round(account, size, random);
  } while (seconds <= 0 || account::clock_seconds(CLOCK_MONOTONIC) < end);
  account.print(true);
}
