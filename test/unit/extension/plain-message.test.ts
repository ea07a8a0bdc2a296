import { expect, test } from "vitest";
import { plainMessage } from "../../../extension/plain-message.js";

/** What VS Code 1.139 makes a link of in a message. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

test("no name makes a link in a message, and what is no link stays as it is", () => {
  const hostile = "“[a](command:x) [[b](https://example.com)](file:///etc 'c')” passed";
  expect(hostile.match(LINK)).not.toBeNull();
  expect(plainMessage(hostile).match(LINK)).toBeNull();
  expect(plainMessage("items[0] (first) of $(many)")).toBe("items[0] (first) of $(many)");
});
