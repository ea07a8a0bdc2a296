// A web server that works a little for each request, with a file and a call to a backend, and its client: 150 requests a second.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, get } from "node:http";

const REQUESTS_A_SECOND = 150;
const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler).listen(0, "127.0.0.1", () => resolve(server.address().port));
  });

const backend = await listen((_, response) => setTimeout(() => response.end("backend"), 3));
const fetchText = (port) =>
  new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1" }, (response) => {
      response.setEncoding("utf8");
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve(body));
    }).on("error", reject);
  });

const frontend = await listen(async (_, response) => {
  const [text, more] = await Promise.all([readFile(import.meta.filename ?? process.argv[1], "utf8"), fetchText(backend)]);
  let digest = more;
  for (let round = 0; round < 200; round++) {
    digest = createHash("sha256").update(digest).update(text).digest("hex");
  }
  response.end(digest);
});
setInterval(() => void fetchText(frontend).catch(() => undefined), 1000 / REQUESTS_A_SECOND);
