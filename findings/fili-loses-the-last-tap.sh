#!/usr/bin/env bash
# The FIR filter of fili, given the coefficients 1 2 3, answers an impulse with 1 2 0, and given 1 2 3 4 with 1 3 2 0: the
# last tap is dropped and those in the middle are reversed. A differentiator 1 -1 becomes the identity.
#
# Guessed beforehand: an impulse gives the taps back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund 'fili@2.0.3' >/dev/null
cat > seen.cjs <<'NODE'
const assert = require("assert");
const { FirFilter } = require("fili");
const answer = (taps) => {
  const filter = new FirFilter(taps);
  return [1, 0, 0, 0, 0].map((x) => filter.singleStep(x)).slice(0, taps.length).join(" ");
};
const seen = [[1, 2, 3], [1, 2, 3, 4], [1, -1]].map(answer);
console.log("fili", require("fili/package.json").version, seen);
assert.deepStrictEqual(seen, ["1 2 0", "1 3 2 0", "1 0"]);
NODE
node seen.cjs
