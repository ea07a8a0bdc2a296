/** Something that was started to be recorded. */
export interface StartedProgram {
  /** Settles when it ended; the recording then stops by itself. */
  readonly ended: Promise<void>;
}
