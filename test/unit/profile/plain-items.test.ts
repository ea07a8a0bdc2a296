import { describe, expect, test } from "vitest";
import type { Plain } from "../../../profile/formats/json-plain.js";
import { JsonStream } from "../../../profile/formats/json-stream.js";
import { decodeCollapsed } from "../../../profile/formats/collapsed.js";
import { StackChain } from "../../../profile/formats/stack-chain.js";
import { StackMemo } from "../../../profile/formats/stack-memo.js";
import { Recording } from "../../../profile/recording.js";
import { formatSamples } from "../../support/profile-text.js";

type Kind = Plain["kind"] | "any";

/** What a stream says of the array `all` of a text, cut into pieces of `piece` bytes; and how many of its items were read as plain ones. */
function read(text: string, kind: Kind, piece: number): { items: unknown[]; bad: number; whole: boolean; after: unknown; plain: number } {
  const items: unknown[] = [];
  let after: unknown;
  let plain = 0;
  const shapes: Record<Kind, Plain | undefined> = {
    any: undefined,
    numbers: {
      kind: "numbers",
      take: (numbers, count) => {
        items.push(...numbers.subarray(0, count));
        plain += count;
      },
    },
    lists: {
      kind: "lists",
      take: (list, count) => {
        items.push([...list.subarray(0, count)]);
        plain++;
      },
    },
  };
  const shape = shapes[kind];
  const stream = new JsonStream({
    kind: "object",
    members: new Map([
      ["all", { kind: "items", take: (some) => items.push(...some), ...(shape === undefined ? {} : { plain: shape }) }],
      ["after", { kind: "value", take: (value) => (after = value) }],
    ]),
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += piece) stream.push(bytes.slice(at, at + piece));
  return { whole: stream.end(), items, bad: stream.bad, after, plain };
}

/** The text of an array, and whether it is to be the same as `JSON.parse` has it. */
const arrays = {
  numbers: [
    "0,1,-1,-0,10,1234567890123456789,9007199254740991,9007199254740993,0.1,0.30000000000000004,1.5e3,2E-7,5e-324,1e22,1e23,123e-22,-7.25e+2",
    " 1 ,\n2\t,\r3 ",
    '1,null,2,true,"3",[4],{"a":[5,{}]},6,"\\"],",7',
    `${"8,".repeat(5000)}9`,
    `${"null,".repeat(200)}1,2,3`,
    `1e400,-1e400,${"1".repeat(100)},0.${"3".repeat(100)},1e-400,${"0".repeat(1)}`,
    "",
    " ",
  ],
  lists: [
    "[0,1,2],[0,1],[],[999999999],[ 1 , 2 ]\n,\t[3\r]",
    '[1],[1000000000],[-1],[1.5],[1e1],[null],null,[[1]],[1,[2]],[2],{"a":[1]},"[1]",[3]',
    `${"[1,2,3],".repeat(3000)}[${Array.from({ length: 3000 }, (_, i) => i).join(",")}]`,
    "",
  ],
};

const broken = {
  numbers: [
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "1e+",
    "1,,2",
    "1,",
    ",1",
    "1 2,3",
    "1x,2",
    "\u00001",
    "1\u0000,2",
    "NaN",
    "\v1,2",
    "0x10,3",
    "--1",
    "1, ",
    " ,",
    ",",
  ],
  lists: ["[01]", "[1,],[2]", "[,1]", "[1 2],[3]", "[1],,[2]", "[1],", "[1}", "[1],[2", "[1]x,[2]", "[\u00001],[2]", "[1\v],[2]"],
};

describe("arrays of numbers and of lists", () => {
  for (const kind of ["numbers", "lists"] as const) {
    test(`${kind} are read as any JSON is, however the file is cut`, () => {
      for (const inside of arrays[kind]) {
        const text = `{"all":[${inside}],"after":"here"}`;
        const expected = (JSON.parse(text) as { all: unknown[] }).all;
        for (const piece of [1, 2, 3, 7, 64, 1000, 1e6]) {
          const found = read(text, kind, piece);
          expect(found).toMatchObject({ bad: 0, whole: true, after: "here" });
          expect(found.items).toEqual(expected);
        }
      }
    });

    test(`damage among ${kind} costs what it costs elsewhere`, () => {
      for (const inside of [...broken[kind], ...arrays[kind]]) {
        for (const text of [`{"all":[${inside}],"after":1}`, `{"all":[${inside}`, `{"all":[ 5 , ${inside} , 6 ],"after":1}`]) {
          const { plain: __, ...expected } = read(text, "any", 1e6);
          for (const piece of [1, 3, 50, 1e6]) {
            const { plain: _, ...found } = read(text, kind, piece);
            expect(found, `${text} in pieces of ${piece}`).toEqual(expected);
          }
        }
      }
    });

    test(`a strange item among ${kind} is no reason to read all others as it`, () => {
      const item = kind === "numbers" ? "12" : "[1,2]";
      const { items, plain } = read(`{"all":[${`${item},`.repeat(1000)}"?",${`${item},`.repeat(999)}${item}]}`, kind, 1e6);
      expect(items).toHaveLength(2001);
      expect(plain).toBeGreaterThan(1900);
    });
  }

  test("any number is the nearest double", () => {
    let state = 7;
    const random = (below: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    const digits = (count: number) =>
      Array.from({ length: count }, () => random(10))
        .join("")
        .replace(/^0+(?=.)/, "");
    const texts = Array.from({ length: 20_000 }, () => {
      const whole = digits(1 + random(18));
      const part = random(2) === 0 ? "" : `.${Array.from({ length: 1 + random(18) }, () => random(10)).join("")}`;
      const power = random(3) === 0 ? `${random(2) === 0 ? "e" : "E"}${["", "-", "+"][random(3)]}${random(40)}` : "";
      return `${random(4) === 0 ? "-" : ""}${whole}${part}${power}`;
    });
    const { items, plain } = read(`{"all":[${texts.join(",")}]}`, "numbers", 1e6);
    expect(plain).toBe(texts.length);
    expect(items.filter((item, i) => !Object.is(item, Number(texts[i])))).toEqual([]);
  });

  test("a list that goes over many pieces is not read anew with each of them", () => {
    const list = Array.from({ length: 400_000 }, (_, i) => i % 1000);
    const { items } = read(`{"all":[[1],${JSON.stringify(list)},[2]]}`, "lists", 512);
    expect(items).toEqual([[1], list, [2]]);
  });
});

describe("lines of collapsed stacks", () => {
  test("a whole number behind a stack is read as one with a point is, which takes the longer way", () => {
    const names = [
      "a",
      " b",
      "c ",
      "é",
      "\u00a0x\ufeff",
      "",
      "work (pkg/app.py:12)",
      "do_[k]",
      "a b",
      "\u0000",
      "abc\u0000",
      "#",
      "\t",
      "x".repeat(5000),
    ];
    let state = 5;
    const random = (below: number) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
    const stacks = Array.from({ length: 3000 }, () => Array.from({ length: 1 + random(4) }, () => names[random(names.length)]).join(";"));
    const counts = stacks.map(() => (random(9) === 0 ? 4e9 : random(3)));
    const text = (point: string) => stacks.map((stack, i) => `${stack} ${counts[i]}${point}${["", " ", "\r"][i % 3]}`).join("\n");
    const [plain, longer] = [decodeCollapsed(text("")), decodeCollapsed(text(".0"))];
    expect(formatSamples(plain.recording)).toEqual(formatSamples(longer.recording));
    expect(plain.warnings).toEqual(longer.warnings);
    expect(plain.recording.samples.length).toBeGreaterThan(2500);
  });
});

describe("stacks of frames", () => {
  test("remembered or not, and whatever stack came before, a list of frames is the same stack", () => {
    const recording = Recording.empty();
    const { stacks } = recording;
    const chain = new StackChain(recording, (frame) => frame * 2);
    const memo = new StackMemo();
    let made = 0;
    let state = 3;
    const random = (below: number) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
    const known = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const count = random(90) === 0 ? 200 : random(6);
      const frames = Int32Array.from({ length: count + 2 }, () => random(4));
      const found = memo.stackOf(frames, count, (list, length) => {
        made++;
        return chain.stackOf(list, length);
      });
      const path: number[] = [];
      for (let at = found; at >= 0; at = stacks.parent.at(at)) path.push(stacks.frame.at(at) / 2);
      expect(path.reverse()).toEqual([...frames.subarray(0, count)]);
      known.add(path.join());
    }
    // Few are made again: those for which there was no room near their place.
    expect(made).toBeGreaterThanOrEqual(known.size);
    expect(made).toBeLessThan(known.size * 1.2);
  });
});
