// The small machine in which another kernel runs: the helper, its test program as the first process, and programs to record.
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import * as path from "node:path";
import { root } from "../paths.mjs";
import { Archive } from "./archive.mjs";

const helperFolder = path.join(root, "bpf-helper");
/** The drivers of the disk; a kernel may have some of them built in. */
const DRIVERS = ["virtio_pci", "virtio_blk"];
const DISK_BYTES = 192 << 20;

/**
 * Builds what is the same for every kernel.
 * @param {string} folder scratch
 */
export function buildPrograms(folder) {
  const go = { cwd: helperFolder, env: { ...process.env, CGO_ENABLED: "0" } };
  must("bash", ["build.sh", "--output", path.join(folder, "helper")], go);
  must("go", ["test", "-c", "-tags", "guest", "-o", path.join(folder, "init"), "."], go);
  must("go", ["build", "-o", path.join(folder, "worker"), "./testdata/guest/worker.go"], go);
  for (const name of ["waiter", "grower"]) {
    const flags = ["-static", "-pthread", "-g", "-fno-optimize-sibling-calls"];
    must("gcc", [...flags, "-o", path.join(folder, name), path.join(helperFolder, `testdata/${name}.c`)], {});
  }
}

/**
 * @param {string} folder where the programs were built
 * @param {import("./debian-kernel.mjs").Kernel} kernel
 * @returns {Buffer} the machine's first file system
 */
export function packGuest(folder, kernel) {
  const archive = new Archive();
  for (const each of ["/proc", "/sys", "/run", "/disk"]) {
    archive.folder(each);
  }
  archive.folder("/tmp", 0o1777);
  archive.device("/dev/console", 5, 1);
  archive.file("/init", readFileSync(path.join(folder, "init")));
  archive.file("/bin/flameline-helper", readFileSync(path.join(folder, "helper")));
  for (const name of ["worker", "waiter", "grower"]) {
    archive.file(`/programs/${name}`, readFileSync(path.join(folder, name)));
  }
  archive.file("/programs/worker.py", readFileSync(path.join(helperFolder, "testdata/guest/worker.py")));
  packPython(archive);
  packDrivers(archive, kernel);
  return archive.bytes();
}

function packPython(archive) {
  const python = realpathSync("/usr/bin/python3");
  archive.file(python, readFileSync(python));
  archive.link("/usr/bin/python3", python);
  const { stdout } = spawnSync("ldd", [python], { encoding: "utf8" });
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    archive.file(library, readFileSync(library));
  }
  const library = path.join("/usr/lib", path.basename(python));
  archive.file(path.join(library, "os.py"), readFileSync(path.join(library, "os.py")), 0o644); // by this it finds its library
  for (const name of readdirSync(path.join(library, "encodings")).filter((each) => each.endsWith(".py"))) {
    const file = path.join(library, "encodings", name);
    archive.file(file, readFileSync(file), 0o644);
  }
}

function packDrivers(archive, kernel) {
  const files = readdirSync(path.join(kernel.modules, "kernel"), { recursive: true, encoding: "utf8" });
  /** @type {Set<string>} */
  const order = new Set();
  const pack = (driver) => {
    const file = files.find((each) => path.basename(each).replace(/\.xz$/, "") === `${driver}.ko`);
    if (file === undefined || order.has(driver)) {
      return;
    }
    const packed = path.join(kernel.modules, "kernel", file);
    const module = file.endsWith(".xz") ? must("xz", ["-dc", packed], {}) : readFileSync(packed);
    const needed = /\0depends=([^\0]+)\0/.exec(module.toString("latin1"))?.[1] ?? "";
    needed.split(",").forEach(pack);
    archive.file(`/drivers/${driver}`, module);
    order.add(driver);
  };
  DRIVERS.forEach(pack);
  archive.file("/drivers/order", [...order].map((driver) => `${driver}\n`).join(""));
}

/** @param {string} file */
export function makeDisk(file) {
  const disk = openSync(file, "w");
  ftruncateSync(disk, DISK_BYTES);
  closeSync(disk);
  must("/usr/sbin/mke2fs", ["-q", "-t", "ext4", "-E", "root_owner=0:0,lazy_itable_init=1", file], {});
}

function must(command, args, options) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { maxBuffer: 1 << 28, ...options });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `${stdout}${stderr}`}`);
  }
  return stdout;
}
