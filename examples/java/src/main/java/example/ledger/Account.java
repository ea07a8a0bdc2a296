package example.ledger;

import com.google.gson.Gson;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The program's own account: CPU time of the calling thread around each part. */
final class Account {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private final Gson gson = new Gson();
  private long printedMs;

  private static final class Part {
    final String function;
    final int line;
    long ns;

    Part(String function, int line) {
      this.function = function;
      this.line = line;
    }
  }

  /** Calls {@code work}, adds its CPU time to the part and returns its result. The part's line is the caller's. */
  <T> T measure(String name, String function, Supplier<T> work) {
    int line = parts.containsKey(name) ? 0 : callerLine();
    long started = THREADS.getCurrentThreadCpuTime();
    try {
      return work.get();
    } finally {
      parts.computeIfAbsent(name, key -> new Part(function, line)).ns += THREADS.getCurrentThreadCpuTime() - started;
    }
  }

  private static int callerLine() {
    return StackWalker.getInstance().walk(frames -> frames.skip(2).findFirst().orElseThrow().getLineNumber());
  }

  /** Prints one JSON line, at most once a second unless forced. */
  void print(boolean force) {
    long now = System.currentTimeMillis();
    if (!force && now - printedMs < 1000) {
      return;
    }
    printedMs = now;
    double total = parts.values().stream().mapToLong(part -> part.ns).sum();
    List<Map<String, Object>> rows = new ArrayList<>();
    parts.forEach(
        (name, part) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("name", name);
          row.put("file", "src/main/java/example/ledger/Main.java");
          row.put("function", part.function);
          row.put("line", part.line);
          row.put("share", total > 0 ? part.ns / total : 0);
          rows.add(row);
        });
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cpuSeconds", ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() / 1e9);
    document.put("measuredSeconds", total / 1e9);
    document.put("parts", rows);
    System.out.println(gson.toJson(document));
  }
}
