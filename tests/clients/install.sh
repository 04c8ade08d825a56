#!/usr/bin/env bash
# What `tox -e clients` drives and no Python package brings: Debian's programs (as root, where
# one is missing) and npm's packages, in the folder TIDELOCK_CLIENTS or else beside this file.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${TIDELOCK_CLIENTS:-$here}

wanted=(neovim emacs-nox elpa-eglot elpa-lua-mode lua-filesystem lua-lpeg)
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null \
    | grep --quiet '^installed$' || missing+=("$package")
done
if ((${#missing[@]})); then
  apt-get update -o DPkg::Lock::Timeout=120
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 "${missing[@]}"
fi

if [ "$folder" != "$here" ]; then
  mkdir -p "$folder"
  cp "$here/package.json" "$here/package-lock.json" "$folder"
fi
npm ci --prefix "$folder" --no-audit --no-fund
