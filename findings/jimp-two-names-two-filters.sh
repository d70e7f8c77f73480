#!/usr/bin/env bash
# jimp has convolution and convolute. One turns the kernel by 180 degrees, 9 8 7 / 6 5 4 / 3 2 1 for a dot, which is
# correlation; the other transposes it as well, 9 6 3 / 8 5 2 / 7 4 1: a horizontal gradient becomes a vertical one.
#
# Guessed beforehand: two names of one thing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund 'jimp@1.6.1' >/dev/null
cat > seen.cjs <<'NODE'
const assert = require("assert");
const { Jimp } = require("jimp");
const kernel = [[0.01, 0.02, 0.03], [0.04, 0.05, 0.06], [0.07, 0.08, 0.09]].map((row) => row.map((v) => v * 10));
const answer = (name) => {
  const image = new Jimp({ width: 7, height: 7, color: 0x000000ff });
  image.setPixelColor(0x0a0a0aff, 3, 3);
  image[name](name === "convolute" ? { kernel } : { kernel, edgeHandling: 1 });
  const rows = [2, 3, 4].map((y) => [2, 3, 4].map((x) => image.getPixelColor(x, y) >>> 24));
  return rows.map((row) => row.join(" ")).join(" / ");
};
const seen = ["convolution", "convolute"].map((name) => {
  try { return answer(name); } catch (error) { return String(error); }
});
console.log("jimp", require("jimp/package.json").version, seen);
assert.deepStrictEqual(seen, ["9 8 7 / 6 5 4 / 3 2 1", "9 6 3 / 8 5 2 / 7 4 1"]);
NODE
node seen.cjs
