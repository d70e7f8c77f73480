// Scenes 6 and 7: h turned by hand, and h not turned.

// ---- 6, turn: h as written, seized and turned about its time zero ----
const turnFrames = () => { const far = Math.max(state.origin, state.h.length - 1 - state.origin); return range(columns()[0] - far, state.x.length - 1 + far); }; // wherever a tap comes to stand, turned or not
const turned = { share: 0, seen: new Set() };
scenes.push({ id: "turn", draw(id) {
  if (state.fresh) turned.seen.clear();
  const frames = turnFrames(), g = grid(id, 30, frames, 22), svg = canvas(g.width, 404);
  const edge = g.at(state.n) + g.step / 2, sx = scale(state.x, 48), sh = scale([...state.h, 1], 48), small = g.step < 34 ? 10 : 12;
  const outs = frames.map((n) => sumAt(n)), pile = frames.map(stacks(sounding())), so = scale([...outs, ...pile.flat().map(([, , to]) => to), 1], 62), angle = Math.PI * turned.share, done = turned.share === 1;
  zones(svg, g.left, edge, g.right, 26, 286);
  svg.append(line(g.left, 46 + sx(0), g.right, 46 + sx(0)), put(12, 50 + sx(0), "x", 15, "strong"), line(g.left, 158 + sh(0), g.right, 158 + sh(0)), put(12, 162 + sh(0), "h", 15, "strong"));
  state.x.forEach((v, i) => svg.append(v ? stem("x", g.at(i), 46 + sx(0), 46 + sx(v)) : mark("x", g.at(i), 46 + sx(0), 3), v ? put(g.at(i), 46 + sx(v) + (v > 0 ? -9 : 18), show(v), small) : null));
  const far = Math.max(...state.h.map((_, k) => Math.abs(k - state.origin)), 1);
  state.h.forEach((tap, k) => { // a tap goes round time zero on an arc, its number with it
    const off = k - state.origin, x = g.at(state.n) + off * Math.cos(angle) * g.step, lift = Math.sin(angle) * Math.abs(off) / far * (off > 0 ? 80 : -30), y = 158 + sh(tap) - lift;
    svg.append(el("g", { class: "tap", "data-k": k, "data-frame": done ? state.n - off : turned.share === 0 ? state.n + off : "" }, line(x, 158 + sh(0) - lift, x, y, "var(--h)", 2.5), tapMark(k, x, y, 6), put(...(done || turned.share === 0 ? [x, tap < 0 ? y + 20 : y - 11] : [x + 10, y + 4]), g.step < 6.4 * `h[${k}] = ${show(tap)}`.length ? `h[${k}]` : `h[${k}] = ${show(tap)}`, small, "halo", done || turned.share === 0 ? "middle" : "start")));
  });
  if (done) terms(state.n).forEach((t) => { if (t.i >= frames[0] && t.i <= frames.at(-1) && t.i < state.x.length && t.i >= 0) svg.append(box(g.at(t.i) - g.step * 0.42, 246, g.step * 0.84, 26, state.x[t.i] ? tint(t.i) : "var(--quiet)", { rx: 5, stroke: "var(--h)", "stroke-width": 1.6 }), put(g.at(t.i), 264, show(t.product), fitting(show(t.product), g.step * 0.8, 13), state.x[t.i] ? "on" : "strong")); });
  else svg.append(put(g.left + 6, 264, say("turn_first"), 12, "faint halo", "start"));
  if (done) turned.seen.add(state.n);
  svg.append(line(g.left, 304 + so(0), g.right, 304 + so(0)), put(12, 308 + so(0), "y", 15, "strong"));
  frames.forEach((n, j) => {
    svg.append(put(g.at(n), 400, show(n), 10, "faint"), ...pile[j].map(([i, from, to]) => box(g.at(n) - g.step * 0.36, 304 + so(Math.max(from, to)), g.step * 0.72, Math.abs(so(to) - so(from)), tint(i), { stroke: "var(--paper)", opacity: 0.6, class: "pile" })));
    if (turned.seen.has(n)) svg.append(stem("y", g.at(n), 304 + so(0), 304 + so(outs[j]), outs[j] ? 5 : 2.5), outs[j] ? put(g.at(n), 304 + so(outs[j]) + (outs[j] > 0 ? -9 : 17), show(outs[j]), small, n === state.n ? "strong" : "") : null);
  });
  if (state.h.length > 1) { // the last tap is the handle: it is led round
    const off = far === state.origin && state.origin > state.h.length - 1 - state.origin ? -state.origin : state.h.length - 1 - state.origin, x = g.at(state.n) + off * Math.cos(angle) * g.step;
    svg.append(handle(el("g", {}, box(x - 22, 140, 44, 96, "transparent")), "turn", { label: say("turn"), value: Math.round(turned.share * 20), text: say("turned_by", { degrees: Math.round(180 * turned.share) }), min: 0, max: 20,
      set: (v) => turnTo(v / 20), from: (px) => Math.round(20 * Math.acos(clamp((px - g.at(state.n)) / (off * g.step || 1), -1, 1)) / Math.PI) }));
  }
  nowHandle(svg, g, 0, 26, "now6", state.n, (to) => change({ n: to }), done ? sentence(state.n) : say("clap_at", { n: show(state.n) }));
  return svg;
}, after() {
  $("angle").value = Math.round(100 * turned.share); $("angle").setAttribute("aria-valuetext", say("turned_by", { degrees: Math.round(180 * turned.share) }));
  const ahead = terms(state.n, "correlate").filter((t) => t.i > state.n && t.i < state.x.length).map((t) => `x[${show(t.i)}]`);
  $("said-turn").textContent = turned.share === 1 ? `${say("turn_done", { n: show(state.n) })}${gapOf()}${sentence(state.n)}` : say(ahead.length ? "turn_open" : "turn_open_none", { n: show(state.n), ahead: ahead.join(", ") });
} });
function turnTo(share) { turned.share = share; render("turn"); }
$("angle").oninput = () => turnTo(Number($("angle").value) / 100);
press("turn-it", () => { const from = turned.share, to = from < 1 ? 1 : 0; glide(1.5, (t) => turnTo(from + (to - from) * t)); });
press("turn-slide", () => {
  turned.share = 1; turned.seen.clear(); const frames = columns();
  if (still.matches) { frames.forEach((n) => turned.seen.add(n)); change({ n: frames.at(-1) }); return; }
  frames.forEach((n, j) => setTimeout(() => change({ n }), 420 * j)); claps(frames.map((n) => sumAt(n)));
});
scenes.push({ id: "delay", draw(id) { // the third picture of the same sum: here the memory is backwards, not h
  const m = state.h.length, left = 30, step = clamp((room(id) - left - 8) / m, 40, 96), svg = canvas(left + m * step + 6, 150);
  svg.append(put(12, 54, "x", 15, "strong"), put(12, 104, "h", 15, "strong"));
  state.h.forEach((tap, k) => {
    const i = meets(k, state.n, "convolve"), x = left + (k + 0.5) * step, ahead = i > state.n;
    svg.append(box(x - step / 2 + 3, 26, step - 6, 42, ahead ? hatch(svg) : "var(--heard)", { rx: 6, stroke: "var(--ink)" }), put(x, 46, show(sampleOf(i)), 14, "strong"), put(x, 62, `x[${show(i)}]`, 10, "faint"), line(x, 70, x, 84, "var(--line)", 2),
      tapMark(k, x - 12, 98, 5), put(x + 8, 103, show(tap), 13), put(x, 120, `h[${k}]`, 10, "faint"), put(x, 142, show(tap * sampleOf(i)), 13, "strong"));
    if (i === state.n) svg.append(put(x, 16, say("now"), 11, "strong"));
  });
  return svg;
} });

// ---- 7, do not turn: the future is hatched on rows as on columns; latency and origin as handles ----
const waiting = { latency: 0, n: 0 };
const lacking = (n, now) => terms(n, "correlate").filter((t) => t.tap && t.i > now && t.i < state.x.length);
const heardOf = (n, now) => { const missing = lacking(n, now).map((t) => `x[${t.i}]`); return missing.length ? say("lacks", { n: show(n), missing: missing.join(", ") }) : say("lacks_none", { n: show(n), sum: sentence(n, "correlate") }); };
// What has not come is not known, whatever it will be: an output that needs it is a question mark.
scenes.push({ id: "noturn", draw(id) {
  if (state.fresh) waiting.n = sounding()[0] ?? 0; // where the future still holds something
  const frames = range(first() + state.origin, state.x.length - 1), g = grid(id, labelled(), frames, 25), rows = sounding(), top = 34, line_ = 34, bottom = top + line_ * rows.length, svg = canvas(g.width, bottom + 62), n = waiting.n, future = hatch(svg), shown = n - waiting.latency;
  zones(svg, g.left, g.at(n) + g.step / 2, g.right, 24, bottom);
  frames.forEach((f) => svg.append(put(g.at(f), bottom + 52, show(f), 11, f === n ? "strong" : "faint")));
  rows.forEach((i, row) => {
    const y = top + line_ * row, late = i > n;
    if (late) svg.append(box(0, y, g.right, line_, future, { class: "notyet row" }));
    svg.append(put2(g.left - 6, y + 21, rowLabel(i), late ? "faint" : ""));
    state.h.forEach((tap, k) => {
      const f = i - k + state.origin; if (f < frames[0] || f > frames.at(-1)) return;
      if (late && f <= shown) svg.append(line(g.at(f) - g.step / 2 + 3, y + line_ - 4, g.at(f) + g.step / 2 - 3, y + 4, "var(--wrong)", 2.5));
      svg.append(cell(g, f, y, line_, tap * state.x[i], k, late ? "none" : tint(i), { class: late ? "impossible" : "", "data-i": i }));
    });
  });
  svg.append(put(g.left - 6, bottom + 24, "r[n]", 13, "strong", "end"));
  frames.forEach((f) => { const lacks = lacking(f, n).length > 0; svg.append(put(g.at(f), bottom + 24, lacks ? "?" : show(sumAt(f, "correlate")), fitting(show(sumAt(f, "correlate")), g.step - 5, 13), lacks ? "faint" : "strong")); });
  if (shown >= frames[0]) svg.append(box(g.at(shown) - g.step / 2 - 1, top - 3, g.step + 2, bottom - top + 38, "none", { stroke: "var(--r)", "stroke-width": 3, rx: 6, class: "column" }));
  nowHandle(svg, g, 0, 26, "now7", n, (to) => { waiting.n = to; render("noturn"); }, heardOf(shown, n));
  return svg;
}, after() {
  const m = state.h.length, y = range(first(), last()).map((n) => sumAt(n)), r = range(first(), last()).map((n) => sumAt(n, "correlate")), gap = Math.max(...y.map((v, j) => Math.abs(v - r[j])));
  waiting.latency = clamp(waiting.latency, 0, m - 1);
  $("latency").max = m - 1; $("latency").value = waiting.latency; $("latency-says").textContent = waiting.latency; $("origin").max = m - 1; $("origin").value = state.origin; $("origin-says").textContent = `h[${state.origin}]`;
  $("latency").setAttribute("aria-valuetext", say("frames_late", { count: waiting.latency })); $("origin").setAttribute("aria-valuetext", `h[${state.origin}]`);
  $("said-noturn").textContent = heardOf(waiting.n - waiting.latency, waiting.n);
  $("said-origin").textContent = `${say("spans", { back: reach(-(m - 1 - state.origin)), ahead: reach(state.origin), back_r: reach(-state.origin), ahead_r: reach(m - 1 - state.origin) })}${gapOf()}${symmetry(1) ? say("hides") : symmetry(-1) ? say("signs") : say("shows", { gap: show(gap) })}`;
  pressed("kernels", state.preset);
  $("both").replaceChildren(...[["y", y], ["r", r]].map(([name, values]) => { const row = document.createElement("tr"), head = document.createElement("th"); head.textContent = `${name}[n]`; head.scope = "row"; row.append(head, ...values.map((v) => { const c = document.createElement("td"); c.textContent = show(v); return c; })); return row; }));
  const head = document.createElement("tr"); head.append(...["n", ...range(first(), last()).map(show)].map((w) => { const c = document.createElement("th"); c.textContent = w; c.scope = "col"; return c; })); $("both").prepend(head);
} });
const reach = (d) => (d ? `n${d > 0 ? "+" : "−"}${Math.abs(d)}` : "n");
$("latency").oninput = () => { waiting.latency = Number($("latency").value); render("noturn"); };
$("origin").oninput = () => own({ origin: Number($("origin").value) });
choices("kernels", (id) => { const chosen = data.presets.find((p) => p.id === id); state.preset = id; change({ h: [...chosen.h], origin: chosen.origin, fresh: true }); });
