#include <vector>
#include <string>
#include <map>
#include <algorithm>
#include <cstdio>
namespace work {
struct Shape { virtual ~Shape() {} virtual double area() const = 0; };
struct Circle : Shape { double r; explicit Circle(double r) : r(r) {} double area() const override { return 3.14 * r * r; } };
__attribute__((always_inline)) inline double scaled(double x) {
  return x * 2.5 + 1;
}
template <class T> __attribute__((always_inline)) inline T twice(T v) {
  return scaled(v) + scaled(v + 1);
}
static double local_sum(const std::vector<double> &v) {
  double s = 0;
  for (double d : v) s += twice(d);
  return s;
}
}
namespace { int hidden(int n) { std::map<int, std::string> m; for (int i = 0; i < n; i++) m[i * 7 % 13] += std::to_string(i); return (int)m[3].size(); } }
int main(int argc, char **argv) {
  std::vector<double> v;
  for (int i = 0; i < 1000 * argc; i++) v.push_back(i);
  std::sort(v.begin(), v.end(), [](double a, double b) { return a > b; });
  work::Circle c(3);
  printf("%f %f %d\n", work::local_sum(v), c.area(), hidden(100));
}
