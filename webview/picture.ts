/** What a painter needs of a canvas, so that the same painter draws an SVG. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  "fillStyle" | "strokeStyle" | "lineWidth" | "font" | "textBaseline" | "fillRect" | "strokeRect" | "fillText"
> & { readonly canvas: { readonly width: number; readonly height: number } };

/** Writes down what is painted as an SVG; lengths are the canvas's device pixels. */
export class SvgPen implements Pen {
  readonly canvas;
  fillStyle: CanvasRenderingContext2D["fillStyle"] = "";
  strokeStyle: CanvasRenderingContext2D["strokeStyle"] = "";
  lineWidth = 1;
  font = "";
  textBaseline: CanvasTextBaseline = "alphabetic";
  readonly #ratio: number;
  readonly #shapes: string[] = [];

  constructor(canvas: { readonly width: number; readonly height: number }, ratio: number) {
    this.canvas = canvas;
    this.#ratio = ratio;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#shapes.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${color(this.fillStyle)}"/>`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    const stroke = `fill="none" stroke="${color(this.strokeStyle)}" stroke-width="${this.lineWidth}"`;
    this.#shapes.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" ${stroke}/>`);
  }

  fillText(text: string, x: number, y: number): void {
    this.#shapes.push(`<text x="${x}" y="${y}" fill="${color(this.fillStyle)}">${escapeXml(text)}</text>`);
  }

  /** The picture as a file, in CSS pixels. */
  svg(): string {
    const { width, height } = this.canvas;
    const size = `width="${width / this.#ratio}" height="${height / this.#ratio}" viewBox="0 0 ${width} ${height}"`;
    const style = `style="font:${escapeXml(this.font)}" xml:space="preserve"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n${this.#shapes.join("\n")}\n</svg>\n`;
  }
}

/** The painter has no gradients and no patterns. */
function color(style: CanvasRenderingContext2D["fillStyle"]): string {
  return typeof style === "string" ? escapeXml(style) : "none";
}

// oxlint-disable-next-line no-control-regex -- these are what is looked for: XML may not hold them, even escaped
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const LONE_SURROGATES = /[\ud800-\udfff]/gu;

function escapeXml(text: string): string {
  return text
    .replace(CONTROLS, "\ufffd")
    .replace(LONE_SURROGATES, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
