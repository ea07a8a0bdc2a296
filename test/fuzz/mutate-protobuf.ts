import { join, mutateBytes } from "./mutate-bytes.js";
import type { Random } from "./random.js";

/** A field as it lies in the bytes: its key, and its content (of a message or text: without its length). */
interface Field {
  readonly number: number;
  readonly wireType: number;
  readonly content: Uint8Array;
}

const ODD_NUMBERS = [0n, 1n, 2n, 127n, 1n << 31n, (1n << 32n) - 1n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n] as const;

/**
 * Changes one field somewhere in a message, so that all lengths around it stay right: a reader then sees the change, not a broken file.
 * Where the bytes are no message, they are changed as bytes.
 */
export function mutateProtobuf(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const fields = fieldsOf(bytes);
  if (fields === undefined || fields.length === 0 || random.below(10) === 0) return mutateBytes(bytes, other, random);
  const at = random.below(fields.length);
  const field = fields[at] ?? { number: 1, wireType: 0, content: varint(0n) };
  switch (random.below(7)) {
    case 0:
      return messageOf(fields.toSpliced(at, 1));
    case 1:
      return messageOf(fields.toSpliced(at, 0, field));
    case 2:
      return messageOf(fields.toSpliced(at, 1).toSpliced(random.below(fields.length), 0, field));
    case 3: {
      const theirs = fieldsOf(other) ?? [];
      return messageOf(theirs.length === 0 ? fields : fields.with(at, theirs[random.below(theirs.length)] ?? field));
    }
    case 4:
      return messageOf(fields.with(at, { ...field, number: 1 + random.below(16) }));
    case 5:
      return messageOf(fields.with(at, { number: field.number, wireType: 0, content: varint(random.pick(ODD_NUMBERS)) }));
    default: {
      const inner = field.wireType === 2 ? mutateProtobuf(field.content, other, random) : varint(random.pick(ODD_NUMBERS));
      return messageOf(fields.with(at, { ...field, wireType: field.wireType === 2 ? 2 : 0, content: inner }));
    }
  }
}

function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const key = number();
    if (key === undefined || key < 8 || key >= 2 ** 32) return undefined;
    const wireType = key % 8;
    let from = at;
    if (wireType === 0) {
      if (number() === undefined) return undefined;
    } else if (wireType === 2) {
      const length = number();
      if (length === undefined || at + length > bytes.length) return undefined;
      from = at;
      at += length;
    } else return undefined;
    fields.push({ number: Math.floor(key / 8), wireType, content: bytes.subarray(from, at) });
  }
  return fields;
}

function messageOf(fields: readonly Field[]): Uint8Array {
  return join(
    ...fields.flatMap(({ number, wireType, content }) => {
      const key = varint(BigInt(number * 8 + wireType));
      return wireType === 2 ? [key, varint(BigInt(content.length)), content] : [key, content];
    }),
  );
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
