/**
 * Functions and loops of one source text, in the order of the text. Lines are 1-based and inclusive; columns are 0-based UTF-16
 * offsets, the end exclusive, so that functions of a minified line can be told apart.
 */
export interface Outline {
  readonly functions: readonly OutlineFunction[];
  readonly loops: readonly OutlineLoop[];
}

export interface OutlineFunction {
  /** The name in the text; of a closure the variable, property or parameter that holds it; "" when it has none. */
  readonly name: string;
  /** As profilers of that language spell it, as far as one file can tell: `A.f.<locals>.g`, `store.(*T).Put`, `com.acme.Main$Inner.run`. */
  readonly qualifiedName: string;
  /** True for closures, lambdas and arrow functions. */
  readonly anonymous: boolean;
  /** Line of the name, or of the start of a function without one: where a lens belongs. */
  readonly nameLine: number;
  /** First line, decorators and annotations included (Python's `co_firstlineno`). */
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface OutlineLoop {
  readonly startLine: number;
  readonly endLine: number;
}
