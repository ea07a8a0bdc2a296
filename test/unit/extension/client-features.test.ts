import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import {
  createConnection,
  createMessageConnection,
  type InitializeResult,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { serve } from "../../../language-server/server.js";
import { KEPT_FEATURES } from "../../../scripts/client-features.mjs";

test("the client's bundle has the feature for each capability that the server declares", async () => {
  const [up, down] = [new PassThrough(), new PassThrough()];
  serve(createConnection(new StreamMessageReader(up), new StreamMessageWriter(down)));
  const connection = createMessageConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
  connection.listen();
  const { capabilities } = await connection.sendRequest<InitializeResult>("initialize", {
    processId: null,
    rootUri: null,
    capabilities: {},
  });
  const kept = Object.values(KEPT_FEATURES).filter((capability) => capability !== null);
  expect(kept.sort()).toEqual(Object.keys(capabilities).sort());
  await connection.sendRequest("shutdown");
  connection.dispose();
});
