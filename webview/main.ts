import { FlameGraphModel } from "./flame-graph-model.js";
import { FlameGraphPage } from "./flame-graph-page.js";
import { readSavedView } from "./saved-view.js";
import { standaloneApi } from "./standalone.js";
import { onMessage, vsCodeApi } from "./vscode-api.js";
import "./style.css";
import "./tables.css";
import "./findings.css";
import "./compact.css";
import "./standalone.css";

const api = standaloneApi() ?? vsCodeApi();
const saved = readSavedView(api.getState());
const model = new FlameGraphModel((message) => api.postMessage(message), saved, {
  now: () => performance.now(),
  after: (ms, run) => void setTimeout(run, ms),
});
document.body.append(new FlameGraphPage(model, saved, (view) => api.setState(view)).element);
onMessage((message) => model.receive(message));
api.postMessage({ type: "ready" });
