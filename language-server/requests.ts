import type { ClientNotifications, ParamsOf, ResultOf, ServerMethod, ServerNotifications } from "../protocol/language-server.js";
import { type CancellationToken, type Connection, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import { sentenceOf } from "./failures.js";

/** One handler for every request of the wire: a new request does not compile until it is answered. */
export type RequestHandlers = {
  readonly [M in ServerMethod]: (params: ParamsOf<M>, cancelled: CancellationToken) => ResultOf<M> | Promise<ResultOf<M>>;
};

export type NotificationHandlers = {
  readonly [M in keyof ServerNotifications]: (params: ServerNotifications[M]) => void;
};

/** Answers every request with its handler's result, or with an error that holds one sentence a person can read. */
export function registerRequests(connection: Connection, handlers: RequestHandlers): void {
  for (const method of Object.keys(handlers) as ServerMethod[]) {
    registerRequest(connection, method, handlers[method]);
  }
}

function registerRequest<M extends ServerMethod>(connection: Connection, method: M, handler: RequestHandlers[M]): void {
  connection.onRequest<unknown, void>(method, async (params: ParamsOf<M>, cancelled: CancellationToken) => {
    try {
      return await handler(params, cancelled);
    } catch (error) {
      connection.console.error(`${method}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return new ResponseError(LSPErrorCodes.RequestFailed, sentenceOf(error));
    }
  });
}

export function registerNotifications(connection: Connection, handlers: NotificationHandlers): void {
  for (const method of Object.keys(handlers) as (keyof ServerNotifications)[]) {
    registerNotification(connection, method, handlers[method]);
  }
}

function registerNotification<M extends keyof ServerNotifications>(
  connection: Connection,
  method: M,
  handler: NotificationHandlers[M],
): void {
  connection.onNotification(method, (params: ServerNotifications[M]) => {
    try {
      handler(params);
    } catch (error) {
      connection.console.error(`${method}: ${sentenceOf(error)}`);
    }
  });
}

/** Sends one of the server's own notifications; a closed connection is no error. */
export function notify<M extends keyof ClientNotifications>(connection: Connection, method: M, params: ClientNotifications[M]): void {
  connection.sendNotification(method, params).catch(() => undefined);
}
