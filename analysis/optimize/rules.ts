import { goRules } from "./compiled/go.js";
import { javaRules } from "./compiled/java.js";
import { rustRules } from "./compiled/rust.js";
import { awaitInLoop } from "./javascript/await-in-loop.js";
import { concatAccumulation } from "./javascript/concat-accumulation.js";
import { copyByJson } from "./javascript/copy-by-json.js";
import { findInLoop } from "./javascript/find-in-loop.js";
import { keysInLoop } from "./javascript/keys-in-loop.js";
import { queryInLoop } from "./javascript/query-in-loop.js";
import { syncFile } from "./javascript/sync-file.js";
import { objectInHotCode } from "./javascript/object-in-hot-code.js";
import { searchInLoop } from "./javascript/search-in-loop.js";
import { spreadAccumulation } from "./javascript/spread-accumulation.js";
import { eagerLogging } from "./python/eager-logging.js";
import { listForAny } from "./python/list-for-any.js";
import { membershipInList } from "./python/membership-in-list.js";
import { regexInHotCode } from "./python/regex-in-hot-code.js";
import { djangoCreateInLoop } from "./python/orm/django-create-in-loop.js";
import { djangoPrefetchRelated, djangoSelectRelated } from "./python/orm/django-lazy-load.js";
import { sqlalchemyLazyLoad } from "./python/orm/sqlalchemy-lazy-load.js";
import { attributeInLoop } from "./python/attribute-in-loop.js";
import { cacheInLoop } from "./python/cache-in-loop.js";
import { callInLoop } from "./python/call-in-loop.js";
import { deepcopyInHotCode } from "./python/deepcopy-in-hot-code.js";
import { jsonToOrjson } from "./python/json-to-orjson.js";
import { listForCollection } from "./python/list-for-collection.js";
import { membershipInLoop } from "./python/membership-in-loop.js";
import { numpyElementwise } from "./python/numpy-elementwise.js";
import { openInLoop } from "./python/open-in-loop.js";
import { pandasApply } from "./python/pandas-apply.js";
import { pandasIterrows } from "./python/pandas-iterrows.js";
import { sessionInLoop } from "./python/session-in-loop.js";
import { textInLoop } from "./python/text-in-loop.js";
import type { Rule } from "./rule.js";

/** Every rule; to add one, write its file and name it here. */
export const RULES: readonly Rule[] = [
  regexInHotCode,
  membershipInList,
  listForAny,
  eagerLogging,
  attributeInLoop,
  cacheInLoop,
  callInLoop,
  deepcopyInHotCode,
  jsonToOrjson,
  listForCollection,
  membershipInLoop,
  numpyElementwise,
  openInLoop,
  pandasApply,
  pandasIterrows,
  sessionInLoop,
  textInLoop,
  sqlalchemyLazyLoad,
  djangoSelectRelated,
  djangoPrefetchRelated,
  djangoCreateInLoop,
  objectInHotCode,
  searchInLoop,
  spreadAccumulation,
  awaitInLoop,
  concatAccumulation,
  copyByJson,
  findInLoop,
  keysInLoop,
  queryInLoop,
  syncFile,
  ...goRules,
  ...javaRules,
  ...rustRules,
];
