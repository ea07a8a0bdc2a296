// Builds a site from Markdown pages, again and again: pages, search index, suggestions for misspelt words, a sitemap.
//
//   node site.mjs [SIZE] [--seconds N]
//
// SIZE is the number of pages a round (default 60). With --seconds it stops after that time, else it runs until it is
// stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { marked } from "marked";
import { Account } from "./account.mjs";

const WORDS = `harbour lantern meadow copper thistle granite willow ember falcon marble orchard velvet
  compass saddle juniper anchor beacon cobalt dapple ferry gossamer hollow ivory kestrel linen mosaic nectar`
  .trim()
  .split(/\s+/);

/** A small generator with a seed (Park and Miller, 1988), so that each run does the same work. */
function generator(seed) {
  let state = (seed % 2147483646) + 1;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

/** Writes the pages of the site in Markdown. */
function writePages(size, seed) {
  const next = generator(seed);
  const word = () => WORDS[next(WORDS.length)];
  const sentence = () => Array.from({ length: 6 + next(8) }, word).join(" ");
  return Array.from({ length: size }, (_, number) => ({
    path: `/${word()}/${word()}-${number}`,
    title: sentence(),
    text: [
      `# ${word()} and ${word()}`,
      ...Array.from({ length: 4 }, () => `${sentence()}. **${sentence()}**, _${word()}_ and [${word()}](/${word()}).`),
      `- ${sentence()}\n- ${sentence()}\n- ${sentence()}`,
      `| ${word()} | ${word()} |\n|---|---|\n| ${next(100)} | ${next(100)} |`,
      "```js\nconst answer = 42;\n```",
    ].join("\n\n"),
  }));
}

/** Turns each page into HTML. */
function renderPages(pages) {
  return pages.map((page) => ({ ...page, html: `<title>${page.title}</title>${marked.parse(page.text)}` }));
}

/** Splits a text into words, as the search index wants them. */
function tokenize(text) {
  const tokens = [];
  for (const token of text.toLowerCase().split(/[^a-z]+/)) {
    if (token.length > 2 && !/^(and|the|for|const)$/.test(token)) {
      tokens.push(token);
    }
  }
  return tokens;
}

/** An inverted index with the weight of each word on each page (tf-idf, Salton and Buckley, 1988). */
function buildIndex(pages) {
  const counts = pages.map((page) => {
    const count = new Map();
    for (const token of tokenize(page.text)) {
      count.set(token, (count.get(token) ?? 0) + 1);
    }
    return count;
  });
  const documents = new Map();
  for (const count of counts) {
    for (const token of count.keys()) {
      documents.set(token, (documents.get(token) ?? 0) + 1);
    }
  }
  const index = new Map();
  counts.forEach((count, page) => {
    for (const [token, times] of count) {
      const weight = times * Math.log(pages.length / documents.get(token) + 1);
      const postings = index.get(token) ?? [];
      postings.push({ page, weight });
      index.set(token, postings);
    }
  });
  for (const postings of index.values()) {
    postings.sort((a, b) => b.weight - a.weight);
  }
  return index;
}

/** The edit distance of two words (Wagner and Fischer, 1974). */
function distance(left, right) {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      current[column] = Math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost);
    }
    previous = current;
  }
  return previous[right.length];
}

/** For each word of the index, the words that a reader may have meant. */
function suggest(index) {
  const vocabulary = [...index.keys()];
  const suggestions = new Map();
  for (const word of vocabulary) {
    suggestions.set(
      word,
      vocabulary.filter((other) => other !== word && distance(word, other) <= 3),
    );
  }
  return suggestions;
}

/** The sitemap: each path once, in order. */
function sitemap(pages) {
  const paths = pages.map((page) => encodeURI(page.path)).sort((a, b) => a.localeCompare(b));
  return `<urlset>${paths.map((path) => `<url><loc>https://example.invalid${path}</loc></url>`).join("")}</urlset>`;
}

/** Where build() calls a function: the line that carries its name. */
function place(name) {
  const lines = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\n");
  return { file: "site.mjs", function: name, line: lines.findIndex((text) => text.includes(`() => ${name}(`)) + 1 };
}

const PLACES = Object.fromEntries(["writePages", "renderPages", "buildIndex", "suggest", "sitemap"].map((name) => [name, place(name)]));

function build(account, size, seed) {
  const pages = account.measure("write the pages", PLACES.writePages, () => writePages(size, seed));
  const rendered = account.measure("render", PLACES.renderPages, () => renderPages(pages));
  const index = account.measure("index", PLACES.buildIndex, () => buildIndex(pages));
  account.measure("suggest", PLACES.suggest, () => suggest(index));
  account.measure("sitemap", PLACES.sitemap, () => sitemap(rendered));
}

const { values, positionals } = parseArgs({ options: { seconds: { type: "string", default: "0" } }, allowPositionals: true });
const size = Number(positionals[0] ?? 60);
const seconds = Number(values.seconds);
if (!Number.isInteger(size) || size < 1 || !(seconds >= 0)) {
  console.error("usage: node site.mjs [SIZE] [--seconds N]; SIZE is a whole number of pages, at least 1");
  process.exit(2);
}
const account = new Account();
const end = seconds > 0 ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY;
for (let seed = 1; Date.now() < end; seed++) {
  build(account, size, seed);
  account.print();
}
account.print(true);
