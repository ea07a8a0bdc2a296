import { regexInHotCode } from "./python/regex-in-hot-code.js";
import type { Rule } from "./rule.js";

/** Every rule; to add one, write its file and name it here. */
export const RULES: readonly Rule[] = [regexInHotCode];
