"use strict";
/**
 * Values of JavaScript as data: a list of objects in the order in which they are met, so that who is the same object as who is part of it.
 *
 * `Freezer` writes what can be made again (arguments of a call); with `lenient` also what can only be compared (results). `revive` makes
 * fresh values of the first kind. CommonJS without anything else, because test runners load it in worlds of their own.
 */
const { types } = require("node:util");

const MOST_OBJECTS = 200_000;
const MOST_ITEMS = 10_000;
const TYPED = [
  "Buffer",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
];
const ERRORS = ["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError"];
const BUILTIN = ["Object", "Array", "Map", "Set", "Date", "RegExp", "String", "Number", "Boolean", "ArrayBuffer", ...TYPED, ...ERRORS];
const WELL_KNOWN = new Map(
  Object.getOwnPropertyNames(Symbol)
    .filter((name) => typeof Symbol[name] === "symbol")
    .map((name) => [Symbol[name], name]),
);

/** A value that can't be copied or compared; the message says which. */
class Unsupported extends Error {}

class Freezer {
  /** @param {{ lenient?: boolean, classes?: Record<string, Function> }} [options] classes by name, whose objects can be made again */
  constructor({ lenient = false, classes = {} } = {}) {
    this.lenient = lenient;
    this.classes = new Map(Object.entries(classes).map(([name, { prototype }]) => [prototype, name]));
    this.objects = [];
    this.known = new Map();
    this.metAgain = false;
  }

  of(value) {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ["n", Object.is(value, -0) ? "-0" : String(value)];
      case "undefined":
        return ["u"];
      case "bigint":
        return ["b", String(value)];
      case "symbol":
        return this.symbol(value);
      case "function":
        throw new Unsupported(`the function ${value.name || "without a name"}`);
      default:
        return value === null ? null : ["r", this.object(value)];
    }
  }

  symbol(value) {
    if (Symbol.keyFor(value) !== undefined) return ["y", Symbol.keyFor(value)];
    if (WELL_KNOWN.has(value)) return ["w", WELL_KNOWN.get(value)];
    if (!this.lenient) throw new Unsupported("a symbol");
    return ["symbol", String(value.description)];
  }

  object(value) {
    const met = this.known.get(value);
    if (met !== undefined) {
      this.metAgain = true;
      return met;
    }
    const id = this.objects.length;
    if (id >= MOST_OBJECTS) throw new Unsupported("a value with too many parts");
    this.known.set(value, id);
    // Its place is taken before its parts have theirs.
    const entry = { k: "o" };
    this.objects.push(entry);
    if (types.isProxy(value)) throw new Unsupported("a proxy");
    entry.p = this.prototype(value);
    this.content(value, entry);
    if (!Object.isExtensible(value)) entry.x = Object.isFrozen(value) ? "frozen" : Object.isSealed(value) ? "sealed" : "closed";
    return id;
  }

  content(value, entry) {
    let skip = () => false;
    if (Array.isArray(value)) {
      entry.k = "a";
      entry.n = value.length;
      skip = (key) => key === "length";
      if (value.length > MOST_OBJECTS) throw new Unsupported("an array with too many elements");
      if (Object.keys(value).length === value.length && !this.hasAccessors(value)) {
        entry.a = value.map((each) => this.of(each));
        return;
      }
    } else if (types.isMap(value)) {
      entry.k = "m";
      entry.a = [...Map.prototype.entries.call(value)].map(([key, each]) => [this.of(key), this.of(each)]);
    } else if (types.isSet(value)) {
      entry.k = "s";
      entry.a = [...Set.prototype.values.call(value)].map((each) => this.of(each));
    } else if (types.isDate(value)) {
      entry.k = "d";
      entry.v = this.of(Number(value));
    } else if (types.isRegExp(value)) {
      entry.k = "x";
      entry.v = [value.source, value.flags, this.of(value.lastIndex)];
      skip = (key) => key === "lastIndex";
    } else if (types.isNativeError(value)) {
      entry.k = "e";
      skip = (key) => key === "stack";
    } else if (types.isTypedArray(value)) {
      entry.k = "t";
      entry.v = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
      skip = (key) => typeof key === "string" && /^\d+$/.test(key);
    } else if (types.isArrayBuffer(value)) {
      entry.k = "f";
      entry.v = Buffer.from(value).toString("base64");
    } else if (types.isBoxedPrimitive(value)) {
      entry.k = "p";
      entry.v = this.of(value.valueOf());
      skip = (key) => typeof key === "string" && typeof value.valueOf() === "string" && (key === "length" || /^\d+$/.test(key));
    } else if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isExternal(value)) {
      throw new Unsupported(`a ${Object.prototype.toString.call(value).slice(8, -1)}`);
    } else if (typeof value.next === "function" && typeof value[Symbol.iterator] === "function") {
      this.iterator(value, entry);
      return;
    }
    this.properties(value, entry, skip);
  }

  properties(value, entry, skip) {
    const listed = [];
    for (const key of Reflect.ownKeys(value)) {
      if (skip(key)) continue;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      const { value: held, writable, enumerable, configurable } = descriptor;
      if (!("value" in descriptor)) throw new Unsupported("an object with an accessor of its own");
      const flags = (writable ? 1 : 0) | (enumerable ? 2 : 0) | (configurable ? 4 : 0);
      listed.push([this.of(key), this.of(held), ...(flags === 7 ? [] : [flags])]);
    }
    if (listed.length > 0) entry.d = listed;
  }

  /** What is left of it is what a caller sees; afterwards it is used up. */
  iterator(value, entry) {
    if (!this.lenient) throw new Unsupported("an iterator");
    entry.k = "i";
    entry.a = [];
    for (let count = 0; count < MOST_ITEMS; count++) {
      const { done, value: item } = value.next();
      if (done) return;
      entry.a.push(this.of(item));
    }
  }

  hasAccessors(value) {
    return (
      Reflect.ownKeys(value).length !== value.length + 1 || value.some((_, at) => !("value" in Object.getOwnPropertyDescriptor(value, at)))
    );
  }

  /** The name of a built-in prototype, `class:NAME` of one that can be made again, or undefined for none. */
  prototype(value) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) return undefined;
    if (this.classes.has(prototype)) {
      this.refusePrivate(prototype);
      return `class:${this.classes.get(prototype)}`;
    }
    const name = prototype.constructor?.name ?? "";
    // Test runners have worlds of their own, with an Object of their own; one that has the native text is as good.
    const isNative =
      typeof prototype.constructor === "function" && Function.prototype.toString.call(prototype.constructor).endsWith("{ [native code] }");
    if (isNative && BUILTIN.includes(name) && Object.prototype.hasOwnProperty.call(prototype, "constructor")) return name;
    if (!this.lenient) throw new Unsupported(`an object of the class ${name || "without a name"}`);
    this.refusePrivate(prototype);
    const names = [];
    for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) names.push(String(at.constructor?.name ?? ""));
    return `other:${names.join("<")}`;
  }

  /** Private fields are seen by nobody, so two objects could differ in them. */
  refusePrivate(prototype) {
    for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) {
      if (typeof at.constructor === "function" && /#[\w$]/.test(Function.prototype.toString.call(at.constructor))) {
        throw new Unsupported(`an object of the class ${at.constructor.name}, which has private fields`);
      }
    }
  }
}

/** Fresh values of `{ objects, root }`. */
function revive({ objects, root }, classes = {}) {
  const made = objects.map((entry) => shell(entry, classes));
  const of = (item) => {
    if (!Array.isArray(item)) return item;
    const [tag, content] = item;
    if (tag === "r") return made[content];
    if (tag === "n") return Number(content);
    if (tag === "u") return undefined;
    if (tag === "b") return BigInt(content);
    return tag === "y" ? Symbol.for(content) : Symbol[content];
  };
  objects.forEach((entry, id) => {
    const value = made[id];
    if (entry.k === "a" && entry.a) entry.a.forEach((each, at) => (value[at] = of(each)));
    else if (entry.k === "a") value.length = entry.n;
    else if (entry.k === "m") for (const [key, each] of entry.a) value.set(of(key), of(each));
    else if (entry.k === "s") for (const each of entry.a) value.add(of(each));
    else if (entry.k === "x") value.lastIndex = of(entry.v[2]);
    for (const [key, held, flags = 7] of entry.d ?? []) {
      const name = of(key);
      Object.defineProperty(value, name, {
        value: of(held),
        writable: (flags & 1) > 0,
        enumerable: (flags & 2) > 0,
        configurable: (flags & 4) > 0,
      });
    }
  });
  objects.forEach(({ x }, id) => {
    if (x === "frozen") Object.freeze(made[id]);
    else if (x === "sealed") Object.seal(made[id]);
    else if (x === "closed") Object.preventExtensions(made[id]);
  });
  return of(root);
}

function shell(entry, classes) {
  const bytes = () => Buffer.from(entry.v, "base64");
  switch (entry.k) {
    case "a":
      return withPrototype([], entry, classes);
    case "m":
      return withPrototype(new Map(), entry, classes);
    case "s":
      return withPrototype(new Set(), entry, classes);
    case "d":
      return withPrototype(new Date(Array.isArray(entry.v) ? Number.NaN : entry.v), entry, classes);
    case "x":
      return withPrototype(new RegExp(entry.v[0], entry.v[1]), entry, classes);
    case "e": {
      const error = new (ERRORS.includes(entry.p) ? globalThis[entry.p] : Error)();
      delete error.message;
      return withPrototype(error, entry, classes);
    }
    case "t": {
      if (entry.p === "Buffer") return bytes();
      const own = bytes();
      return new globalThis[entry.p](own.buffer.slice(own.byteOffset, own.byteOffset + own.byteLength));
    }
    case "f": {
      const own = bytes();
      return own.buffer.slice(own.byteOffset, own.byteOffset + own.byteLength);
    }
    case "p":
      return Object(Array.isArray(entry.v) ? Number(entry.v[1]) : entry.v);
    default:
      return withPrototype({}, entry, classes);
  }
}

function withPrototype(value, { p }, classes) {
  if (p === undefined) return Object.setPrototypeOf(value, null);
  return p.startsWith("class:") ? Object.setPrototypeOf(value, classes[p.slice(6)].prototype) : value;
}

module.exports = { Freezer, Unsupported, revive };
