// The program's own account: CPU time of this thread around each part.
#pragma once

#include <chrono>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace account {

inline double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Account {
 public:
  // Calls `work`, adds its CPU time to the part, and returns what it returned. The part's line is the caller's.
  template <typename Work>
  auto measure(const std::string& name, const std::string& function, Work&& work,
               std::source_location where = std::source_location::current()) {
    const Timer timer{*this, name, function, where.line()};
    return std::forward<Work>(work)();
  }

  // Prints one JSON line, at most once a second unless forced.
  void print(bool force = false) {
    const double now = clock_seconds(CLOCK_MONOTONIC);
    if (!force && now - printed_ < 1) {
      return;
    }
    printed_ = now;
    double total = 0;
    for (const auto& part : parts_) {
      total += part.seconds;
    }
    nlohmann::ordered_json document;
    document["cpuSeconds"] = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    document["measuredSeconds"] = total;
    for (const auto& part : parts_) {
      document["parts"].push_back({{"name", part.name},
                                   {"file", "routes.cpp"},
                                   {"function", part.function},
                                   {"line", part.line},
                                   {"share", total > 0 ? part.seconds / total : 0}});
    }
    std::cout << document.dump() << std::endl;
  }

 private:
  struct Part {
    std::string name;
    std::string function;
    unsigned line;
    double seconds;
  };

  struct Timer {
    Account& account;
    const std::string& name;
    const std::string& function;
    unsigned line;
    double started = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    ~Timer() { account.add(name, function, line, clock_seconds(CLOCK_THREAD_CPUTIME_ID) - started); }
  };

  void add(const std::string& name, const std::string& function, unsigned line, double seconds) {
    for (auto& part : parts_) {
      if (part.name == name) {
        part.seconds += seconds;
        return;
      }
    }
    parts_.push_back({name, function, line, seconds});
  }

  std::vector<Part> parts_;
  double printed_ = 0;
};

}  // namespace account
