#!/usr/bin/env bash
# Installs from the offline folder in a namespace without any route, and computes the quarter there.
# Needs root or unprivileged user namespaces. Usage: scripts/prove_offline.sh [dist/offline]
set -euo pipefail
offline=$(realpath "${1:-dist/offline}")
target=$(mktemp -d)/"端末 一"
trap 'rm -rf "$(dirname "$target")"' EXIT
export offline target
unshare --map-root-user --net bash -euc '
  ! timeout 5 bash -c "exec 3<>/dev/tcp/192.0.2.1/443" 2>/dev/null  # no route: nothing can leave
  python3.11 "$offline/install.py" "$target"
  cd "$target"
  make run
'
echo "Installed and run without any network."
