#!/usr/bin/env bash
# Brings a fresh clone to where `make demo` and `make test` work.
#
#   tools/dev/setup.sh [python] [node] [browser] [screen] [engines] [proxies] [peers] [bench] [oracle]
#
# Each step does nothing when nothing changed. Says what is missing and the cure.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p var

stop() {
  printf '\nTether cannot be set up: %s\n  Cure: %s\n\n' "$1" "$2" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

# Debian and Ubuntu know their packages; others get the plain name.
is_debian_like() { [ -r /etc/debian_version ] && command -v apt-get >/dev/null; }
is_ubuntu() { grep -qi '^ID=ubuntu' /etc/os-release 2>/dev/null; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
can_be_root() { as_root true 2>/dev/null; }

# Where it can; what is still missing is reported by the step that needs it.
apt_lists=stale
install_by_apt() {
  { is_debian_like && can_be_root; } || return 0
  say "Installing $* by apt-get ..."
  [ "$apt_lists" = fresh ] || as_root apt-get update -qq || return 0
  apt_lists=fresh
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null || true
}

# A stamp is a file with the hash of what was installed.
hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }
is_marked() { [ "$(cat "$1" 2>/dev/null)" = "$(hash_of "${@:2}")" ]; }
mark() { hash_of "${@:2}" >"$1"; }

pip_install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }

pip_install_list() {
  pip_install --require-hashes -r "$1" ||
    stop "pip could not install $1 (its reason is above)." \
      "check the network or the proxy, then run this again"
}

# FOLDER/package-lock.json, with more options for npm.
npm_install() {
  local stamp=$1/node_modules/.tether-stamp
  is_marked "$stamp" "$1/package-lock.json" && return
  say "Installing $1/package-lock.json into $1/node_modules ..."
  (cd "$1" && npm ci --silent "${@:2}") ||
    stop "npm could not install $1/package-lock.json (\`npm ci\` in $1/ says why)." \
      "check the network or the proxy, then run this again"
  mark "$stamp" "$1/package-lock.json"
}

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  stop "Python 3.11 or newer was not found${PYTHON:+ (PYTHON=$PYTHON)}." \
    "install it (Debian 12, Ubuntu: sudo apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3 make ..."
}

setup_python() {
  local python stamp=.venv/requirements.stamp
  [ -x .venv/bin/python ] && is_marked $stamp requirements.txt pyproject.toml && return
  if ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    # Debian ships venv without the part that puts pip inside.
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      stop "$python cannot make virtual environments." "sudo apt-get install python3-venv"
    rm -rf .venv
    "$python" -m venv .venv
  fi
  say "Installing Python packages into .venv ..."
  pip_install_list requirements.txt
  # Editable: app/ is on the path, as it is in the page.
  pip_install --no-build-isolation --no-deps --no-index --editable . ||
    stop "pip could not install this folder (its reason is above)." "rm -rf .venv, then run this again"
  mark $stamp requirements.txt pyproject.toml
}

setup_bench() {
  is_marked .venv/bench.stamp bench/requirements.txt && return
  say "Installing what bench/fleet/__main__.py needs into .venv ..."
  pip_install_list bench/requirements.txt
  mark .venv/bench.stamp bench/requirements.txt
}

# The official frontend and its templates, which tools/oracle compares Tether with.
setup_oracle() {
  is_marked .venv/oracle.stamp tools/oracle/requirements.txt && return
  say "Installing the official frontend and its templates into .venv ..."
  pip_install_list tools/oracle/requirements.txt
  mark .venv/oracle.stamp tools/oracle/requirements.txt
}

setup_node() {
  local version
  command -v node >/dev/null ||
    stop "Node.js 20 or newer was not found." \
      "install it (Ubuntu 25.04 and newer: sudo apt-get install nodejs npm; Debian 12 ships 18: see nodejs.org/en/download)"
  version=$(node --version)
  version=${version#v}
  [ "${version%%.*}" -ge 20 ] ||
    stop "Node.js $version is too old; 20 or newer is needed." "see nodejs.org/en/download"
  command -v npm >/dev/null || stop "npm was not found beside node." "sudo apt-get install npm"
  npm_install . --no-audit --no-fund
  node tools/site/vendor.mjs
  node tools/site/app_cache.mjs
}

# A browser that starts. Ubuntu's `chromium` is a snap or a stub of one: a snap
# doesn't see the files that Playwright hands it.
usable_browser() {
  local path
  path=$(command -v "$1" 2>/dev/null) || return 1
  case "$(readlink -f "$path")" in *snap*) return 1 ;; esac
  timeout 20 "$path" --version >/dev/null 2>&1 || return 1
  printf '%s' "$path"
}

find_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    usable_browser "$name" && return
  done
  return 1
}

setup_browser() {
  local path
  if [ -n "${CHROMIUM:-}" ]; then
    path=$(usable_browser "$CHROMIUM") ||
      stop "CHROMIUM=$CHROMIUM does not start." "correct the path, or unset CHROMIUM"
  elif ! path=$(usable_browser "$(cat var/chromium 2>/dev/null || echo none)") &&
    ! path=$(find_browser); then
    is_ubuntu || install_by_apt chromium
    if ! path=$(find_browser); then
      say "Installing Chromium by Playwright ..."
      .venv/bin/playwright install $(can_be_root && echo --with-deps) chromium || true
      path=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)')
      path=$(usable_browser "$path") ||
        stop "no browser for the tests was found or could be installed." \
          "install Chromium or Google Chrome, or name one: CHROMIUM=/path/to/chrome make test"
    fi
  fi
  printf '%s' "$path" >var/chromium
  # Chromium without what serves windows, for most tests; without it they take a sixth longer.
  [ -z "${CHROMIUM:-}" ] || return 0
  usable_browser chromium-headless-shell >/dev/null || is_ubuntu ||
    install_by_apt chromium-headless-shell
  usable_browser chromium-headless-shell >var/chromium-headless-shell || true
}

# A screen that nobody sees: tabs are hidden and discarded only in a browser with a window.
setup_screen() {
  command -v Xvfb >/dev/null && return
  install_by_apt xvfb
  command -v Xvfb >/dev/null ||
    stop "Xvfb was not found." \
      "install it (Debian, Ubuntu: sudo apt-get install xvfb; Fedora: sudo dnf install xorg-x11-server-Xvfb)"
}

# Firefox and WebKitGTK with its driver, for tests/engines; where they can't be had, the tests say so
# and are skipped, or fail where ENGINES=required.
setup_engines() {
  local missing=()
  command -v WebKitWebDriver >/dev/null || missing+=(webkit2gtk-driver)
  # Ubuntu's Firefox is a snap, which doesn't see the files that its driver hands it.
  command -v firefox-esr >/dev/null || is_ubuntu || missing+=(firefox-esr)
  [ ${#missing[@]} = 0 ] || install_by_apt --no-install-recommends "${missing[@]}"
}

# The proxies of docs/networks.md; where they can't be had, their tests say so and are skipped.
setup_proxies() {
  local PATH=$PATH:/usr/sbin
  command -v nginx >/dev/null || install_by_apt nginx-light
  command -v caddy >/dev/null || install_by_apt caddy
}

# Other people's clients, which `make bench` measures beside the page.
setup_peers() { npm_install bench --ignore-scripts; }

for step in "$@"; do
  case $step in
    python | node | browser | screen | engines | proxies | peers | bench | oracle) "setup_$step" ;;
    *) stop "there is no step \"$step\"." "tools/dev/setup.sh [python] [node] [browser] [screen] [engines] [proxies] [peers] [bench] [oracle]" ;;
  esac
done
