#!/usr/bin/env bash
# convolve.correlate of ndarray-convolve is convolve: a click through it gives the template as it is, not reversed, so a
# search for a template finds the template played backwards.
#
# Guessed beforehand: it correlates: 1 2 3 comes out as 3 2 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund 'ndarray-convolve@2.0.0' 'ndarray@1.0.19' >/dev/null
cat > seen.cjs <<'NODE'
const assert = require("assert");
const ndarray = require("ndarray");
const convolve = require("ndarray-convolve");
const answer = (f) => {
  const y = ndarray(new Float64Array(8));
  f(y, ndarray(new Float64Array([0, 0, 0, 1, 0, 0, 0, 0])), ndarray(new Float64Array([1, 2, 3])));
  return Array.from(y.data).map((v) => Math.round(v) + 0).join(" ");
};
const seen = [answer(convolve), answer(convolve.correlate)];
console.log("ndarray-convolve", require("ndarray-convolve/package.json").version, seen);
assert.deepStrictEqual(seen, ["0 0 1 2 3 0 0 0", "0 0 1 2 3 0 0 0"]);
NODE
node seen.cjs
