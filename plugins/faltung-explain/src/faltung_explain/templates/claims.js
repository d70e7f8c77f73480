// What x and h of one's own make of each claim. Convention: y[n] = Σ h[k] x[n−k], r[n] = Σ h[k] x[n+k], o the tap at time zero.
const byId = (id) => document.getElementById(id);
const numbersIn = (id, most) => byId(id).value.split(/[\s,;]+/).filter(Boolean).map((word) => Number(word.replace("−", "-"))).filter((v) => Number.isFinite(v) && Math.abs(v) <= 999).slice(0, most);
const shown = (v) => String(Number(v.toPrecision(4)) + 0).replace("-", "−");
const listed = (values) => values.map(shown).join(", ");
const frames = (x, h) => Array.from({ length: x.length + 2 * h.length - 2 }, (_, j) => j + 1 - h.length);
const sum = (x, h, n, sign, o = 0) => h.reduce((total, tap, k) => total + tap * (x[n + sign * (k - o)] ?? 0), 0);
const convolved = (x, h, o = 0) => frames(x, h).map((n) => sum(x, h, n, -1, o));
const correlated = (x, h, o = 0) => frames(x, h).map((n) => sum(x, h, n, 1, o));
const gap = (a, b) => Math.max(...a.map((v, j) => Math.abs(v - (b[j] ?? 0))));
const largest = (values) => values.reduce((best, v, j) => (v > values[best] ? j : best), 0);
const flat = (image, k) => image.flatMap((row, i) => row.map((_, j) => k.reduce((total, taps, p) => total + taps.reduce((part, tap, q) => part + tap * (image[i + p]?.[j + q] ?? 0), 0), 0))); // looked at through a window, its corner at each pixel
const found = (x, h, how) => frames(x, h)[largest(how(x, h))];
const LIVE = {
  continuous: (x, h) => { // f and g as steps of these heights: the sum of f g dt at each whole t
    const fine = 64, step = (values, t) => values[Math.floor(t)] ?? 0;
    const sums = Array.from({ length: x.length + h.length - 1 }, (_, n) => { let total = 0; for (let j = 0; j < x.length * fine; j += 1) { const tau = (j + 0.5) / fine; total += step(x, tau) * step(h, n + 1 - tau) / fine; } return total; });
    return [`f and g as steps of these heights: at t = 1, 2, … the integral is ${listed(sums)}; y differs by ${shown(gap(sums, convolved(x, h).slice(h.length - 1)))}.`, `把 f、g 取为这些高度的阶梯：t = 1, 2, … 处的积分为 ${listed(sums)}；与 y 相差 ${shown(gap(sums, convolved(x, h).slice(h.length - 1)))}。`];
  },
  both_axes: (x, h) => { // an image x by x, a kernel of rows h, 2 h, 3 h, ...
    const m = h.length, k = h.map((_, p) => h.map((tap) => (p + 1) * tap)), image = Array.from({ length: x.length + 2 * m - 2 }, (_, i) => Array.from({ length: x.length + 2 * m - 2 }, (_v, j) => (x[i - m + 1] ?? 0) * (x[j - m + 1] ?? 0)));
    const meant = new Array(image.length ** 2).fill(0); // launched: pixel (i, j) sends tap (p, q) to (i + p, j + q), in the frame of a window that ends there
    image.forEach((row, i) => row.forEach((v, j) => k.forEach((taps, p) => taps.forEach((tap, q) => { const a = i + p - m + 1, b = j + q - m + 1; if (a >= 0 && b >= 0 && a < image.length && b < image.length) meant[a * image.length + b] += v * tap; }))));
    const rows = [...k].reverse(), columns = k.map((row) => [...row].reverse()), both = [...columns].reverse(), transposed = k.map((row, p) => row.map((_, q) => k[q][p]));
    const [none, r, c, half, t] = [k, rows, columns, both, transposed].map((w) => shown(gap(meant, flat(image, w))));
    return [`Image x[i]·x[j], kernel rows h, 2h, …: off by ${none} as it is, ${r} rows alone, ${c} columns alone, ${t} transposed, ${half} both.`, `图像 x[i]·x[j]，核的各行为 h、2h……：原样差 ${none}，只翻行差 ${r}，只翻列差 ${c}，转置差 ${t}，行列都翻差 ${half}。`];
  },
  pattern: (x, h) => [`With h as the pattern: x ★ h is largest at n = ${shown(found(x, h, correlated))}, x ∗ h at n = ${shown(found(x, h, convolved))}.`, `以 h 为模式：x ★ h 在 n = ${shown(found(x, h, correlated))} 最大，x ∗ h 在 n = ${shown(found(x, h, convolved))} 最大。`],
  gradient: (x, h) => { const m = h.length, line = [...h, ...new Array(m).fill(0), ...[...h].reverse()], last = found(line, h, convolved), at = found(line, h, correlated);
    return [`h at 0 and h reversed at ${2 * m} in a line: with h, correlation is largest at n = ${shown(at)}, convolution at n = ${shown(last)}, its window from ${shown(last - m + 1)} on.`, `一条线上，0 处是 h，${2 * m} 处是倒过来的 h：用 h 做互相关，在 n = ${shown(at)} 最大；做卷积在 n = ${shown(last)} 最大，窗口自 ${shown(last - m + 1)} 起。`]; },
  learnt: (x, h) => { // two layers learn from x what x ∗ h is, by gradient descent with a step that cannot diverge
    const wanted = convolved(x, h), rate = 1 / (x.reduce((total, v) => total + Math.abs(v), 0) ** 2 || 1), spread = (_x, w) => frames(x, w).map((n) => sum(x, w, n, 1, w.length - 1)); // correlation whose last tap is time zero, so that it hears the same frames
    const learn = (how, sign, o) => { let w = h.map(() => 0); for (let step = 0; step < 4000; step += 1) { const error = how(x, w).map((v, j) => v - wanted[j]); w = w.map((v, k) => v - rate * frames(x, w).reduce((total, n, j) => total + error[j] * (x[n + sign * (k - o)] ?? 0), 0)); } return w.map((v) => Number(v.toFixed(3))); };
    const a = learn(convolved, -1, 0), b = learn(spread, 1, h.length - 1);
    return [`Learnt from x ∗ h, from zero: ${listed(a)} by the layer that turns, ${listed(b)} by the one that does not.`, `从零学 x ∗ h：翻转的层学到 ${listed(a)}，不翻转的层学到 ${listed(b)}。`];
  },
  indispensable: (x, h) => { const y = convolved(x, h).slice(h.length - 1), r = correlated(x, h).slice(0, x.length + h.length - 1), most = Math.max(...y.map(Math.abs)) || 1;
    return [`Over the same frames y and r differ by up to ${shown(100 * gap(y, r) / most)} % of the largest of y.`, `在相同的帧上，y 与 r 最多相差 y 最大值的 ${shown(100 * gap(y, r) / most)} %。`]; },
  similarity: (x, h) => { // sums of products, and the same with means taken off and divided by the norms
    const centred = (values) => { const mean = values.reduce((a, b) => a + b, 0) / values.length; return values.map((v) => v - mean); }, size = (values) => Math.hypot(...values);
    const windows = Array.from({ length: Math.max(0, x.length - h.length + 1) }, (_, n) => x.slice(n, n + h.length)), t = centred(h), scores = windows.map((w) => { const c = centred(w), norm = size(c) * size(t); return norm > 1e-9 ? c.reduce((total, v, k) => total + v * t[k], 0) / norm : 0; });
    if (!scores.length) return ["h does not fit into x.", "h 比 x 长，放不进去。"];
    const products = windows.map((w) => w.reduce((total, v, k) => total + v * h[k], 0));
    return [`Sums of products are largest at n = ${largest(products)} (${shown(products[largest(products)])}); normalised they are at n = ${largest(scores)} (${shown(scores[largest(scores)])}).`, `乘积之和在 n = ${largest(products)} 最大（${shown(products[largest(products)])}）；归一化之后在 n = ${largest(scores)} 最大（${shown(scores[largest(scores)])}）。`]; },
  definition: (x, h) => { // launched from each sample, and gathered at each frame
    const launched = new Array(x.length + h.length - 1).fill(0);
    x.forEach((v, i) => h.forEach((tap, k) => { launched[i + k] += v * tap; }));
    const off = shown(gap(launched, convolved(x, h).slice(h.length - 1)));
    return [`Launched, nothing turned: ${listed(launched)}. Gathered, x[n − k]: the same, largest difference ${off}.`, `逐个发出，没有翻转：${listed(launched)}。按 x[n − k] 汇集：相同，最大差 ${off}。`];
  },
  index_formula: (x, h) => {
    const off = Array.from({ length: h.length + 1 }, (_, r) => gap(convolved(x, h), frames(x, h).map((n) => h.reduce((total, _tap, p) => total + (h[r - p] ?? 0) * (x[n - r + p] ?? 0), 0))));
    return [`One row of it, r = 0 to ${h.length}, off by ${listed(off)}.`, `取其一行，r = 0 到 ${h.length}，误差 ${listed(off)}。`];
  },
  past: (x, h) => { const change = x.length >> 1, other = x.map((v, i) => (i >= change ? v + 1 : v)), first = (how) => frames(x, h).find((n, j) => Math.abs(how(x, h)[j] - how(other, h)[j]) > 1e-12);
    return [`Change x from n = ${change} on: y changes from n = ${shown(first(convolved) ?? NaN)}, r from n = ${shown(first(correlated) ?? NaN)}.`, `从 n = ${change} 起改变 x：y 从 n = ${shown(first(convolved) ?? NaN)} 起变，r 从 n = ${shown(first(correlated) ?? NaN)} 起变。`]; },
  future: (x, h) => { const m = h.length - 1, o = m >> 1;
    return [`Frames that are read, from n − ${m} to n by y, n to n + ${m} by r; with h[${o}] at time zero n − ${m - o} to n + ${o} by y, n − ${o} to n + ${m - o} by r.`, `读取的帧：y 从 n − ${m} 到 n，r 从 n 到 n + ${m}；以 h[${o}] 为时间零点，y 从 n − ${m - o} 到 n + ${o}，r 从 n − ${o} 到 n + ${m - o}。`]; },
  commutes: (x, h) => { const a = convolved(x, h).slice(h.length - 1), b = convolved(h, x).slice(x.length - 1), c = correlated(x, h).slice(0, x.length + h.length - 1), d = correlated(h, x).slice(0, x.length + h.length - 1);
    return [`x ∗ h and h ∗ x differ by ${shown(gap(a, b))}; x ★ h is ${listed(c)}, h ★ x is ${listed(d)}: each is the other, reversed.`, `x ∗ h 与 h ∗ x 相差 ${shown(gap(a, b))}；x ★ h 为 ${listed(c)}，h ★ x 为 ${listed(d)}：两者互为倒序。`]; },
  symmetry: (x, h) => { const o = (h.length - 1) / 2, off = gap(convolved(x, h), correlated(x, h).map((_, j, all) => all[j - 2 * o] ?? 0));
    return [`Taps read backwards: ${listed([...h].reverse())}. About the middle y and r differ by up to ${shown(off)}.`, `倒着读的抽头：${listed([...h].reverse())}。以中间为原点，y 与 r 最多相差 ${shown(off)}。`]; },
  frameworks: (x, h) => { const valid = frames(x, h).filter((n) => n >= 0 && n + h.length <= x.length).map((n) => sum(x, h, n, 1));
    return [`A conv layer with these weights answers ${listed(valid) || "–"}: r, not turned.`, `带这组权重的卷积层给出 ${listed(valid) || "–"}：即不翻转的 r。`]; },
};
function tried() {
  const x = numbersIn("x", 12), h = numbersIn("h", 6);
  for (const part of document.querySelectorAll("[data-live]")) part.textContent = x.length && h.length ? LIVE[part.dataset.live](x, h)[root.dataset.lang === "zh" ? 1 : 0] : "";
}
for (const id of ["x", "h"]) byId(id).addEventListener("input", tried);
tried();
