/** Everything that can keep fixes from becoming commits or a pull request, each with its sentence and what to do next. */
export type SharingFailure =
  | { readonly kind: "git-missing" }
  | { readonly kind: "no-repository"; readonly folder: string }
  | { readonly kind: "no-commit"; readonly root: string }
  | { readonly kind: "no-identity" }
  | { readonly kind: "nothing-to-commit"; readonly leftOut: readonly string[] }
  | { readonly kind: "branch-taken"; readonly branch: string }
  | { readonly kind: "git-slow"; readonly command: string; readonly seconds: number }
  | { readonly kind: "git-failed"; readonly command: string; readonly said: string }
  | { readonly kind: "push-refused"; readonly remote: string; readonly branch: string; readonly said: string }
  | { readonly kind: "push-rejected"; readonly remote: string; readonly branch: string; readonly said: string }
  | { readonly kind: "push-unreachable"; readonly remote: string; readonly branch: string; readonly said: string }
  | { readonly kind: "forge-unreachable"; readonly address: string; readonly said: string }
  | { readonly kind: "not-signed-in"; readonly said: string }
  | { readonly kind: "signed-out"; readonly address: string }
  | { readonly kind: "forge-forbids"; readonly said: string }
  | { readonly kind: "repository-hidden"; readonly name: string }
  | { readonly kind: "may-not-push"; readonly name: string }
  | { readonly kind: "forge-refuses"; readonly status: number; readonly said: string };

export class SharingError extends Error {
  readonly failure: SharingFailure;

  constructor(failure: SharingFailure) {
    super(describeSharing(failure));
    this.name = "SharingError";
    this.failure = failure;
  }
}

function describeSharing(failure: SharingFailure): string {
  switch (failure.kind) {
    case "git-missing":
      return "Git was not found: install it and try again.";
    case "no-repository":
      return `${failure.folder} is in no Git repository: make one with “git init”, commit, and try again.`;
    case "no-commit":
      return `The repository ${failure.root} has no commit yet: commit what you have and try again.`;
    case "no-identity":
      return "Git doesn't know who you are: set user.name and user.email with “git config --global”, and try again.";
    case "nothing-to-commit":
      return `No fix could be committed: ${failure.leftOut.join("; ")}.`;
    case "branch-taken":
      return `There are a hundred branches like ${failure.branch} already: delete some and try again.`;
    case "git-slow":
      return `“git ${failure.command}” took more than ${failure.seconds} s and was ended: run it in a terminal to see what it waits for.`;
    case "git-failed":
      return `“git ${failure.command}” failed (${failure.said}): mend that and try again.`;
    case "push-refused":
      return `${failure.remote} doesn't let you push (${failure.said}): check your rights and sign-in, then “git push ${failure.remote} ${failure.branch}”.`;
    case "push-rejected":
      return `${failure.remote} rejected the push (${failure.said}): see its rules for branches, then “git push ${failure.remote} ${failure.branch}”.`;
    case "push-unreachable":
      return `${failure.remote} was not reached (${failure.said}): when it is, run “git push ${failure.remote} ${failure.branch}”.`;
    case "forge-unreachable":
      return `${failure.address} was not reached (${failure.said}): check the network and try again.`;
    case "not-signed-in":
      return `Nobody signed in to GitHub (${failure.said}), so nothing was committed or pushed: try again, or choose “Commit Only”.`;
    case "signed-out":
      return `${failure.address} doesn't take your sign-in any more: sign out of GitHub in the Accounts menu, and try again.`;
    case "forge-forbids":
      return `GitHub forbids it (${failure.said}): if your organisation uses single sign-on, authorise VS Code there, else wait and try again.`;
    case "repository-hidden":
      return `GitHub doesn't show ${failure.name} to your account: check the remote's address, or sign in with another account.`;
    case "may-not-push":
      return `Your account may not push to ${failure.name}: fork it, make the fork your branch's remote, and try again.`;
    case "forge-refuses":
      return `GitHub didn't open the pull request (${failure.said}, status ${failure.status}): open it in the browser from the branch that was pushed.`;
  }
}
