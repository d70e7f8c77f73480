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
const LIVE = {
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
