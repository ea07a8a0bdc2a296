# Sourced by test.sh and start.sh: what must be there before the first Node script can run.
need() {
  command -v "$1" >/dev/null 2>&1 || { echo "flameline: $1 is missing; install $2 and run this again." >&2; exit 1; }
}
need node "Node.js 20 or newer"
need npm "Node.js 20 or newer"
if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'; then
  echo "flameline: Node.js $(node --version) is too old; install Node.js 20 or newer and run this again." >&2
  exit 1
fi
if [ "$(uname -s)" = Linux ]; then
  need go "Go 1.26 or newer"
fi
# npm leaves this file behind when it is done: older than the lock file means that something changed.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
  # "install", not "ci": the lock file has this platform's optional packages only, and ci refuses to go on without the others'.
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi
