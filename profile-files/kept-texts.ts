import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** `sources.json`: which text lies in `sources/<sha256>`. Paths are absolute, with symbolic links resolved. */
export interface SourcesIndex {
  readonly version: 1;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly bytes: number; readonly mtimeMs: number }[];
  /** Sampled files that were left out because they were too much. */
  readonly leftOut: number;
}

/** A source as it was when it was recorded. */
export interface KeptText {
  readonly path: string;
  readonly text: string;
  /** When the file had last been written, ms since 1970. */
  readonly mtimeMs: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The sources that a kept recording's folder holds; a damaged index or text counts as absent. */
export async function readKeptTexts(folder: string): Promise<{ readonly texts: readonly KeptText[]; readonly leftOut: number }> {
  const index = parseIndex(await readFile(join(folder, "sources.json"), "utf8").catch(() => ""));
  const texts: KeptText[] = [];
  for (const { path, sha256, bytes, mtimeMs } of index.files) {
    const data = await readFile(join(folder, "sources", sha256)).catch(() => undefined);
    if (data !== undefined && createHash("sha256").update(data).digest("hex") === sha256) {
      texts.push({ path, text: data.toString("utf8"), mtimeMs, bytes, sha256 });
    }
  }
  return { texts, leftOut: index.leftOut };
}

function parseIndex(text: string): SourcesIndex {
  const empty: SourcesIndex = { version: 1, files: [], leftOut: 0 };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("files" in value) || !Array.isArray(value.files)) {
      return empty;
    }
    const leftOut = "leftOut" in value && typeof value.leftOut === "number" ? value.leftOut : 0;
    return { version: 1, files: value.files.filter(isIndexedFile), leftOut };
  } catch {
    return empty;
  }
}

function isIndexedFile(value: unknown): value is SourcesIndex["files"][number] {
  const file = value as Partial<Record<keyof SourcesIndex["files"][number], unknown>> | null;
  return (
    typeof file === "object" &&
    file !== null &&
    typeof file.path === "string" &&
    typeof file.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(file.sha256) &&
    typeof file.bytes === "number" &&
    typeof file.mtimeMs === "number"
  );
}
