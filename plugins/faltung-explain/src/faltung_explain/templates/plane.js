// Scene 8: two dimensions. An image and a hook: stamped, gathered through a window, turned the right way and three wrong ones; learnt.
const SIDE = 9;
const plane = { image: range(0, SIDE - 1).map((i) => range(0, SIDE - 1).map((j) => ({ "2,2": 1, "5,6": 2 }[`${i},${j}`] ?? 0))), k: [[5, 4, 3], [0, 0, 2], [0, 0, 1]], how: "stamp", tried: new Set(), at: null };
const turns = { correlate: (k) => k, convolve: (k) => k.map((row) => [...row].reverse()).reverse(), rows: (k) => [...k].reverse(), transpose: (k) => k.map((row, p) => row.map((_, q) => k[q][p])) };
const across = (f) => range(0, SIDE - 1).map((i) => range(0, SIDE - 1).map((j) => f(i, j)));
const pixel = (image, i, j) => image[i]?.[j] ?? 0;
const stamps = (image, k) => { // each pixel leaves the hook as it is, around itself
  const out = across(() => 0);
  image.forEach((row, i) => row.forEach((v, j) => { if (v) k.forEach((taps, p) => taps.forEach((tap, q) => { if (out[i + p - 1]?.[j + q - 1] !== undefined) out[i + p - 1][j + q - 1] += v * tap; })); }));
  return out;
};
const window_ = (image, k) => across((i, j) => { let sum = 0; for (let p = 0; p < 3; p += 1) for (let q = 0; q < 3; q += 1) sum += k[p][q] * pixel(image, i + p - 1, j + q - 1); return sum; });
const apart = (a, b) => Math.max(...a.flatMap((row, i) => row.map((v, j) => Math.abs(v - b[i][j]))));
const hex = (name) => { const code = getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1), six = code.length === 3 ? [...code].map((c) => c + c).join("") : code; return [0, 2, 4].map((j) => parseInt(six.slice(j, j + 2), 16) / 255); };
const readable = (v, most) => { // black or white, whichever stands out more from a tile
  const share = 0.85 * Math.min(1, Math.abs(v) / (most || 1)), paper = hex("--paper"), linear = hex(v < 0 ? "--wrong" : "--ink").map((c, j) => c * share + paper[j] * (1 - share)).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 ? "#000" : "#fff";
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => render());
const shade = (v, most) => { const share = Math.min(1, Math.abs(v) / (most || 1)); return `color-mix(in srgb, var(${v < 0 ? "--wrong" : "--ink"}) ${Math.round(85 * share)}%, var(--paper))`; };
function tiles(svg, table, left, top, side, { name, numbers = false, most = null, act = null, hover = null, framed = [] } = {}) {
  const end = most ?? Math.max(...table.flat().map(Math.abs), 1e-9);
  table.forEach((row, i) => row.forEach((v, j) => {
    const part = el("g", { class: act || hover ? "press" : "", "data-tile": name ?? null, "data-at": `${i},${j}` }, box(left + side * j, top + side * i, side, side, shade(v, end), { stroke: "var(--line)" }),
      numbers && (v || numbers === "all") ? put(left + side * (j + 0.5), top + side * (i + 0.5) + 4.5, show(v), fitting(show(v), side - 3, Math.min(13, side * 0.6))) : null);
    part.querySelector("text")?.setAttribute("style", `fill: ${readable(v, end)}`);
    if (act) part.addEventListener("click", () => act(i, j));
    if (hover) part.addEventListener("pointerenter", () => hover(i, j));
    svg.append(part);
  }));
  for (const [i, j, size, colour] of framed) svg.append(box(left + side * j, top + side * i, side * size, side * size, "none", { stroke: colour, "stroke-width": 3, rx: 3, "pointer-events": "none" }));
}
scenes.push({ id: "plane", draw(id) {
  const wide = room(id) >= 560, side = wide ? Math.min(30, (room(id) - 150) / 18) : Math.min(27, (room(id) - 104) / 9), full = side * SIDE;
  const answer = plane.how === "stamp" ? stamps(plane.image, plane.k) : window_(plane.image, turns[plane.how](plane.k)), most = Math.max(...answer.flat().map(Math.abs), 1);
  const ks = wide ? 34 : 28, kx = full + 14, ky = wide ? 30 : 24, ox = wide ? full + 136 : 0, oy = wide ? 24 : full + 52, svg = canvas((wide ? ox + full : kx + 3 * ks) + 4, oy + full + 6), at = plane.at; // on a phone the result lies below the image, the hook beside
  const one = (side, colour) => (at?.side === side ? [[at.i, at.j, 1, colour]] : []), around = (side) => (at?.side === side ? [[at.i - 1, at.j - 1, 3, "var(--h)"]] : []);
  const input = [...one("in", "var(--x)"), ...around("out")], output = [...around("in"), ...one("out", "var(--ink)")];
  const over = at?.side === "out" && plane.how !== "stamp" ? turns[plane.how](plane.k) : plane.k;
  svg.append(put(0, 14, say("plane_in"), 12, "strong", "start"), put(kx, ky - 10, at?.side === "out" && plane.how !== "stamp" ? say("plane_window") : say("plane_hook"), 12, "strong", "start"), put(ox, oy - 10, say("plane_out"), 12, "strong", "start"));
  tiles(svg, plane.image, 0, 24, side, { name: "in", numbers: true, most: 3, framed: input, act: (i, j) => { plane.image[i][j] = (plane.image[i][j] + 1) % 4; plane.at = { side: "in", i, j }; render("plane"); }, hover: (i, j) => lookAt("in", i, j) });
  tiles(svg, over, kx, ky, ks, { name: "hook", numbers: "all", most: 12, framed: [[0, 0, 3, "var(--h)"], ...one("hook", "var(--ink)")], act: (i, j) => { if (over === plane.k) weigh(i, j); } });
  tiles(svg, answer, ox, oy, side, { name: "out", numbers: side > 20, most: most * 1.2, framed: output, hover: (i, j) => lookAt("out", i, j) });
  return svg;
}, after() {
  pressed("how", plane.how);
  const wanted = stamps(plane.image, plane.k), ways = ["convolve", "correlate", "rows", "transpose"].map((how) => [how, apart(wanted, window_(plane.image, turns[how](plane.k)))]);
  $("ways").replaceChildren(...ways.filter(([how]) => plane.tried.has(how)).map(([how, gap]) => { const item = document.createElement("li"); item.dataset.how = how; item.dataset.gap = gap; const svg = canvas(SIDE * 9 + 2, SIDE * 9 + 2); tiles(svg, window_(plane.image, turns[how](plane.k)), 1, 1, 9, { most: Math.max(...wanted.flat().map(Math.abs), 1) }); item.append(svg, `${gap === 0 ? "✓" : "✗"} ${say(`how_${how}`)}${gap === 0 ? say("equals_stamps") : say("off_stamps", { gap: show(gap) })}`); return item; }));
  const at = plane.at;
  $("said-plane").textContent = !at || at.side === "hook" ? say("plane_start") : at.side === "in" ? say("plane_stamp", { i: at.i, j: at.j, v: show(plane.image[at.i][at.j]) }) : plane.how === "stamp" ? say("plane_sum", at) : say("plane_gather", { i: at.i, j: at.j, k: turns[plane.how](plane.k).map((row) => listed(row)).join(" / ") });
} });
function weigh(i, j) { plane.k[i][j] = (plane.k[i][j] + 1) % 6; render("plane"); }
function lookAt(side, i, j) { if (plane.at?.side === side && plane.at.i === i && plane.at.j === j) return; plane.at = { side, i, j }; render("plane"); }
choices("how", (value) => { plane.how = value; if (value !== "stamp") plane.tried.add(value); render("plane"); });
$("pic-plane").addEventListener("keydown", (event) => {
  const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], at = plane.at ?? { side: "in", i: 2, j: 2 };
  const most = at.side === "hook" ? 2 : SIDE - 1;
  if (by) lookAt(at.side, clamp(at.i + by[0], 0, most), clamp(at.j + by[1], 0, most));
  else if (event.key === " ") { const next = { in: "hook", hook: "out", out: "in" }[at.side], side = next === "hook" ? 2 : SIDE - 1; lookAt(next, Math.min(at.i, side), Math.min(at.j, side)); }
  else if (event.key === "Enter" && at.side === "hook") weigh(at.i, at.j);
  else if (event.key === "Enter" && at.side === "in") { plane.image[at.i][at.j] = (plane.image[at.i][at.j] + 1) % 4; render("plane"); }
  else return;
  event.preventDefault();
});

// ---- an arrow down-right: which function finds it with which kernel ----
const SLOPE = range(0, 2).map((i) => range(0, 2).map((j) => i + j - 2)); // brightens towards the lower right; its sum is 0
const hunt = { at: [1, 1], twin: [5, 5], asked: new Set() };
scenes.push({ id: "arrow", draw(id) {
  const side = Math.min(24, (room(id) - 10) / SIDE), svg = canvas(side * SIDE + 4, side * SIDE + 24), image = hunted();
  svg.append(put(0, 13, say("arrow_in"), 12, "strong", "start"));
  tiles(svg, image, 0, 20, side, { name: "arrow" });
  for (const [place, sign] of [[hunt.twin, "↖"], [hunt.at, "↘"]]) {
    const frame = el("g", {}, box(side * place[1], 20 + side * place[0], side * 3, side * 3, "transparent", { stroke: sign === "↘" ? "var(--x)" : "var(--r)", "stroke-width": 3 }), put(side * (place[1] + 1.5), 20 + side * (place[0] + 1.5) + 7, sign, 20, "strong halo"));
    const id_ = sign === "↘" ? "arrow" : "twin", move = (v) => { const to = [Math.floor(v / 7), v % 7]; const other = sign === "↘" ? hunt.twin : hunt.at; if (Math.max(Math.abs(to[0] - other[0]), Math.abs(to[1] - other[1])) >= 3) { if (sign === "↘") hunt.at = to; else hunt.twin = to; render("arrow"); } };
    svg.append(handle(frame, id_, { label: sign, value: place[0] * 7 + place[1], text: `${place[0]}, ${place[1]}`, min: 0, max: 48, down: 7, set: move, from: (px, py) => clamp(Math.round((py - 20) / side - 1.5), 0, 6) * 7 + clamp(Math.round(px / side - 1.5), 0, 6) }));
  }
  return svg;
}, after() {
  const image = hunted(), down = SLOPE, up = turns.convolve(SLOPE);
  $("cards").replaceChildren(...[["correlate", "↘", down], ["correlate", "↖", up], ["convolve", "↘", down], ["convolve", "↖", up]].map(([how, sign, k]) => {
    const score = window_(image, turns[how](k)); let best = [1, 1]; for (let i = 1; i < SIDE - 1; i += 1) for (let j = 1; j < SIDE - 1; j += 1) if (score[i][j] > score[best[0]][best[1]]) best = [i, j];
    const found = best[0] - 1 === hunt.at[0] && best[1] - 1 === hunt.at[1] ? "↘" : best[0] - 1 === hunt.twin[0] && best[1] - 1 === hunt.twin[1] ? "↖" : "?", item = document.createElement("li");
    const card = `${how}${sign}`; item.dataset.card = card; item.dataset.found = found;
    item.append(button(say("card", { how: say(how), sign, found: hunt.asked.has(card) ? found : "…" }), () => { hunt.asked.add(card); render("arrow"); }, { "data-handle": `card-${card}` })); return item;
  }));
} });
const hunted = () => across((i, j) => { for (const [place, k] of [[hunt.at, SLOPE], [hunt.twin, turns.convolve(SLOPE)]]) { const v = k[i - place[0]]?.[j - place[1]]; if (v !== undefined) return v; } return 0; });

// ---- weights: learnt both ways from the same pictures, they end as each other turned ----
const random = (seed) => { let s = seed; return () => { s = (s * 16807) % 2147483647; return s / 1073741823.5 - 1; }; };
const lesson = (() => { const next = random(11), image = across(next), truth = [[1, 0.6, 0.2], [0, 0, 0.5], [0, 0, -0.4]]; return { image, truth, wanted: window_(image, turns.convolve(truth)) }; })();
const learnt = { steps: 0, convolve: null, correlate: null, turned: false };
const laid = () => (learnt.turned ? turns.convolve : turns.correlate)(learnt.correlate ?? zero()); // the second set as it lies in the picture
const zero = () => range(0, 2).map(() => [0, 0, 0]);
function gradient(image, error) { // of the sum of squares, for weights laid on as they are: dL/dw[p,q] = Σ g[i,j] x[i+p,j+q]
  return range(0, 2).map((p) => range(0, 2).map((q) => { let sum = 0; for (let i = 0; i < SIDE; i += 1) for (let j = 0; j < SIDE; j += 1) sum += error[i][j] * pixel(image, i + p - 1, j + q - 1); return sum; }));
}
function learn(steps) {
  for (const how of ["convolve", "correlate"]) {
    let w = learnt[how] ?? zero();
    for (let step = 0; step < steps; step += 1) {
      const out = window_(lesson.image, turns[how](w)), error = out.map((row, i) => row.map((v, j) => v - lesson.wanted[i][j]));
      const g = turns[how](gradient(lesson.image, error)); w = w.map((row, p) => row.map((v, q) => v - 0.02 * g[p][q]));
    }
    learnt[how] = w;
  }
  learnt.steps += steps; render("learn");
}
scenes.push({ id: "learn", draw(id) {
  const side = Math.min(34, (room(id) - 60) / 7), svg = canvas(side * 6 + 80, side * 3 + 34);
  [["convolve", 0], ["correlate", side * 3 + 40]].forEach(([how, left]) => { svg.append(put(left, 14, say(how === "correlate" && learnt.turned ? "learnt_turned" : `learnt_${how}`), 12, "strong", "start")); tiles(svg, (how === "correlate" ? laid() : learnt[how] ?? zero()).map((row) => row.map((v) => (Math.abs(v) < 1e-9 ? 0 : v))), left, 24, side, { name: `w-${how}`, numbers: "all", most: 1.4 }); });
  return svg;
}, after() {
  $("learn-turn").disabled = !learnt.convolve; $("learn-turn").setAttribute("aria-pressed", String(learnt.turned));
  if (!learnt.convolve) { $("said-learn").textContent = say("learn_start"); return; }
  const mirrored = apart(learnt.convolve, turns.convolve(learnt.correlate)), between = apart(learnt.convolve, laid()), same = apart(window_(lesson.image, turns.convolve(learnt.convolve)), window_(lesson.image, learnt.correlate)), swapped = apart(window_(lesson.image, learnt.convolve), lesson.wanted);
  $("said-learn").textContent = say("learn_done", { steps: learnt.steps, apart: between < 1e-9 ? "0" : show(between), same: same < 1e-9 ? "0" : show(same), swapped: show(swapped) }); $("said-learn").dataset.mirrored = mirrored; $("said-learn").dataset.swapped = swapped;
} });
press("learn-on", () => { let left = still.matches ? 1 : 10; const on = () => { learn(200 / (still.matches ? 1 : 10)); left -= 1; if (left) setTimeout(on, 60); }; on(); });
press("learn-again", () => { Object.assign(learnt, { steps: 0, convolve: null, correlate: null, turned: false }); render("learn"); });
press("learn-turn", () => { learnt.turned = !learnt.turned; render("learn"); });
const back = { way: null };
scenes.push({ id: "backward", after() { // for y = x ★ w and a loss Σ c y: dL/dx by differences, and as the convolution of c with w
  const next = random(5), x = across(next), c = across(next), w = [[1, 2, 3], [4, 5, 6], [7, 8, 9]], loss = (image) => window_(image, w).flat().reduce((sum, v, j) => sum + v * c.flat()[j], 0);
  const by = across((i, j) => { const up = x.map((row) => [...row]), down = x.map((row) => [...row]); up[i][j] += 0.5; down[i][j] -= 0.5; return loss(up) - loss(down); });
  const gap = apart(by, window_(c, turns.convolve(w))), other = apart(by, window_(c, w)), stamped = apart(window_(c, turns.convolve(w)), stamps(c, w));
  const off = { correlate: other, convolve: gap, stamp: apart(by, stamps(c, w)) }[back.way]; pressed("back", back.way);
  $("said-backward").textContent = back.way ? say("backward", { way: say(`back_${back.way}`), gap: off < 1e-9 ? "0" : show(off) }) : ""; Object.assign($("said-backward").dataset, { gap, other, stamped });
} });
choices("back", (value) => { back.way = value; render("backward"); });
