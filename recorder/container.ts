/** Containers: how one is recognised, and the command on its host that gives it the rights to record. */

export type ContainerEngine = "docker" | "podman" | "kubernetes" | "other";

/** The engine of the container that this process runs in, by the marks that engines leave; undefined outside. */
export function isContainer(
  readText: (path: string) => string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ContainerEngine | undefined {
  if (env["KUBERNETES_SERVICE_HOST"] !== undefined) return "kubernetes";
  if (readText("/.dockerenv") !== undefined) return "docker";
  if (readText("/run/.containerenv") !== undefined) return "podman";
  const groups = readText("/proc/1/cgroup") ?? "";
  if (groups.includes("kubepods")) return "kubernetes";
  if (/docker|containerd/.test(groups)) return "docker";
  if (groups.includes("libpod")) return "podman";
  const manager = env["container"] ?? readText("/run/systemd/container")?.trim();
  if (manager === undefined || manager === "" || manager === "wsl") return undefined;
  return manager === "docker" || manager === "podman" ? manager : "other";
}

/**
 * A container cannot raise its own rights, so the command is for its host: started again with all capabilities and the
 * host's process numbers, which the kernel's samples carry.
 */
export function describeContainer(engine: ContainerEngine): { sentence: string; action: string; command: string } {
  const sentence = "This is a container without the rights to record, and only its host can grant them.";
  switch (engine) {
    case "docker":
    case "podman":
      return {
        sentence,
        action:
          'Start the container again with /run/flameline of a host that has the service (docs/service.md), or with all rights (in a dev container: "runArgs": ["--privileged", "--pid=host"]):',
        command: `${engine} run --privileged --pid=host IMAGE`,
      };
    case "kubernetes":
      return {
        sentence,
        action: "Let an administrator of the cluster start the pod with hostPID: true and securityContext.privileged: true, for example:",
        command: `kubectl run work --image=IMAGE --overrides='{"spec":{"hostPID":true,"containers":[{"name":"work","image":"IMAGE","securityContext":{"privileged":true}}]}}'`,
      };
    case "other":
      return {
        sentence,
        action: "Start the container again from its host with all capabilities and the host's process namespace, or record on the host:",
        command: "flameline record --workspace FOLDER",
      };
  }
}
