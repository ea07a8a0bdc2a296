/**
 * The askpass program that sudo runs (through the shim of askpass.ts): `node askpass.js SOCKET PROMPT`. Prints the
 * password that the window's user typed; ends with status 1 and prints nothing when there is none.
 */
import { createConnection } from "node:net";

function main(socketPath: string, prompt: string): void {
  let answer = "";
  const socket = createConnection({ path: socketPath }, () => socket.write(`${JSON.stringify({ prompt })}\n`));
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => (answer += chunk));
  socket.on("error", () => (process.exitCode = 1));
  socket.on("close", () => {
    const password = readPassword(answer);
    if (password === undefined) process.exitCode = 1;
    else process.stdout.write(`${password}\n`);
  });
}

function readPassword(answer: string): string | undefined {
  try {
    const value: unknown = JSON.parse(answer);
    const password = typeof value === "object" && value !== null && "password" in value ? value.password : undefined;
    return typeof password === "string" ? password : undefined;
  } catch {
    return undefined;
  }
}

main(process.argv[2] ?? "", process.argv[3] ?? "");
