"use strict";
// Shows a short signal x, a kernel h and the sums of their convolution y[n] = Σ h[k] x[n−k] or correlation Σ h[k] x[n+k].
// What is drawn follows from `state` alone; every number is computed here and compared with those that Python left.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const state = { lang: data.lang, view: "launch", kind: "convolve", preset: 0, h: [], x: [], n: 0, seen: new Set(), track: "01_dry", at: 0 };
let answered = null, timer = 0, places = new Map(), hatches = 0;

const say = (key, values = {}) => fill(data.words[key][state.lang], values);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
const show = (v) => {
  const size = Math.abs(v);
  let text = size > 0 && size < 0.0005 ? v.toExponential(0) : v.toFixed(size < 1 ? 3 : 2).replace(/\.?0+$/, "");
  return (text === "-0" ? "0" : text).replace(/-/g, "−");
};
const tiny = (v) => (v === 0 ? "0" : v.toExponential(1).replace(/-/g, "−"));

// ---- the arithmetic ----
const sampleOf = (x, i) => (i >= 0 && i < x.length ? x[i] : 0);
const terms = (n, kind = state.kind, x = state.x, h = state.h) =>
  h.map((tap, k) => { const i = kind === "convolve" ? n - k : n + k; return { k, i, tap, sample: sampleOf(x, i), product: tap * sampleOf(x, i) }; });
const sumAt = (n, kind, x, h) => terms(n, kind, x, h).reduce((sum, term) => sum + term.product, 0);
const first = () => 1 - state.h.length;
const last = () => state.x.length + state.h.length - 2;
const frames = () => Array.from({ length: last() - first() + 1 }, (_, j) => first() + j);
const sentence = (n) => {
  const all = terms(n), shown = all.length <= 4 ? all : all.filter((term) => term.tap !== 0);
  const text = shown.map((t, j) => (j ? (t.product < 0 ? " − " : " + ") : t.product < 0 ? "−" : "") + show(Math.abs(t.product))).join("");
  return `${text || "0"} = ${show(sumAt(n))}`;
};

// ---- drawing ----
const el = (name, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const text = (x, y, words, cls = "", anchor = "middle") => el("text", { x, y, "text-anchor": anchor, class: cls }, words);
const COLOUR = { x: "var(--x)", h: "var(--h)", h0: "var(--h)", product: "var(--product)", y: "var(--y)", r: "var(--r)" };
const mark = (what, x, y, s = 6, colour = COLOUR[what]) => {
  const d = { x: null, h: `M${-s} ${-s}H${s}V${s}H${-s}Z`, h0: `M0 ${-s * 1.4}L${s * 1.4} 0L0 ${s * 1.4}L${-s * 1.4} 0Z`, y: `M${-s} ${-s}H${s}V${s}H${-s}Z`,
    product: `M0 ${-s}L${s} ${s}H${-s}Z`, r: `M0 ${s}L${s} ${-s}H${-s}Z` }[what];
  const style = { fill: colour, transform: `translate(${x} ${y})` };
  if (what === "h" || what === "h0") style.stroke = "var(--ink)";
  return d ? el("path", { d, ...style }) : el("circle", { r: s, ...style });
};
const canvas = (width, height) => el("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
const hatch = (svg) => {
  const id = `hatch${hatches++}`;
  svg.append(el("defs", {}, el("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    el("rect", { width: 7, height: 7, fill: "#fafafb" }), el("rect", { width: 1.4, height: 7, fill: "#b9b9c2" }))));
  return `url(#${id})`;
};
const zones = (svg, left, edge, right, top, bottom, words = true) => {
  svg.append(el("rect", { x: left, y: top, width: edge - left, height: bottom - top, fill: "var(--heard)", class: "heard" }),
    el("rect", { x: edge, y: top, width: right - edge, height: bottom - top, fill: hatch(svg), class: "notyet" }),
    el("line", { x1: edge, x2: edge, y1: top - 4, y2: bottom, stroke: "var(--ink)", "stroke-width": 2 }));
  if (!words) return;
  const at = Math.min(right - 16, Math.max(left + 16, edge));
  svg.append(text(at, top - 8, say("now"), "strong"));
  if (at - left > 78) svg.append(text(Math.min((left + edge) / 2, at - 54), top - 8, say("heard")));
  if (right - at > 78) svg.append(text(Math.max((edge + right) / 2, at + 54), top - 8, say("not_yet")));
};
const shade = (v, most) => {
  const share = 0.75 * Math.abs(v) / (most || 1), end = v >= 0 ? [0, 158, 115] : [213, 94, 0];
  return `rgb(${end.map((c) => Math.round(255 + (c - 255) * share)).join(" ")})`;
};
const room = () => Math.max(280, $("picture").clientWidth || 280);
const grid = (left, count, least = 30, most = 62) => {
  const step = Math.max(least, Math.min(most, (room() - left - 6) / count));
  return { step, width: left + step * count + 4, at: (n) => left + (n - first() + 0.5) * step };
};
const scale = (values, height) => {
  const top = Math.max(0, ...values), bottom = Math.min(0, ...values), span = top - bottom || 1;
  return (v) => (top - v) / span * height;
};
const wide = () => state.h.some((tap) => state.x.some((v) => show(tap * v).length > 4));
const name = () => (state.kind === "convolve" ? "y" : "r");

// The largest size, up to `most`, at which words stay within a width: a digit is about 0.64 of its size wide when bold.
const fitting = (words, width, most) => Math.min(most, width / (0.64 * words.length));

function launch(open) {
  const rows = state.x.map((v, i) => i).filter((i) => state.x[i] !== 0), all = frames(), left = 62, line = 30;
  const g = grid(left, all.length, wide() ? 38 : 32), bottom = 50 + rows.length * line, svg = canvas(g.width, bottom + 66);
  const most = Math.max(...state.x.map(Math.abs)) * Math.max(...state.h.map(Math.abs));
  const fillNotYet = hatch(svg);
  svg.append(text(left, 14, say(state.kind === "convolve" ? "row" : "row_r"), "faint", "start"));
  all.forEach((n) => svg.append(text(g.at(n), 36, show(n), "faint")));
  svg.append(text(left - 10, 36, "n", "faint", "end"), text(left - 10, bottom + 22, `${name()}[n]`, "strong", "end"));
  rows.forEach((i, row) => {
    const y = 46 + row * line;
    svg.append(el("text", { x: left - 22, y: y + 20, "text-anchor": "end", "font-size": fitting(show(state.x[i]), left - 24, 13) }, show(state.x[i])), mark("x", left - 12, y + 15, 5));
    all.forEach((n) => {
      const met = terms(n).find((term) => term.i === i), filled = met && open;
      svg.append(el("rect", { x: g.at(n) - g.step / 2, y, width: g.step, height: line, stroke: "var(--line)", fill: filled ? shade(met.product, most) : n > state.n ? fillNotYet : "var(--heard)" }));
      if (!filled) return;
      const small = g.step < 44;
      svg.append(el("text", { x: g.at(n), y: y + (small ? 20 : 14), "text-anchor": "middle", "font-size": fitting(show(met.product), g.step - 4, small && wide() ? 9.5 : 13) }, show(met.product)));
      if (!small) svg.append(el("text", { x: g.at(n), y: y + 27, "text-anchor": "middle", "font-size": 10.5 }, `h[${met.k}]`));
    });
  });
  if (open) all.forEach((n) => svg.append(el("text", { x: g.at(n), y: bottom + 22, "text-anchor": "middle", class: "strong", "font-size": fitting(show(sumAt(n)), g.step - 4, 13) }, show(sumAt(n)))));
  svg.append(el("rect", { x: g.at(state.n) - g.step / 2, y: 42, width: g.step, height: bottom - 42 + 30, fill: "none", stroke: "var(--ink)", "stroke-width": 3, class: "column" }));
  svg.append(text(left, bottom + 56, say(state.kind === "convolve" ? "column" : "column_r"), "faint", "start"));
  return svg;
}

function gather(open) {
  const all = frames(), left = 22, g = grid(left, all.length, wide() ? 38 : 30), svg = canvas(g.width, 398);
  const edge = g.at(state.n) + g.step / 2, right = g.at(last()) + g.step / 2;
  zones(svg, left, edge, right, 26, 270);
  const sx = scale(state.x, 58), sh = scale(state.h, 58), outs = all.map((n) => sumAt(n)), so = scale(outs, 64), few = g.step < 40;
  const size = few ? 10 : 13, put = (x, y, words, cls = "") => svg.append(el("text", { x, y, "text-anchor": "middle", "font-size": size, class: cls }, words));
  const axis = (y, label) => svg.append(el("line", { x1: left, x2: right, y1: y, y2: y, stroke: "var(--ink)" }), text(10, y - 4, label, "strong"));
  axis(54 + sx(0), "x"); axis(146 + sh(0), "h"); axis(314 + so(0), name());
  state.x.forEach((v, i) => {
    const x = g.at(i), y = 54 + sx(v);
    svg.append(el("line", { x1: x, x2: x, y1: 54 + sx(0), y2: y, stroke: "var(--x)", "stroke-width": 2.5 }), mark("x", x, y, v ? 5.5 : 3));
    if (v) put(x, v > 0 ? y - 9 : y + 18, show(v));
  });
  terms(state.n).forEach((term) => {
    const to = open ? g.at(term.i) : g.at(state.n), y = 146 + sh(term.tap), id = `tap${term.k}`;
    if (!open && term.k) return;
    const tap = el("g", { class: "tap", "data-k": term.k, "data-frame": term.i, style: `transform: translate(${to}px, 0px)` },
      el("line", { x1: 0, x2: 0, y1: 146 + sh(0), y2: y, stroke: "var(--h)", "stroke-width": 2.5 }), mark(term.k ? "h" : "h0", 0, y, 5.5),
      el("text", { x: 0, y: term.tap < 0 ? y + 20 : y - 11, "text-anchor": "middle", "font-size": few ? 9 : 11.5 }, g.step < 58 ? `h[${term.k}]` : `${show(term.tap)}  h[${term.k}]`));
    svg.append(tap);
    if (places.has(id) && places.get(id) !== to && !still.matches) tap.animate([{ transform: `translate(${places.get(id)}px, 0px)` }, { transform: `translate(${to}px, 0px)` }], { duration: places.turn ? 1100 : 220, easing: "ease-in-out" });
    places.set(id, to);
    if (!open || term.i < first() || term.i > last()) return;
    svg.append(mark("product", g.at(term.i), 240, 5, term.product < 0 ? "var(--negative)" : COLOUR.product));
    put(g.at(term.i), 263, show(term.product));
  });
  places.turn = false;
  all.forEach((n, j) => {
    put(g.at(n), 394, show(n), "faint");
    if (!open || n > state.n) return;
    const x = g.at(n), y = 314 + so(outs[j]);
    svg.append(el("line", { x1: x, x2: x, y1: 314 + so(0), y2: y, stroke: COLOUR[name()], "stroke-width": 2.5 }), mark(name(), x, y, outs[j] ? 5 : 2.5));
    if (outs[j] && (!few || n === state.n)) put(x, outs[j] > 0 ? y - 9 : y + 17, show(outs[j]), n === state.n ? "strong" : "");
  });
  return svg;
}

function delay(open) {
  const m = state.h.length, left = 34, step = Math.max(46, Math.min(104, (room() - left - 8) / m)), svg = canvas(left + m * step + 6, 226);
  const fillNotYet = hatch(svg), small = step < 60 ? 11 : 14;
  const put = (x, y, words, cls = "", s = small) => svg.append(el("text", { x, y, "text-anchor": "middle", "font-size": s, class: cls }, words));
  terms(state.n).forEach((term) => {
    const x = left + (term.k + 0.5) * step, ahead = term.i > state.n;
    svg.append(el("rect", { x: x - step / 2 + 3, y: 34, width: step - 6, height: 50, rx: 6, stroke: "var(--ink)", fill: ahead ? fillNotYet : "var(--heard)", class: ahead ? "notyet" : "heard" }));
    put(x, 26, `x[${show(term.i)}]`, "faint", 11);
    if (open || !term.k) put(x, 64, show(term.sample), "strong");
    svg.append(el("line", { x1: x, x2: x, y1: 88, y2: 106, stroke: "var(--line)", "stroke-width": 2 }), mark(term.k ? "h" : "h0", x - (step < 60 ? 0 : 16), 120, 6));
    put(x + (step < 60 ? 0 : 14), step < 60 ? 145 : 125, show(term.tap));
    put(x, step < 60 ? 158 : 146, `h[${term.k}]`, "faint", 11);
    if (!open) return;
    svg.append(mark("product", x - (step < 60 ? 0 : 16), 182, 5, term.product < 0 ? "var(--negative)" : COLOUR.product));
    put(x + (step < 60 ? 0 : 14), step < 60 ? 204 : 187, show(term.product));
  });
  put(left + step / 2, 12, say("newest"), "strong", 11);
  [[64, "x"], [125, "h"], [187, "×"]].forEach(([y, label]) => put(16, y, label, "strong", 14));
  return svg;
}

function listen() {
  const width = room() - 2, shown = data.envelopes[state.track], dry = data.envelopes["01_dry"], line = data.timeline, at = state.at;
  const svg = canvas(width, 250), px = (s) => s / line.seconds * width, turned = state.kind === "convolve";
  zones(svg, 0, Math.max(0.5, px(at)), width, 26, 126);
  const wave = (pairs, x0, x1, middle, half, fill, opacity = 1) => {
    const up = pairs.map(([low, high], j) => `${x0 + (j + 0.5) / pairs.length * (x1 - x0)} ${middle - high * half}`);
    const down = pairs.map(([low], j) => `${x0 + (j + 0.5) / pairs.length * (x1 - x0)} ${middle - low * half}`).reverse();
    return el("path", { d: `M${up.join("L")}L${down.join("L")}Z`, fill, stroke: fill, "stroke-width": 0.8, opacity });
  };
  svg.append(wave(dry, 0, width, 76, 46, "var(--x)"));
  const reach = px(line.kernel_seconds) * (turned ? -1 : 1), clip = el("clipPath", { id: "inside" }, el("rect", { x: 0, y: 26, width, height: 100 }));
  svg.append(clip, el("g", { "clip-path": "url(#inside)", class: "outline", "data-reach": turned ? "past" : "future" }, wave(data.envelopes.kernel, px(at), px(at) + reach, 76, 46, "var(--h)", 0.8), mark("h0", px(at), 76, 6)));
  svg.append(text(4, 146, say(`track_${state.track}`), "strong", "start"), el("line", { x1: 0, x2: width, y1: 198, y2: 198, stroke: "var(--line)" }));
  svg.append(wave(shown, 0, width, 198, 46, state.track === "05_correlated" ? "var(--r)" : state.track === "01_dry" ? "var(--x)" : "var(--y)"));
  svg.append(el("line", { x1: px(at), x2: px(at), y1: 152, y2: 246, stroke: "var(--ink)", "stroke-width": 2, class: "playhead" }));
  return svg;
}

// ---- the page around the picture ----
const gate = () => `${state.view}:${state.kind}`;
const facts = () => ({ n: show(state.n), first: state.x.findIndex((v) => v !== 0), last: state.h.length - 1, h: state.h.map(show).join(", ") });
function reveal(choice) { answered = choice; state.seen.add(gate()); render(); }

function question() {
  const open = state.seen.has(gate()), key = `${state.view}_${state.kind}`;
  $("ask").hidden = open; $("why").hidden = !open;
  if (open) { $("why").textContent = (answered === null ? "" : say(answered === 0 ? "right" : "wrong") + " ") + say(`why_${key}`); return open; }
  $("question").textContent = say(`ask_${key}`, facts());
  const options = data.words[`opt_${key}`][state.lang].map((words, j) => [fill(words, facts()), j]);
  if (gate().length % 2) options.reverse(); // the right answer is not always the first
  $("answers").replaceChildren(...options.map(([words, j]) => button(words, () => reveal(j))), button(say("show"), () => reveal(null)));
  return open;
}
function button(words, act) { const made = document.createElement("button"); made.type = "button"; made.textContent = words; made.onclick = act; return made; }

function render() {
  const listening = state.view === "listen", open = question(), slider = $("n");
  $("stage").textContent = say(`title_${state.view}`, facts());
  document.querySelectorAll(".tapsonly").forEach((part) => { part.hidden = listening; });
  $("player").hidden = !listening || !open;
  slider.min = first(); slider.max = last(); slider.value = state.n;
  const spoken = `${name()}[${show(state.n)}] = ${sentence(state.n)}`;
  slider.setAttribute("aria-valuetext", open ? spoken : say("hidden", { n: show(state.n) }));
  $("sum").textContent = listening ? "" : open ? spoken : `${name()}[${show(state.n)}] = ?`;
  $("sum").dataset.sum = open && !listening ? sumAt(state.n) : "";
  $("picture").replaceChildren({ launch, gather, delay, listen }[state.view](open));
  const picture = $("picture"); // where it is wider than the window, now stays in sight
  picture.scrollLeft = (state.n - first() + 0.5) / (last() - first() + 1) * picture.scrollWidth - picture.clientWidth / 2;
  $("name").textContent = listening ? `${say("about", { signal: data.signal[state.lang], stage: data.stage[state.lang], gain: data.gain_db })} ${data.notes.map((note) => note[state.lang]).join("; ")}` : state.preset >= 0 ? data.presets[state.preset].note[state.lang] : "";
  document.querySelectorAll("#table tr[data-n]").forEach((row) => row.classList.toggle("now", Number(row.dataset.n) === state.n));
}

function numbers() {
  const { x, h } = state, m = h.length, all = frames(), y = all.map((n) => sumAt(n, "convolve", x, h)), r = all.map((n) => sumAt(n, "correlate", x, h));
  const back = [...h].reverse(), total = (v) => v.reduce((a, b) => a + b, 0), gap = (a, b) => Math.max(...a.map((v, j) => Math.abs(v - b[j])));
  const mirrored = all.map((n) => sumAt(n + m - 1, "convolve", x, back)), preset = data.presets[state.preset];
  $("identity").textContent = say("identity", { residual: tiny(gap(r, mirrored)) });
  $("identity").dataset.residual = gap(r, mirrored);
  $("totals").textContent = say("totals", { sy: show(total(y)), sr: show(total(r)), sx: show(total(x) * total(h)) });
  const worst = preset ? Math.max(gap(y, preset.y), gap(r, preset.r)) : NaN;
  $("checked").textContent = preset ? say("checked", { residual: tiny(worst) }) : say("own_checked");
  $("checked").dataset.residual = worst;
  const row = (tag, cells) => cells.map((c) => { const made = document.createElement(tag); made.textContent = c; return made; });
  const head = document.createElement("tr"); head.append(...row("th", ["n", "x[n]", "y[n]", "r[n]"]));
  $("table").replaceChildren(head, ...all.map((n, j) => { const tr = document.createElement("tr"); tr.dataset.n = n; tr.append(...row("td", [show(n), n >= 0 && n < x.length ? show(x[n]) : "", show(y[j]), show(r[j])])); return tr; }));
}

function editor() {
  const boxes = state.h.map((tap, k) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "number", step: "any", value: tap, id: `edit${k}` });
    input.onchange = () => { const h = [...state.h]; h[k] = Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : 0; own(h, `edit${k}`); };
    label.append(`h[${k}]`, input);
    return label;
  });
  const more = button("+", () => own([...state.h, 0], "more")), less = button("−", () => own(state.h.slice(0, -1), "less"));
  more.disabled = state.h.length >= 8; less.disabled = state.h.length <= 1;
  more.id = "more"; less.id = "less"; more.setAttribute("aria-label", say("more")); less.setAttribute("aria-label", say("less"));
  $("taps").replaceChildren(...boxes, more, less);
}
function own(h, focus) { state.preset = -1; state.h = h; $("preset").value = -1; changed(); $(focus)?.focus(); }
function choose(index) { const chosen = data.presets[index]; state.preset = index; state.h = [...chosen.h]; state.x = [...chosen.x]; state.n = chosen.now; changed(); }
function changed() { places = new Map(); state.n = Math.min(last(), Math.max(first(), state.n)); editor(); numbers(); render(); }
function move(n) { state.n = Math.min(last(), Math.max(first(), n)); if (!state.seen.has(gate())) { answered = null; state.seen.add(gate()); } render(); }

// ---- sound: one playhead for all that share the time line ----
const sound = () => $(state.track);
function head(seconds) { state.at = seconds; $("head").value = Math.round(1000 * seconds / data.timeline.seconds); $("clock").textContent = `${seconds.toFixed(2)} s`; $("head").setAttribute("aria-valuetext", `${seconds.toFixed(2)} s, ${say(`track_${state.track}`)}`); if (state.view === "listen") $("picture").replaceChildren(listen()); }
function track(next) { const playing = !sound().paused; sound().pause(); state.track = next; sound().currentTime = state.at; if (playing) sound().play(); tracks(); head(state.at); }
function tracks() {
  $("tracks").replaceChildren(...data.tracks.map((value) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "track", value, checked: value === state.track });
    input.onchange = () => { track(value); document.querySelector(`input[name=track][value="${value}"]`).focus(); };
    label.append(input, say(`track_${value}`));
    return label;
  }));
}
function toggle() {
  const audio = sound();
  if (audio.paused) { audio.currentTime = state.at >= data.timeline.seconds - 0.05 ? 0 : state.at; audio.play(); requestAnimationFrame(follow); } else audio.pause();
}
function follow() { head(sound().currentTime); $("listen").textContent = say(sound().paused ? "listen" : "stop"); if (!sound().paused) requestAnimationFrame(follow); }

function translate() {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.title = say("title");
  document.querySelectorAll("[data-t]").forEach((part) => { part.textContent = say(part.dataset.t); });
  document.querySelectorAll("[data-aria]").forEach((part) => part.setAttribute("aria-label", say(part.dataset.aria)));
  $("lang").textContent = say("other_language"); $("lang").lang = state.lang === "zh" ? "en" : "zh-CN";
  const kept = state.preset, pick = (value, words) => { const made = document.createElement("option"); made.value = value; made.textContent = words; return made; };
  $("preset").replaceChildren(...data.presets.map((p, j) => pick(j, say(`preset_${p.id}`))), pick(-1, say("own"))); $("preset").value = kept;
  $("about").textContent = `${say("about", { signal: data.signal[state.lang], stage: data.stage[state.lang], gain: data.gain_db })} ${data.notes.map((note) => note[state.lang]).join("; ")}`;
  $("caption").textContent = data.caption[state.lang];
  $("key").replaceChildren(...["x", "h0", "h", "product", "y", "r"].map((what) => { const item = document.createElement("li"), svg = canvas(16, 16); svg.append(mark(what, 8, 8, 5)); item.append(svg, say(`key_${what}`)); return item; }));
  const cell = (tag, words, cls = "") => { const made = document.createElement(tag); made.textContent = words; made.className = cls; return made; };
  const top = document.createElement("tr"); top.append(cell("th", say("claim"), "words"), ...["residual", "bound", "lsb"].map((k) => cell("th", say(k))));
  $("proofs").replaceChildren(top, ...data.identities.map((one) => { const tr = document.createElement("tr"); tr.append(cell("td", one[state.lang], "words"), cell("td", tiny(one.residual)), cell("td", tiny(one.bound)), cell("td", one.lsb ?? "")); return tr; }));
  tracks(); editor(); numbers(); render(); head(state.at);
}

document.querySelectorAll("input[name=view]").forEach((input) => { input.onchange = () => { state.view = input.value; answered = null; places = new Map(); if (input.value !== "listen") sound().pause(); render(); }; });
document.querySelectorAll("input[name=kind]").forEach((input) => { input.onchange = () => { state.kind = input.value; answered = null; places.turn = true; if (state.view === "listen") track(state.kind === "convolve" ? "04_convolved" : "05_correlated"); render(); }; });
$("preset").onchange = () => { const index = Number($("preset").value); if (index >= 0) choose(index); else own(state.h, "preset"); };
$("n").oninput = () => move(Number($("n").value));
$("play").onclick = () => {
  const stop = () => { clearInterval(timer); timer = 0; $("play").textContent = say("play"); };
  if (timer) { stop(); return; }
  if (state.n >= last()) state.n = first() - 1;
  $("play").textContent = say("stop");
  timer = setInterval(() => { if (state.n >= last()) stop(); else move(state.n + 1); }, 700);
};
$("head").oninput = () => { const s = Number($("head").value) / 1000 * data.timeline.seconds; sound().currentTime = s; head(s); };
$("listen").onclick = toggle;
$("lang").onclick = () => { state.lang = state.lang === "en" ? "zh" : "en"; translate(); };
document.addEventListener("keydown", (event) => {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key) || event.target.closest("input, select, audio, .picture, .scroll") || state.view === "listen") return;
  move(state.n + (event.key === "ArrowRight" ? 1 : -1)); event.preventDefault();
});
new ResizeObserver(() => render()).observe($("picture"));
choose(0);
translate();
