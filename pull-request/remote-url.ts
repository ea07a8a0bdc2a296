/** Where a remote's repository is on a forge. */
export interface ForgeRepository {
  /** `https://github.com`, or an own server's scheme, host and port. */
  readonly web: string;
  readonly host: string;
  readonly owner: string;
  readonly name: string;
}

const SCP = /^(?:[^/@:]+@)?([^/:]+):(?!\/\/)(.+)$/;
const PATH = /^\/?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/;

/** Undefined where an address is no owner's repository on a host: a file, a group of groups, a transport of its own. */
export function forgeRepository(url: string): ForgeRepository | undefined {
  const short = /^[a-z][\w+.-]*:\/\//i.test(url) ? null : SCP.exec(url);
  let host = short?.[1] ?? "";
  let path = short?.[2] ?? "";
  let web = `https://${host}`;
  if (short === null) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !["https:", "http:", "ssh:", "git+ssh:"].includes(parsed.protocol)) return undefined;
    const isWeb = parsed.protocol.startsWith("http");
    host = isWeb ? parsed.host : parsed.hostname;
    web = isWeb ? parsed.origin : `https://${host}`;
    path = parsed.pathname;
  }
  // GitHub's ssh where port 22 is closed.
  if (host === "ssh.github.com") [host, web] = ["github.com", "https://github.com"];
  const [, owner, name] = PATH.exec(path) ?? [];
  return owner === undefined || name === undefined || /^\.+$/.test(owner) || /^\.+$/.test(name) ? undefined : { web, host, owner, name };
}
