"use strict";

// Tables: a click on a heading sorts by it, and again the other way; a choice above the table filters.
for (const section of document.querySelectorAll("section:has(table)")) {
  const headings = [...section.querySelectorAll("th")];
  const body = section.querySelector("tbody");
  const rows = [...body.rows];
  const key = (row, column) => row.cells[column].dataset.key;

  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = rows.slice().sort((a, b) => compare(key(a, column), key(b, column), down ? -1 : 1));
      body.append(...sorted);
    });
  });

  const filters = section.querySelector(".filters");
  const selects = [...filters.querySelectorAll("select")];
  const output = filters.querySelector("output");
  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      row.hidden = selects.some((select) => {
        const column = headings.findIndex((heading) => heading.dataset.name === select.dataset.name);
        return select.value !== "" && row.cells[column].textContent.trim() !== select.value;
      });
      shown += row.hidden ? 0 : 1;
    }
    output.textContent = `${shown} of ${rows.length} rows`;
  };
  selects.forEach((select) => select.addEventListener("change", filter));
  filters.hidden = selects.length === 0;
  filter();
}

// Numbers by size, texts by letter, and what is empty or not a number last.
function compare(a, b, sign) {
  const [x, y] = [number(a), number(b)];
  if (x !== null && y !== null) return sign * (x - y || 0);
  const [last, first] = [a === "" || a === "NaN", b === "" || b === "NaN"];
  if (last || first) return last - first;
  return sign * a.localeCompare(b);
}

function number(text) {
  const value = { inf: Infinity, "-inf": -Infinity }[text] ?? Number(text);
  return text === "" || Number.isNaN(value) ? null : value;
}

// Figures: the nearest value to the pointer, or to the arrow keys, in a tip.
const tip = document.getElementById("tip");
for (const svg of document.querySelectorAll("figure svg")) {
  const places = [...svg.querySelectorAll(".tip")].map((rect) => {
    const title = rect.querySelector("title");
    const text = title.textContent;
    title.remove();
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
    return { x, y, width, height, text };
  });
  if (places.length === 0) continue;
  let current = -1;
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ fill: "none", stroke: "#222222", "stroke-width": 1, rx: 1.5, visibility: "hidden" })) {
    ring.setAttribute(name, value);
  }
  svg.append(ring);

  const show = (index) => {
    current = index;
    const place = places[index];
    ["x", "y", "width", "height"].forEach((name) => ring.setAttribute(name, place[name]));
    ring.setAttribute("visibility", "visible");
    tip.textContent = place.text;
    tip.hidden = false;
    const box = ring.getBoundingClientRect();
    const left = Math.min(box.right + 8, document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${window.scrollX + Math.max(left, 4)}px`;
    tip.style.top = `${window.scrollY + Math.max(box.top - tip.offsetHeight - 6, 4)}px`;
  };
  const hide = () => {
    tip.hidden = true;
    ring.setAttribute("visibility", "hidden");
  };

  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    // Nought inside of a place, from there the way to its edge; then to its middle.
    const away = (p) => {
      const [dx, dy] = [Math.abs(at.x - p.x - p.width / 2), Math.abs(at.y - p.y - p.height / 2)];
      const out = Math.hypot(Math.max(dx - p.width / 2, 0), Math.max(dy - p.height / 2, 0));
      return out > 6 ? Infinity : out * 1e3 + Math.hypot(dx, dy);
    };
    let nearest = -1, least = Infinity;
    places.forEach((place, index) => {
      const distance = away(place);
      if (distance < least) [nearest, least] = [index, distance];
    });
    if (nearest < 0) hide();
    else show(nearest);
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step) return;
    event.preventDefault();
    show((Math.max(current, step > 0 ? -1 : 0) + step + places.length) % places.length);
  });
}
