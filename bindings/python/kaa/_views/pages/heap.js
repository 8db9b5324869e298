"use strict";
/* The page of a heap report: which picture shows what, tables of any length, the
 * tree of what keeps memory alive. */

const NAMES = DATA.names;
const place = (file, line) => (NAMES[file] ? NAMES[file] + (line ? ":" + line : "") : "");

/* ---- Flame graph and treemap ------------------------------------------------ */

const labels = DATA.tree.frames.map(([file, line, name]) => {
  const short = NAMES[file].split("/").pop() + (line ? ":" + line : "");
  return NAMES[name] && short ? `${NAMES[name]}  ${short}` : NAMES[name] || short;
});
const isBytes = () => ![1, 4].includes(Number($("value").value));
const amount = (n) => (isBytes() ? size(n) : count(Math.round(n)));

/* The frames from the root to each node. */
function pathOf(i) {
  const path = [];
  for (; i > 0; i = DATA.tree.parent[i]) path.unshift(DATA.tree.frame[i]);
  return path;
}

function treeOf(shape, value) {
  const { parent, frame, values } = DATA.tree;
  const own = values[value];
  if (shape === "flame") return new Tree(parent, frame.map((one) => labels[one] || "all"), own);
  if (shape === "leaf")
    return grown((add) => own.forEach((n, i) => n > 0 && add(pathOf(i).reverse().map((one) => labels[one]), n)));
  return grown((add) =>
    DATA.sites.forEach((site) => {
      const n = site[6 + value];
      if (n > 0) add([NAMES[site[0]] || "unknown", `${NAMES[site[2]]}  :${site[1]}`, ...(NAMES[site[4]] ? [NAMES[site[4]]] : [])], n);
    }));
}

const flame = new Flame($("flame-box"), $("flame"), (node) => $("flame-detail").replaceChildren(...aboutNode(node, true)), groupOf);
function groupOf(node) {
  if (flame.isMap) {
    let at = node;
    while (flame.tree.parent[at] > 0) at = flame.tree.parent[at];
    return flame.tree.label[at];
  }
  return flame.tree.label[node].split("  ").pop().split(":")[0];
}

function aboutNode(node, isLong) {
  const { tree } = flame;
  const whole = tree.total[0];
  const said = [make("b", {}, node ? tree.label[node] : "all"),
    make("div", {}, `${amount(tree.total[node])}, ${percent(tree.total[node], whole)} of all; itself ${amount(tree.own[node])}`)];
  if (isLong && node) {
    const lines = [];
    for (let i = node; i > 0; i = tree.parent[i]) lines.push(make("li", {}, tree.label[i]));
    said.push(make("ol", {}, ...lines.slice(0, 60)));
  }
  return said;
}

function paintFlame() {
  flame.show(treeOf($("shape").value, Number($("value").value)), $("shape").value === "map");
  find();
  $("flame-detail").replaceChildren(...aboutNode(0, false));
}

function find() {
  const wanted = $("search").value.trim().toLowerCase();
  const { tree } = flame;
  flame.found = null;
  $("found").textContent = "";
  if (wanted) {
    flame.found = Uint8Array.from(tree.label, (one) => one.toLowerCase().includes(wanted));
    let sum = 0; /* of the outermost nodes found: none is counted twice */
    const under = new Uint8Array(tree.label.length);
    for (let i = 1; i < under.length; i++) {
      under[i] = under[tree.parent[i]] || flame.found[i];
      if (under[i] && !under[tree.parent[i]]) sum += tree.total[i];
    }
    $("found").textContent = `${amount(sum)}, ${percent(sum, tree.total[0])} under frames found`;
  }
  flame.paint();
}

/* ---- Tables of any length ------------------------------------------------------- */

/* `columns`: [[name, kind, value(row), text(row)], ...]; kinds t and n. */
function longTable(target, filter, counter, rows, columns, first) {
  let shown = 200, key = first, down = true;
  const words = (row) => columns.filter((one) => one[1] === "t").map((one) => one[2](row)).join(" ").toLowerCase();
  const paint = () => {
    const wanted = filter.value.trim().toLowerCase();
    const value = columns[key][2];
    const found = wanted ? rows.filter((row) => words(row).includes(wanted)) : rows.slice();
    found.sort((a, b) => {
      const x = value(a), y = value(b);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    counter.textContent = `${count(Math.min(shown, found.length))} of ${count(found.length)}`;
    const heads = columns.map(([name, kind], i) => {
      const sort = () => {
        down = key === i ? !down : kind === "n";
        key = i;
        paint();
      };
      const about = { scope: "col", class: kind };
      if (i === key) about["aria-sort"] = down ? "descending" : "ascending";
      return make("th", about, make("button", { type: "button", onclick: sort }, name));
    });
    const body = found.slice(0, shown).map((row) =>
      make("tr", {}, ...columns.map(([, kind, , write]) => make("td", { class: kind }, write(row)))));
    const more = () => {
      shown += 1000;
      paint();
    };
    target.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body)),
      ...(found.length > shown ? [make("button", { type: "button", class: "hands", onclick: more }, "Show 1,000 more")] : []));
  };
  filter.addEventListener("input", paint);
  paint();
}

const code = (text) => make("code", {}, text);
function where(columns) {
  const text = (name, value) => [name, "t", value, (row) => code(value(row))];
  return [text("line", (row) => place(row[0], row[1])), text("function", (row) => NAMES[row[2]]),
    text("in C", (row) => NAMES[row[3]]), text("type", (row) => NAMES[row[4]]), ...columns];
}
const bytes = (name, i) => [name, "n", (row) => row[i], (row) => size(row[i])];
const number = (name, i) => [name, "n", (row) => row[i], (row) => count(row[i])];

/* Growth as a bar from a line in the middle. */
function change(most) {
  return ["", "t", (row) => String(row[5]), (row) => {
    const wide = (Math.abs(row[5]) / most) * 50;
    const rect = make("rect", { svg: 1, x: row[5] < 0 ? 50 - wide : 50, y: 0, width: Math.max(wide, 0.5), height: 10 });
    rect.style.fill = row[5] < 0 ? "var(--good)" : "var(--bad)";
    const middle = make("rect", { svg: 1, x: 49.8, y: 0, width: 0.4, height: 10 });
    middle.style.fill = "var(--soft)";
    return make("svg", { svg: 1, class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, rect, middle);
  }];
}

/* ---- What keeps memory alive -------------------------------------------------------- */

/* Native <details>: keys and screen readers know them. Filled when first opened. */
function branch(text, share, kids) {
  const line = make("span", { class: "mono" }, text);
  const gauge = make("span", { class: "gauge" });
  gauge.style.setProperty("--share", Math.min(100, 100 * share) + "%");
  if (!kids.length) return make("div", { class: "twig" }, gauge, line);
  const details = make("details", {}, make("summary", {}, gauge, line));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...kids.slice(0, 500).map((one) => one()));
  });
  return details;
}

const ROOTS = 40; // shown at once, of the tree of retainers

function retainerTree() {
  const rows = DATA.walk.retainers;
  const kids = rows.map(() => []), roots = [];
  rows.forEach((row, i) => (row[6] < 0 ? roots : kids[row[6]]).push(i));
  const byRetained = (a, b) => rows[b][4] - rows[a][4];
  const node = (i) => () => {
    const [type, text, edge, own, retained, n] = rows[i];
    const said = `${size(retained)}  ${NAMES[edge] ? NAMES[edge] + " = " : ""}${NAMES[type]} ${NAMES[text]}${n > 1 ? ` (${count(n)} objects)` : ""}, itself ${size(own)}`;
    return branch(said, retained / Math.max(DATA.walk.bytes, 1), kids[i].sort(byRetained).map(node));
  };
  const more = roots.sort(byRetained).slice(ROOTS).map(node);
  const rest = more.length ? [branch(`${count(more.length)} more`, 0, more)] : [];
  $("tree").replaceChildren(make("h3", {}, "By retained bytes"), ...roots.slice(0, ROOTS).map((i) => node(i)()), ...rest);
  const step = ([type, text, edge]) => `${NAMES[edge] ? NAMES[edge] + " = " : ""}${NAMES[type]} ${NAMES[text]}`;
  const chain = (path, i) => () => branch(step(path[i]), 0, i + 1 < path.length ? [chain(path, i + 1)] : []);
  if (DATA.walk.paths.length) {
    const lists = DATA.walk.paths.map((path) => branch(`${step(path[path.length - 1])}, from ${step(path[0])}`, 0, [chain(path, 0)]));
    $("paths").replaceChildren(make("h3", {}, "Paths from roots"), ...lists);
  }
}

/* ---- Start ---------------------------------------------------------------------------- */

function legendOf(target, parts) {
  target.replaceChildren(...parts.map(([name, text, colour]) => {
    const swatch = make("i", {});
    swatch.style.background = colour;
    return make("span", { title: text }, swatch, name);
  }));
}

function startTimeline() {
  const series = [
    { name: "resident", colour: PALETTE[1], points: DATA.timeline.filter((one) => one[2] > 0).map((one) => [one[0], one[2]]) },
    { name: "live", colour: PALETTE[0], points: DATA.timeline.map((one) => [one[0], one[1]]) },
  ];
  const end = Math.max(DATA.wall, ...DATA.timeline.map((one) => one[0]));
  const marks = DATA.peakAt ? [[DATA.peakAt, "peak"]] : [];
  const pauses = DATA.collections.map(([at, , pause]) => [at, pause]);
  if (pauses.length) series.push({ name: "collector's pauses", colour: PALETTE[3], points: [] });
  legendOf($("time-legend"), series.map((one) => [one.name, one.name, one.colour]));
  PAINTERS.push(() => plotLines($("timeline"), series, marks, end, size, pauses));
  $("timeline").addEventListener("mousemove", (event) => tellTime(event, end));
  $("timeline").addEventListener("mouseleave", hideTip);
}

/* The last point before the pointer. */
function tellTime(event, end) {
  const box = $("timeline").getBoundingClientRect();
  const time = ((event.clientX - box.left - PLOT.left) / (box.width - PLOT.left - PLOT.right)) * end;
  let low = 0, high = DATA.timeline.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (DATA.timeline[middle][0] <= time) low = middle + 1;
    else high = middle;
  }
  const [at, live, rss] = DATA.timeline[Math.max(low - 1, 0)];
  showTip(event.clientX, event.clientY, make("b", {}, `after ${duration(at)}`),
    make("div", {}, `live ${size(live)}${rss ? `, resident ${size(rss)}` : ""}`));
}

function startAccount() {
  const { rss, unknown, parts } = DATA.account;
  const rows = parts.slice().sort((a, b) => b[2] - a[2]);
  const bars = rows.map(([name, , value], i) => [NAMES[name], value, PALETTE[i % PALETTE.length]]);
  bars.push(["not accounted for", unknown, "#8795a1"]);
  let places = [];
  PAINTERS.push(() => (places = plotBar($("account-bar"), bars, rss)));
  legendOf($("account-legend"), bars.map(([name, value, colour]) => [`${name} ${size(value)} (${percent(value, rss)})`, name, colour]));
  $("account-bar").addEventListener("mousemove", (event) => {
    const x = event.clientX - $("account-bar").getBoundingClientRect().left;
    const found = places.find(([from, to]) => x >= from && x < to);
    if (found) showTip(event.clientX, event.clientY, make("b", {}, found[2]), make("div", {}, `${size(found[3])}, ${percent(found[3], rss)} of ${size(rss)}`));
    else hideTip();
  });
  $("account-bar").addEventListener("mouseleave", hideTip);
}

function startArenas() {
  const canvas = $("arena-map");
  let cell = 1;
  PAINTERS.push(() => ({ cell } = plotArenas(canvas, DATA.arenas)));
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const arena = DATA.arenas[Math.floor((event.clientY - box.top - 2) / (cell + 2))];
    const pool = arena && arena[2][Math.floor((event.clientX - box.left - 110) / cell)];
    if (!pool) return hideTip();
    const said = pool[0] ? `blocks of ${pool[0]} B: ${pool[1]} of ${pool[2]} used` : "free pool";
    const used = arena[2].filter((one) => one[1] > 0).length;
    showTip(event.clientX, event.clientY, make("b", {}, "0x" + arena[0].toString(16)), make("div", {}, said),
      make("div", {}, used ? `kept by ${used} of ${arena[2].length} pools` : "can be returned"),
      make("div", {}, arena[3] ? `in it: ${arena[3]}` : ""));
  });
  canvas.addEventListener("mouseleave", hideTip);
}

function startFlame() {
  flame.listen((node) => aboutNode(node, false));
  $("value").addEventListener("change", paintFlame);
  $("shape").addEventListener("change", paintFlame);
  $("search").addEventListener("input", find);
  $("whole").addEventListener("click", () => flame.zoom(0));
  paintFlame();
  PAINTERS.push(() => flame.paint());
}

function startHeap() {
  const parts = [["memory", DATA.tree.parent.length > 1, startFlame], ["time", DATA.timeline.length > 1, startTimeline],
    ["account", DATA.account, startAccount], ["arenas", DATA.arenas.length, startArenas],
    ["retainers", DATA.walk && DATA.walk.retainers.length + DATA.walk.paths.length, retainerTree]];
  for (const [id, has, begin] of parts)
    if (has) {
      $(id).hidden = false;
      begin();
    }
  if (DATA.sites.length) {
    $("table").hidden = false;
    const numbers = [bytes("live", 6), number("blocks", 7), bytes("at peak", 8), bytes("allocated", 9), number("allocations", 10)];
    longTable($("site-rows"), $("site-filter"), $("site-count"), DATA.sites, where(numbers), 4);
  }
  if (DATA.diff) {
    $("diff").hidden = false;
    const most = Math.max(1, ...DATA.diff.map((row) => Math.abs(row[5])));
    longTable($("diff-rows"), $("diff-filter"), $("diff-count"), DATA.diff, where([bytes("grew", 5), change(most), number("blocks", 6), bytes("live", 7)]), 4);
  }
}

startHeap();
