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
import type { Rule } from "./rule.js";

/** Every rule; to add one, write its file and name it here. */
export const RULES: readonly Rule[] = [
  regexInHotCode,
  membershipInList,
  listForAny,
  eagerLogging,
  sqlalchemyLazyLoad,
  djangoSelectRelated,
  djangoPrefetchRelated,
  djangoCreateInLoop,
  objectInHotCode,
  searchInLoop,
  spreadAccumulation,
];
