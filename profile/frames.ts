import { int32Column } from "./growable.js";
import { PairTable } from "./pair-table.js";

/** One source position of a frame. */
export interface Position {
  /** Index into the function table. */
  readonly function: number;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  /** 1-based; 0 when unknown. */
  readonly column: number;
}

/** Where a frame comes from, whatever its positions. */
export interface FrameOrigin {
  /** Index into `LANGUAGES`. */
  readonly language: number;
  /** Index into the strings; 0 for interpreted frames. */
  readonly module: number;
  /** Address inside the module's file in two halves of 32 bits; both 0 where there is none. */
  readonly addressHigh: number;
  readonly addressLow: number;
}

/**
 * Frames, each with one position or more, innermost first: inlined callees precede the physical function.
 *
 * ```
 * frame 7 ──► positions 12..14 ──► line rows   (regexp.match, 507) (regexp.find, 88) (main.slow, 31)
 * ```
 *
 * A late symbol appends its positions and moves the frame there, so that frames never move and stacks stay as they are.
 */
export class FrameTable {
  readonly language = int32Column();
  readonly module = int32Column();
  readonly addressHigh = int32Column();
  readonly addressLow = int32Column();
  /** First position and number of positions of each frame. */
  readonly start = int32Column();
  readonly count = int32Column();
  /** Of each position: index into `lines`, and the 1-based column or 0. */
  readonly positionLine = int32Column();
  readonly positionColumn = int32Column();
  /** Every (function, line) that a position has, once. */
  readonly lines = new PairTable();
  /** Grows when a known frame changes: whatever was derived from positions is then stale. */
  generation = 0;

  get length(): number {
    return this.start.length;
  }

  add(origin: FrameOrigin, positions: readonly Position[]): number {
    this.language.push(origin.language);
    this.module.push(origin.module);
    this.addressHigh.push(origin.addressHigh);
    this.addressLow.push(origin.addressLow);
    this.start.push(this.positionLine.length);
    this.#append(positions);
    return this.count.push(positions.length);
  }

  update(frame: number, language: number, positions: readonly Position[]): void {
    this.language.set(frame, language);
    this.start.set(frame, this.positionLine.length);
    this.count.set(frame, positions.length);
    this.#append(positions);
    this.generation++;
  }

  /** A frame's positions as objects, innermost first. For passes over all frames read the columns. */
  positions(frame: number): Position[] {
    const start = this.start.at(frame);
    return Array.from({ length: this.count.at(frame) }, (_, i) => {
      const row = this.positionLine.at(start + i);
      return { function: this.lines.first.at(row), line: this.lines.second.at(row), column: this.positionColumn.at(start + i) };
    });
  }

  /** The address inside the module's file as "0x…", or "" where there is none. */
  address(frame: number): string {
    const high = this.addressHigh.at(frame) >>> 0;
    const low = this.addressLow.at(frame) >>> 0;
    if (high === 0) return low === 0 ? "" : `0x${low.toString(16)}`;
    return `0x${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
  }

  #append(positions: readonly Position[]): void {
    for (const position of positions) {
      this.positionLine.push(this.lines.intern(position.function, position.line));
      this.positionColumn.push(position.column);
    }
  }
}
