// The file system that a kernel starts from: a cpio archive in the "newc" form (Linux, driver-api/early-userspace/buffer-format).

const FOLDER = 0o040_000;
const FILE = 0o100_000;
const LINK = 0o120_000;
const CHARACTER_DEVICE = 0o020_000;

export class Archive {
  /** @type {Buffer[]} */
  #parts = [];
  /** @type {Set<string>} */
  #folders = new Set([""]);
  #entries = 0;

  /** @param {string} path absolute @param {Buffer | string} content @param {number} [mode] */
  file(path, content, mode = 0o755) {
    this.#add(path, FILE | mode, Buffer.from(content));
  }

  /** @param {string} path absolute @param {string} target */
  link(path, target) {
    this.#add(path, LINK | 0o777, Buffer.from(target));
  }

  /** @param {string} path absolute @param {number} [mode] */
  folder(path, mode = 0o755) {
    this.#parents(`${path}/-`, mode);
  }

  /** @param {string} path absolute @param {number} major @param {number} minor */
  device(path, major, minor) {
    this.#add(path, CHARACTER_DEVICE | 0o600, Buffer.alloc(0), major, minor);
  }

  /** @returns {Buffer} */
  bytes() {
    this.#entry("TRAILER!!!", 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #parents(path, mode = 0o755) {
    const names = path.split("/").slice(1, -1);
    for (let length = 1; length <= names.length; length++) {
      const folder = names.slice(0, length).join("/");
      if (!this.#folders.has(folder)) {
        this.#folders.add(folder);
        this.#entry(folder, FOLDER | (length === names.length ? mode : 0o755), Buffer.alloc(0));
      }
    }
  }

  #add(path, mode, content, major = 0, minor = 0) {
    this.#parents(path);
    this.#entry(path.slice(1), mode, content, major, minor);
  }

  #entry(name, mode, content, major = 0, minor = 0) {
    const inode = ++this.#entries;
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length + 1, 0];
    const header = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}${name}\0`;
    this.#parts.push(padded(Buffer.from(header, "latin1")), padded(content));
  }
}

function padded(bytes) {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
