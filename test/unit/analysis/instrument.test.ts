import { Script } from "node:vm";
import { expect, test } from "vitest";
import { instrument } from "../../../analysis/optimize/javascript/instrument.js";
import { syntax } from "./offered.js";

test.each(["'use strict'\n", "'use strict';\n", ""])(
  "a file that begins with %j still parses, and runs strictly, when its calls are noted",
  async (head) => {
    const text = `${head}function work () {\n  'use strict'\n  return this === undefined\n}\nwork()\n`;
    const made = await syntax("work.js", text, (root) => instrument(root, "work.js", "work", "/nowhere.cjs", false));
    if (made === undefined || "because" in made) throw new Error("it can't be instrumented");
    expect(new Script(made.noting.replace("require(", "String(")).runInNewContext({})).toBe(true);
    expect(new Script(made.loadable).runInNewContext({})).toBeDefined();
  },
);
