/** The test at a line of a file, as its text tells. */
export interface TestAt {
  readonly language: "python" | "javascript" | "go" | "java";
  /** As people say it: `TestCart::test_total`, `cart > adds`, `TestSum/empty`, `CartTest.adds`. */
  readonly name: string;
  /**
   * What runners of the language take: below the file for pytest, a regular expression over the whole name for vitest, one for each level,
   * with `/` between them, for Go, and `package.Class$Inner#method` for JUnit.
   */
  readonly selector: string;
}
