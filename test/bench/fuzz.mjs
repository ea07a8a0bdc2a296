// A minute of damaged inputs for each reader of what strangers write; `npm test` gives each five seconds.
import { fuzzAll } from "../../scripts/fuzz.mjs";

const SECONDS = 60;

export const bench = {
  title: `Fuzzing: ${SECONDS} s for each target`,
  cases: {
    targets: async ({ scale }) => {
      // The stage of its own has tried all of them when a hundredth of this is.
      const names = scale < 1 ? ["helper-messages"] : [];
      const outcomes = await fuzzAll({ seconds: Math.max(1, SECONDS * scale), names });
      return outcomes.map(({ name, inputs, finding }) => ({
        what: name,
        value: finding === undefined ? 0 : 1,
        unit: "findings",
        target: 0,
        note: finding ?? `${inputs} inputs`,
      }));
    },
  },
};
