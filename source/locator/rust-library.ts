import { resolve } from "../paths.js";
import { firstFile, type PathRule } from "./place.js";

/** `/rustc/<hash>/library/core/src/x.rs` → the toolchain's own sources; registry crates of another machine → this one's registry. */
export const rustLibrary: PathRule = {
  name: "Rust library",
  async find({ file }, world) {
    const { rustSource, cargoHome } = world.toolchains;
    const inToolchain = /^\/rustc\/[0-9a-f.]+\/(.+)$/.exec(file)?.[1];
    if (inToolchain !== undefined) {
      return rustSource === undefined ? undefined : firstFile(world, [resolve(rustSource, inToolchain)]);
    }
    const inCrate = /\/registry\/src\/[^/]+\/(.+)$/.exec(file)?.[1];
    if (inCrate === undefined || cargoHome === undefined) {
      return undefined;
    }
    const sources = resolve(cargoHome, "registry/src");
    const registries = (await world.files.list?.(sources)) ?? [];
    return firstFile(
      world,
      registries.map(({ name }) => resolve(sources, `${name}/${inCrate}`)),
    );
  },
};
