import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProofRecord } from "../protocol/fixes.js";
import { writeAtomically } from "./atomic-file.js";

interface KeptProof {
  readonly file: string;
  readonly fix: string;
  /** Of the file's text for which it was proved: another text is another proof. */
  readonly sha256: string;
  readonly proof: ProofRecord;
}

/** The proofs of one recording, kept in its folder as `proofs.json` where it has one. */
export class ProofBook {
  readonly #folder: string | undefined;
  #proofs: Promise<KeptProof[]> | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  async of(file: string, fix: string, text: string): Promise<ProofRecord | undefined> {
    const sha256 = digest(text);
    return (await this.#load()).find((each) => each.file === file && each.fix === fix && each.sha256 === sha256)?.proof;
  }

  async keep(file: string, fix: string, text: string, proof: ProofRecord): Promise<void> {
    const sha256 = digest(text);
    const others = (await this.#load()).filter((each) => each.file !== file || each.fix !== fix || each.sha256 !== sha256);
    const proofs = [...others, { file, fix, sha256, proof }];
    this.#proofs = Promise.resolve(proofs);
    if (this.#folder !== undefined) {
      await writeAtomically(join(this.#folder, "proofs.json"), `${JSON.stringify({ version: 1, proofs }, undefined, 2)}\n`);
    }
  }

  /** A file that can't be read counts as none. */
  #load(): Promise<KeptProof[]> {
    this.#proofs ??= this.#folder === undefined ? Promise.resolve([]) : readProofs(join(this.#folder, "proofs.json"));
    return this.#proofs;
  }
}

async function readProofs(path: string): Promise<KeptProof[]> {
  try {
    const { proofs } = JSON.parse(await readFile(path, "utf8")) as { proofs?: unknown };
    return Array.isArray(proofs) ? proofs.filter(isKept) : [];
  } catch {
    return [];
  }
}

function isKept(value: unknown): value is KeptProof {
  const { file, fix, sha256, proof } = (value ?? {}) as Partial<Record<keyof KeptProof, unknown>>;
  const { verdict, safety } = (proof ?? {}) as Partial<ProofRecord>;
  return [file, fix, sha256, verdict].every((each) => typeof each === "string") && Array.isArray(safety?.tried);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
