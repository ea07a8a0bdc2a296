/** Everything that can go wrong with a request and that its user can do something about. */
export type ServerFailure =
  | { readonly kind: "no-recording" }
  | { readonly kind: "other-recording"; readonly id: string }
  | { readonly kind: "not-found"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly reason: string }
  | { readonly kind: "damaged"; readonly path: string }
  | { readonly kind: "too-large"; readonly path: string; readonly bytes: number; readonly limit: number }
  | { readonly kind: "not-a-profile"; readonly path: string }
  | { readonly kind: "not-written"; readonly path: string; readonly reason: string }
  | { readonly kind: "no-such-fix" }
  | { readonly kind: "not-recorded"; readonly path: string }
  | { readonly kind: "bad-start"; readonly reason: string };

/** A {@link ServerFailure} as an exception: its message is the sentence that the user reads. */
export class ServerError extends Error {
  readonly failure: ServerFailure;

  constructor(failure: ServerFailure) {
    super(describeFailure(failure));
    this.name = "ServerError";
    this.failure = failure;
  }
}

/** One sentence of what happened, and one of what to do next. */
function describeFailure(failure: ServerFailure): string {
  switch (failure.kind) {
    case "no-recording":
      return "There is no recording: record one with “Flameline: Profile This Workspace” or open a profile.";
    case "other-recording":
      return `The recording ${failure.id} is no longer the current one: open it from the list of recordings.`;
    case "not-found":
      return `${failure.path} does not exist: choose another profile.`;
    case "unreadable":
      return `${failure.path} cannot be read (${failure.reason}): check its rights and try again.`;
    case "damaged":
      return `${failure.path} is damaged: its compressed data cannot be unpacked. Copy it again from where it was made.`;
    case "too-large":
      return `${failure.path} has ${megabytes(failure.bytes)} and at most ${megabytes(failure.limit)} can be opened: record for a shorter time or export a part of it.`;
    case "not-a-profile":
      return `${failure.path} is neither a pprof profile (.pb.gz), collapsed stacks, a .cpuprofile, speedscope's JSON, the text of perf script nor a Flameline recording, or it has no sample: choose another file.`;
    case "not-written":
      return `${failure.path} could not be written (${failure.reason}): check the free space and rights of its folder and try again.`;
    case "no-such-fix":
      return "This fix is no longer there, because the file or the recording has changed: open the light bulb again.";
    case "not-recorded":
      return `The recording has no sample of ${failure.path}: record while it runs, and ask again.`;
    case "bad-start":
      return `The recording could not begin because its first message is not readable (${failure.reason}): reload the window and record again.`;
  }
}

/** What a request answers when it fails: our own sentence, or the bare reason of something unforeseen. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ServerError) {
    return error.message;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `Flameline's language server could not answer (${reason.split("\n")[0] ?? ""}): try again, and report it with the log if it stays.`;
}

/** The short reason of a failed file operation, for example "ENOSPC". */
export function reasonOf(error: unknown): string {
  if (error instanceof Error) {
    return "code" in error && typeof error.code === "string" ? error.code : error.message;
  }
  return String(error);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
