import { describe, expect, test } from "vitest";
import { findings, fixed } from "./offered.js";

/** Statements of a function, and what the rule makes of them. */
async function becomes(language: "go" | "java" | "rust", rule: string, statements: string, head = ""): Promise<string> {
  const [start, ending] = {
    go: ["func work(rows []string) {\n\t", "\n}\n"],
    java: ["class Work {\n\tvoid work(List<String> rows) {\n\t", "\n\t}\n}\n"],
    rust: ["fn work(rows: &[String]) {\n\t", "\n}\n"],
  }[language];
  const before = `${head}${start ?? ""}`;
  const file = { go: "work.go", java: "Work.java", rust: "work.rs" }[language];
  const text = await fixed(file, `${before}${statements.replaceAll("\n", "\n\t")}${ending ?? ""}`, `${language}-${rule}`);
  return text === "no fix"
    ? text
    : text.slice(text.indexOf(start ?? "") + (start ?? "").length, -(ending ?? "").length).replaceAll("\n\t", "\n");
}

const GO: readonly (readonly [string, string, string])[] = [
  [
    "regexp-in-loop",
    "for _, row := range rows {\n\tprintln(regexp.MustCompile(`a+`).MatchString(row))\n}",
    "pattern := regexp.MustCompile(`a+`)\nfor _, row := range rows {\n\tprintln(pattern.MatchString(row))\n}",
  ],
  [
    "concatenation-in-loop",
    'text := ""\nfor _, row := range rows {\n\ttext += row + ","\n}\nprintln(text)',
    'var textBuilder strings.Builder\nfor _, row := range rows {\n\ttextBuilder.WriteString(row + ",")\n}\ntext := textBuilder.String()\nprintln(text)',
  ],
  [
    "growing-slice",
    "var found []int\nfor _, row := range rows {\n\tfound = append(found, len(row))\n}",
    "found := make([]int, 0, len(rows))\nfor _, row := range rows {\n\tfound = append(found, len(row))\n}",
  ],
  [
    "boxing-in-loop",
    'for at := range rows {\n\tprintln(fmt.Sprintf("%d", at))\n}',
    "for at := range rows {\n\tprintln(strconv.Itoa(at))\n}",
  ],
  [
    "unbuffered-writes",
    'file, _ := os.Create("a")\nfor _, row := range rows {\n\tfmt.Fprintln(file, row)\n}',
    'file, _ := os.Create("a")\nfileWriter := bufio.NewWriter(file)\nfor _, row := range rows {\n\tfmt.Fprintln(fileWriter, row)\n}\nfileWriter.Flush()',
  ],
];
const JAVA: typeof GO = [
  [
    "regexp-in-loop",
    'for (String row : rows) {\n\tif (Pattern.compile("a+", Pattern.MULTILINE).matcher(row).find()) return;\n}',
    'Pattern pattern = Pattern.compile("a+", Pattern.MULTILINE);\nfor (String row : rows) {\n\tif (pattern.matcher(row).find()) return;\n}',
  ],
  [
    "concatenation-in-loop",
    'String text = "";\nfor (String row : rows) {\n\ttext += row + 1;\n}\nprint(text);',
    "StringBuilder textBuilder = new StringBuilder();\nfor (String row : rows) {\n\ttextBuilder.append(row + 1);\n}\nString text = textBuilder.toString();\nprint(text);",
  ],
  [
    "growing-list",
    "List<Integer> found = new ArrayList<>();\nfor (String row : rows) {\n\tfound.add(row.length());\n}",
    "List<Integer> found = new ArrayList<>(rows.size());\nfor (String row : rows) {\n\tfound.add(row.length());\n}",
  ],
  [
    "boxing-in-loop",
    "Long sum = 0L;\nfor (String row : rows) {\n\tsum += row.length();\n}",
    "long sum = 0L;\nfor (String row : rows) {\n\tsum += row.length();\n}",
  ],
  [
    "unbuffered-writes",
    'try (FileWriter file = new FileWriter("a")) {\n\tfor (String row : rows) {\n\t\tfile.write(row);\n\t}\n}',
    'try (java.io.BufferedWriter file = new java.io.BufferedWriter(new FileWriter("a"))) {\n\tfor (String row : rows) {\n\t\tfile.write(row);\n\t}\n}',
  ],
];
const RUST: typeof GO = [
  [
    "regexp-in-loop",
    'for row in rows {\n\tprintln!("{}", row);\n\tlet found = Regex::new(r"a+").unwrap().is_match(row);\n}',
    'let pattern = Regex::new(r"a+").unwrap();\nfor row in rows {\n\tprintln!("{}", row);\n\tlet found = pattern.is_match(row);\n}',
  ],
  [
    "concatenation-in-loop",
    'for row in rows {\n\ttext = format!("{}, {}", text, row);\n}',
    'for row in rows {\n\ttext.push_str(&format!(", {}", row));\n}',
  ],
  [
    "growing-vector",
    "let mut found = Vec::new();\nfor row in rows.iter() {\n\tfound.push(row.len());\n}",
    "let mut found = Vec::with_capacity(rows.len());\nfor row in rows.iter() {\n\tfound.push(row.len());\n}",
  ],
  ["clone-in-loop", "for row in rows {\n\tsum += row.clone().len();\n}", "for row in rows {\n\tsum += row.len();\n}"],
  [
    "unbuffered-writes",
    'let mut file = File::create("a").unwrap();\nfor row in rows {\n\twriteln!(file, "{}", row).unwrap();\n}',
    'let mut file = std::io::BufWriter::new(File::create("a").unwrap());\nfor row in rows {\n\twriteln!(file, "{}", row).unwrap();\n}',
  ],
];

describe("what loops of compiled languages repeat", () => {
  test.each(GO)("Go: %s", async (rule, before, after) => {
    expect(await becomes("go", rule, before)).toBe(after);
  });
  test.each(JAVA)("Java: %s", async (rule, before, after) => {
    expect(await becomes("java", rule, before)).toBe(after);
  });
  test.each(RUST)("Rust: %s", async (rule, before, after) => {
    expect(await becomes("rust", rule, before)).toBe(after);
  });

  test("a package that the file doesn't have is imported", async () => {
    const head = 'package work\n\nimport (\n\t"os"\n)\n\n';
    const text = `${head}func work(rows []string) {\n\tfor at := range rows {\n\t\tprintln(fmt.Sprintf("%d", at))\n\t}\n}\n`;
    expect(await fixed("work.go", text, "go-boxing-in-loop")).toContain('import (\n\t"strconv"\n\t"os"\n)');
  });

  test.each([
    ["go", "regexp-in-loop", "a pattern of a variable", "for _, row := range rows {\n\tregexp.MustCompile(row)\n}"],
    ["go", "regexp-in-loop", "a pattern outside of loops", "regexp.MustCompile(`a`)"],
    [
      "go",
      "concatenation-in-loop",
      "a text that the loop reads",
      'text := ""\nfor _, row := range rows {\n\ttext += row\n\tprintln(text)\n}',
    ],
    ["go", "concatenation-in-loop", "a loop that returns", 'text := ""\nfor _, row := range rows {\n\ttext += row\n\treturn\n}'],
    [
      "go",
      "growing-slice",
      "a slice that begins elsewhere",
      "var found []int\nprintln()\nfor _, row := range rows {\n\tfound = append(found, len(row))\n}",
    ],
    ["go", "growing-slice", "a count that nobody knows", "var found []int\nfor more() {\n\tfound = append(found, 1)\n}"],
    ["go", "boxing-in-loop", "a number of another type", 'for _, row := range rows {\n\tprintln(fmt.Sprintf("%d", row))\n}'],
    ["go", "unbuffered-writes", "a file of somebody else", "for _, row := range rows {\n\tfmt.Fprintln(file, row)\n}"],
    ["java", "regexp-in-loop", "a pattern of a variable", "for (String row : rows) {\n\tPattern.compile(row);\n}"],
    ["java", "concatenation-in-loop", "a number", "int text = 0;\nfor (String row : rows) {\n\ttext += 1;\n}"],
    [
      "java",
      "growing-list",
      "a type without a size",
      "List<Integer> found = new ArrayList<>();\nfor (String row : other()) {\n\tfound.add(1);\n}",
    ],
    ["java", "boxing-in-loop", "a number that may be null", "Long sum = 0L;\nfor (String row : rows) {\n\tif (sum != null) sum += 1;\n}"],
    [
      "java",
      "unbuffered-writes",
      "what is buffered",
      'try (BufferedWriter file = new BufferedWriter(new FileWriter("a"))) {\n\tfor (String row : rows) {\n\t\tfile.write(row);\n\t}\n}',
    ],
    ["rust", "regexp-in-loop", "a pattern of a variable", "for row in rows {\n\tRegex::new(row).unwrap();\n}"],
    ["rust", "concatenation-in-loop", "a text before it", 'for row in rows {\n\ttext = format!("{}{}", row, text);\n}'],
    [
      "rust",
      "growing-vector",
      "a vector that the loop reads",
      "let mut found = Vec::new();\nfor row in rows.iter() {\n\tfound.push(found.len());\n}",
    ],
    ["rust", "clone-in-loop", "a clone that is kept", "for row in rows {\n\tfound.push(row.clone());\n}"],
    ["rust", "unbuffered-writes", "a file that is given", 'for row in rows {\n\twriteln!(file, "{}", row).unwrap();\n}'],
  ] as const)("%s, %s: no fix for %s", async (language, rule, _, before) => {
    expect(await becomes(language, rule, before)).toBe("no fix");
  });

  test("a finding names its function, by which it is told from others", async () => {
    const [finding] = await findings("work.go", 'func work(rows []string) {\n\tfor range rows {\n\t\tregexp.MustCompile("a")\n\t}\n}\n');
    expect(finding).toMatchObject({ subject: "work", rule: "go-regexp-in-loop" });
  });
});
