import { folderOf, resolve } from "../paths.js";
import { firstFile, type PathRule, type World } from "./place.js";

/** What `-trimpath` leaves: a module's path, then the file's path in it. */
function isTrimmed(file: string, language: string): boolean {
  return language === "go" && !file.startsWith("/") && file.includes("/");
}

/** `example.com/shop/store/store.go` → the folder whose go.mod says `module example.com/shop`; of nested modules the inner one. */
export const goModule: PathRule = {
  name: "Go module",
  async find({ file, language }, world) {
    if (!isTrimmed(file, language)) {
      return undefined;
    }
    const modules = (await goModules(world)).filter(({ module }) => file.startsWith(`${module}/`));
    modules.sort((a, b) => b.module.length - a.module.length);
    return firstFile(
      world,
      modules.map(({ module, folder }) => resolve(folder, file.slice(module.length + 1))),
    );
  },
};

/** `golang.org/x/text@v0.3.0/unicode/x.go` → a vendor folder of the workspace, else the module cache, where capitals are written `!a`. */
export const goModuleCache: PathRule = {
  name: "Go module cache",
  async find({ file, language }, world) {
    const trimmed = /^([^@]+)@([^/]+)\/(.+)$/.exec(file);
    if (!trimmed || !isTrimmed(file, language)) {
      return undefined;
    }
    const [, module = "", version = "", rest = ""] = trimmed;
    const vendored = (await goModules(world)).map(({ folder }) => resolve(folder, `vendor/${module}/${rest}`));
    const { goModuleCache: cache } = world.toolchains;
    const cached = cache === undefined ? [] : [resolve(cache, `${escaped(module)}@${escaped(version)}/${rest}`)];
    return firstFile(world, [...vendored, ...cached]);
  },
};

/** `fmt/print.go` → GOROOT. */
export const goStandardLibrary: PathRule = {
  name: "Go standard library",
  find({ file, language }, world) {
    const { goRoot } = world.toolchains;
    if (!isTrimmed(file, language) || goRoot === undefined || file.split("/")[0]?.includes(".")) {
      return Promise.resolve(undefined);
    }
    return firstFile(world, [resolve(goRoot, `src/${file}`)]);
  },
};

function escaped(text: string): string {
  return text.replaceAll(/[A-Z]/g, (capital) => `!${capital.toLowerCase()}`);
}

const modulesOf = new WeakMap<World, Promise<{ module: string; folder: string }[]>>();

function goModules(world: World): Promise<{ module: string; folder: string }[]> {
  const known = modulesOf.get(world) ?? readModules(world);
  modulesOf.set(world, known);
  return known;
}

async function readModules(world: World): Promise<{ module: string; folder: string }[]> {
  const found: { module: string; folder: string }[] = [];
  for (const path of await world.index.named("go.mod")) {
    const module = /^\s*module\s+"?([^\s"]+)/m.exec((await world.files.readText(path)) ?? "")?.[1];
    if (module !== undefined) {
      found.push({ module, folder: folderOf(path) });
    }
  }
  return found;
}
