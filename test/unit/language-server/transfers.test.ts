import { afterEach, expect, test } from "vitest";
import { startServer, stopServers } from "./test-server.js";

afterEach(stopServers);

const APP = `def log(orders, order):
    orders.write(order)

def main():
    log(orders, order)
    audit.write(order)
`;

test("lenses tell how much a function transfers in each second, and hovers with which files or peers", async () => {
  const server = await startServer();
  server.write("app.py", APP);
  await server.begin();
  const log = "main:5($W/app.py);log:2($W/app.py);write{c}(/usr/lib/libc.so.6)";
  await server.stacks(
    `${log};[/var/log/orders.log]{kernel} 40000000\n${log};[pipe]{kernel} 8000000\nmain:6($W/app.py);[/var/log/a*b.log]{kernel} 16000000`,
    {
      events: ["io_write", "io_write", "io_write"],
      timesNs: [1e9, 4e9, 5e9],
      timeNs: 6e9,
    },
  );
  await server.ask("flameline/select", { selection: { event: "io_write" } });
  await server.heat("app.py");
  await server.stacks("", { timeNs: 8e9 });
  expect(await server.lenses("app.py")).toEqual([
    "1: writes 6 MB/s · 75 % of bytes written — 1 process, 8 s",
    "4: writes 8 MB/s · 100 % of bytes written — 1 process, 8 s",
  ]);
  const hover = await server.hover("app.py", 2);
  expect(hover).toContain("48 MB total");
  expect(hover).toContain("| Written to | of the line |\n| :-- | --: |\n| /var/log/orders.log | 83 % |\n| pipe | 17 % |");
  expect(await server.hover("app.py", 6)).toContain("| /var/log/a\\*b.log | 100 % |");
});
