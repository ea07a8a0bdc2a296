import type { ThemeKind } from "./palette.js";

/** What the canvas needs of VS Code's theme; colours as `#rrggbb`. */
export interface Theme {
  readonly kind: ThemeKind;
  readonly background: string;
  readonly foreground: string;
  /** Outline of the selected box. */
  readonly focus: string;
  /** CSS font families of the labels. */
  readonly fontFamily: string;
  readonly reducedMotion: boolean;
}

export function readTheme(): Theme {
  const { body } = document;
  const style = getComputedStyle(body);
  const variable = (name: string) => style.getPropertyValue(name).trim();
  const kind = themeKind(body.classList);
  const dark = kind === "dark" || kind === "high-contrast";
  return {
    kind,
    background: toHex(variable("--vscode-editor-background"), dark ? "#1f1f1f" : "#ffffff"),
    foreground: toHex(variable("--vscode-foreground"), dark ? "#cccccc" : "#3b3b3b"),
    focus: toHex(variable(kind.startsWith("high") ? "--vscode-contrastActiveBorder" : "--vscode-foreground"), dark ? "#ffffff" : "#000000"),
    fontFamily: variable("--vscode-editor-font-family") || "monospace",
    reducedMotion: body.classList.contains("vscode-reduce-motion") || matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
}

/** Calls back after the user changed the theme. Returns how to stop. */
export function onThemeChange(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  return () => observer.disconnect();
}

function themeKind(classes: DOMTokenList): ThemeKind {
  if (classes.contains("vscode-high-contrast-light")) return "high-contrast-light";
  if (classes.contains("vscode-high-contrast")) return "high-contrast";
  return classes.contains("vscode-light") ? "light" : "dark";
}

/** Any CSS colour as `#rrggbb`: a canvas writes the colour that it was given in that form. */
function toHex(color: string, fallback: string): string {
  const context = document.createElement("canvas").getContext("2d");
  if (!context || color === "") return fallback;
  context.fillStyle = fallback;
  context.fillStyle = color;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : fallback;
}
