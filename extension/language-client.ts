/**
 * The language client, to be imported late. A late import asks for everything that a module names: so what is needed is named here.
 */
export { LanguageClient, State, TransportKind } from "vscode-languageclient/node";
