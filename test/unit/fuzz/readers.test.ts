/** Readers of what comes from outside: inputs that once did harm, and some damaged ones. `node scripts/fuzz.mjs` tries more. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Random } from "../../fuzz/random.js";
import { fuzz } from "../../fuzz/run.js";
import { removeScratch, TARGETS } from "../../fuzz/targets.js";

const root = resolve(import.meta.dirname, "../../..");
afterAll(removeScratch);

for (const [name, target] of Object.entries(TARGETS)) {
  test(`${name}: inputs that were found before, and new ones`, async () => {
    for (const seed of target.seeds(root)) await target.check(seed);
    const corpus = join(root, "test/fuzz/corpus", name);
    for (const file of existsSync(corpus) ? readdirSync(corpus) : []) await target.check(readFileSync(join(corpus, file)));
    let last = new Uint8Array();
    const inputs = await fuzz(
      target,
      target.seeds(root),
      new Random(7),
      (done) => done < 300,
      (input) => (last = new Uint8Array(input)),
    ).catch((error: unknown) => {
      throw new Error(`this input does harm: ${Buffer.from(last).toString("base64")}`, { cause: error });
    });
    expect(inputs).toBe(300);
  });
}
