"use strict";
(() => {
  const box = document.getElementById("fold"), d = JSON.parse(box.dataset.numbers);
  const canvas = document.getElementById("plane"), slider = document.getElementById("lag");
  const button = document.getElementById("play"), out = document.getElementById("at");
  box.hidden = false;
  const first = d.lags[0], last = d.lags[d.lags.length - 1];
  let timer = 0;
  function draw() {
    const w = canvas.width = canvas.clientWidth, h = canvas.height = canvas.clientHeight, c = canvas.getContext("2d");
    const top = h * 0.5, lag = first + (last - first) * Number(slider.value);
    const t0 = first, t1 = d.length + last;
    const x = (t) => (t - t0) / (t1 - t0) * w, y = (f) => top * (1 - Math.log(f / d.low) / Math.log(d.high / d.low)) + 4;
    c.clearRect(0, 0, w, h);
    const line = (start, order, colour, alpha, width) => {
      c.globalAlpha = alpha; c.strokeStyle = colour; c.lineWidth = width; c.beginPath();
      c.moveTo(x(start), y(d.low * order));
      c.lineTo(x(start + d.length - d.rate * Math.log(order)), y(d.high)); c.stroke(); c.globalAlpha = 1;
    };
    for (let k = 6; k >= 0; k--) line(d.cut * k / 6, 1, "#0072B2", 0.6 / (1 + 2 * k), 3);
    for (const [order, level] of d.harmonics) line(0, order, "#CC79A7", Math.max(0.15, 1 + level / 80), 2);
    line(lag, 1, "#E69F00", 1, 3);
    const X = (t) => (t - first) / (last - first) * w, Y = (v) => h - 6 - Math.max(0, v + 100) / 105 * (h - top - 24);
    c.strokeStyle = "#c9c9d1"; c.lineWidth = 1; c.beginPath(); c.moveTo(X(0), top + 12); c.lineTo(X(0), h); c.stroke();
    c.strokeStyle = "#111"; c.beginPath();
    d.lags.forEach((t, i) => { if (t <= lag) c[i ? "lineTo" : "moveTo"](X(t), Y(d.level[i])); });
    c.stroke();
    c.fillStyle = "#1b1b1f"; c.font = "12px sans-serif";
    const words = ["the recording: sweep, harmonics, room;", "the sweep sliding over it"];
    if (w < 480) words.forEach((text, row) => c.fillText(text, 8, 16 + 15 * row)); else c.fillText(words.join(" "), 8, 16);
    c.fillText("what has appeared, in dB over lag", 8, top + 24);
    out.value = `${lag < 0 ? "\u2212" : ""}${Math.abs(lag).toFixed(3)} s`;
    slider.setAttribute("aria-valuetext", out.value);
  }
  function stop() { cancelAnimationFrame(timer); timer = 0; button.textContent = "Play"; }
  button.addEventListener("click", () => {
    if (timer) { stop(); return; }
    if (Number(slider.value) >= 1) slider.value = 0;
    const began = performance.now() - Number(slider.value) * 9000;
    button.textContent = "Pause";
    const step = (now) => {
      slider.value = Math.min(1, (now - began) / 9000); draw();
      if (Number(slider.value) >= 1) stop(); else timer = requestAnimationFrame(step);
    };
    timer = requestAnimationFrame(step);
  });
  slider.addEventListener("input", () => { stop(); draw(); });
  window.addEventListener("resize", draw);
  draw();
  const dry = document.getElementById("dry"), wet = document.getElementById("wet"), swap = document.getElementById("swap");
  swap.hidden = false;
  swap.addEventListener("click", () => {
    const [from, to] = wet.paused ? [dry, wet] : [wet, dry];
    from.pause(); to.currentTime = Math.min(from.currentTime, to.duration || 0) % (dry.duration || 1); to.play();
    swap.textContent = to === wet ? "hear it dry" : "hear it in the room";
  });
})();
