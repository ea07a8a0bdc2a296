// Small, with inlined calls two deep at known lines, for tests of names and lines.
namespace work {
__attribute__((always_inline)) inline double scaled(double x) {
  return x * 2.5 + 1;
}
template <class T> __attribute__((always_inline)) inline T twice(T v) {
  return scaled(v) + scaled(v + 1);
}
static __attribute__((noinline)) double local_sum(const double *v, int n) {
  double s = 0;
  for (int i = 0; i < n; i++) s += twice(v[i]);
  return s;
}
__attribute__((noinline, visibility("default"))) double shared_sum(const double *v, int n) {
  return local_sum(v, n) + 1;
}
}  // namespace work
int main(int argc, char **argv) {
  double v[] = {1, 2, 3, (double)argc};
  return (int)work::shared_sum(v, 4);
}
