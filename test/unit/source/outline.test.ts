import { expect, test } from "vitest";
import { outlineOfFixture } from "./outline-text.js";

test("Python functions have their qualnames, decorators belong to them, comprehensions are loops", async () => {
  expect(await outlineOfFixture("inventory.py")).toMatchInlineSnapshot(`
    "6-14  logged
    7-12  logged.<locals>.decorate
    8-10  logged.<locals>.decorate.<locals>.wrapper  @9
    19-21  Inventory.Row.value  @20
    23-29  Inventory.parse  @25
    28-28  Inventory.parse.<locals>.<lambda>  = keep
    31-35  Inventory.total
    35-35  Inventory.total.<locals>.<lambda>  = key
    38-38  <lambda>  = sum
    loops 29-29 32-33 34-35 38-38"
  `);
});

test("JavaScript methods, closures by their holder, private names and JSX", async () => {
  expect(await outlineOfFixture("router.js")).toMatchInlineSnapshot(`
    "4-4  Router.version  = version
    5-8  Router.constructor
    7-7  Router.constructor.onError  = onError
    9-11  Router.size
    12-16  Router.walk
    17-19  Router.#match
    18-18  Router.#match.<anonymous>  = ?
    20-24  Router.[Symbol.iterator]
    27-32  route  = route
    27-27  route.handler  = handler
    28-30  route.inner
    31-31  route.outer  = outer
    31-31  route.short
    34-36  named
    35-35  named.onClick  = onClick
    35-35  named.<anonymous>  = ?
    38-38  Mixin.apply
    loops 13-15 21-23 29-29"
  `);
});

test("TypeScript generics, overloads, decorators and namespaces", async () => {
  expect(await outlineOfFixture("store.ts")).toMatchInlineSnapshot(`
    "5-5  Shop.Store.lookup  = lookup
    8-14  Shop.Store.add  @10
    18-20  handler  = handler
    22-24  default  = default
    23-23  default.<anonymous>  = ?
    loops 11-13 19-19"
  `);
});

test("Go receivers, type parameters and closures by number as in pclntab", async () => {
  expect(await outlineOfFixture("store.go")).toMatchInlineSnapshot(`
    "6-10  store.(*Cache[...]).Put
    14-14  store.Plain.Get
    16-22  store.Map[...]  = Map
    24-32  store.Run
    25-27  store.Run.func1  = step
    26-26  store.Run.func1.1  = ?
    28-28  store.Run.func2  = ?
    29-29  store.Run.func3  = stop
    29-29  store.Run.func4  = wait
    34-34  store.init.func1  = Compare
    37-37  store.init.func2  = first
    loops 7-9 18-20"
  `);
});

test("C++ members inside and outside their class, operators, namespaces, lambdas", async () => {
  expect(await outlineOfFixture("grid.cpp")).toMatchInlineSnapshot(`
    "6-6  Grid::Grid
    7-7  Grid::~Grid
    8-8  Grid::at
    9-9  Grid::operator<
    10-10  Grid::operator bool
    13-13  Grid::Row::sum
    19-23  sim::core::(anonymous namespace)::helper
    25-29  sim::core::run
    26-26  sim::core::run::{lambda#1}  = add
    32-38  Grid::step  @33
    43-43  outer::hidden::find
    loops 21-21 27-27 34-37 35-36"
  `);
});

test("C by the C++ grammar", async () => {
  expect(await outlineOfFixture("matrix.c")).toMatchInlineSnapshot(`
    "4-7  row
    9-12  pick
    14-21  multiply  @15
    23-27  unwind
    29-29  main
    loops 17-20 18-20 25-25"
  `);
});

test("Java inner, local and anonymous classes, lambdas, records, initializers", async () => {
  expect(await outlineOfFixture("Main.java")).toMatchInlineSnapshot(`
    "6-6  com.acme.shop.Main.<clinit>  = static
    7-7  com.acme.shop.Main.lambda$new$0  = byLength
    9-13  com.acme.shop.Main.<init>  = Main
    10-12  com.acme.shop.Main.lambda$new$1  = task
    15-21  com.acme.shop.Main.toString  @17
    19-19  com.acme.shop.Main$1.toString
    24-30  com.acme.shop.Main$Inner.run
    26-26  com.acme.shop.Main$Inner.lambda$run$0  = ?
    28-28  com.acme.shop.Main$Inner$1Local.go
    33-33  com.acme.shop.Main$Shape.twice
    34-34  com.acme.shop.Main$Kind$1.size
    34-34  com.acme.shop.Main$Kind.size
    35-35  com.acme.shop.Main$Point.<init>  = Point
    35-35  com.acme.shop.Main$Point.length
    loops 11-11 25-27 28-28"
  `);
});

test("Rust impl blocks, trait impls, modules, closures and attributes", async () => {
  expect(await outlineOfFixture("shapes.rs")).toMatchInlineSnapshot(`
    "4-7  detail::helper
    5-5  detail::helper::{closure#0}  = double
    6-6  detail::helper::{closure#1}  = ?
    15-25  Grid::step  @17
    29-31  <Grid as Display>::fmt
    36-38  Shape::twice
    41-41  main
    43-46  fetch
    44-44  fetch::{closure#0}::{closure#0}  = ?
    45-45  fetch::{closure#0}::{closure#1}  = ?
    loops 18-22 19-21 23-23"
  `);
});

test("Ruby instance and singleton methods, and blocks of iterating calls as loops", async () => {
  expect(await outlineOfFixture("cart.rb")).toMatchInlineSnapshot(`
    "3-8  Shop::Cart#total
    10-10  Shop::Cart.open
    13-17  Shop::Cart.close
    20-20  block in Shop::Cart  = CHECK
    24-26  Object#main
    loops 4-6 7-7 14-16"
  `);
});

test("PHP namespaces, static methods and closures", async () => {
  expect(await outlineOfFixture("Cart.php")).toMatchInlineSnapshot(`
    "6-11  Acme\\Shop\\Cart::total
    8-8  Acme\\Shop\\Cart::{closure}  = sum
    10-10  Acme\\Shop\\Cart::{closure}  = ?
    14-16  Acme\\Shop\\run
    loops 7-9 15-15"
  `);
});

test("C# constructors, accessors, local functions and lambdas", async () => {
  expect(await outlineOfFixture("Cart.cs")).toMatchInlineSnapshot(`
    "4-4  Acme.Shop.Cart..ctor  = Cart
    5-5  Acme.Shop.Cart.get_Size
    5-5  Acme.Shop.Cart.set_Size
    6-11  Acme.Shop.Cart.Total
    8-8  Acme.Shop.Cart.Total.<lambda>  = twice
    9-9  Acme.Shop.Cart.Total.Local
    10-10  Acme.Shop.Cart.Total.<lambda>  = ?
    12-12  Acme.Shop.Cart.Inner.Run
    13-13  Acme.Shop.Cart.operator +
    loops 7-7 12-12"
  `);
});
