#!/bin/sh
# Install Debian packages that are missing: those named, or else what the demo and the tests use;
# `--with NAMES` takes both.
# Without root, or on another system, say what is missing and go on.
set -eu

# None is needed: docs/backends.md tells what is different without them. Fonts, and the bidirectional
# algorithm to draw Arabic with them, make the sample pictures look like those of a phone.
usual="fonts-dejavu-core fonts-noto-core fonts-hosny-amiri libfribidi0"
if [ "${1-}" = --with ]; then
    shift
    packages="$usual $*"
else
    packages="${*:-$usual}"
fi

command -v dpkg-query >/dev/null 2>&1 || {
    echo "Not a Debian system: install yourself what is wanted of: $packages"
    exit 0
}
missing=""
# Debian's own Python comes without what `python3 -m venv` needs.
python3 -c 'import ensurepip' 2>/dev/null || missing=" python3-venv"
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Missing Debian packages; please run: sudo apt-get install$missing"
    exit 0
fi
echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words on purpose
apt-get install -y -qq --no-install-recommends $missing >/dev/null
