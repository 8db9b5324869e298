"use strict";
/* Lines over time, a stacked bar, a map of arenas. */

const PALETTE = ["#1668b8", "#e0692a", "#2f9e6b", "#8c5cc4", "#c9a227", "#c2477a", "#4aa3a2", "#7a6a58", "#5b7f1e", "#8795a1"];

/* Room around a plot for its figures. */
const PLOT = { left: 64, right: 10, top: 8, bottom: 22 };

/* `series`: [{ name, colour, points: [[time, value], ...] }], drawn as steps of lines;
 * `marks`: [[time, text], ...]; `pauses`: [[time, ns], ...], small bars from below, the
 * longest a quarter of the height. */
function plotLines(canvas, series, marks, end, write, pauses) {
  const { context, width, height } = fitted(canvas, 220);
  const { left, top } = PLOT, inner = width - left - PLOT.right, tall = height - PLOT.bottom - top;
  let most = 1;
  for (const { points } of series) for (const [, value] of points) most = Math.max(most, value);
  const x = (time) => left + (time / Math.max(end, 1)) * inner;
  const y = (value) => top + tall * (1 - value / most);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  const step = 2 ** Math.ceil(Math.log2(most / 5));
  for (let value = 0; value <= most; value += step) {
    context.fillStyle = COLOURS.line;
    context.fillRect(left, Math.round(y(value)), inner, 1);
    context.fillStyle = COLOURS.soft;
    context.textAlign = "right";
    context.fillText(write(value), left - 6, y(value) + 4);
  }
  context.textAlign = "left";
  const tick = niceStep(Math.max(end, 1), inner / 110);
  for (let time = 0; time <= end; time += tick) context.fillText(duration(time), x(time), height - 6);
  const longest = pauses.reduce((most, one) => Math.max(most, one[1]), 1);
  context.fillStyle = PALETTE[3];
  for (const [time, pause] of pauses) {
    const tip = Math.max(1, (pause / longest) * tall * 0.25);
    context.fillRect(x(time), top + tall - tip, Math.max(1, (pause / Math.max(end, 1)) * inner), tip);
  }
  for (const [time, text] of marks) {
    context.fillStyle = COLOURS.soft;
    context.fillRect(x(time), top, 1, tall);
    context.fillText(text, Math.min(x(time) + 4, width - 60), 18);
  }
  for (const { points, colour } of series) {
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    context.beginPath();
    points.forEach(([time, value], i) => (i ? context.lineTo(x(time), y(value)) : context.moveTo(x(time), y(value))));
    context.stroke();
  }
}

/* `parts`: [[name, value, colour], ...]; gives what is at a point. */
function plotBar(canvas, parts, whole) {
  const { context, width } = fitted(canvas, 46);
  context.font = '11px system-ui, "DejaVu Sans", sans-serif';
  const places = [];
  let at = 0;
  for (const [name, value, colour] of parts) {
    const wide = (value / Math.max(whole, 1)) * width;
    context.fillStyle = colour;
    context.fillRect(at, 4, Math.max(wide - 0.5, 0.3), 38);
    if (wide > 40) {
      context.fillStyle = "#fff";
      context.fillText(clipped(context, name, wide - 8), at + 4, 20);
      context.fillText(clipped(context, size(value), wide - 8), at + 4, 35);
    }
    places.push([at, at + wide, name, value]);
    at += wide;
  }
  return places;
}

/* A row an arena, a cell a pool. */
function plotArenas(canvas, arenas) {
  const most = Math.max(1, ...arenas.map((one) => one[2].length));
  const room = canvas.parentElement.clientWidth;
  const cell = Math.max(2, Math.min(14, Math.floor((room - 110) / most)));
  const { context } = fitted(canvas, Math.min(arenas.length * (cell + 2) + 4, 12000));
  context.font = '10px ui-monospace, "DejaVu Sans Mono", monospace';
  arenas.forEach(([address, , pools], row) => {
    const y = 2 + row * (cell + 2);
    if (cell >= 9) {
      context.fillStyle = COLOURS.soft;
      context.fillText("0x" + address.toString(16), 2, y + cell - 2);
    }
    pools.forEach(([block, used, whole], i) => {
      const share = whole ? used / whole : 0;
      context.fillStyle = block ? COLOURS.held : COLOURS.panel;
      context.globalAlpha = block ? 0.15 + 0.85 * share : 1;
      context.fillRect(110 + i * cell, y, cell - 1, cell);
      context.globalAlpha = 1;
    });
  });
  return { cell };
}
