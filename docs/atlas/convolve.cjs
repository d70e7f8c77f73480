// One function of an npm package: node convolve.cjs FUNCTION TAPS, numbers on stdin, the answer printed; or, with two
// files after the taps, from one picture to the other.
const x = (process.argv[4] ? "0" : require("fs").readFileSync(0, "utf8")).trim().split(/\n/).map((row) => row.trim().split(/[\s,]+/).map(Number));
const [name, taps, from, to] = process.argv.slice(2);
const h = taps.split(";").map((row) => row.split(",").map(Number));
const flat = x.map((row) => row[0]);
const show = (y) => console.log(Array.from(y).join("\n"));
const rows = (y, columns) => { for (let i = 0; i < y.length; i += columns) console.log(Array.from(y.slice(i, i + columns)).join(" ")); };
const nd = (convolve) => {
  const ndarray = require("ndarray");
  const y = ndarray(new Float64Array(flat.length));
  convolve(y, ndarray(new Float64Array(flat)), ndarray(new Float64Array(h[0])));
  return y.data;
};
const jimp = (how) => async () => {
  const image = await require("jimp").Jimp.read(from);
  await image[how](h).write(to);
};
const functions = {
  "jimp-convolution": jimp("convolution"),
  "jimp-convolute": jimp("convolute"),
  sharp: () => require("sharp")(from).convolve({ width: h[0].length, height: h.length, kernel: h.flat(), scale: 1 }).toFile(to),
  "image-js": async () => {
    const { readSync, writeSync } = await import(require("url").pathToFileURL(require.resolve("image-js")));
    writeSync(to, readSync(from).directConvolution(h));
  },
  "opencv-js": async () => {
    let cv = require("@techstark/opencv-js");
    if (cv instanceof Promise) cv = await cv;
    else if (!cv.Mat) await new Promise((done) => { cv.onRuntimeInitialized = done; });
    const matrix = (a) => cv.matFromArray(a.length, a[0].length, cv.CV_64F, a.flat());
    const y = new cv.Mat();
    cv.filter2D(matrix(x), y, -1, matrix(h));
    rows(y.data64F, x[0].length);
  },
  tfjs: () => {
    const tf = require("@tensorflow/tfjs");
    tf.env().set("PROD", true);
    show(tf.conv1d(tf.tensor2d(flat, [flat.length, 1]), tf.tensor3d(h[0], [h[0].length, 1, 1]), 1, "same").dataSync());
  },
  direct1: () => show(require("ml-convolution").directConvolution(flat, h[0])),
  fft1: () => show(require("ml-convolution").fftConvolution(flat, h[0])),
  direct2: () => rows(require("ml-matrix-convolution").direct(x.flat(), h, { rows: x.length, cols: x[0].length }), x[0].length),
  fft2: () => rows(require("ml-matrix-convolution").fft(x.flat(), h, { rows: x.length, cols: x[0].length }), x[0].length),
  ndconvolve: () => show(nd(require("ndarray-convolve"))),
  ndcorrelate: () => show(nd(require("ndarray-convolve").correlate)),
  fili: () => { const filter = new (require("fili").FirFilter)(h[0]); show(flat.map((v) => filter.singleStep(v))); },
};
functions[name]();
