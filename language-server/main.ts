/** The language server's process: `--node-ipc` when VS Code starts it, `--stdio` for any other client. */
import { createConnection } from "vscode-languageserver/node";
import { serve } from "./server.js";

serve(createConnection());
