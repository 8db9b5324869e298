"use strict";
/* The page of a GIL recording: which lanes are shown, keys and mouse, the
 * picture above the lanes, what is said of a span, histograms. */

for (const process of DATA.processes)
  process.threads.forEach((thread, index) => {
    thread.spans = unpacked(thread.spans);
    thread.index = index;
  });

const STATES = ["off the GIL", "held the GIL", "waited for the GIL", "many short spells"];
let process = DATA.processes[0];
const lanes = new Lanes($("scroll"), $("spacer"), $("canvas"), () => paintOverview());

/* ---- What is said of a span ---------------------------------------------- */

function stackList(site, most) {
  const stack = process.stacks[site - 1] || [];
  const lines = stack.slice(0, most).map(([file, line, name]) =>
    make("li", {}, `${process.names[name]}  ${process.names[file]}${line ? ":" + line : ""}`));
  if (stack.length > most) lines.push(make("li", {}, `and ${stack.length - most} more`));
  return make("ol", {}, ...lines);
}

function about(row, found, most) {
  const spans = row.spans;
  const said = [make("b", {}, row.name)];
  if (!found.length) {
    said.push(make("div", {}, `${row.kind}: held ${duration(row.held)}, waited ${duration(row.waited)}, off ${duration(row.off)}`));
    return said;
  }
  if (found.length > 1) {
    let held = 0, waited = 0, longest = found[0];
    for (const i of found) {
      held += spans.held[i];
      waited += spans.waited[i];
      if (spans.end[i] - spans.start[i] > spans.end[longest] - spans.start[longest]) longest = i;
    }
    const whole = spans.end[found[found.length - 1]] - spans.start[found[0]];
    said.push(make("div", {}, `${count(found.length)} spells here: held ${duration(held)}, waited ${duration(waited)} of ${duration(whole)}; zoom in to see them. The longest:`));
    found = [longest];
  }
  const i = found[0], length = spans.end[i] - spans.start[i];
  let what = STATES[spans.state[i]];
  if (spans.state[i] === MIXED) what += `: held ${duration(spans.held[i])}, waited ${duration(spans.waited[i])}`;
  if (spans.detail[i]) what += ` in ${process.names[spans.detail[i] - 1]}`;
  said.push(make("div", {}, `${what} for ${duration(length)}, from ${duration(spans.start[i])} on`));
  if (spans.site[i]) said.push(stackList(spans.site[i], most));
  return said;
}

function keep(row, found) {
  lanes.kept = { row, i: found.length ? found[0] : -1 };
  $("detail").replaceChildren(...about(row, found, 60));
}

/* ---- The picture above: how busy the GIL is, how many wait ---------------- */

let busy = null;
function busyness(width) {
  if (busy && busy.width === width && busy.process === process) return busy;
  const held = new Float64Array(width), waited = new Float64Array(width);
  const grain = Math.max(process.wall, 1) / width;
  const add = (sums, start, end, amount) => {
    if (!amount) return;
    const density = amount / Math.max(end - start, 1e-9);
    for (let x = Math.floor(start / grain); x < width && x * grain < end; x++)
      sums[x] += density * (Math.min(end, (x + 1) * grain) - Math.max(start, x * grain));
  };
  for (const { spans } of process.threads)
    for (let i = 0; i < spans.n; i++) {
      add(held, spans.start[i], spans.end[i], spans.held[i]);
      add(waited, spans.start[i], spans.end[i], spans.waited[i]);
    }
  const most = Math.max(1, ...waited.map((one) => one / grain));
  return (busy = { width, process, held, waited, grain, most });
}

function paintOverview() {
  const { context, width, height } = fitted($("overview"), 64);
  const inner = Math.max(1, Math.floor(width - LABELS));
  const { held, waited, grain, most } = busyness(inner);
  const half = height / 2 - 3;
  for (let x = 0; x < inner; x++) {
    const share = Math.min(1, held[x] / grain);
    context.fillStyle = COLOURS.held;
    context.fillRect(LABELS + x, half - half * share, 1, half * share);
    const waiting = waited[x] / grain / most;
    context.fillStyle = COLOURS.waited;
    context.fillRect(LABELS + x, height - half * waiting, 1, half * waiting);
  }
  context.fillStyle = COLOURS.soft;
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  context.fillText("GIL held", 6, half - 4);
  context.fillText(`threads waiting, to ${three(most)}`, 6, height - 6);
  const wall = Math.max(process.wall, 1);
  const left = LABELS + (lanes.from / wall) * inner, right = LABELS + (lanes.to / wall) * inner;
  context.globalAlpha = 0.72;
  context.fillStyle = COLOURS.paper;
  context.fillRect(LABELS, 0, left - LABELS, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = COLOURS.ink;
  context.strokeRect(left + 0.5, 0.5, Math.max(right - left - 1, 1), height - 1);
}

function dragOverview() {
  const canvas = $("overview");
  let start = null;
  const time = (event) => {
    const box = canvas.getBoundingClientRect();
    return ((event.clientX - box.left - LABELS) / Math.max(1, box.width - LABELS)) * process.wall;
  };
  canvas.addEventListener("pointerdown", (event) => {
    start = time(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const now = time(event);
    if (Math.abs(now - start) > process.wall / 500) lanes.view(Math.min(start, now), Math.max(start, now));
  });
  canvas.addEventListener("pointerup", (event) => {
    const half = (lanes.to - lanes.from) / 2, now = time(event);
    if (start !== null && Math.abs(now - start) <= process.wall / 500) lanes.view(now - half, now + half);
    start = null;
  });
}

/* ---- Mouse and keys on the lanes ------------------------------------------ */

function mouse() {
  const scroll = $("scroll");
  let drag = null;
  scroll.addEventListener("wheel", (event) => {
    const x = event.clientX - scroll.getBoundingClientRect().left;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      lanes.zoom(Math.exp(event.deltaY / 300), lanes.time(x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      lanes.pan((event.deltaX || event.deltaY) / lanes.width());
    }
  }, { passive: false });
  scroll.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.clientX < scroll.getBoundingClientRect().left + scroll.clientWidth)
      drag = { x: event.clientX, from: lanes.from, to: lanes.to, moved: false };
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const by = ((drag.x - event.clientX) / lanes.width()) * (drag.to - drag.from);
    if (Math.abs(drag.x - event.clientX) > 3) {
      drag.moved = true;
      scroll.classList.add("drags");
      hideTip();
      lanes.view(drag.from + by, drag.to + by);
    }
  });
  addEventListener("pointerup", (event) => {
    scroll.classList.remove("drags");
    const clicked = drag && !drag.moved && lanes.at(event.clientX, event.clientY);
    drag = null;
    if (!clicked) return;
    choose(clicked.index);
    keep(clicked.row, clicked.spans);
  });
  scroll.addEventListener("dblclick", (event) => {
    const found = lanes.at(event.clientX, event.clientY);
    if (found && found.spans.length) zoomTo(found.row, found.spans[0]);
  });
  scroll.addEventListener("mousemove", (event) => {
    const found = drag && drag.moved ? null : lanes.at(event.clientX, event.clientY);
    if (found) showTip(event.clientX, event.clientY, ...about(found.row, found.spans, 12));
    else hideTip();
  });
  scroll.addEventListener("mouseleave", hideTip);
}

function zoomTo(row, i) {
  const { start, end } = row.spans, length = end[i] - start[i];
  lanes.view(start[i] - length, end[i] + length);
}

function choose(index) {
  lanes.chosen = Math.min(Math.max(index, 0), lanes.rows.length - 1);
  const top = AXIS + lanes.chosen * lanes.height, scroll = $("scroll");
  if (top - AXIS < scroll.scrollTop) scroll.scrollTop = top - AXIS;
  if (top + lanes.height > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = top + lanes.height - scroll.clientHeight;
  lanes.later();
}

/* To the span before or after the kept one, which is brought into view. */
function step(by) {
  const row = lanes.rows[lanes.chosen];
  if (!row || !row.spans.n) return;
  const kept = lanes.kept && lanes.kept.row === row ? lanes.kept.i + by : firstAfter(row.spans, lanes.from);
  const i = Math.min(Math.max(kept, 0), row.spans.n - 1);
  keep(row, [i]);
  if (row.spans.end[i] < lanes.from || row.spans.start[i] > lanes.to) {
    const half = (lanes.to - lanes.from) / 2;
    lanes.view(row.spans.start[i] - half, row.spans.start[i] + half);
  }
}

function keys() {
  const actions = {
    ArrowLeft: () => lanes.pan(-0.15), ArrowRight: () => lanes.pan(0.15),
    "+": () => lanes.zoom(0.6), "=": () => lanes.zoom(0.6), "-": () => lanes.zoom(1 / 0.6),
    0: () => lanes.view(0, process.wall), Home: () => lanes.view(0, process.wall),
    ArrowUp: () => choose(lanes.chosen - 1), ArrowDown: () => choose(lanes.chosen + 1),
    ",": () => step(-1), ".": () => step(1),
    Enter: () => lanes.kept && lanes.kept.i >= 0 && zoomTo(lanes.kept.row, lanes.kept.i),
  };
  $("scroll").addEventListener("keydown", (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    action();
  });
  $("in").onclick = actions["+"];
  $("out").onclick = actions["-"];
  $("fit").onclick = actions[0];
  const grow = (factor) => () => {
    lanes.isSized = true;
    lanes.height = Math.min(Math.max(Math.round(lanes.height * factor), 4), 60);
    lanes.later();
  };
  $("taller").onclick = grow(1.4);
  $("flatter").onclick = grow(1 / 1.4);
}

/* ---- Which lanes ------------------------------------------------------------ */

function matches(thread, wanted) {
  if (`${thread.name} ${thread.kind}`.toLowerCase().includes(wanted)) return true;
  if (thread.offBy.some(([call]) => call.toLowerCase().includes(wanted))) return true;
  if (!thread.sites) thread.sites = new Set(thread.spans.site);
  for (const site of thread.sites)
    for (const [file, , name] of process.stacks[site - 1] || [])
      if (`${process.names[file]} ${process.names[name]}`.toLowerCase().includes(wanted)) return true;
  return false;
}

function choice() {
  const wanted = $("filter").value.trim().toLowerCase();
  const order = $("order").value;
  const rows = process.threads.filter((thread) => !wanted || matches(thread, wanted));
  if (order === "name") rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.index - b.index));
  else if (order !== "recorded") rows.sort((a, b) => b[order] - a[order]);
  lanes.chosen = 0;
  lanes.show(process, rows);
}

function pick(index) {
  process = DATA.processes[index];
  lanes.kept = lanes.marked = null;
  $("detail").textContent = "Point at a lane; click to keep what is said of it here.";
  $("lanes").hidden = $("histograms").hidden = process.threads.length === 0;
  const select = $("histogram-thread");
  select.replaceChildren(make("option", { value: -1 }, "all threads"),
    ...process.threads.map((thread, i) => make("option", { value: i }, `${thread.name} (${thread.id})`)));
  choice();
  paintHistograms();
}

function legend() {
  const keys = [["held", "held"], ["waited", "waiting"], ["io", "off: input, output"], ["lock", "off: locks"],
    ["sleep", "off: sleep"], ["run", "off: other calls"], ["off", "off: not known"]];
  const colour = (name) => {
    const swatch = make("i", {});
    swatch.style.background = `var(--${name})`;
    return make("span", {}, swatch, keys.find((one) => one[0] === name)[1]);
  };
  $("legend").replaceChildren(...keys.map(([name]) => colour(name)));
}

/* ---- Hogs and victims point at the lanes -------------------------------------- */

/* Marks every span whose innermost frame is the same line, and goes to the longest. */
function mark(site) {
  const [file, line] = (process.stacks[site] || [[-1, -1]])[0];
  lanes.marked = new Set();
  process.stacks.forEach((stack, i) => {
    if (stack.length && stack[0][0] === file && stack[0][1] === line) lanes.marked.add(i);
  });
  let best = null, longest = -1;
  lanes.rows.forEach((row, index) => {
    for (let i = 0; i < row.spans.n; i++) {
      const length = row.spans.end[i] - row.spans.start[i];
      if (length > longest && lanes.marked.has(row.spans.site[i] - 1)) {
        longest = length;
        best = { row, index, i };
      }
    }
  });
  if (best) {
    choose(best.index);
    keep(best.row, [best.i]);
    zoomTo(best.row, best.i);
    lanes.zoom(4);
  }
  lanes.later();
  $("lanes").scrollIntoView({ block: "start" });
  $("scroll").focus({ preventScroll: true });
}

function rowButtons() {
  document.querySelectorAll(".process").forEach((section) => {
    const index = Number(section.dataset.process);
    section.querySelectorAll("section[data-name] tr[data-key]").forEach((row) => {
      const isThread = row.closest("section").dataset.name === "threads";
      const go = () => {
        if (DATA.processes[index] !== process) {
          $("process").value = index;
          pick(index);
        }
        if (!isThread) return mark(Number(row.dataset.key));
        choose(lanes.rows.findIndex((one) => one.index === Number(row.dataset.key)));
        $("histogram-thread").value = row.dataset.key;
        paintHistograms();
        $("lanes").scrollIntoView({ block: "start" });
        $("scroll").focus({ preventScroll: true });
      };
      row.cells[0].append(" ", make("button", { type: "button", class: "hands", title: "Show in the timeline", onclick: go }, "\u2197"));
    });
  });
}

/* ---- Histograms ------------------------------------------------------------------ */

function added(name, index) {
  const sums = [];
  process.threads.forEach((thread, i) => {
    if (index < 0 || index === i) thread[name].forEach((n, bucket) => (sums[bucket] = (sums[bucket] || 0) + n));
  });
  return Array.from(sums, (n) => Math.max(n || 0, 0));
}

function histogram(figure, title, counts, colour) {
  const used = counts.map((n, i) => (n ? i : -1)).filter((i) => i >= 0);
  const total = counts.reduce((a, b) => a + b, 0);
  const caption = make("figcaption", {}, `${title}: ${count(total)}, each bar twice as long as the one before`);
  if (!used.length) return figure.replaceChildren(make("figcaption", {}, `${title}: none`));
  const first = used[0], n = used[used.length - 1] - first + 1;
  const width = 600, height = 150, bar = width / Math.max(n, 8);
  const top = Math.log10(1 + Math.max(...counts));
  const svg = make("svg", { svg: 1, viewBox: `0 0 ${width} ${height + 32}`, role: "img", "aria-label": title });
  for (let i = 0; i < n; i++) {
    const value = counts[first + i], tall = (Math.log10(1 + value) / top) * (height - 14);
    const said = `${duration(2 ** (first + i))} to ${duration(2 ** (first + i + 1))}: ${count(value)}`;
    const rect = make("rect", { svg: 1, x: i * bar + 1, y: height - tall, width: bar - 2, height: tall }, make("title", { svg: 1 }, said));
    rect.style.fill = colour;
    svg.append(rect);
    if (value) svg.append(make("text", { svg: 1, x: i * bar + bar / 2, y: height - tall - 3, "text-anchor": "middle" }, value < 1e4 ? value : (value / 1000).toFixed(0) + "k"));
    if (n <= 14 || i % 2 === 0) svg.append(make("text", { svg: 1, x: i * bar, y: height + 14 }, duration(2 ** (first + i))));
  }
  svg.append(make("text", { svg: 1, x: 0, y: height + 29 }, "length from, heights by logarithm of the number"));
  figure.replaceChildren(svg, caption);
}

function paintHistograms() {
  const index = Number($("histogram-thread").value);
  histogram($("held-histogram"), "Holds", added("heldHistogram", index), "var(--held)");
  histogram($("waited-histogram"), "Waits", added("waitedHistogram", index), "var(--waited)");
}

/* ---- Start ----------------------------------------------------------------------- */

function start() {
  $("process").append(...DATA.processes.map((one, i) => make("option", { value: i }, `${one.title} (${one.pid})`)));
  $("which").hidden = DATA.processes.length < 2;
  $("process").addEventListener("change", () => pick(Number($("process").value)));
  $("order").addEventListener("change", choice);
  $("filter").addEventListener("input", choice);
  $("histogram-thread").addEventListener("change", paintHistograms);
  PAINTERS.push(() => lanes.paint());
  legend();
  mouse();
  keys();
  dragOverview();
  pick(0);
}

addEventListener("DOMContentLoaded", rowButtons);
start();
