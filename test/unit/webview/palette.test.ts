import { describe, expect, test } from "vitest";
import {
  bucketOf,
  CHANGE_GROUPS,
  groupsFor,
  LANGUAGE_GROUPS,
  makePalette,
  mixColors,
  OWNER_GROUPS,
  rgbOf,
  SHADES,
  specialBucket,
  type ThemeKind,
  WAIT_GROUPS,
} from "../../../webview/palette.js";

/** Colours as the three kinds of dichromats see them: Machado, Oliveira and Fernandes 2009, severity 1.0, linear RGB. */
const SIGHTS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const linear = (part: number): number => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, part, i) => sum + part * (b[i] ?? 0), 0);

/** WCAG 2 contrast ratio, 1 to 21. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) => dot(rgbOf(color).map(linear), [0.2126, 0.7152, 0.0722]);
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Distance in Oklab (Ottosson 2020) times 100; about 2 is the smallest that can be seen side by side. */
function distance(a: string, b: string, sight: readonly (readonly number[])[]): number {
  const lab = (color: string) => {
    const rgb = sight.map((row) => Math.min(1, Math.max(0, dot(row, rgbOf(color).map(linear)))));
    const lms = [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ].map((row) => Math.cbrt(dot(row, rgb)));
    return [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ].map((row) => dot(row, lms));
  };
  const [x, y] = [lab(a), lab(b)];
  return 100 * Math.hypot(...x.map((part, i) => part - (y[i] ?? 0)));
}

const BACKGROUNDS: readonly (readonly [ThemeKind, string])[] = [
  ["light", "#ffffff"],
  ["dark", "#1f1f1f"],
  ["high-contrast", "#000000"],
  ["high-contrast-light", "#ffffff"],
];

describe("colours", () => {
  test.each(Object.entries(SIGHTS))("whose code it is can be told apart with %s sight", (_, sight) => {
    for (const shade of ["light", "dark"] as const) {
      const groups = Object.values(OWNER_GROUPS);
      const pairs = groups.flatMap((a, i) =>
        groups.slice(i + 1).map((b) => ({ pair: `${shade}: ${a.label} / ${b.label}`, apart: distance(a[shade], b[shade], sight) })),
      );
      expect(pairs.filter(({ apart }) => apart < 6)).toEqual([]);
    }
  });

  test.each(Object.entries(SIGHTS))("what is waited for can be told apart with %s sight", (_, sight) => {
    for (const shade of ["light", "dark"] as const) {
      const groups = Object.values(WAIT_GROUPS);
      const pairs = groups.flatMap((a, i) =>
        groups.slice(i + 1).map((b) => ({ pair: `${shade}: ${a.label} / ${b.label}`, apart: distance(a[shade], b[shade], sight) })),
      );
      expect(pairs.filter(({ apart }) => apart < 6)).toEqual([]);
    }
  });

  test.each(Object.entries(SIGHTS))("less, more, noise and what is not judged can be told apart with %s sight", (_, sight) => {
    for (const shade of ["light", "dark"] as const) {
      const groups = Object.values(CHANGE_GROUPS);
      const pairs = groups.flatMap((a, i) =>
        groups.slice(i + 1).map((b) => ({ pair: `${shade}: ${a.label} / ${b.label}`, apart: distance(a[shade], b[shade], sight) })),
      );
      expect(pairs.filter(({ apart }) => apart < 6)).toEqual([]);
    }
  });

  test.each(BACKGROUNDS)("labels can be read on every fill of the %s theme", (kind, background) => {
    for (const colorBy of ["owner", "language", "waits", "difference"] as const) {
      const { fills, text, dimText } = makePalette(kind, colorBy, background);
      const groups = groupsFor(colorBy).length;
      const plain = [
        ...fills.slice(0, groups * SHADES),
        fills[specialBucket(groups, "root")] ?? "",
        fills[specialBucket(groups, "match")] ?? "",
      ];
      const needed = kind.startsWith("high") ? 5.5 : 4.5;
      expect(plain.filter((fill) => contrast(fill, text) < needed)).toEqual([]);
      const faded = [...fills.slice(groups * SHADES, 2 * groups * SHADES), fills[specialBucket(groups, "dimRoot")] ?? ""];
      expect(faded.filter((fill) => contrast(fill, dimText) < 4.5)).toEqual([]);
    }
  });

  test("a match stands out from every other box", () => {
    for (const [kind, background] of BACKGROUNDS) {
      const { fills } = makePalette(kind, "owner", background);
      const match = fills[specialBucket(groupsFor("owner").length, "match")] ?? "";
      const faded = groupsFor("owner").map((_, group) => fills[bucketOf(groupsFor("owner").length, group, 0, true)] ?? "");
      for (const sight of Object.values(SIGHTS)) expect(Math.min(...faded.map((fill) => distance(fill, match, sight)))).toBeGreaterThan(12);
    }
  });

  test("every bucket has a fill, and each language its own", () => {
    const { fills } = makePalette("dark", "language", "#1f1f1f");
    const groups = groupsFor("language").length;
    expect(fills).toHaveLength(specialBucket(groups, "dimRun") + 1);
    expect(fills.every((fill) => /^#[0-9a-f]{6}$/.test(fill))).toBe(true);
    expect(new Set(Object.values(LANGUAGE_GROUPS).map((group) => group.dark)).size).toBe(groups);
  });

  test("colours mix by parts", () => {
    expect(mixColors("#000000", "#ff8000", 0.5)).toBe("#804000");
  });
});
