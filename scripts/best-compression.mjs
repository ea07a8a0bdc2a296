// Loaded into vsce (node --import), whose zip library has no setting for it: the package is made once and downloaded often.
import zlib from "node:zlib";

const { DeflateRaw } = zlib;
zlib.DeflateRaw = class extends DeflateRaw {
  constructor(options) {
    super({ ...options, level: 9, memLevel: 9 });
  }
};
