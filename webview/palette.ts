import type { FrameLanguage } from "../protocol/events.js";
import type { CodeOwner } from "../protocol/queries.js";
import type { ChangeKind } from "./difference.js";
import type { WaitKind } from "./wait-kinds.js";

export type ColorBy = "owner" | "language" | "waits" | "difference";
export type ThemeKind = "light" | "dark" | "high-contrast" | "high-contrast-light";

/** Neighbours of one group differ a little, so that their edges can be seen. */
export const SHADES = 3;

export interface Group {
  readonly label: string;
  /** `#rrggbb`: for dark text on light themes, for light text on dark ones. */
  readonly light: string;
  readonly dark: string;
}

/**
 * Whose code it is. The four hues stay apart in the three kinds of colour blindness and in grey
 * (test/unit/webview/palette.test.ts computes it); words in the tooltip and the details say the same.
 */
export const OWNER_GROUPS: Readonly<Record<CodeOwner, Group>> = {
  mine: { label: "Your code", light: "#f6b95f", dark: "#9d5b0d" },
  library: { label: "Libraries", light: "#8dbbe6", dark: "#2b6396" },
  runtime: { label: "Runtime", light: "#b48bc4", dark: "#6d3f70" },
  kernel: { label: "Kernel", light: "#8fa097", dark: "#3f5048" },
  unknown: { label: "Unknown", light: "#d6d6d3", dark: "#666666" },
};

/** What is waited for, in as few hues: the same test computes that they stay apart. */
export const WAIT_GROUPS: Readonly<Record<WaitKind, Group>> = {
  lock: { label: "Locks", light: "#f6b95f", dark: "#9d5b0d" },
  answer: { label: "Network, pipes, children, events", light: "#8dbbe6", dark: "#2b6396" },
  storage: { label: "Disk and pages", light: "#b48bc4", dark: "#6d3f70" },
  sleep: { label: "Sleep", light: "#8fa097", dark: "#3f5048" },
  processor: { label: "A processor (run queue)", light: "#f3ef9f", dark: "#463800" },
  unknown: { label: "Unknown", light: "#d6d6d3", dark: "#666666" },
};

/** Blue is less and orange more, which everybody can tell apart; the marks ▼ and ▲ before the names say it without colours. */
export const CHANGE_GROUPS: Readonly<Record<ChangeKind, Group>> = {
  less2: { label: "▼ Less, by half or more", light: "#559cda", dark: "#1a66b0" },
  less1: { label: "▼ Less", light: "#a9cdf0", dark: "#1d4268" },
  same: { label: "No more than noise", light: "#e6e6e3", dark: "#39393c" },
  more1: { label: "▲ More", light: "#fbcf8c", dark: "#6b430c" },
  more2: { label: "▲ More, by half or more", light: "#e98a1c", dark: "#a45800" },
  few: { label: "Too small to judge", light: "#bcbcb8", dark: "#5c5c60" },
};

export const LANGUAGE_GROUPS: Readonly<Record<FrameLanguage, Group>> = {
  kernel: { label: "Kernel", light: "#8fa097", dark: "#3f5048" },
  native: { label: "Native", light: "#c9ccd1", dark: "#575b61" },
  c: { label: "C", light: "#a8b8cc", dark: "#46566b" },
  cpp: { label: "C++", light: "#9fa8e0", dark: "#444e94" },
  rust: { label: "Rust", light: "#dd9c77", dark: "#8d4a23" },
  go: { label: "Go", light: "#7fcbd6", dark: "#14646f" },
  python: { label: "Python", light: "#8dbbe6", dark: "#2b6396" },
  javascript: { label: "JavaScript", light: "#ecd668", dark: "#75620a" },
  java: { label: "Java", light: "#f0a08c", dark: "#9a3f2b" },
  ruby: { label: "Ruby", light: "#e59aab", dark: "#8f3048" },
  php: { label: "PHP", light: "#bdb2e6", dark: "#5b4c93" },
  perl: { label: "Perl", light: "#a9d3b4", dark: "#2f6a44" },
  dotnet: { label: ".NET", light: "#d9b3d4", dark: "#6d3f70" },
  beam: { label: "BEAM", light: "#c3d17e", dark: "#566419" },
};

/** Fill styles by bucket, and the few colours beside them; one canvas fill style a bucket keeps painting fast. */
export interface Palette {
  readonly fills: readonly string[];
  readonly text: string;
  readonly dimText: string;
  /** Drawn around boxes in high contrast; empty otherwise. */
  readonly border: string;
  /** Fill per group, for the legend. */
  readonly groups: readonly { readonly key: string; readonly label: string; readonly fill: string }[];
}

/** Number of the special buckets, counted after the groups' own. */
const SPECIALS = { root: 0, run: 1, match: 2, dimRoot: 3, dimRun: 4 } as const;

export function groupsFor(colorBy: ColorBy): readonly (readonly [string, Group])[] {
  return Object.entries({ owner: OWNER_GROUPS, language: LANGUAGE_GROUPS, waits: WAIT_GROUPS, difference: CHANGE_GROUPS }[colorBy]);
}

/** Bucket of a group's shade, of its faded twin, or of a special box. */
export function bucketOf(groups: number, group: number, shade: number, dim: boolean): number {
  return (dim ? groups * SHADES : 0) + group * SHADES + shade;
}

export function specialBucket(groups: number, special: keyof typeof SPECIALS): number {
  return groups * SHADES * 2 + SPECIALS[special];
}

export function makePalette(kind: ThemeKind, colorBy: ColorBy, background: string): Palette {
  const lightFills = kind !== "dark";
  const groups = groupsFor(colorBy);
  const base = groups.map(([, group]) => (lightFills ? group.light : group.dark));
  const shades = base.flatMap((fill) => shadesOf(fill, lightFills));
  const faded = (fill: string) => mixColors(fill, background, kind === "dark" ? 0.62 : 0.68);
  const neutral = lightFills ? "#dcdcd9" : "#4a4a4a";
  const run = lightFills ? "#bdbdb8" : "#55555a";
  const text = lightFills ? "#1c1c1e" : "#f4f4f2";
  return {
    fills: [...shades, ...shades.map(faded), neutral, run, lightFills ? "#e64fb4" : "#c02684", faded(neutral), faded(run)],
    text: kind.startsWith("high-contrast") ? "#000000" : text,
    dimText:
      kind === "high-contrast" ? "#ffffff" : mixColors(lightFills ? text : "#ffffff", background, kind.startsWith("high") ? 0 : 0.25),
    border: kind === "high-contrast-light" ? "#292929" : "",
    groups: groups.map(([key, group], i) => ({ key, label: group.label, fill: base[i] ?? "" })),
  };
}

/** Lighter on light themes and darker on dark ones, so that the text's contrast never falls. */
function shadesOf(fill: string, lightFills: boolean): string[] {
  return [0, 0.1, 0.2].map((share) => mixColors(fill, lightFills ? "#ffffff" : "#000000", share));
}

/** `share` of the second colour, 0 to 1. Colours as `#rrggbb`. */
export function mixColors(first: string, second: string, share: number): string {
  const [a, b] = [rgbOf(first), rgbOf(second)];
  return `#${a
    .map((part, i) =>
      Math.round(part + ((b[i] ?? part) - part) * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/** Red, green and blue of `#rrggbb`, 0 to 255. */
export function rgbOf(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
