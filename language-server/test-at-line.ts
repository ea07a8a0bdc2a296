import type { TestAt } from "../protocol/tests.js";
import { testAt } from "../source/test-at.js";
import type { DocumentText } from "./open-documents.js";
import type { Workspace } from "./workspace.js";

/** The test around a line (0-based); null where there is none or the document doesn't parse. */
export async function testAtLine(workspace: Workspace, document: DocumentText | undefined, line: number): Promise<TestAt | null> {
  const found =
    document === undefined
      ? undefined
      : await workspace.syntax(document.realPath, document.text, (root) => testAt(document.realPath, root, line));
  return found ?? null;
}
