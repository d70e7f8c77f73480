// Scene 9, by ear; the run that the page was made from; languages, places in the page, and the start.
const ear9 = { track: data.correlates ? "B" : "A", at: 0, moved: false, begun: 0, timer: 0, ready: false, round: 0, order: [], right: 0 };
const TRACKS = ["dry", "A", "B", "D", "SA", "SB", "SD"];
const INK = { dry: "var(--x)", A: "var(--y)", B: "var(--r)", D: "var(--wrong)", SA: "var(--y)", SB: "var(--r)", SD: "var(--wrong)" };
const alike = () => { if (!heard?.name) return data.sound.apart <= 1e-9; const { A, D } = madeOf().all; const most = (s) => s.reduce((m, v) => Math.max(m, Math.abs(v)), 0); return most(D) <= 1e-4 * most(A); };
const moment = (seconds, most) => { const [unit, name] = most >= 172800 ? [86400, "d"] : most >= 7200 ? [3600, "h"] : [1, "s"]; return `${(seconds / unit).toFixed(2).replace("-", "−")} ${name}`; };
const symmetricTrack = () => ear9.track.startsWith("S");
scenes.push({ id: "ear", draw(id) {
  const width = room(id) - 2, svg = canvas(width, 236);
  if (!ear9.ready) { svg.append(put(width / 2, 118, say("wait"), 13, "faint")); return svg; }
  const { all, fs, length } = madeOf(), seconds = length / fs, px = (s) => s / seconds * width, now = px(ear9.at), h = subjectOf().h, bins = Math.round(Math.min(320, width / 2));
  zones(svg, 0, Math.max(0.5, now), width, 22, 118);
  const shape = outline(all.dry, bins), most_ = Math.max(...shape.flat().map(Math.abs)) || 1; // to its own scale: faint beside a sum of many products, it would be out of sight
  svg.append(wave(shape.map(([a, b]) => [a / most_, b / most_]), 0, width, 70, 44, "var(--x)"));
  if (ear9.track !== "dry" && !ear9.track.endsWith("D")) { // the outline of the kernel this track is made with, turned as it is for this track
    const reach = Math.round(0.18 * fs), kernel = symmetricTrack() ? { taps: Float64Array.from({ length: 2 * reach + 1 }, (_, k) => (k === reach ? 1 : k % (2 * reach) ? 0 : 0.5)), length: 2 * reach + 1, origin: reach } : h, back = ear9.track.endsWith("A");
    const taps = dense(kernel), most = taps.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1, pairs_ = outline(taps, Math.max(12, Math.round(bins * kernel.length / length))).map(([a, b]) => [a / most, b / most]);
    const before = kernel.origin / fs, after = (kernel.length - 1 - kernel.origin) / fs, from = back ? now + px(before) : now - px(before), to = back ? now - px(after) : now + px(after);
    const clip = el("clipPath", { id: "inside" }, box(0, 22, width, 96));
    svg.append(clip, el("g", { "clip-path": "url(#inside)", class: "outline", "data-reach": before === after ? "both" : back ? "past" : "future" }, wave(pairs_, from, to, 70, 44, "var(--h)", 0.8), mark("h0", now, 70, 6)));
  }
  svg.append(line(0, 186, width, 186, "var(--line)"), wave(outline(all[ear9.track], bins), 0, width, 186, 44, INK[ear9.track]), line(now, 128, now, 232, "var(--ink)", 2, { class: "playhead" }), put(4, 134, say(`track_${ear9.track}`), 12, "strong", "start"));
  return svg;
}, after() {
  if (!ear9.ready) return;
  const same = alike();
  pressed("tracks", ear9.track);
  $("head").value = Math.round(1000 * ear9.at * madeOf().fs / madeOf().length); $("head").setAttribute("aria-valuetext", `${ear9.at.toFixed(2)} s, ${say(`track_${ear9.track}`)}`);
  const into = ear9.at - madeOf().zero / madeOf().fs; // before 0 there is no signal yet
  $("clock").textContent = heard?.name ? moment(into, 0) : moment(data.sound.start + into * data.sound.times, data.sound.start + madeOf().length / madeOf().fs * data.sound.times);
  const moved = !heard?.name && data.moved && { A: "hear_moved", B: "hear_moved", D: "hear_moved_D" }[ear9.track];
  $("said-ear").textContent = moved ? say(moved, { time: data.moved }) : say(same && !symmetricTrack() && ear9.track !== "dry" ? "hear_same" : `hear_${ear9.track}`);
  $("blind").hidden = same || !(heard?.room ?? data.room); $("listen").textContent = say(ear9.timer ? "stop" : "listen");
  $("said-blind").textContent = ear9.round < 3 ? say("blind_ask", { round: ear9.round + 1 }) : say("blind_done", { right: ear9.right });
  const held = document.activeElement;
  document.querySelectorAll("#blind button").forEach((b) => { b.disabled = ear9.round >= 3 && b.id !== "blind-again"; });
  if (held?.disabled) $("blind-again").focus(); // a button that is no longer to be pressed would lose the focus
} });
function ready() { // the sounds are made when they are first looked at; the playhead waits on the loudest moment, so that h is in sight
  if (ear9.ready) return;
  ear9.ready = true;
  const { dry } = madeOf().all; let loud = 0; dry.forEach((v, j) => { if (Math.abs(v) > Math.abs(dry[loud])) loud = j; }); ear9.at = loud / madeOf().fs;
  render("ear"); if (data.run) render("run");
}
function stopped() { hush(); cancelAnimationFrame(ear9.timer); ear9.timer = 0; }
function hear(track, from) {
  stopped(); ear9.track = track; ear9.at = from;
  const { all, fs, length } = madeOf(), begun = play(all[track], fs, from, () => { stopped(); ear9.at = 0; render("ear"); });
  ear9.moved = true;
  const follow = () => { ear9.at = clamp(audio().currentTime - begun, 0, length / fs); ear9.timer = requestAnimationFrame(follow); render("ear"); };
  ear9.timer = requestAnimationFrame(follow);
}
choices("tracks", (track) => { ready(); hear(track, ear9.timer ? ear9.at : 0); render("ear"); });
press("listen", () => { ready(); if (ear9.timer) stopped(); else hear(ear9.track, ear9.moved ? ear9.at : 0); render("ear"); });
$("head").oninput = () => { ready(); const playing_ = ear9.timer, at = Number($("head").value) / 1000 * madeOf().length / madeOf().fs; if (playing_) hear(ear9.track, at); else { ear9.at = at; ear9.moved = true; render("ear"); } };
const blind = () => (ear9.order[ear9.round] ??= Math.random() < 0.5 ? ["A", "B"] : ["B", "A"]);
for (const j of [0, 1]) { press(`blind-${j}`, () => { stopped(); ready(); const { all, fs } = madeOf(); play(all[blind()[j]], fs); }); press(`real-${j}`, () => { stopped(); if (blind()[j] === "A") ear9.right += 1; $("verdict-blind").textContent = say(blind()[j] === "A" ? "blind_yes" : "blind_no"); ear9.round += 1; render("ear"); }); }
press("blind-again", () => { Object.assign(ear9, { round: 0, order: [], right: 0 }); $("verdict-blind").textContent = ""; render("ear"); });

// ---- a sound or a room of one's own, read and heard in the page alone ----
async function decoded(bytes, most_s) {
  const fs = subjectOf().fs, buffer = await new OfflineAudioContext(1, 1, fs).decodeAudioData(bytes), all = buffer.getChannelData(0);
  let loud = 0, peak = 0; all.forEach((v, j) => { if (Math.abs(v) > peak) { peak = Math.abs(v); loud = j; } });
  if (!peak) throw new Error("silence");
  return { all, fs, loud, most: Math.round(most_s * fs) };
}
async function taken(bytes, name, what) {
  try {
    if (what === "x") { const { all, fs, most } = await decoded(bytes, 8); heard = { ...subjectOf(), made: null, name, fs, x: Float64Array.from(all.subarray(0, most)) }; } else {
      const { all, fs, loud, most } = await decoded(bytes, 4), from = Math.max(0, loud - Math.round(0.002 * fs)); const taps = Float64Array.from(all.subarray(from, from + most));
      heard = { ...subjectOf(), made: null, name, fs, h: { taps, length: taps.length, origin: 0 }, room: true };
    }
    heard.made = undefined; stopped(); ear9.ready = true; ear9.at = 0; $("said-own").textContent = say(what === "x" ? "own_sound" : "own_room", { name }); render("ear");
  } catch { $("said-own").textContent = say("own_not", { name }); }
}
for (const what of ["x", "h"]) $(`file-${what}`).onchange = async (event) => { const file = event.target.files[0]; if (file) taken(await file.arrayBuffer(), file.name, what); };
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => { event.preventDefault(); const file = event.dataTransfer?.files[0]; if (file) { await taken(await file.arrayBuffer(), file.name, "x"); $("ear").scrollIntoView(); } });
press("record", async () => {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } }), recorder = new MediaRecorder(stream), parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = async () => { stream.getTracks().forEach((t) => t.stop()); taken(await new Blob(parts).arrayBuffer(), say("your_clap"), "h"); };
    $("said-own").textContent = say("recording"); recorder.start(); setTimeout(() => recorder.stop(), 3000);
  } catch { $("said-own").textContent = say("no_microphone"); }
});

// ---- the run: seconds first, then samples ----
if (data.run) scenes.push({ id: "run", draw(id) {
  const width = room(id) - 2, up = data.searches ? 76 : 0, svg = canvas(width, 348 - up), left = 22;
  if (!ear9.ready) { svg.append(put(width / 2, 150, say("wait"), 13, "faint")); return svg; }
  const { all, fs, zero, length } = tracksOfRun(), { h, x } = runSubject(), around = h.length - 1 + Math.round(x.length / 12), begin = Math.max(0, zero - around), end_ = Math.min(length, zero + x.length + around); // nothing sounds outside
  const px = (frame) => left + (frame - begin) / (end_ - begin) * (width - left), part = (track) => all[track].subarray(begin, end_), bins = Math.round(Math.min(300, width / 2)), times = data.sound.times;
  const env = outline(part("dry"), bins), size = env.map(([a, b]) => Math.max(-a, b)), most = Math.max(...size) || 1, picked = [];
  [...size.keys()].sort((a, b) => size[b] - size[a]).forEach((j) => { if (picked.length < 3 && size[j] > 0.2 * most && picked.every((p) => Math.abs(p - j) > bins / 8)) picked.push(j); });
  picked.sort((a, b) => a - b);
  const to1 = (pairs_) => { const top_ = Math.max(...pairs_.map(([a, b]) => Math.max(-a, b))) || 1; return pairs_.map(([a, b]) => [a / top_, b / top_]); }; // each row to its own scale
  const row = (y, name, track, colour) => svg.append(line(left, y, width, y, "var(--line)"), put(8, y + 5, name, 15, "strong"), wave(to1(outline(part(track), bins)), left, width, y, 32, colour));
  row(46, "x", "dry", "var(--x)");
  const loudest = (track) => all[track].reduce((b, v, j) => (Math.abs(v) > Math.abs(all[track][b]) ? j : b), 0);
  if (data.searches) for (const [track, back, colour] of [["B", 0, "var(--h)"], ["A", h.length - 1, "var(--r)"]]) { // where the template fits, and where its mirror image does
    const peak = loudest(track), from = px(peak - back), y = track === "B" ? 314 - up : 232 - up;
    const out = track === "A" ? 4 : 0; // around the other, where both lie on one stretch
    svg.append(box(from - out, 20 - out, Math.max(3, px(peak - back + h.length) - from) + 2 * out, 62 + 2 * out, "none", { stroke: colour, "stroke-width": 3, rx: 4, "data-fits": track, "data-frame": peak - back }), line(px(peak), 84, px(peak), y - 34, colour, 1.5, { "stroke-dasharray": "4 3" }));
  }
  const taps = dense(h), top = taps.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1, shape = outline(taps, Math.max(8, Math.round(bins * h.length / (end_ - begin)))).map(([a, b]) => [-Math.sqrt(-a / top), Math.sqrt(b / top)]); // the root keeps a faint tail in sight
  if (!data.searches) picked.forEach((j, p) => {
    const at = begin + (j + 0.5) / bins * (end_ - begin), y = 112 + 30 * p;
    svg.append(line(px(at), 46, px(at), y, `var(--tint${p})`, 2), el("g", { class: "tail" }, wave(shape, px(at - h.origin), px(Math.min(end_, at - h.origin + h.length)), y, 16 * size[j] / most, `var(--tint${p})`, 1, "var(--h)")), mark("h0", px(at), y, 4));
  });
  row(232 - up, "y", "A", "var(--y)"); row(314 - up, "r", "B", "var(--r)");
  const start = data.sound.start, end = start + (end_ - zero) / fs * times; // where in the file what is heard begins
  svg.append(line(px(zero), 4, px(zero), 346 - up, "var(--ink)", 1, { "stroke-dasharray": "3 3" }), put(px(zero) + 4, 12, moment(start, end), 11, "faint halo", "start"), put(width - 2, 12, moment(end, end), 11, "faint halo", "end"));
  svg.append(put(width - 2, 196 - up, say("row_y"), 11, "faint halo", "end"), put(width - 2, 278 - up, say("row_r"), 11, "faint halo", "end"));
  return svg;
}, after() { $("paths").replaceChildren(...data.paths.map(({ from, to, outline: shape }) => { const item = document.createElement("li"), svg = canvas(180, 40), top = Math.max(...data.paths.flatMap((p) => p.outline)) || 1; svg.append(wave(shape.map((v) => [0, v / top]), 0, 180, 38, 34, "var(--h)")); item.append(svg, say("path", { from, to })); return item; })); } });
let ofRun = null; // what one drops on the page changes what is heard, not what the run is
const runSubject = () => { if (!ofRun) { const kept = heard; heard = null; const s = subjectOf(); s.made = tracks(s.x, s.h, s.fs); ofRun = s; heard = kept ?? s; } return ofRun; };
const tracksOfRun = () => runSubject().made;
if (data.run) press("run-samples", () => { choose("run"); $("read").scrollIntoView({ behavior: still.matches ? "auto" : "smooth" }); });

// ---- the page around the pictures ----
function translate() {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.title = say("title");
  document.querySelectorAll("[data-t]").forEach((part) => { part.textContent = say(part.dataset.t); });
  document.querySelectorAll("[data-aria]").forEach((part) => part.setAttribute("aria-label", say(part.dataset.aria)));
  document.querySelectorAll("[data-of]").forEach((part) => { part.textContent = part.dataset.of.split(".").reduce((value, key) => value[key], data)[state.lang]; });
  $("lang").lang = state.lang === "zh" ? "en" : "zh-CN";
  render();
}
let opened = []; // on paper the findings stand open; what is to be filled in stays blank
addEventListener("beforeprint", () => { opened = [...document.querySelectorAll(".essay details:not([open])")]; opened.forEach((part) => { part.open = true; }); });
addEventListener("afterprint", () => { opened.forEach((part) => { part.open = false; }); opened = []; });
press("lang", () => { state.lang = state.lang === "en" ? "zh" : "en"; translate(); });
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    document.querySelectorAll("#places a").forEach((a) => { if (a.hash === `#${target.id}`) { a.setAttribute("aria-current", "true"); $("places").scrollLeft = a.offsetLeft - ($("places").clientWidth - a.offsetWidth) / 2; } else a.removeAttribute("aria-current"); });
    $("formula").hidden = !["read", "pairs", "turn"].includes(target.id); $("form").hidden = target.id === "read"; // elsewhere it would answer, or be about something else
    if (target.id === "ear" || target.id === "run") setTimeout(ready, 30);
  }
}, { rootMargin: "-40% 0px -50% 0px" });
document.querySelectorAll("main > section").forEach((part) => seen.observe(part));
new ResizeObserver(() => render()).observe($("pic-clap"));
addEventListener("keydown", (event) => { if (event.key === "Escape") { stopped(); if (ear9.ready) render("ear"); } });

choose(asked.get("preset") && data.presets.some((p) => p.id === asked.get("preset")) ? asked.get("preset") : "worked");
if (["en", "zh"].includes(asked.get("lang"))) state.lang = asked.get("lang");
for (const [name, most] of [["x", 12], ["h", 6]]) { const values = numbersIn(asked.get(name) ?? "", most); if (values.length) { state[name] = values; state.preset = "own"; state.fresh = true; state.origin = name === "h" ? 0 : state.origin; } }
translate();
