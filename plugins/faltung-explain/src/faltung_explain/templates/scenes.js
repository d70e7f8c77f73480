// Scenes 1 to 5: clap, launch, stand at now, two readings, i + k = n.

// ---- 1, clap: what one clap leaves behind is h ----
const room1 = { claps: [1] };
const answered = (n) => room1.claps.reduce((sum, c) => sum + (state.h[n - c + state.origin] ?? 0), 0);
scenes.push({ id: "clap", draw(id) {
  const o = state.origin, frames = range(-o, 9), g = grid(id, 30, frames), h = state.h;
  const y = frames.map(answered), tops = (n) => piled(room1.claps.map((c, j) => [j, h[n - c + o] ?? 0])), ends = frames.flatMap((n) => tops(n).map(([, , to]) => to)), below = Math.min(...ends, 0) < 0 ? 20 : 0, svg = canvas(g.width, 214 + below), band = scale([...ends, 9], 78), sy = (v) => 108 + band(v);
  svg.append(line(g.left, 62, g.right, 62), line(g.left, sy(0), g.right, sy(0), "var(--ink)", 1, { class: "axis" }), put(14, 56, "x", 15, "strong"), put(14, sy(0) - 6, "y", 15, "strong"));
  frames.forEach((n, place) => {
    svg.append(put(g.at(n), 206 + below, show(n), 11, "faint"));
    const target = box(g.at(n) - g.step / 2, 12, g.step, 56, "transparent", { class: "press" });
    target.addEventListener("click", () => { room1.claps = room1.claps.includes(n) ? room1.claps.filter((c) => c !== n) : [...room1.claps, n].slice(-3); render("clap"); });
    svg.append(target);
    if (y[place]) {
      const parts = tops(n), high = room1.claps.length === 1 ? y[place] : Math.max(0, ...parts.map(([, , to]) => to)); // more than one clap: each number in parts, every part in the tint of its clap
      svg.append(el("g", { class: "pop", style: `animation-delay: ${0.24 * place}s` }, ...(room1.claps.length === 1 ? [stem("y", g.at(n), sy(0), sy(y[place]), 5)] : parts.map(([j, from, to]) => box(g.at(n) - g.step * 0.3, sy(Math.max(from, to)), g.step * 0.6, Math.abs(sy(to) - sy(from)), `var(--tint${j})`, { stroke: "var(--ink)", "data-clap": j }))), put(g.at(n), sy(high) + (high < 0 ? 19 : -10), show(y[place]), 13, "strong")));
    }
  });
  room1.claps.forEach((c) => h.forEach((tap, k) => { if (room1.claps.length === 1 && c + k - o < 10) svg.append(tapMark(k, g.at(c + k - o), 78, 5), g.step > 34 ? put(g.at(c + k - o) + 9, 74, `h[${k}]`, 11, "faint", "start") : null); }));
  const clapAt = (c, j) => el("g", {}, stem("x", g.at(c), 62, 30, 7), room1.claps.length > 1 ? el("circle", { cx: g.at(c), cy: 30, r: 7, fill: `var(--tint${j})`, stroke: "var(--x)", "stroke-width": 2.5 }) : null);
  room1.claps.slice(0, -1).forEach((c, j) => svg.append(clapAt(c, j)));
  const moved = room1.claps.at(-1);
  if (moved !== undefined) svg.append(handle(el("g", {}, box(g.at(moved) - 22, 8, 44, 54, "transparent"), clapAt(moved, room1.claps.length - 1)), "clap", {
    label: say("a_clap"), value: moved, text: say("clap_at", { n: moved }), min: 0, max: 9, from: (px) => g.frame(px),
    set: (n) => { if (!room1.claps.slice(0, -1).includes(n)) { room1.claps[room1.claps.length - 1] = n; render("clap"); } } }));
  return svg;
}, after() {
  $("said-clap").textContent = room1.claps.length === 1 ? say(state.origin ? "clap_ahead" : state.h.length > 1 ? "clap_one" : "clap_alone", { h: listed(state.h), o: state.origin }) : say("clap_more", { count: room1.claps.length });
} });
const clapped = () => claps(range(-state.origin, 9).map(answered));
press("clap-1", () => { room1.claps = [1]; render("clap"); clapped(); });
press("clap-2", () => { room1.claps = [1, 5]; render("clap"); clapped(); });
press("clap-hear", () => clapped());

// ---- 2, launch: each sample sends out its copy, the copies add up ----
const sent = { rows: new Set(), falling: null };
scenes.push({ id: "launch", draw(id) {
  if (state.fresh) sent.rows.clear();
  const frames = columns(), g = grid(id, labelled(), frames), rows = sounding(), top = 100, pile = top + 34 * rows.length + 18, svg = canvas(g.width, pile + 118), sx = scale(state.x, 56);
  svg.append(line(g.left, 20 + sx(0), g.right, 20 + sx(0)), put(16, 24 + sx(0), "x", 15, "strong"));
  rows.forEach((i, row) => {
    const y = top + 34 * row, there = sent.rows.has(i);
    svg.append(put2(g.left - 8, y + 21, rowLabel(i)), box(g.left, y, g.right - g.left, 30, "var(--quiet)", { rx: 4 }));
    if (there) state.h.forEach((tap, k) => {
      const n = i + k - state.origin; if (n < frames[0] || n > frames.at(-1)) return;
      svg.append(el("g", { class: "fall" }, cell(g, n, y, 30, state.x[i] * tap, k, tint(i))));
    });
  });
  const tops = stacks([...sent.rows]), high = scale([...frames.flatMap((n) => stacks(rows)(n).map(([, , to]) => to)), 1], 78), so = (v) => pile + high(v); // what reaches below 0 has its room, too
  frames.forEach((n) => {
    const parts = tops(n);
    parts.forEach(([i, from, to]) => svg.append(box(g.at(n) - g.step * 0.36, so(Math.max(from, to)), g.step * 0.72, Math.abs(so(to) - so(from)), tint(i), { stroke: "var(--paper)", class: "pile" })));
    if (parts.length) svg.append(put(g.at(n), pile + 95, show(parts.reduce((sum, [, from, to]) => sum + to - from, 0)), fitting(show(parts.reduce((sum, [, from, to]) => sum + to - from, 0)), g.step - 6, 13), "strong"));
    svg.append(put(g.at(n), pile + 111, show(n), 11, "faint"));
  });
  svg.append(line(g.left, so(0), g.right, so(0)), put(16, so(0) - 4, "y", 15, "strong"));
  state.x.forEach((v, i) => {
    const part = el("g", { class: v ? "press drop" : "", "data-sample": i }, box(g.at(i) - g.step / 2, 0, g.step, 84, "transparent"), line(g.at(i), 20 + sx(0), g.at(i), 20 + sx(v), "var(--x)", 2.5), el("circle", { cx: g.at(i), cy: 20 + sx(v), r: v ? 8 : 3, fill: v ? tint(i) : "var(--x)", stroke: "var(--x)", "stroke-width": 2.5 }));
    if (v) { part.append(put(g.at(i), v > 0 ? 96 : 12, `x[${i}]`, fitting(`x[${i}]`, g.step - 1, 11), "faint")); seized(part, (event) => grab(part, event, (px, py) => { part.style.transform = `translate(${px - g.at(i)}px, ${Math.max(0, py - 30)}px)`; }, () => launch([i]))); }
    svg.append(part);
  });
  return svg;
}, after() {
  const rows = sounding(), all = sent.rows.size === rows.length;
  $("launch-buttons").replaceChildren(...rows.map((i) => button(say("launch_one", { i, v: show(state.x[i]) }), () => launch([i]), { "data-handle": `launch-${i}`, "aria-pressed": String(sent.rows.has(i)), style: `--swatch: ${tint(i)}`, class: "swatch" })),
    button(say("launch_all"), () => launch(rows), { "data-handle": "launch-all" }), button(say("again"), () => { sent.rows.clear(); render("launch"); }, { "data-handle": "launch-again" }));
  $("said-launch").textContent = all ? say("launch_done", { y: listed(columns().map((n) => sumAt(n))) }) : say("launch_some", { count: sent.rows.size, all: rows.length });
} });
function launch(rows) { rows.forEach((i) => sent.rows.add(i)); render("launch"); claps(columns().map((n) => rows.reduce((sum, i) => sum + (state.h[n - i + state.origin] ?? 0) * state.x[i], 0))); }
const piled = (parts) => { // [who, value] on each other: [who, from, to], up for what is positive, down for the rest
  let up = 0, down = 0;
  return parts.filter(([, v]) => v).map(([i, v]) => { const from = v > 0 ? up : down; if (v > 0) up += v; else down += v; return [i, from, from + v]; });
};
const stacks = (rows) => (n) => piled([...rows].sort((a, b) => a - b).map((i) => [i, (state.h[n - i + state.origin] ?? 0) * state.x[i]])); // what lies at frame n
function cell(g, n, y, height, value, k, paint, more = {}) {
  const words = show(value), tall = height >= 28;
  return el("g", { "data-n": n, "data-k": k, ...more }, box(g.at(n) - g.step / 2 + 1, y + 1, g.step - 2, height - 2, paint, { rx: 4, stroke: "var(--h)", "stroke-width": 1.6 }),
    put(g.at(n), y + (tall ? height * 0.46 : height * 0.68), words, fitting(words, g.step - 5, 13), "on"), tall && g.step >= 24 ? put(g.at(n), y + height - 4, `h[${k}]`, g.step > 36 ? 10 : 8.5, "on") : null);
}

// ---- 3, stand at now: place the taps by hand ----
const guess = { at: [], n: null };
scenes.push({ id: "now", draw(id) {
  if (state.fresh || guess.n !== state.n) { guess.at = state.h.map(() => null); guess.n = state.n; }
  const frames = range(columns()[0], state.x.length - 1 + state.origin), g = grid(id, 48, frames), m = state.h.length, svg = canvas(g.width, 148 + 36 * m), sx = scale(state.x, 52);
  zones(svg, g.left, g.at(state.n) + g.step / 2, g.right, 26, 142 + 36 * m);
  svg.append(line(g.left, 44 + sx(0), g.right, 44 + sx(0)), put(16, 48 + sx(0), "x", 15, "strong"));
  state.x.forEach((v, i) => svg.append(v ? stem("x", g.at(i), 44 + sx(0), 44 + sx(v), 6) : mark("x", g.at(i), 44 + sx(0), 3), put(g.at(i), 129, show(v), 12, v ? "strong" : "faint"), g.step > 30 ? put(g.at(i), 115, `x[${i}]`, 10, "faint") : null));
  state.h.forEach((tap, k) => {
    const at = guess.at[k], y = 156 + 36 * k, x = at === null ? 16 : g.at(at), right = at === meets(k, state.n, "convolve");
    const edge = g.at(state.n) + g.step / 2, beside = at !== null && (x > g.right - 56 || (x < edge && x + 62 > edge)) ? -14 : 14; // a label does not lie across now
    svg.append(put(at === null ? 30 : x + beside, y + 4, at === null ? `h[${k}]` : `h[${k}]${guess.at.includes(null) ? "" : right ? " ✓" : " ✗"}`, 11.5, `halo${at !== null && !guess.at.includes(null) ? " strong" : ""}`, beside < 0 ? "end" : "start"));
    if (at !== null) svg.append(line(x, y - 12, x, 134, "var(--h)", 1.5, { "stroke-dasharray": "3 3" }));
    svg.append(handle(el("g", { class: "tap", "data-k": k }, box(x - 22, y - 18, 44, 36, "transparent"), tapMark(k, x, y, 8)), `guess${k}`, {
      label: say("place_tap", { k }), value: at ?? frames[0] - 1, text: at === null ? say("not_placed") : `x[${show(at)}]`, min: frames[0] - 1, max: frames.at(-1), from: (px) => (px < g.left - 4 ? frames[0] - 1 : g.frame(px)),
      set: (i) => { guess.at[k] = i < frames[0] ? null : i; render("now"); } }));
  });
  nowHandle(svg, g, 0, 26, "now3");
  return svg;
}, after() {
  const open = guess.at.filter((i) => i === null).length;
  const lines = open ? [say("now_place", { n: show(state.n), open })] : guess.at.map((i, k) => judged(k, i));
  if (!open && guess.at.every((i, k) => i === meets(k, state.n, "convolve"))) lines.push(say("now_done", { order: [...guess.at.keys()].reverse().map((k) => `h[${k}]`).join(", ") }));
  $("said-now").replaceChildren(...lines.map((words) => { const p = document.createElement("p"); p.textContent = words; return p; }));
} });
function judged(k, i) { // what is right, or why it cannot be: one line for each way of being wrong
  const true_ = meets(k, state.n, "convolve"), age = state.n - i + state.origin, values = { i: show(i), k, n: show(state.n), age, ago: state.n - i, o: state.origin, true: show(true_) };
  if (i === true_) return say("tap_right", values);
  if (i > state.n + state.origin) return say("tap_future", values);
  if (age >= state.h.length) return say("tap_gone", values);
  return say(state.origin ? "tap_zero" : i === state.n ? "tap_newest" : "tap_other", values);
}
press("now-again", () => { guess.n = null; render("now"); });
press("now-show", () => { guess.at = state.h.map((_, k) => meets(k, state.n, "convolve")); guess.at = guess.at.map((i) => (i < columns()[0] ? null : i)); render("now"); });

// ---- 4, two readings: one table, a row runs forward, a column is read backwards ----
const looked = { i: null, n: null };
scenes.push({ id: "read", draw(id) {
  if (state.fresh || looked.n === null) { looked.i = sounding().includes(2) ? 2 : sounding()[0] ?? 0; looked.n = state.n; }
  const frames = columns(), rows = sounding(), g = grid(id, labelled(), frames), line_ = 36, top = 116, svg = canvas(g.width, top + line_ * rows.length + 80), sx = scale([...state.x, 4], Math.min(...state.x) < 0 ? 56 : 60);
  const bottom = top + line_ * rows.length;
  const look = (i, n) => { if (looked.i === i && looked.n === n) return; Object.assign(looked, { i, n }); if (state.n !== n && n !== null) { change({ n }); } else render("read"); };
  svg.append(line(g.left, 20 + sx(0), g.right, 20 + sx(0)), put(16, 24 + sx(0), "x", 15, "strong"));
  state.x.forEach((v, i) => {
    const part = el("g", { class: "press" }, box(g.at(i) - g.step / 2, 0, g.step, 100, "transparent"), v ? stem("x", g.at(i), 20 + sx(0), 20 + sx(v), i === looked.i ? 8 : 6) : mark("x", g.at(i), 20 + sx(0), 3), put(g.at(i), 20 + sx(v) + (v >= 0 ? -11 : 19), show(v), 12, i === looked.i ? "strong" : ""));
    seized(part, (event) => { const [, y0] = along(event, svg); grab(part, event, (px, py) => { const to = clamp(v + Math.round((y0 - py) / 12), -9, 9); if (to !== state.x[i]) own({ x: state.x.map((o, j) => (j === i ? to : o)) }); }); });
    part.addEventListener("pointerenter", () => { if (!dragged && v) look(i, looked.n); });
    svg.append(part);
  });
  frames.forEach((n) => svg.append(put(g.at(n), 109, show(n), 11, n === looked.n ? "strong" : "faint")));
  rows.forEach((i, row) => {
    const y = top + line_ * row, label = el("g", { class: "press" }, box(0, y, g.left, line_, "transparent"), put2(g.left - 6, y + 22, rowLabel(i), i === looked.i ? "strong" : ""));
    label.addEventListener("pointerenter", () => { if (!dragged) look(i, looked.n); });
    svg.append(label);
    frames.forEach((n) => {
      const k = n - i + state.origin, tap = state.h[k], hot = i === looked.i || n === looked.n;
      const part = tap === undefined ? el("g", {}, box(g.at(n) - g.step / 2 + 1, y + 1, g.step - 2, line_ - 2, "var(--quiet)", { rx: 4 })) : cell(g, n, y, line_, tap * state.x[i], k, tint(i), { class: hot ? "cell hot" : "cell", "data-i": i });
      part.addEventListener("pointerenter", () => { if (!dragged) look(i, n); });
      part.addEventListener("click", () => look(i, n));
      svg.append(part);
    });
  });
  svg.append(put(g.left - 6, bottom + 24, "y[n]", 13, "strong", "end"));
  frames.forEach((n) => { const part = el("g", { class: "press" }, box(g.at(n) - g.step / 2, bottom, g.step, 34, "transparent"), put(g.at(n), bottom + 24, show(sumAt(n)), fitting(show(sumAt(n)), g.step - 7, 14), "strong")); part.addEventListener("pointerenter", () => { if (!dragged) look(looked.i, n); }); svg.append(part); });
  if (rows.includes(looked.i)) svg.append(box(g.left - 1, top + line_ * rows.indexOf(looked.i) - 1, g.right - g.left + 2, line_ + 2, "none", { stroke: "var(--x)", "stroke-width": 3, rx: 6, class: "row" }));
  svg.append(box(g.at(looked.n) - g.step / 2 - 1, top - 3, g.step + 2, bottom - top + 38, "none", { stroke: "var(--ink)", "stroke-width": 3, rx: 6, class: "column" }));
  const down = `↓ ${terms(looked.n).filter((t) => state.x[t.i]).map((t) => `h[${t.k}]`).join(" ")}`, half = 3.9 * down.length; // below its column, inside the picture
  svg.append(put(clamp(g.at(looked.n), half, g.width - half), bottom + 54, down, 12, "strong"));
  if (rows.includes(looked.i)) svg.append(put(g.left, bottom + 73, `→ ${state.h.map((_, k) => `h[${k}]`).join(" ")}`, 12, "row-words", "start"));
  return svg;
}, after() {
  const row = looked.i !== null && state.x[looked.i] ? say("row_reads", { i: looked.i, v: show(state.x[looked.i]), h: state.h.map((_, k) => `h[${k}]`).join(", ") }) : "";
  const met = terms(looked.n).filter((t) => sampleOf(t.i));
  $("said-read").textContent = `${row}${gapOf()}${say("column_reads", { n: show(looked.n), h: met.map((t) => `h[${t.k}]`).join(", ") || "–" })}`;
  $("read-x").value = state.x.map((v) => String(v)).join(", "); $("read-h").value = state.h.map((v) => String(v)).join(", ");
  $("preset").value = state.preset;
} });
$("pic-read").addEventListener("keydown", (event) => {
  const rows = sounding(), by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!by || !rows.length) return;
  event.preventDefault();
  const frames = columns(); looked.i = rows[clamp(rows.indexOf(looked.i) + by[0], 0, rows.length - 1)]; looked.n = clamp(looked.n + by[1], frames[0], frames.at(-1)); change({ n: looked.n });
});
const numbersIn = (text, most) => text.split(/[\s,;]+/).filter(Boolean).map((word) => Number(word.replace("−", "-"))).filter((v) => Number.isFinite(v) && Math.abs(v) <= 999).slice(0, most);
for (const name of ["x", "h"]) $(`read-${name}`).onchange = () => {
  const values = numbersIn($(`read-${name}`).value, name === "x" ? 12 : 6);
  if (values.length) own({ [name]: values, origin: name === "h" ? clamp(state.origin, 0, values.length - 1) : state.origin }); else render("read");
};
$("preset").onchange = () => { const chosen = data.presets.find((p) => p.id === $("preset").value); if (chosen) { state.preset = chosen.id; change({ h: [...chosen.h], origin: chosen.origin, fresh: true }); } };

// ---- 5, i + k = n: no minus sign until one asks for it ----
const pairs = { solved: "none" };
scenes.push({ id: "pairs", draw(id) {
  const m = state.h.length, rows = sounding(), left = labelled() + 6, side = clamp((room(id) - left) / Math.max(m, 4), 30, 56), svg = canvas(left + side * m + 70, 62 + 44 * rows.length + 8), n = state.n;
  svg.append(put(30, 24, "x[i]", 12, "faint"));
  state.h.forEach((tap, k) => svg.append(tapMark(k, left + side * (k + 0.5), 14, 5), put(left + side * (k + 0.5), 36, `h[${k}] = ${show(tap)}`, fitting(`h[${k}] = ${show(tap)}`, side - 3, 11)), put(left + side * (k + 0.5), 50, `k = ${k}`, 9, "faint")));
  rows.forEach((i, row) => {
    const y = 58 + 44 * row; svg.append(put2(left - 6, y + 20, rowLabel(i)), put(left - 6, y + 34, `i = ${i}`, 9, "faint", "end"));
    state.h.forEach((tap, k) => {
      const here = i + k - state.origin === n, x = left + side * k, words = show(tap * state.x[i]);
      const part = el("g", { class: `press pair${here ? " hot" : ""}`, "data-i": i, "data-k": k }, box(x + 2, y + 2, side - 4, 40, tint(i), { rx: 5, opacity: here ? 1 : 0.45, stroke: here ? "var(--ink)" : "none", "stroke-width": 3 }), put(x + side / 2, y + 20, words, fitting(words, side - 8, 14), here ? "on strong" : "strong"), put(x + side / 2, y + 35, `${i}+${k}=${i + k}`, fitting(`${i}+${k}=${i + k}`, side * 0.74, 9), here ? "on" : ""));
      part.addEventListener("pointerenter", () => { if (!dragged && state.n !== i + k - state.origin) change({ n: i + k - state.origin }); }); part.addEventListener("click", () => change({ n: i + k - state.origin }));
      svg.append(part);
    });
  });
  return svg;
}, after() {
  const met = terms(state.n).filter((t) => state.x[t.i]), o = state.origin, m = o ? `n + ${o}` : "n";
  $("said-pairs").textContent = say(o ? "pairs_sum_ahead" : "pairs_sum", { n: show(state.n), o, m: `${m} = ${show(state.n + o)}`, pairs: met.map((t) => `${t.i} + ${t.k}`).join(", ") || "–", sum: plus(met.map((t) => t.product)) || "0", total: show(sumAt(state.n)) });
  pressed("solve", pairs.solved);
  $("said-solve").textContent = say(pairs.solved === "i" && o ? "solve_i_ahead" : `solve_${pairs.solved}`, { m, taps: met.map((t) => `h[${t.k}]`).join(", ") || "–", samples: [...met].sort((a, b) => a.k - b.k).map((t) => `x[${t.i}]`).join(", ") || "–" });
} });
choices("solve", (value) => { pairs.solved = value; render("pairs"); });
$("pic-pairs").addEventListener("keydown", (event) => { const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]; if (by) { event.preventDefault(); change({ n: state.n + by }); } });

// ---- the formula, always in sight: the terms in the order of the column ----
const formula = { form: "pairs" };
scenes.push({ id: "formula", after() {
  const all = terms(state.n).filter((t) => t.i >= 0 && t.i < state.x.length && (state.h.length <= 4 || t.product)), ordered = formula.form === "k" ? [...all].sort((a, b) => a.k - b.k) : all, parts = [];
  ordered.forEach((t, j) => {
    if (j) parts.push(" + ");
    const part = document.createElement("span"); part.className = `term${looked.i === t.i ? " hot" : ""}`; part.dataset.i = t.i; part.style.setProperty("--swatch", state.x[t.i] ? tint(t.i) : "transparent");
    part.textContent = formula.form === "k" ? `h[${t.k}]·x[${t.i}]` : `x[${t.i}]·h[${t.k}]`; parts.push(part);
  });
  const sums = ordered.map((t) => t.product);
  $("pic-formula").replaceChildren(`y[${show(state.n)}] = `, ...(parts.length ? parts : ["0"]), ` = ${plus(sums) || "0"} = ${show(sums.reduce((a, b) => a + b, 0))}`);
  $("pic-formula").dataset.sum = sumAt(state.n); pressed("form", formula.form);
} });
choices("form", (value) => { formula.form = value; render("formula"); });
