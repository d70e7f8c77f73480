// One function of an npm package on numbers: node convolve.cjs FUNCTION TAPS, the signal on stdin, the answer printed.
const x = require("fs").readFileSync(0, "utf8").trim().split(/\n/).map((row) => row.trim().split(/[\s,]+/).map(Number));
const [name, taps] = process.argv.slice(2);
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
const functions = {
  direct1: () => show(require("ml-convolution").directConvolution(flat, h[0])),
  fft1: () => show(require("ml-convolution").fftConvolution(flat, h[0])),
  direct2: () => rows(require("ml-matrix-convolution").direct(x.flat(), h, { rows: x.length, cols: x[0].length }), x[0].length),
  fft2: () => rows(require("ml-matrix-convolution").fft(x.flat(), h, { rows: x.length, cols: x[0].length }), x[0].length),
  ndconvolve: () => show(nd(require("ndarray-convolve"))),
  ndcorrelate: () => show(nd(require("ndarray-convolve").correlate)),
  fili: () => { const filter = new (require("fili").FirFilter)(h[0]); show(flat.map((v) => filter.singleStep(v))); },
};
functions[name]();
