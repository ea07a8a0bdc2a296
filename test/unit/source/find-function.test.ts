import { expect, test } from "vitest";
import type { FrameLanguage } from "../../../protocol/events.js";
import { findFunction, findInFiles, functionAt, functionOfFrame } from "../../../source/find-function.js";
import { nameParts } from "../../../source/function-names.js";
import type { Outline } from "../../../source/outline.js";
import { fixtureText, outliner } from "./outline-text.js";

async function outlineOf(fixture: string): Promise<Outline> {
  const outline = await (await outliner()).outline(fixture, await fixtureText(fixture));
  if (!outline) {
    throw new Error(`${fixture} has no outline`);
  }
  return outline;
}

/** Each name with the lines of the function found for it. */
async function found(fixture: string, language: FrameLanguage, names: readonly string[]): Promise<string> {
  const outline = await outlineOf(fixture);
  return names
    .map((name) => {
      const one = findFunction(outline, name, language);
      return `${name} → ${one ? `${one.startLine}-${one.endLine}` : "none"}`;
    })
    .join("\n");
}

test("names as profilers spell them become parts", () => {
  const parts = (name: string, language: FrameLanguage) => nameParts(name, language).join(" | ");
  expect(
    [
      parts("A.f.<locals>.<lambda>", "python"),
      parts("github.com/acme/shop.v2/store.(*Cache[go.shape.int]).Put-fm", "go"),
      parts("gopkg.in/yaml%2ev3.Unmarshal.func1.2", "go"),
      parts("main.main.(*T).C.func1", "go"),
      parts("net/http.foreachHeaderElement-range1", "go"),
      parts("net/http.init.12.func1", "go"),
      parts("net/http.glob..func5", "go"),
      parts("void com.acme.Main$Inner.run(int, java.lang.String[])", "java"),
      parts("int Main.lambda$compare$0(java.lang.Double)", "java"),
      parts("<acme::grid::Grid<T> as core::fmt::Display>::fmt::h0123456789abcdef", "rust"),
      parts("acme::grid::{impl#0}::step", "rust"),
      parts("acme::run::{closure#0}", "rust"),
      parts("alloc::vec::Vec<alloc::vec::Vec<u8>>::push", "rust"),
      parts("std::vector<int, std::allocator<int> >::push_back(int&&)", "cpp"),
      parts("void ns::(anonymous namespace)::apply<int>(std::function<void (int)>)", "cpp"),
      parts("Grid::operator<(Grid const&) const", "cpp"),
      parts("Grid::operator()(int)", "cpp"),
      parts("run(int)::{lambda(int)#1}::operator()(int) const", "cpp"),
      parts("int Grid<std::map<int, int> >::size() const [clone .cold]", "cpp"),
      parts("multiply.constprop.0", "c"),
      parts("Shop::Cart#total", "ruby"),
      parts("block (2 levels) in Shop::Cart.open", "ruby"),
      parts("Acme\\Shop\\Cart::total", "php"),
      parts("Acme.Shop.Cart`1..ctor", "dotnet"),
      parts("get size", "javascript"),
    ].join("\n"),
  ).toMatchInlineSnapshot(`
    "A | f | <lambda>
    store | (*Cache) | Put
    yaml%2ev3 | Unmarshal | func1 | 2
    main | main | (*T) | C | func1
    http | foreachHeaderElement
    http | init | func1
    http | init | func
    com | acme | Main | Inner | run
    Main | lambda$compare$0
    acme | grid | Grid | fmt
    acme | grid | * | step
    acme | run | {closure#0}
    alloc | vec | Vec | push
    std | vector | push_back
    ns | (anonymous namespace) | apply
    Grid | operator<
    Grid | operator()
    run | {lambda#1}
    Grid | size
    multiply
    Shop | Cart | total
    Shop | Cart | open
    Acme | Shop | Cart | total
    Acme | Shop | Cart | .ctor
    size"
  `);
});

test("Python's qualnames", async () => {
  expect(
    await found("inventory.py", "python", [
      "Inventory.Row.value",
      "logged.<locals>.decorate.<locals>.wrapper",
      "Inventory.parse.<locals>.<listcomp>",
      "Inventory.parse.<locals>.<lambda>",
      "wrapper",
      "Other.parse",
      "<module>",
    ]),
  ).toMatchInlineSnapshot(`
    "Inventory.Row.value → 19-21
    logged.<locals>.decorate.<locals>.wrapper → 8-10
    Inventory.parse.<locals>.<listcomp> → 23-29
    Inventory.parse.<locals>.<lambda> → 28-28
    wrapper → 8-10
    Other.parse → none
    <module> → none"
  `);
});

test("V8's plain names, and a constructor by its class", async () => {
  expect(
    await found("router.js", "javascript", ["walk", "get size", "Router", "#match", "inner", "onClick", "<anonymous>"]),
  ).toMatchInlineSnapshot(`
    "walk → 12-16
    get size → 9-11
    Router → 5-8
    #match → 17-19
    inner → 28-30
    onClick → 35-35
    <anonymous> → none"
  `);
});

test("Go's pclntab, whatever the import path", async () => {
  expect(
    await found("store.go", "go", [
      "example.com/acme/store.(*Cache[...]).Put",
      "example.com/acme/store.Plain.Get",
      "store.Map[go.shape.int,go.shape.string]",
      "example.com/acme/store.Run.func1.1",
      "example.com/acme/store.Run.func4",
      "example.com/acme/store.init.func1",
      "example.com/acme/other.Run",
    ]),
  ).toMatchInlineSnapshot(`
    "example.com/acme/store.(*Cache[...]).Put → 6-10
    example.com/acme/store.Plain.Get → 14-14
    store.Map[go.shape.int,go.shape.string] → 16-22
    example.com/acme/store.Run.func1.1 → 26-26
    example.com/acme/store.Run.func4 → 29-29
    example.com/acme/store.init.func1 → none
    example.com/acme/other.Run → none"
  `);
});

test("the JVM's signatures; a lambda whose number fits none is its method", async () => {
  expect(
    await found("Main.java", "java", [
      "java.lang.Object com.acme.shop.Main$Inner.run(java.util.List)",
      "com.acme.shop.Main.<init>",
      "Main.toString",
      "com.acme.shop.Main$1.toString",
      "com.acme.shop.Main$Inner.lambda$run$0",
      "com.acme.shop.Main$Inner.lambda$run$5",
      "com.acme.shop.Other.toString",
    ]),
  ).toMatchInlineSnapshot(`
    "java.lang.Object com.acme.shop.Main$Inner.run(java.util.List) → 24-30
    com.acme.shop.Main.<init> → 9-13
    Main.toString → 15-21
    com.acme.shop.Main$1.toString → 19-19
    com.acme.shop.Main$Inner.lambda$run$0 → 26-26
    com.acme.shop.Main$Inner.lambda$run$5 → 24-30
    com.acme.shop.Other.toString → none"
  `);
});

test("Rust's and C++'s demangled names", async () => {
  expect(
    await found("shapes.rs", "rust", [
      "shapes::detail::helper",
      "shapes::Grid<T>::step",
      "<shapes::Grid<T> as core::fmt::Display>::fmt",
      "shapes::{impl#1}::fmt",
      "shapes::detail::helper::{{closure}}",
      "shapes::detail::helper::{closure#1}",
      "<shapes::Grid<i32>>::step",
      "shapes::fetch::{closure#0}",
      "shapes::fetch::{closure#0}::{closure#0}",
      "shapes::main::h0123456789abcdef",
    ]),
  ).toMatchInlineSnapshot(`
    "shapes::detail::helper → 4-7
    shapes::Grid<T>::step → 15-25
    <shapes::Grid<T> as core::fmt::Display>::fmt → 29-31
    shapes::{impl#1}::fmt → 29-31
    shapes::detail::helper::{{closure}} → 4-7
    shapes::detail::helper::{closure#1} → 6-6
    <shapes::Grid<i32>>::step → 15-25
    shapes::fetch::{closure#0} → 43-46
    shapes::fetch::{closure#0}::{closure#0} → 44-44
    shapes::main::h0123456789abcdef → 41-41"
  `);
  expect(
    await found("grid.cpp", "cpp", [
      "Grid<int>::step()",
      "Grid<int>::Grid(int)",
      "Grid<int>::~Grid()",
      "Grid<int>::operator<(Grid<int> const&) const",
      "sim::core::(anonymous namespace)::helper(std::vector<int, std::allocator<int> > const&)",
      "sim::core::run(int)::{lambda(int)#1}::operator()(int) const",
      "other::run(int)",
    ]),
  ).toMatchInlineSnapshot(`
    "Grid<int>::step() → 32-38
    Grid<int>::Grid(int) → 6-6
    Grid<int>::~Grid() → 7-7
    Grid<int>::operator<(Grid<int> const&) const → 9-9
    sim::core::(anonymous namespace)::helper(std::vector<int, std::allocator<int> > const&) → 19-23
    sim::core::run(int)::{lambda(int)#1}::operator()(int) const → 26-26
    other::run(int) → none"
  `);
});

test("a line chooses among overloads; without it there is no answer", async () => {
  const outline = await (await outliner()).outline("a.java", "class A {\n void f(int a) { }\n void f(long a) {\n }\n}");
  expect(outline && findFunction(outline, "A.f", "java")).toBeUndefined();
  expect(outline && findFunction(outline, "A.f", "java", 4)?.startLine).toBe(3);
  // Package-level closures are numbered over all files of a Go package.
  expect(findFunction(await outlineOf("store.go"), "example.com/acme/store.init.func7", "go", 34)?.name).toBe("Compare");
});

test("over several files the one that fits best, or none", async () => {
  const files = [
    { path: "store.go", outline: await outlineOf("store.go") },
    { path: "Main.java", outline: await outlineOf("Main.java") },
    { path: "copy.go", outline: await outlineOf("store.go") },
  ];
  expect(findInFiles(files, "com.acme.shop.Main.toString", "java")?.path).toBe("Main.java");
  expect(findInFiles(files, "store.Run", "go")).toBeUndefined();
  expect(findInFiles(files.slice(0, 2), "store.Run", "go")?.path).toBe("store.go");
});

test("the innermost function of a line, by column where several share it", async () => {
  const outline = await outlineOf("router.js");
  expect(functionAt(outline, 29)?.qualifiedName).toBe("route.inner");
  expect(functionAt(outline, 2)).toBeUndefined();
  expect(functionAt(outline, 18)?.qualifiedName).toBe("Router.#match");
  expect(functionAt(outline, 18, 45)?.qualifiedName).toBe("Router.#match.<anonymous>");
  const frame = { line: 4, column: 0, language: "javascript" as const };
  expect(functionOfFrame(outline, { ...frame, functionName: "version" })?.name).toBe("version");
  expect(functionOfFrame(outline, { ...frame, functionName: "<top-level>" })).toBeUndefined();
});
