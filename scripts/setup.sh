#!/usr/bin/env bash
# Makes a virtual environment, where it is missing, and installs this checkout into it, editable.
# usage: scripts/setup.sh VENV WHAT      WHAT is "." or ".[dev]"; PYTHON names the interpreter to use
set -euo pipefail
venv=$1
what=$2

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 2
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s' "$candidate"
      return
    fi
  done
  fail "asked: a Python of 3.11 or newer; found: $(python3 --version 2>&1 || true); as root: apt-get install python3 python3-venv"
}

# Debian keeps the module that brings pip into a new environment in a package of its own.
need_ensurepip() {
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  local package
  package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "$1 cannot make a virtual environment; this mends it: sudo apt-get install $package"
  fi
  printf 'setup: installing %s\n' "$package"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"; } >/dev/null ||
    fail "$package could not be installed; this mends it: apt-get install $package"
}

if [ ! -x "$venv/bin/pip" ]; then
  python=$(find_python)
  need_ensurepip "$python"
  printf 'setup: a virtual environment in %s\n' "$venv"
  "$python" -m venv --clear "$venv"
fi
printf 'setup: installing %s into %s\n' "$what" "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --editable "$what" ||
  fail "pip could not install; it needs a package index: its own words are above"
