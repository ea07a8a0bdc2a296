/**
 * The language client, to be imported late. Of a CommonJS module that is imported late esbuild hands over no names, so they are named here.
 */
export { LanguageClient, State, TransportKind } from "vscode-languageclient/node";
