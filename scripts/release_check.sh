#!/usr/bin/env bash
# Build the sdist, the wheel out of it, and try the wheel in a clean environment of each Python.
# PYTHONS="python3.12 /opt/python3.13/bin/python" chooses the interpreters; by default all that are
# found of 3.11 to 3.13. What is not found is named, and is no failure.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly most_bytes=$((15 * 1000 * 1000))
work=$(mktemp -d "${TMPDIR:-/tmp}/epic-release-XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
    echo "release check failed: $*" >&2
    exit 1
}

# A pyenv shim is on the path even where the version behind it is not chosen.
runs() { "$1" -c "import sys, venv; sys.exit(sys.version_info[:2] != ($2))" 2>/dev/null; }

find_python() {
    local candidate
    for candidate in "python3.$1" "$HOME/.pyenv/versions/3.$1".*/bin/python; do
        if runs "$candidate" "3, $1"; then
            echo "$candidate"
            return
        fi
    done
    echo "no Python 3.$1 here: not tried" >&2
}

small() {
    local bytes
    bytes=$(wc -c <"$1")
    echo "$(basename "$1"): $bytes bytes"
    [ "$bytes" -lt "$most_bytes" ] || fail "$1 has $bytes bytes, more than $most_bytes"
}

pythons=${PYTHONS:-$(for minor in 11 12 13; do find_python $minor; done)}
[ -n "$pythons" ] || fail "no Python 3.11 to 3.13 was found"
read -r first _ <<<"$(echo $pythons)"

"$first" -m venv "$work/build"
"$work/build/bin/pip" install --quiet build
# The wheel is built from the unpacked sdist, which shows that nothing is missing there.
"$work/build/bin/python" -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 ||
    { tail -n 30 "$work/build.log" >&2; fail "the package can't be built"; }
wheel=$(echo "$work"/dist/*.whl)
sdist=$(echo "$work"/dist/*.tar.gz)
small "$wheel"
small "$sdist"

tar -tzf "$sdist" | sed 's,^[^/]*/,,' | sort >"$work/packed"
if git rev-parse --git-dir >/dev/null 2>&1; then
    missing=$(git ls-files -z | tr '\0' '\n' | sort | comm -23 - "$work/packed")
    [ -z "$missing" ] || fail "the sdist lacks: $missing"
    extra=$(git ls-files -z | tr '\0' '\n' | sort | comm -13 - "$work/packed" | grep -v '^PKG-INFO$' || true)
    [ -z "$extra" ] || fail "the sdist has what is not under version control: $extra"
fi

for python in $pythons; do
    echo "--- $("$python" --version)"
    "$python" -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet "$wheel"
    "$work/venv/bin/pip" check
    "$work/venv/bin/epic" models get centerface
    # From another folder and isolated, so that nothing but what is installed is imported.
    cp scripts/smoke.py "$work/smoke.py"
    (cd "$work" && "$work/venv/bin/python" -I smoke.py "$wheel")
done
echo "release check passed"
