"use strict";
// What all scenes share: the state, the arithmetic, the drawing, handles that can be dragged or moved with arrow keys.
// Convention: y[n] = Σ h[k] x[n−k+o], r[n] = Σ h[k] x[n+k−o], o the origin; what is drawn follows from `state` alone.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const asked = new URLSearchParams(location.search);
const state = { lang: data.lang, x: [], h: [], origin: 0, n: 3, preset: "worked" };
const scenes = []; // {id, draw, after}: pictures, drawn again whenever the state changes
let hatches = 0;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
const say = (key, values = {}) => fill(data.words[key][state.lang], values).replace(/(?<![\d.])1 frames/g, "1 frame");
const show = (v) => {
  const size = Math.abs(v);
  const text = size > 0 && size < 0.0005 ? v.toExponential(0) : v.toFixed(size < 1 ? 3 : 2).replace(/\.?0+$/, "");
  return (text === "-0" ? "0" : text).replace(/-/g, "−");
};
const listed = (values) => values.map(show).join(", ");
const gapOf = () => (state.lang === "zh" ? "" : " "); // between two sentences
const range = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, j) => first + j);
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// ---- the arithmetic ----
const sampleOf = (i, x = state.x) => (i >= 0 && i < x.length ? x[i] : 0);
const meets = (k, n, kind) => (kind === "convolve" ? n - k + state.origin : n + k - state.origin);
const terms = (n, kind = "convolve") => state.h
  .map((tap, k) => { const i = meets(k, n, kind); return { k, i, tap, sample: sampleOf(i), product: tap * sampleOf(i) }; })
  .sort((a, b) => a.i - b.i); // in the order of a column: the oldest sample first
const sumAt = (n, kind = "convolve") => terms(n, kind).reduce((sum, term) => sum + term.product, 0);
const symmetry = (sign) => range(0, 2 * state.h.length).every((d) => (state.h[state.origin + d] ?? 0) === sign * (state.h[state.origin - d] ?? 0)); // about time zero
const first = () => 1 - state.h.length;
const last = () => state.x.length + state.h.length - 2;
const columns = () => range(Math.min(0, -state.origin), state.x.length - 1);
const sounding = () => range(0, state.x.length - 1).filter((i) => state.x[i] !== 0);
const plus = (parts) => parts.map((v, j) => (j ? (v < 0 ? " − " : " + ") : v < 0 ? "−" : "") + show(Math.abs(v))).join("");
const sentence = (n, kind = "convolve") => {
  const all = terms(n, kind), shown = all.length <= 4 ? all : all.filter((term) => term.product !== 0);
  return `${kind === "convolve" ? "y" : "r"}[${show(n)}] = ${plus(shown.map((term) => term.product)) || "0"} = ${show(sumAt(n, kind))}`;
};

// ---- drawing ----
const el = (name, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
};
const put = (x, y, words, size = 13, cls = "", anchor = "middle") => el("text", { x, y, "text-anchor": anchor, "font-size": size, class: cls }, words);
const line = (x1, y1, x2, y2, stroke = "var(--ink)", width = 1, more = {}) => el("line", { x1, y1, x2, y2, stroke, "stroke-width": width, ...more });
const box = (x, y, width, height, fill, more = {}) => el("rect", { x, y, width, height, fill, ...more });
const COLOUR = { x: "var(--x)", h: "var(--h)", h0: "var(--h)", y: "var(--y)", r: "var(--r)" };
const mark = (what, x, y, s = 6, colour = COLOUR[what]) => {
  const d = { h: `M${-s} ${-s}H${s}V${s}H${-s}Z`, h0: `M0 ${-s * 1.4}L${s * 1.4} 0L0 ${s * 1.4}L${-s * 1.4} 0Z`, y: `M${-s} ${-s}H${s}V${s}H${-s}Z`, r: `M0 ${s}L${s} ${-s}H${-s}Z` }[what];
  const style = { fill: colour, transform: `translate(${x} ${y})`, stroke: what === "h" || what === "h0" ? "var(--ink)" : null };
  return d ? el("path", { d, ...style }) : el("circle", { r: s, ...style });
};
const tapMark = (k, x, y, s = 6) => mark(k === state.origin ? "h0" : "h", x, y, s);
const canvas = (width, height) => {
  const svg = el("svg", { width, height, viewBox: `0 0 ${width} ${height}` }), append = svg.append.bind(svg);
  svg.append = (...parts) => append(...parts.filter((part) => part !== null)); // what is not drawn leaves no word "null"
  return svg;
};
const room = (id) => Math.max(268, Math.min(760, $(id).clientWidth || 320));
const hatch = (svg) => {
  const id = `hatch${hatches++}`;
  svg.append(el("defs", {}, el("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    box(0, 0, 7, 7, "var(--paper)"), box(0, 0, 1.5, 7, "var(--notyet)"))));
  return `url(#${id})`;
};
const zones = (svg, left, edge, right, top, bottom) => {
  svg.append(box(left, top, Math.max(0, edge - left), bottom - top, "var(--heard)", { class: "heard" }),
    box(edge, top, Math.max(0, right - edge), bottom - top, hatch(svg), { class: "notyet" }), line(edge, top - 4, edge, bottom, "var(--ink)", 2));
  if (edge - left > 70) svg.append(put((left + edge) / 2 - 12, top - 6, say("heard"), 12, "faint"));
  if (right - edge > 70) svg.append(put((edge + right) / 2 + 12, top - 6, say("not_yet"), 12, "faint"));
};
const grid = (id, left, frames, least = 24, most = 62) => {
  const step = clamp((room(id) - left - 15) / frames.length, least, most); // the handle of now fits beside the last
  return { step, left, right: left + step * frames.length, width: left + step * frames.length + 14, at: (n) => left + (n - frames[0] + 0.5) * step, frame: (px) => Math.round((px - left) / step - 0.5) + frames[0] };
};
const scale = (values, height) => { const top = Math.max(0, ...values), bottom = Math.min(0, ...values), span = top - bottom || 1; return (v) => (top - v) / span * height; };
const fitting = (words, width, most) => Math.min(most, width / (0.62 * String(words).length));
const rowLabel = (i) => `x[${i}] = ${show(state.x[i])}`;
const labelled = () => clamp(12 + 7.2 * Math.max(0, ...sounding().map((i) => rowLabel(i).length)), 58, 92); // room that labels of rows take
const put2 = (x, y, words, cls = "") => put(x, y, words, fitting(words, x - 4, 11.5), cls, "end");
const tint = (i) => `var(--tint${sounding().indexOf(i) % 8})`;
const stem = (what, x, base, y, s = 5.5) => el("g", {}, line(x, base, x, y, COLOUR[what], 2.5), mark(what, x, y, s));

// ---- handles: dragged with a finger or a mouse, moved with arrow keys ----
let dragged = null;
const along = (event, svg) => { const at = svg.getBoundingClientRect(); return [event.clientX - at.left, event.clientY - at.top]; };
function handle(part, id, { label, value, text, min, max, set, from, vertical = false, down = -1 }) { // down: what the arrow down adds
  const attributes = { "data-handle": id, tabindex: 0, role: "slider", "aria-label": label, "aria-valuemin": min, "aria-valuemax": max, "aria-valuenow": value, "aria-valuetext": text, "aria-orientation": vertical ? "vertical" : "horizontal", class: `handle ${part.getAttribute("class") || ""}` };
  for (const [key, v] of Object.entries(attributes)) part.setAttribute(key, v);
  const move = (v) => { const next = clamp(v, min, max); if (next !== value) set(next); };
  part.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: down, ArrowRight: 1, ArrowUp: -down }[event.key];
    const to = by ? value + by : { Home: min, End: max }[event.key];
    if (to === undefined) return;
    event.preventDefault(); event.stopPropagation(); move(to);
  });
  seized(part, (event) => { part.focus({ preventScroll: true }); grab(part, event, (px, py) => set(clamp(from(px, py), min, max))); });
  return part;
}
function seized(part, begin) { // by a mouse or a finger; touch-action on a part of a picture does not keep Chromium from scrolling
  part.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  part.addEventListener("pointerdown", (event) => { event.preventDefault(); begin(event); });
}
function grab(part, event, follow, drop = null) { // the picture holds the pointer: the part itself is drawn anew with every move
  const holder = part.closest(".picture");
  holder.setPointerCapture(event.pointerId); dragged = { follow, drop, holder };
}
addEventListener("pointermove", (event) => { if (dragged) dragged.follow(...along(event, dragged.holder.querySelector("svg"))); });
addEventListener("pointerup", (event) => { const was = dragged; dragged = null; was?.drop?.(...along(event, was.holder.querySelector("svg"))); });
addEventListener("pointercancel", () => { dragged = null; });

const nowHandle = (svg, g, top, bottom, id, n = state.n, set = (to) => change({ n: to }), text = say("clap_at", { n: show(n) })) => {
  const x = g.at(n) + g.step / 2, frames = columns();
  svg.append(handle(el("g", { class: "grip" }, box(x - 22, top, 44, Math.max(44, bottom - top), "transparent"), box(x - 13, top, 26, 26, "var(--ink)", { rx: 13 }),
    el("path", { d: `M${x - 7} ${top + 13}l5 -5v10z M${x + 7} ${top + 13}l-5 -5v10z`, fill: "var(--paper)" })),
  id, { label: say("now"), value: n, text, min: frames[0], max: state.x.length - 1, set, from: (px) => g.frame(px - g.step / 2) }));
};

// ---- changing and drawing again ----
function change(values) { Object.assign(state, values); state.n = clamp(state.n, columns()[0], state.x.length - 1); render(); }
function choose(preset) {
  const chosen = preset === "run" ? data.run : data.presets.find((p) => p.id === preset);
  state.preset = preset;
  Object.assign(state, { x: [...chosen.x], h: [...chosen.h], origin: chosen.origin, n: chosen.now, fresh: true });
  render();
}
function own(values) { state.preset = "own"; change({ ...values, fresh: true }); }
function render(only = null) {
  const kept = document.activeElement?.dataset?.handle;
  for (const { id, draw, after } of scenes) {
    if (only && id !== only) continue;
    const holder = $(`pic-${id}`), old = holder.scrollLeft;
    if (draw) {
      holder.replaceChildren(draw(`pic-${id}`)); holder.scrollLeft = old;
      const wide = holder.scrollWidth > holder.clientWidth + 1; // what can be scrolled can be reached with keys
      if (wide && !holder.hasAttribute("tabindex")) { holder.tabIndex = 0; holder.dataset.wide = ""; } else if (!wide && "wide" in holder.dataset) { holder.removeAttribute("tabindex"); delete holder.dataset.wide; }
    }
    after?.();
  }
  state.fresh = false;
  if (kept) document.querySelector(`[data-handle="${kept}"]`)?.focus({ preventScroll: true });
}
function button(words, act, more = {}) {
  const made = document.createElement("button"); made.type = "button"; made.textContent = words; made.onclick = act;
  for (const [key, value] of Object.entries(more)) made.setAttribute(key, value);
  return made;
}
const press = (id, act) => { $(id).onclick = act; };
function pressed(group, value) { document.querySelectorAll(`#${group} [data-value]`).forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === String(value)))); }
function choices(group, act) { document.querySelectorAll(`#${group} [data-value]`).forEach((b) => { b.onclick = () => act(b.dataset.value); }); }
function glide(seconds, each) { // from 0 to 1, or at once where motion is to be reduced
  if (still.matches) { each(1); return; }
  const begun = performance.now(), step = (time) => { const t = clamp((time - begun) / 1000 / seconds, 0, 1); each(t < 1 ? (1 - Math.cos(Math.PI * t)) / 2 : 1); if (t < 1) requestAnimationFrame(step); };
  requestAnimationFrame(step);
}
