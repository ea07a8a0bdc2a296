import type { Recording } from "../recording.js";

/** Frames, outermost first, made into a stack of the recording: what a stack shares with the one before it is not looked up again. */
export class StackChain {
  readonly #recording: Recording;
  readonly #frameOf: (frame: number) => number;
  /** The stack before this one: its frames as the file has them, and the recording's stack that ends with each. */
  #frames = new Int32Array(64);
  #stacks = new Int32Array(64);
  #count = 0;

  constructor(recording: Recording, frameOf: (frame: number) => number) {
    this.#recording = recording;
    this.#frameOf = frameOf;
  }

  /** -1 where there is no frame. */
  stackOf(frames: Int32Array, count: number): number {
    if (count > this.#frames.length) this.#widen(count);
    const { stacks } = this.#recording;
    let shared = 0;
    while (shared < count && shared < this.#count && this.#frames[shared] === frames[shared]) shared++;
    let stack = shared > 0 ? (this.#stacks[shared - 1] ?? -1) : -1;
    for (let i = shared; i < count; i++) {
      const frame = frames[i] ?? 0;
      stack = stacks.intern(stack, this.#frameOf(frame));
      this.#frames[i] = frame;
      this.#stacks[i] = stack;
    }
    this.#count = count;
    return stack;
  }

  #widen(count: number): void {
    const [frames, stacks] = [new Int32Array(2 * count), new Int32Array(2 * count)];
    frames.set(this.#frames);
    stacks.set(this.#stacks);
    this.#frames = frames;
    this.#stacks = stacks;
  }
}
