/** The service under a real systemd, with a real polkit: its unit as it is installed, started by its socket, used by an ordinary user. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { whyNotPrepared } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { runInDebian, whyNoDebian } from "../support/booted-debian.mjs";

/** Its number in capabilities(7). */
const CAP_SYS_ADMIN = 21n;

const SCRIPT = `
useradd --create-home alice
mkdir /opt/package
cp /test/flameline-helper /test/flameline-helper.sha256 /test/flameline.js /test/askpass.js /opt/package
cp -r /test/shared /opt/package
chmod -R a+rX /opt/package; chmod 755 /opt/package/flameline-helper; cp /test/node /usr/local/bin/node; chmod 755 /usr/local/bin/node
flameline() { node /opt/package/flameline.js "$@"; }
alice() { su alice -c "cd; node /opt/package/flameline.js $*"; }
step node node --version
step install flameline helper install
step enabled systemctl is-enabled flameline.socket
step idle systemctl is-active flameline.service
step record alice record --seconds 1 -o run.pb.gz --workspace .
step journal journalctl --no-pager -o cat -u flameline.service
step status alice helper status --json
step rights grep -E 'CapBnd|NoNewPrivs|Seccomp:' /proc/$(systemctl show -p MainPID --value flameline.service)/status
step again flameline helper install
printf x >> /opt/package/flameline-helper; rm /opt/package/flameline-helper.sha256
step upgrade flameline helper install
step after alice helper status --json
step crash systemctl kill --signal=KILL flameline.service
step revived alice helper status --json
ask() { su alice -c "pkexec --disable-internal-agent /usr/local/lib/flameline/flameline-helper $*"; }
step noagent ask serve --idle 1s
mkdir -p /etc/polkit-1/rules.d
echo 'polkit.addRule(function(action, subject) { if (action.id == "org.flameline.helper.serve" && subject.user == "alice") return polkit.Result.YES; });' > /etc/polkit-1/rules.d/49-test.rules
sleep 1
step allowed ask serve --idle 1s
step others ask check
step uninstall flameline helper uninstall
step left sh -c 'ls -d /usr/local/lib/flameline /opt/flameline /etc/systemd/system/flameline.* /usr/share/polkit-1/actions/org.flameline.* /run/flameline/helper.sock 2> /dev/null'
step units systemctl list-units --all --no-legend 'flameline.*'
`;

test("systemd starts it by its socket with the rights of its unit; polkit knows it; nothing stays", () => {
  test.setTimeout(300_000);
  const reason = whyNotPrepared() ?? whyNoDebian();
  test.skip(reason !== undefined, reason);
  const dist = (name: string) => path.join(root, "dist", name);
  const names = ["flameline-helper", "flameline-helper.sha256", "flameline.js", "askpass.js", "shared"];
  const files = { ...Object.fromEntries(names.map((name) => [name, dist(name)])), node: process.execPath };
  const { steps, log } = runInDebian(SCRIPT, files);
  test.skip(!log.includes("Reached target"), `no container boots here: ${log}`);
  expect(Object.keys(steps), log).toContain("units");
  test.skip(steps["node"]?.status !== 0, `this machine's node does not run in Debian: ${steps["node"]?.output}`);
  const said = (name: string) => `${steps[name]?.status} ${steps[name]?.output ?? "nothing"}`.trim();

  expect(said("install")).toMatch(
    /^0 Flameline's helper \S+ is installed at \/usr\/local\/lib\/flameline\/flameline-helper\. systemd starts it when somebody records\.$/,
  );
  expect(said("enabled")).toBe("0 enabled");
  expect(said("idle")).toBe("3 inactive");
  // In the container the kernel's process numbers are not the helper's own, and the engine finds that out by its first
  // program: so far everything was read, loaded, attached and run behind the unit's walls.
  expect(said("record")).toMatch(/^3 [\s\S]*system analysis request was not handled for pid|^0 [\s\S]*samples in 1\.\d s/);
  expect(said("journal")).toContain('msg="client connected"');
  const status = JSON.parse(steps["status"]?.output ?? "{}");
  expect(status).toMatchObject({ running: true, socket: "/run/flameline/helper.sock", service: { current: true, serves: true } });
  expect(said("rights")).toMatch(/CapBnd:\s+[0-9a-f]+\s+NoNewPrivs:\s+1\s+Seccomp:\s+2/);
  // Debian's and Ubuntu's own levels need it, and the unit says so.
  const level = Number(readFileSync("/proc/sys/kernel/perf_event_paranoid", "utf8"));
  const bounding = BigInt(`0x${/CapBnd:\s+([0-9a-f]+)/.exec(said("rights"))?.[1]}`);
  expect((bounding >> CAP_SYS_ADMIN) & 1n, said("rights")).toBe(level > 2 ? 1n : 0n);
  expect(said("again")).toMatch(/^0 .* is already installed at/);
  expect(said("upgrade")).toMatch(/^0 .* has replaced the one at/);
  const after = JSON.parse(steps["after"]?.output ?? "{}");
  expect(after).toMatchObject({ running: true, service: { current: true, serves: true } });
  expect(after.helper.pid).not.toBe(status.helper.pid);
  expect(JSON.parse(steps["revived"]?.output ?? "{}")).toMatchObject({ running: true, service: { serves: true } });

  // What recorder/pkexec.ts reads, in the words of the real pkexec.
  expect(said("noagent")).toBe("127 Error executing command as another user: No authentication agent found.");
  expect(said("allowed")).toMatch(/^0 ready \/run\/flameline\/\d+\/helper\.sock/);
  expect(said("others")).toMatch(/^127 /);

  expect(said("uninstall")).toMatch(/^0 Flameline's helper is removed: \//);
  expect(steps["left"]?.output).toBe("");
  expect(said("units")).toBe("0");
});
