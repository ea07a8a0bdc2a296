/** Options and operands of a command line. */
import { parseArgs } from "node:util";
import { UsageError } from "./command.js";
import { suggestion } from "./nearest-name.js";

export type OptionKinds = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly short?: string }>>;

export interface Arguments {
  /** The value of a string option; undefined when it is absent. */
  readonly text: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  /** What is no option, before `--`. */
  readonly operands: readonly string[];
  /** What follows `--`; undefined without one. */
  readonly command: readonly string[] | undefined;
}

/** Reads a command line. An unknown option, a missing or a superfluous value throws `UsageError` with the nearest name. */
export function readArguments(args: readonly string[], options: OptionKinds): Arguments {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const { tokens } = parseArgs({ args: [...own], options: { ...options }, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string | true>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const kind = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (kind === undefined) {
      const names = Object.keys(options).map((name) => `--${name}`);
      throw new UsageError(`There is no option ${token.rawName}.${suggestion(token.rawName, names)}`);
    }
    if (kind.type === "boolean" && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
    if (kind.type === "string" && (token.value === undefined || token.value === ""))
      throw new UsageError(`${token.rawName} needs a value.`);
    if (values.has(token.name)) throw new UsageError(`${token.rawName} is given twice.`);
    values.set(token.name, token.value ?? true);
  }
  return {
    text: (name) => {
      const value = values.get(name);
      return typeof value === "string" ? value : undefined;
    },
    flag: (name) => values.get(name) === true,
    operands,
    command: end < 0 ? undefined : args.slice(end + 1),
  };
}

/** A number in a range, both ends included. */
export function readNumber(
  text: string | undefined,
  option: string,
  range: { readonly from: number; readonly to: number; readonly whole: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const right = value >= range.from && value <= range.to && (!range.whole || Number.isSafeInteger(value));
  if (right) return value;
  throw new UsageError(`${option} takes a ${range.whole ? "whole number" : "number"} from ${range.from} to ${range.to}, not ${text}.`);
}

/** One word of a list. */
export function readChoice<T extends string>(text: string | undefined, what: string, choices: readonly T[], otherwise: T): T {
  if (text === undefined) return otherwise;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new UsageError(`There is no ${what} ${text}.${suggestion(text, choices)} There are ${choices.join(", ")}.`);
}

/** The only operand. */
export function readOperand(operands: readonly string[], what: string): string {
  const [only, second] = operands;
  if (only === undefined) throw new UsageError(`Name ${what}.`);
  if (second !== undefined) throw new UsageError(`Name only one file: ${second} is one too many.`);
  return only;
}
