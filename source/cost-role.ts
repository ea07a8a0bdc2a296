import type { CostRole } from "../profile/cost-carriers.js";
import { isInterpreted } from "../profile/interpreted.js";
import { codeOwner, type OwnedPlace, type OwnerSettings } from "./owner.js";
import { isRuntimeStub } from "./owner/runtime-places.js";

/** Whose code it is must not depend on the folder that one stands in. */
const NO_WORKSPACE: OwnerSettings = { folders: [], include: [], exclude: [], justMyCode: true };

/**
 * Whose wait, and whose bytes, a function's are: everything of a language's own library, the C library and the kernel passes them to its
 * caller, so that the line that called `get` of a queue has the wait, and not the lock inside.
 */
export function callRole(place: Omit<OwnedPlace, "path">): CostRole {
  const owner = codeOwner({ ...place, path: undefined }, NO_WORKSPACE);
  const isNameless = place.module === "" && /^(\[unknown\])?$/.test(place.functionName);
  const isPassing = owner === "runtime" || owner === "kernel" || isRuntimeStub(place) || isNameless || isAllocator(place);
  return isPassing ? "passes" : "own";
}

/** Whether a function gives memory to whoever asks: C's and C++'s by name, wherever they are linked into. */
function isAllocator({ language, functionName }: Omit<OwnedPlace, "path">): boolean {
  return (
    language === "native" &&
    /^(__libc_)?(malloc|calloc|realloc|aligned_alloc|memalign|posix_memalign)$|^operator new(\[\])?(\(|$)/.test(functionName)
  );
}

/**
 * Whose cost a function's is where lines of interpreted languages are to be compared. CPython's C functions are the leaves of every
 * Python stack: a line has next to no self cost of its own. So the machine code of the runtime, its stubs, what it compiled and no one can name, and
 * the kernel under them pass their cost to the interpreted line that called them; other machine code (an extension module, a library) stands.
 */
export function costRole(place: Omit<OwnedPlace, "path">): CostRole {
  if (isInterpreted(place.language)) {
    return isRuntimeStub(place) ? "passes" : "own";
  }
  const isNameless = place.module === "" && /^(\[unknown\])?$/.test(place.functionName);
  const owner = codeOwner({ ...place, path: undefined }, NO_WORKSPACE);
  return owner === "runtime" || owner === "kernel" || isNameless ? "passes" : "stands";
}
