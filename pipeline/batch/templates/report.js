"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector("tbody"), rows = [...body.rows], heads = [...document.querySelectorAll("thead th")];
  const names = heads.map((head) => head.textContent);
  document.documentElement.classList.add("scripted");
  document.querySelector(".controls").hidden = false;

  // Of a long list the first rows, and the rest at the press of a button; on paper all of them.
  const PAGE = 50;
  let all = rows.length <= PAGE + 10;
  const more = document.createElement("button");
  more.type = "button"; more.id = "more";
  more.addEventListener("click", () => {
    const next = body.querySelector(".later:not([hidden])")?.querySelector("a, button");
    all = true; paged(); next?.focus();
  });
  body.closest("table").after(more);
  const paged = () => {
    let seen = 0;
    for (const row of body.rows) if (!row.hidden) { seen += 1; row.classList.toggle("later", !all && seen > PAGE); }
    more.hidden = all || seen <= PAGE;
    more.textContent = `Show all ${seen.toLocaleString("en")}`;
  };

  // A cell's number where it has one, else its text; what is not known comes last, whichever the direction.
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell.classList.contains("n")) return cell.textContent.trim().toLowerCase();
    return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
  };
  const sort = (column, descending) => {
    const keyed = rows.map((row, index) => [value(row, column), index, row]);
    keyed.sort(([a, i], [b, j]) => {
      if (a === b || a === null || b === null) return (a === null) - (b === null) || i - j;
      return (a < b ? -1 : 1) * (descending ? -1 : 1);
    });
    body.append(...keyed.map(([, , row]) => row));
    paged();
    heads.forEach((head, i) => {
      if (i === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };
  heads.forEach((head, column) => {
    if (names[column] === "outline") return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = names[column];
    head.replaceChildren(button);
    const numeric = head.classList.contains("n");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? now === "ascending" : numeric);
    });
    byId("by").add(new Option(names[column], column));
  });
  byId("by").addEventListener("change", (event) => {
    const column = event.target.value;
    if (column === "") { body.append(...rows); paged(); }
    else sort(Number(column), heads[column].classList.contains("n"));
  });

  const texts = rows.map((row) => `${row.cells[0].textContent} ${row.lastElementChild.textContent}`.toLowerCase());
  const filter = () => {
    const words = byId("find").value.toLowerCase().split(/\s+/), status = byId("status").value;
    let count = 0;
    rows.forEach((row, i) => {
      row.hidden = Boolean(status && row.dataset.s !== status) || !words.every((word) => texts[i].includes(word));
      count += !row.hidden;
    });
    paged();
    byId("count").value = count === rows.length ? "" : `${count} of ${rows.length}`;
  };
  byId("find").addEventListener("input", filter);
  byId("status").addEventListener("change", filter);
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  paged();

  // One player, made when it is asked for, and moved to the file that is heard.
  let player = null;
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".play");
    if (!button) return;
    const row = button.closest("tr");
    if (!player) {
      player = document.createElement("audio");
      player.controls = true;
    }
    player.pause();
    player.setAttribute("aria-label", row.cells[0].textContent.trim());
    player.src = row.querySelector("a").href;
    button.parentElement.append(player);
    player.play().catch(() => {});
    player.focus();
  });
})();
