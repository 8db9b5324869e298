"use strict";
/* What all pages share: making elements, numbers as text, colours, tables, tips.
 * Texts of the observed program reach the page as text nodes only. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

/* An element. `attributes`: class, title and so on, or onclick and other handlers. */
function make(tag, attributes, ...children) {
  const svg = ["svg", "rect", "text", "g", "line", "path", "title"].includes(tag) && attributes && attributes.svg;
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "svg") continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.map((c) => (c instanceof Node ? c : document.createTextNode(String(c)))));
  return element;
}

function three(value) {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}

function duration(ns) {
  if (ns === 0) return "0";
  if (ns < 0) return "-" + duration(-ns);
  for (const [unit, name] of [[1e9, "s"], [1e6, "ms"], [1e3, "us"]])
    if (ns >= unit * 0.9995) return three(ns / unit) + " " + name;
  return three(ns) + " ns";
}

function size(bytes) {
  if (bytes < 0) return "-" + size(-bytes);
  for (const [power, name] of [[40, "TiB"], [30, "GiB"], [20, "MiB"], [10, "KiB"]])
    if (bytes >= 2 ** power * 0.9995) return three(bytes / 2 ** power) + " " + name;
  return Math.round(bytes) + " B";
}

const percent = (part, whole) => (whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "");
const count = (n) => n.toLocaleString("en");

/* The colours of page.css, for canvases; read again when the theme changes. */
const PAINTERS = [];
let COLOURS = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "ink", "soft", "line", "panel", "held", "waited", "off", "run", "lock", "sleep", "io", "mark", "good", "bad"];
  for (const name of names) COLOURS[name] = style.getPropertyValue("--" + name).trim();
}
function repaint() {
  readColours();
  for (const paint of PAINTERS) paint();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/* A canvas as large as it is shown, in device pixels; gives its context, whose
 * unit is a CSS pixel, with width and height in those. */
function fitted(canvas, height) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(canvas.parentElement.clientWidth, 100);
  canvas.style.height = height + "px";
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, ratio };
}

/* The longest beginning of a text that fits; texts of the observed program may be huge. */
function clipped(context, text, width) {
  text = text.slice(0, 400);
  if (context.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(text.slice(0, middle) + "\u2026").width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 1 ? text.slice(0, low) + "\u2026" : "";
}

/* Steps of 1, 2 or 5 times a power of ten, at most `most` in a range. */
function niceStep(range, most) {
  const raw = range / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((n) => n * power >= raw) || 10);
}

const TIP = document.body.appendChild(make("div", { class: "tip", hidden: "", role: "tooltip" }));
function showTip(x, y, ...children) {
  TIP.replaceChildren(...children);
  TIP.hidden = false;
  const box = TIP.getBoundingClientRect();
  TIP.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
  TIP.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18) + "px";
}
function hideTip() {
  TIP.hidden = true;
}

/* Headings of tables become buttons that sort: numbers largest first. */
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const key = (row, i) => {
    const cell = row.cells[i];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent.toLowerCase();
  };
  heads.forEach((head, i) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") !== "descending" && (head.classList.contains("n") || head.hasAttribute("aria-sort"));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => [key(row, i), row]);
      rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) * (down ? -1 : 1));
      body.append(...rows.map((row) => row[1]));
    };
    if (head.textContent.trim()) head.replaceChildren(make("button", { type: "button", onclick: sort }, head.textContent));
  });
}

$("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  repaint();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
addEventListener("resize", repaint);
/* Paper is white: the pictures are drawn again in the light colours. */
let themeBefore;
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  document.body.dataset.prints = "";
  themeBefore = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  repaint();
});
addEventListener("afterprint", () => {
  delete document.body.dataset.prints;
  if (themeBefore) document.documentElement.dataset.theme = themeBefore;
  else delete document.documentElement.dataset.theme;
  repaint();
});
addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.sorts").forEach(sortable);
  repaint();
});
readColours();
