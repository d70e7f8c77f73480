// Sounds: made here from a signal and a kernel; a clap for each sample where the lesson counts; one player for all.
let ear = null, playing = [];
const audio = () => (ear ??= new AudioContext());
function play(samples, fs, from = 0, ended = null) {
  hush();
  const buffer = audio().createBuffer(1, Math.max(1, samples.length), fs); buffer.copyToChannel(samples, 0);
  const source = audio().createBufferSource(); source.buffer = buffer; source.connect(audio().destination);
  audio().resume(); source.start(0, from); source.onended = ended; playing = [source];
  return audio().currentTime - from;
}
function hush() { for (const source of playing) { source.onended = null; try { source.stop(); } catch { /* not begun */ } } playing = []; }
const CLAP_S = 0.24;
function clap(fs, level) { // a burst of noise that dies away, the same each time
  let seed = 7; const noise = () => { seed = (seed * 16807) % 2147483647; return seed / 1073741823.5 - 1; };
  return Float32Array.from({ length: Math.round(0.09 * fs) }, (_, j) => level * noise() * Math.exp(-j / (0.012 * fs)));
}
function claps(values) { // the numbers of a sequence, heard one after the other
  const fs = 22050, loudest = Math.max(...values.map(Math.abs), 1e-9), out = new Float32Array(Math.round((values.length * CLAP_S + 0.2) * fs));
  values.forEach((v, j) => clap(fs, 0.8 * v / loudest).forEach((s, m) => { out[Math.round(j * CLAP_S * fs) + m] += s; }));
  play(out, fs);
}

// ---- convolution by transforms, or by shifted copies where there are few taps ----
function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i += 1) { let bit = n >> 1; for (; j & bit; bit >>= 1) j ^= bit; j |= bit; if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; } }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2, cos = new Float64Array(half), sin = new Float64Array(half);
    for (let j = 0; j < half; j += 1) { cos[j] = Math.cos(2 * Math.PI * j / size); sin[j] = -Math.sin(2 * Math.PI * j / size); }
    for (let at = 0; at < n; at += size) for (let j = 0; j < half; j += 1) {
      const a = at + j, b = a + half, u = re[b] * cos[j] - im[b] * sin[j], v = re[b] * sin[j] + im[b] * cos[j];
      re[b] = re[a] - u; im[b] = im[a] - v; re[a] += u; im[a] += v;
    }
  }
}
function convolved(x, h) { // h: {taps, sparse}; N + M − 1 frames
  const length = x.length + h.length - 1;
  if (h.sparse) {
    const out = new Float64Array(length);
    for (const [k, tap] of h.sparse) for (let i = 0; i < x.length; i += 1) out[i + k] += tap * x[i];
    return out;
  }
  let size = 1; while (size < length) size *= 2;
  const re = new Float64Array(size), im = new Float64Array(size); re.set(x); im.set(h.taps); // two real signals in one transform
  fft(re, im);
  const pr = new Float64Array(size), pi = new Float64Array(size);
  for (let k = 0; k < size; k += 1) {
    const m = (size - k) % size, ar = (re[k] + re[m]) / 2, ai = (im[k] - im[m]) / 2, br = (im[k] + im[m]) / 2, bi = (re[m] - re[k]) / 2;
    pr[k] = ar * br - ai * bi; pi[k] = -(ar * bi + ai * br); // the conjugate: transformed forward, its real part is the inverse
  }
  fft(pr, pi);
  return pr.subarray(0, length).map((v) => v / size);
}
const reversed = (h) => ({ length: h.length, origin: h.length - 1 - h.origin, sparse: h.sparse?.map(([k, tap]) => [h.length - 1 - k, tap]), taps: h.taps && Float64Array.from(h.taps).reverse() });

function unpacked({ peak, base64 }) {
  const text = atob(base64), bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  return Float64Array.from(new Int16Array(bytes.buffer), (v) => v / 32767 * peak);
}
const LEAD_S = 0.3;
function tracks(x, h, fs) { // all on one time line: silence, M−1 frames before time zero, the signal, M−1 after it
  const pre = h.length - 1, zero = Math.round(LEAD_S * fs) + pre, reach = Math.round(0.18 * fs), length = zero + x.length + Math.max(pre, reach) + 1;
  const on = (samples, start) => { const out = new Float64Array(length); out.set(samples.subarray(0, length - zero - start), zero + start); return out; };
  const dry = on(x, 0), A = on(convolved(x, h), -h.origin), B = on(convolved(x, reversed(h)), h.origin - pre), D = A.map((v, j) => v - B[j]);
  const pair = { length: 2 * reach + 1, origin: reach, sparse: [[0, 0.5], [reach, 1], [2 * reach, 0.5]] };
  const SA = on(convolved(x, pair), -reach), SB = on(convolved(x, reversed(pair)), -reach), SD = SA.map((v, j) => v - SB[j]);
  const all = { dry, A, B, D, SA, SB, SD }, loudest = Math.max(...Object.values(all).map((s) => s.reduce((most, v) => Math.max(most, Math.abs(v)), 0))) || 1;
  for (const name of Object.keys(all)) all[name] = Float32Array.from(all[name], (v) => 0.9 * v / loudest);
  return { all, zero, fs, length };
}
let heard = null; // {x, h, fs, made}
function subjectOf() {
  if (heard) return heard;
  const s = data.sound, h = s.kernel.sparse ? { length: s.taps, origin: s.origin, sparse: s.kernel.sparse } : { length: s.taps, origin: s.origin, taps: unpacked(s.kernel) };
  heard = { x: unpacked(s.dry), h, fs: s.fs, name: null };
  return heard;
}
const madeOf = () => { const s = subjectOf(); return (s.made ??= tracks(s.x, s.h, s.fs)); };
const dense = (h) => { if (h.taps) return h.taps; const out = new Float64Array(h.length); for (const [k, tap] of h.sparse) out[k] += tap; return out; };
function outline(samples, bins) { // lowest and highest of each stretch
  return range(0, bins - 1).map((j) => {
    const from = Math.floor(j * samples.length / bins), to = Math.max(from + 1, Math.floor((j + 1) * samples.length / bins));
    let low = 0, high = 0; for (let i = from; i < to; i += 1) { if (samples[i] < low) low = samples[i]; if (samples[i] > high) high = samples[i]; }
    return [low, high];
  });
}
const wave = (pairs, x0, x1, middle, half, fill, opacity = 1, stroke = fill) => {
  const at = (j) => x0 + (j + 0.5) / pairs.length * (x1 - x0);
  const up = pairs.map(([, high], j) => `${at(j).toFixed(1)} ${(middle - high * half).toFixed(1)}`), down = pairs.map(([low], j) => `${at(j).toFixed(1)} ${(middle - low * half).toFixed(1)}`).reverse();
  return el("path", { d: `M${up.join("L")}L${down.join("L")}Z`, fill, stroke, "stroke-width": 0.8, opacity });
};
