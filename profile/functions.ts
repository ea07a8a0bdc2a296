import type { FrameLanguage } from "../protocol/events.js";
import { int32Column } from "./growable.js";
import { languageAt } from "./names.js";
import { PairTable } from "./pair-table.js";
import type { StringTable } from "./string-table.js";

/** Functions, one row for each (name, file, language, module). Strings are indices into the recording's strings. */
export class FunctionTable {
  readonly name = int32Column();
  readonly file = int32Column();
  /** Index into `LANGUAGES`. */
  readonly language = int32Column();
  /** Absolute path of the mapped file; "" for interpreted frames. */
  readonly module = int32Column();
  /** 1-based line of the definition; 0 when unknown. */
  readonly line = int32Column();
  readonly #strings: StringTable;
  readonly #names = new PairTable();
  readonly #places = new PairTable();
  readonly #ids = new PairTable();

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  get length(): number {
    return this.name.length;
  }

  intern(name: number, file: number, language: number, module: number, line = 0): number {
    const id = this.#ids.intern(this.#names.intern(name, file), this.#places.intern(language, module));
    if (id === this.name.length) {
      this.name.push(name);
      this.file.push(file);
      this.language.push(language);
      this.module.push(module);
      this.line.push(line);
    } else if (line > 0 && this.line.at(id) === 0) {
      this.line.set(id, line);
    }
    return id;
  }

  nameOf(id: number): string {
    return this.#strings.at(this.name.at(id));
  }

  /** What to show: the name, else `[libc.so.6]` for unnamed code of a module, else `(unknown)`. */
  labelOf(id: number): string {
    const name = this.nameOf(id);
    if (name !== "") return name;
    const module = this.moduleOf(id);
    if (module === "") return this.languageOf(id) === "kernel" ? "[kernel]" : "(unknown)";
    return `[${module.slice(module.lastIndexOf("/") + 1).replace(/^\[|\]$/g, "")}]`;
  }

  fileOf(id: number): string {
    return this.#strings.at(this.file.at(id));
  }

  moduleOf(id: number): string {
    return this.#strings.at(this.module.at(id));
  }

  languageOf(id: number): FrameLanguage {
    return languageAt(this.language.at(id));
  }

  /** 1-based line of the definition; 0 when unknown. */
  lineOf(id: number): number {
    return this.line.at(id);
  }
}
