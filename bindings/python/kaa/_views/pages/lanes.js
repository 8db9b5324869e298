"use strict";
/* Lanes over time on a canvas: one lane a thread, drawn from typed arrays.
 *
 * A span wider than a pixel is a rectangle. Narrower ones are added up for the
 * pixel that they share, which shows shares as heights: held from below, waited
 * from above, the rest is off. Only lanes in sight are drawn, and only spans
 * within the view, found by bisection; so a frame costs what can be seen. */

const OFF = 0, HELD = 1, WAITING = 2, MIXED = 3;
const LABELS = 190, AXIS = 22;

/* Columns of differences back to arrays of times. */
function unpacked(spans) {
  const n = spans.gap.length;
  const made = {
    n, start: new Float64Array(n), end: new Float64Array(n), state: Uint8Array.from(spans.state),
    detail: Int32Array.from(spans.detail), site: Int32Array.from(spans.site),
    held: new Float64Array(n), waited: new Float64Array(n),
  };
  let time = 0, mixed = 0;
  for (let i = 0; i < n; i++) {
    made.start[i] = time += spans.gap[i];
    made.end[i] = time += spans.length[i];
    if (made.state[i] === MIXED) {
      made.held[i] = spans.held[mixed];
      made.waited[i] = spans.waited[mixed++];
    } else if (made.state[i] === HELD) made.held[i] = spans.length[i];
    else if (made.state[i] === WAITING) made.waited[i] = spans.length[i];
  }
  return made;
}

/* The first span that ends after a time. */
function firstAfter(spans, time) {
  let low = 0, high = spans.n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans.end[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const CALLS = [
  ["lock", /futex|sem_|mutex|cond|lock|acquire|join/i],
  ["sleep", /sleep|pause|sigwait/i],
  ["io", /read|write|recv|send|poll|select|epoll|accept|connect|open|close|fsync|stat|ioctl|splice|wait4|waitid|io_/i],
];
/* Which colour a thread that is off gets: by what it is blocked in. */
function callColour(detail) {
  if (!detail) return "off";
  const found = CALLS.find(([, pattern]) => pattern.test(detail));
  return found ? found[0] : "run";
}

class Lanes {
  /* `changed` is told when the view has moved; `about` gives what stands in a tip. */
  constructor(scroll, spacer, canvas, changed) {
    Object.assign(this, { scroll, spacer, canvas, changed });
    this.rows = [];
    this.height = 24;
    this.chosen = 0;
    this.kept = null;
    this.marked = null;
    this.waits = false;
    scroll.addEventListener("scroll", () => this.later());
  }

  show(process, rows) {
    this.process = process;
    this.rows = rows;
    if (this.shown !== process) [this.from, this.to] = [0, Math.max(process.wall, 1)];
    this.shown = process;
    const n = rows.length;
    if (!this.isSized) this.height = n <= 12 ? 26 : n <= 60 ? 16 : 11;
    this.later();
  }

  width() {
    return Math.max(this.scroll.clientWidth - LABELS, 50);
  }
  time(x) {
    return this.from + ((x - LABELS) / this.width()) * (this.to - this.from);
  }
  x(time) {
    return LABELS + ((time - this.from) / (this.to - this.from)) * this.width();
  }

  view(from, to) {
    const wall = Math.max(this.process.wall, 1);
    const length = Math.min(Math.max(to - from, 50), wall);
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - length / 2, 0), wall - length);
    this.to = this.from + length;
    this.later();
  }
  zoom(factor, at) {
    const time = at === undefined ? (this.from + this.to) / 2 : at;
    this.view(time - (time - this.from) * factor, time + (this.to - time) * factor);
  }
  pan(share) {
    const by = share * (this.to - this.from);
    this.view(this.from + by, this.to + by);
  }

  later() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      this.paint();
    });
  }

  paint() {
    if (!this.process) return;
    const prints = "prints" in document.body.dataset;
    const total = this.rows.length * this.height + AXIS;
    const sight = prints ? Math.min(total, 6000) : Math.min(total, Math.round(innerHeight * 0.62));
    this.spacer.style.height = total + "px";
    const { context, width, height } = fitted(this.canvas, sight);
    this.context = context;
    const top = prints ? 0 : this.scroll.scrollTop;
    const first = Math.max(0, Math.floor((top - AXIS) / this.height));
    context.font = `${Math.min(12, this.height - 1)}px system-ui, "DejaVu Sans", sans-serif`;
    for (let i = first; i < this.rows.length; i++) {
      const y = AXIS + i * this.height - top;
      if (y > height) break;
      this.lane(this.rows[i], i, y, width);
    }
    this.axis(width, height);
    this.changed();
  }

  axis(width, height) {
    const { context } = this;
    context.fillStyle = COLOURS.paper;
    context.fillRect(0, 0, width, AXIS);
    context.fillStyle = COLOURS.soft;
    context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    const step = niceStep(this.to - this.from, this.width() / 110);
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      const x = this.x(time);
      context.globalAlpha = 0.35;
      context.fillRect(x, AXIS - 5, 1, height);
      context.globalAlpha = 1;
      context.fillText(axisText(time, step), x + 3, 13);
    }
    context.fillText(duration(this.to - this.from) + " in view", 4, 13);
  }

  lane(row, index, y, width) {
    const { context } = this;
    const spans = row.spans;
    const tall = this.height - (this.height > 6 ? 2 : 0);
    if (index === this.chosen) {
      context.fillStyle = COLOURS.panel;
      context.fillRect(0, y, LABELS, this.height);
    }
    context.fillStyle = COLOURS.ink;
    if (this.height >= 9) {
      context.textBaseline = "middle";
      context.fillText(clipped(context, row.name, LABELS - 12), 6, y + this.height / 2);
      context.textBaseline = "alphabetic";
    }
    context.save();
    context.beginPath();
    context.rect(LABELS, y, width - LABELS, this.height);
    context.clip();
    const left = this.x(row.start), right = this.x(row.end);
    context.fillStyle = COLOURS.off;
    context.fillRect(left, y, Math.max(right - left, 1), tall);
    this.spans(spans, y, tall);
    context.restore();
  }

  spans(spans, y, tall) {
    const perPixel = (this.to - this.from) / this.width();
    const pixel = 1 / (window.devicePixelRatio || 1);
    const grain = perPixel * pixel;
    let column = -1, held = 0, waited = 0, marks = [];
    const snapped = (x) => Math.round(x / pixel) * pixel;
    const flush = () => {
      if (column >= 0) this.stacked(LABELS + column * pixel, pixel, held / grain, waited / grain, y, tall);
      column = -1;
      held = waited = 0;
    };
    for (let i = firstAfter(spans, this.from); i < spans.n && spans.start[i] < this.to; i++) {
      const start = spans.start[i], end = spans.end[i], length = end - start;
      if (this.marked && this.marked.has(spans.site[i] - 1)) marks.push(start, end);
      if (length >= grain) {
        flush();
        const x = snapped(this.x(Math.max(start, this.from - perPixel)));
        const right = snapped(this.x(Math.min(end, this.to + perPixel)));
        this.wide(spans, i, x, Math.max(right - x, pixel), y, tall, length);
        continue;
      }
      /* A short span is counted where it begins. */
      const at = Math.floor((start - this.from) / grain);
      if (at !== column) {
        flush();
        column = Math.max(at, 0);
      }
      held += spans.held[i];
      waited += spans.waited[i];
    }
    flush();
    this.context.fillStyle = COLOURS.mark;
    for (let i = 0; i < marks.length; i += 2) {
      const x = this.x(marks[i]);
      this.context.fillRect(x, y, Math.max(this.x(marks[i + 1]) - x, pixel), Math.max(2, tall / 6));
    }
  }

  wide(spans, i, x, width, y, tall, length) {
    const { context } = this;
    const state = spans.state[i];
    if (state === MIXED) {
      this.stacked(x, width, spans.held[i] / length, spans.waited[i] / length, y, tall);
      return;
    }
    const detail = this.process.names[spans.detail[i] - 1];
    context.fillStyle = state === HELD ? COLOURS.held : state === WAITING ? COLOURS.waited : COLOURS[callColour(detail)];
    context.fillRect(x, y, width, tall);
    if (state === OFF && detail && width > 34 && this.height >= 14) {
      context.fillStyle = COLOURS.soft;
      const at = Math.max(x, LABELS);
      context.fillText(clipped(context, detail, x + width - at - 6), at + 3, y + tall * 0.7);
    }
  }

  stacked(x, width, held, waited, y, tall) {
    const { context } = this;
    /* Whole pixels, and one at least: a little must be seen, too. */
    const rows = (share) => (share > 0.002 ? Math.max(1, Math.round(tall * Math.min(share, 1))) : 0);
    const below = rows(held), above = Math.min(rows(waited), tall - below);
    context.fillStyle = COLOURS.held;
    context.fillRect(x, y + tall - below, width, below);
    context.fillStyle = COLOURS.waited;
    context.fillRect(x, y, width, above);
  }

  /* What is at a point of the scrolled area: the row, and the spans of a pixel. */
  at(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const index = Math.floor((clientY - box.top + this.scroll.scrollTop - AXIS) / this.height);
    const row = this.rows[index];
    const x = clientX - box.left;
    if (!row || clientY - box.top < AXIS) return null;
    if (x < LABELS) return { row, index, spans: [] };
    const from = this.time(x - 0.5), to = this.time(x + 0.5), found = [];
    for (let i = firstAfter(row.spans, from); i < row.spans.n && row.spans.start[i] < to; i++) found.push(i);
    return { row, index, spans: found, time: this.time(x) };
  }
}

function axisText(time, step) {
  const [unit, name] = step >= 1e9 ? [1e9, "s"] : step >= 1e6 ? [1e6, "ms"] : step >= 1e3 ? [1e3, "us"] : [1, "ns"];
  return (time / unit).toLocaleString("en", { maximumFractionDigits: 3 }) + " " + name;
}
