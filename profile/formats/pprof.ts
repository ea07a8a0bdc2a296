/**
 * pprof (https://github.com/google/pprof/tree/main/proto), uncompressed, at most 2 GiB. What we write:
 *
 * | what | where |
 * |---|---|
 * | each event | a sample type: its name, in `nanoseconds` or `bytes`; a sample has its value in one column and 0 in the others |
 * | time of a sample | label `timestamp_ns` (number): ns since `time_nanos` |
 * | whose it is | labels `pid`, `tid` (numbers), `thread`, `process` (texts), absent where empty |
 * | labels of tasks | labels with the program's own keys, but for those that have a meaning here |
 * | two threads with the same labels (a reused pid) | label `flameline_thread` (number): index in the details' threads |
 * | a value of 0 among several events | label `event` (text) |
 * | how many samples a row stands for | a sample type `samples`/`count`, only where a row stands for other than 1 |
 * | a frame | a location: the address inside the module, and a line for each inlined position, innermost first |
 * | a frame without name, file and line | a location without lines |
 * | the module | a mapping for each; interpreted and kernel frames have one called `<python>`, `<kernel>` … |
 * | the language | the mapping where it is such a one, else the source file's extension; exceptions by name, file and module in the details' `languages` |
 * | definition | `function.start_line`; `name` and `system_name` are both the recorded name |
 * | start, length | `time_nanos`, `duration_nanos`; `period` is 1e9 / hz |
 * | losses, cost, what was asked for | one comment `flameline:{json}`, see pprof-comment.ts |
 * | processes, threads, exceptions | the details: JSON in field 20190 of the profile, which other readers skip |
 *
 * What is read beyond that: packed and unpacked numbers, fields in any order, ids that are hashes, missing tables, labels
 * under the names of other tools, calendar times, other time and byte units, Go's CPU, heap, block and mutex profiles.
 * A file that only counts samples is taken at its period, or at 10 ms a sample, and says so.
 */
export { decodePprof, decodePprofInSteps } from "./pprof-decode.js";
export { encodePprof, encodePprofInSteps } from "./pprof-encode.js";
