/** What `flameline report` says of files, peers and processes beside the rows. */
import type { Count } from "../profile/counts.js";
import type { Recording } from "../profile/recording.js";
import { isTransfer } from "../profile/subjects.js";
import type { CountName, EventName } from "../protocol/events.js";
import { amount, grouped } from "./numbers.js";

/** A count, as `--json` prints it: of a process where `subject` is null, else of a file or peer in it. */
export interface CountRow {
  readonly pid: number;
  readonly kind: CountName;
  readonly subject: string | null;
  /** 0 where only the bytes are known. */
  readonly calls: number;
  readonly bytes: number;
}

/** Bytes of a process, as the kernel counted them. */
export interface ProcessBytes {
  readonly read: number;
  readonly written: number;
  readonly sent: number;
  readonly received: number;
}

const FILES: readonly CountName[] = ["open"];
const PEERS: readonly CountName[] = ["connect", "accept", "lookup"];
const WORDS: Readonly<Partial<Record<CountName, readonly [one: string, many: string]>>> = {
  open: ["open", "opens"],
  connect: ["connect", "connects"],
  accept: ["accept", "accepts"],
  lookup: ["DNS look-up", "DNS look-ups"],
};
/** Files or peers that are named for each kind of call. */
const NAMED = 3;

export function countRows({ counts, processes }: Recording): readonly CountRow[] {
  return counts.rows.map(({ process, kind, subject, calls, bytes }) => {
    return { pid: processes[process]?.pid ?? 0, kind, subject: subject === "" ? null : subject, calls, bytes };
  });
}

/** By pid; empty where the helper did not count. */
export function processBytes(recording: Recording): ReadonlyMap<number, ProcessBytes> {
  const sums = new Map<number, ProcessBytes>();
  for (const { pid, kind, bytes } of countRows(recording)) {
    const { read, written, sent, received } = sums.get(pid) ?? { read: 0, written: 0, sent: 0, received: 0 };
    const of = (name: CountName): number => (kind === name ? bytes : 0);
    const more = { read: read + of("read"), written: written + of("write"), sent: sent + of("send"), received: received + of("receive") };
    if (kind === "read" || kind === "write" || kind === "send" || kind === "receive") sums.set(pid, more);
  }
  return sums;
}

/** Opens of files, or calls and look-ups of peers; and what was transferred without a line. */
export function transferNotes(recording: Recording, event: EventName): readonly string[] {
  if (!isTransfer(event)) return [];
  const { rows } = recording.counts;
  const said = (event.startsWith("io_") ? FILES : PEERS).flatMap((kind) => callsText(kind, rows));
  const [copied, rings, mapped] = [sumOf(rows, "copy"), sumOf(rows, "ring"), sumOf(rows, "map")];
  const apart = [
    ...(copied.bytes > 0 ? [`${amount(copied.bytes, "bytes")} passed on by sendfile, splice or copy_file_range`] : []),
    ...(rings.calls > 0 ? [ringsText(rings)] : []),
    ...(mapped.calls > 0 && event.startsWith("io_") ? [mappedText(mapped)] : []),
  ];
  return [...said, ...(apart.length > 0 ? [`Counted, and of no line: ${apart.join("; ")}.`] : [])];
}

/** Of kernels that don't tell of operations only the calls that submit them are known. */
function ringsText({ calls, bytes }: { readonly calls: number; readonly bytes: number }): string {
  return bytes > 0 ? `${amount(bytes, "bytes")} in ${grouped(calls)} operations of io_uring` : `${grouped(calls)} calls of io_uring`;
}

/** A fault is a page at least: what the kernel reads ahead comes without one. */
function mappedText({ calls, bytes }: { readonly calls: number; readonly bytes: number }): string {
  return `at least ${amount(bytes, "bytes")} read by ${grouped(calls)} page faults of mapped files or swap`;
}

/** "opens 12: 8 [/etc/hosts], 4 [/tmp/x]". */
function callsText(kind: CountName, rows: readonly Count[]): readonly string[] {
  const bySubject = new Map<string, number>();
  for (const row of rows) if (row.kind === kind) bySubject.set(row.subject, (bySubject.get(row.subject) ?? 0) + row.calls);
  const { calls } = sumOf(rows, kind);
  if (calls === 0) return [];
  const [one, many] = WORDS[kind] ?? [kind, kind];
  const most = [...bySubject].toSorted(([, a], [, b]) => b - a);
  const named = most.slice(0, NAMED).map(([subject, times]) => `${grouped(times)} ${subject}`);
  const more = most.length > NAMED ? `, and ${grouped(most.length - NAMED)} more` : "";
  return [`${grouped(calls)} ${calls === 1 ? one : many}: ${named.join(", ")}${more}`];
}

function sumOf(rows: readonly Count[], kind: CountName): { readonly calls: number; readonly bytes: number } {
  const of = rows.filter((row) => row.kind === kind);
  return { calls: of.reduce((sum, row) => sum + row.calls, 0), bytes: of.reduce((sum, row) => sum + row.bytes, 0) };
}
