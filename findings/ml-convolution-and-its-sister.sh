#!/usr/bin/env bash
# Two npm packages of the same makers do the opposite of each other: directConvolution and fftConvolution of
# ml-convolution correlate (1 2 3 comes out as 3 2 1), direct and fft of ml-matrix-convolution convolve. A flat array as
# the kernel of the second gives zeros, without a word.
#
# Guessed beforehand: the functions by FFT flip, the direct ones may not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund 'ml-convolution@2.0.0' 'ml-matrix-convolution@2.0.0' 'ml-matrix@6.12.1' >/dev/null
cat > seen.cjs <<'NODE'
const assert = require("assert");
const one = require("ml-convolution");
const two = require("ml-matrix-convolution");
const x = [0, 0, 0, 1, 0, 0, 0];
const image = new Array(25).fill(0);
image[12] = 1;
const middle = (y) => [6, 7, 8, 11, 12, 13, 16, 17, 18].map((i) => Math.round(y[i]) + 0);
const kernel = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
const seen = {};
for (const name of ["directConvolution", "fftConvolution"]) {
  seen[name] = Array.from(one[name](x, [1, 2, 3])).map((v) => Math.round(v) + 0).slice(2, 5).join(" ");
}
for (const name of ["direct", "fft"]) seen[name] = middle(two[name](image, kernel, { rows: 5, cols: 5 })).join(" ");
console.log(seen);
assert.deepStrictEqual(seen, {
  directConvolution: "3 2 1", fftConvolution: "3 2 1", direct: "1 2 3 4 5 6 7 8 9", fft: "1 2 3 4 5 6 7 8 9",
});
NODE
node seen.cjs
