# Installs what the package.json in the directory `$here` names, if it is not there. Skips the suite, for which the
# words in `$suite` stand, where npm is missing or cannot.

skip() {
    printf 'Skipped %s: %s.\n' "$suite" "$*" >&2
    exit 0
}

command -v npm >/dev/null || skip "npm is missing (it comes with Node.js)"
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
    (cd "$here" && npm ci --no-audit --no-fund --silent) || skip "npm could not install what $here/package.json names"
    cp "$here/package-lock.json" "$here/node_modules/.installed"
fi
