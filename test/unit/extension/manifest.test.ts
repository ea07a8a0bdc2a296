import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, test } from "vitest";
import { COMMAND_NAMES } from "../../../extension/command-names.js";
import { LEVELS } from "../../../extension/heat/heat-levels.js";
import { DEFAULTS } from "../../../extension/settings-catalogue.js";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly icon: string;
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: unknown };
    readonly virtualWorkspaces: { readonly supported: unknown };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly default: unknown; readonly markdownDescription: string }>>;
    };
    readonly customEditors: readonly { readonly viewType: string }[];
    readonly colors: readonly { readonly id: string }[];
    readonly walkthroughs: readonly { readonly steps: readonly { readonly completionEvents: readonly string[] }[] }[];
  };
}

const text = read("package.json");
const manifest = JSON.parse(text) as Manifest;
const { contributes } = manifest;
const words = JSON.parse(read("package.nls.json")) as Readonly<Record<string, string>>;
const sources = (readdirSync(path.join(root, "extension"), { recursive: true }) as string[])
  .filter((file) => file.endsWith(".ts"))
  .map((file) => read(path.join("extension", file)))
  .join("\n");
const commandIds = contributes.commands.map(({ command }) => command);

describe("package.json", () => {
  test("declares the commands that the extension registers, no more and no fewer", () => {
    expect(commandIds.toSorted()).toEqual(COMMAND_NAMES.map((name) => `flameline.${name}`).toSorted());
  });

  test("declares the settings that the extension knows, with the same defaults", () => {
    const declared = Object.entries(contributes.configuration.properties).map(([id, { default: value }]) => [id, value]);
    expect(Object.fromEntries(declared)).toEqual(
      Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [`flameline.${name}`, value])),
    );
  });

  test.each(Object.keys(DEFAULTS))("the setting %s is read somewhere", (name) => {
    expect(sources).toContain(`setting("${name}")`);
  });

  test("no setting is the parent of another: VS Code drops the child", () => {
    const ids = Object.keys(contributes.configuration.properties);
    expect(ids.filter((id) => ids.some((other) => other.startsWith(`${id}.`)))).toEqual([]);
  });

  test("every text comes from package.nls.json, and every text there is used", () => {
    const used = new Set([...text.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
    expect([...used].filter((key) => key === undefined || !(key in words))).toEqual([]);
    expect(Object.keys(words).filter((key) => !used.has(key))).toEqual([]);
  });

  test("texts link to commands that exist", () => {
    const linked = Object.values(words).flatMap((word) => [...word.matchAll(/\(command:(flameline\.\w+)\)/g)].map(([, id]) => id));
    expect(linked.length).toBeGreaterThan(0);
    expect(linked.filter((id) => id === undefined || !commandIds.includes(id))).toEqual([]);
  });

  test("every kind of editor that is declared is provided", () => {
    const declared = contributes.customEditors.map(({ viewType }) => viewType);
    expect(declared.filter((viewType) => !new RegExp(`iewType = "${viewType}"`).test(sources))).toEqual([]);
    expect(declared.length).toBe(2);
  });

  test("menus name commands that exist", () => {
    const named = Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command));
    expect(named.filter((id) => !commandIds.includes(id))).toEqual([]);
  });

  test("menus and welcome texts ask for context keys that something sets", () => {
    const asked = [...text.matchAll(/\bflameline\.(\w+)\b(?=[^"]*")/g)].map(([all]) => all);
    const keys = new Set(asked.filter((id) => new RegExp(`"when": "[^"]*${id.replace(".", "\\.")}`).test(text)));
    const views = Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id));
    // Menus may also ask which of our editors and panels is worked in.
    const isEditor = (key: string) => new RegExp(`iewType = "${key}"`).test(sources);
    const unset = [...keys].filter((key) => !views.includes(key) && !isEditor(key) && !sources.includes(`"setContext", "${key}"`));
    expect(unset).toEqual([]);
  });

  test("walkthrough steps are completed by things that happen", () => {
    const events = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents));
    const unknown = events.filter((event) => {
      const [kind, what = ""] = event.split(":");
      return kind === "onCommand" ? !commandIds.includes(what) : !sources.includes(`"${what}"`);
    });
    expect(unknown).toEqual([]);
  });

  test("pictures that are named exist", () => {
    const files = [...text.matchAll(/"(media\/[^"]+)"/g)].map(([, file]) => file ?? "");
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test("every heat level has a colour and an icon for each kind of theme", () => {
    const levels = Array.from({ length: LEVELS }, (_, index) => index + 1);
    const ids = contributes.colors.map(({ id }) => id);
    expect(levels.filter((level) => !ids.includes(`flameline.heat${level}`))).toEqual([]);
    const icons = ["light", "dark", "hc-light", "hc-dark"].flatMap((theme) => levels.map((level) => `media/heat/${theme}-${level}.svg`));
    expect(icons.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test("looks once after the window has started whether profiling is to go on, and wakes with no language and no file", () => {
    expect(manifest.activationEvents.filter((event) => /^(\*|onLanguage|workspaceContains)/.test(event))).toEqual([]);
  });

  test("runs where the workspace is, opens profiles only in an untrusted one, and not in a virtual one", () => {
    expect(manifest.extensionKind).toEqual(["workspace"]);
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe("limited");
    expect(manifest.capabilities.virtualWorkspaces.supported).toBe(false);
  });
});

test("no source of the extension sends telemetry", () => {
  expect(sources).not.toMatch(/createTelemetryLogger|\bfetch\(|node:https?"|applicationinsights/);
});
