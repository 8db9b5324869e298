"use strict";
/* A flame graph and a treemap of one tree, on a canvas.
 *
 * The tree comes as columns; a node is an index. Rectangles narrower than half a
 * pixel are not drawn and not descended into, so a frame costs what can be seen. */

class Tree {
  /* `parent[i]` < i; `own[i]` is the node's own value. */
  constructor(parent, label, own) {
    Object.assign(this, { parent, label, own });
    const n = parent.length;
    this.total = Float64Array.from(own);
    this.children = Array.from({ length: n }, () => []);
    for (let i = n - 1; i > 0; i--) this.total[parent[i]] += this.total[i];
    for (let i = 1; i < n; i++) this.children[parent[i]].push(i);
    for (const list of this.children) list.sort((a, b) => this.total[b] - this.total[a]);
    this.depth = new Int32Array(n);
    this.deepest = 0;
    for (let i = 1; i < n; i++) {
      this.depth[i] = this.depth[parent[i]] + 1;
      if (this.total[i] > 0) this.deepest = Math.max(this.deepest, this.depth[i]);
    }
  }
}

/* Grows a tree from paths of labels: paths(add) calls add(path, value). */
function grown(paths) {
  const parent = [-1], label = [""], own = [0], found = new Map();
  paths((path, value) => {
    let at = 0;
    for (const one of path) {
      const key = at + "\u0000" + one;
      let next = found.get(key);
      if (next === undefined) {
        next = parent.length;
        found.set(key, next);
        parent.push(at);
        label.push(one);
        own.push(0);
      }
      at = next;
    }
    own[at] += value;
  });
  return new Tree(parent, label, own);
}

/* A steady colour for a text: the same file has the same hue in every page. */
function hue(text) {
  let sum = 7;
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
  return sum % 360;
}

class Flame {
  /* `say(node)` is told what is pointed at or chosen; `group(node)` is the text
   * that decides the colour. */
  constructor(box, canvas, write, group) {
    Object.assign(this, { box, canvas, write, group });
    this.root = this.chosen = 0;
    this.found = null;
    this.boxes = [];
    box.addEventListener("scroll", hideTip);
  }

  show(tree, isMap) {
    this.tree = tree;
    this.isMap = isMap;
    this.root = this.chosen = 0;
    this.paint();
  }

  zoom(node) {
    this.root = this.chosen = node;
    this.box.scrollTop = 0;
    this.paint();
  }

  paint() {
    if (!this.tree) return;
    const rows = this.tree.deepest - this.tree.depth[this.root] + 1 + this.tree.depth[this.root];
    const height = this.isMap ? Math.round(Math.max(320, innerHeight * 0.5)) : rows * 19 + 4;
    Object.assign(this, fitted(this.canvas, Math.min(height, 8000)));
    this.context.font = '11px system-ui, "DejaVu Sans", sans-serif';
    this.boxes = [];
    if (this.isMap) this.map(this.root, 0, 0, this.width, this.height, 0);
    else this.flame();
    this.outline();
  }

  flame() {
    const { tree } = this;
    const above = [];
    for (let i = this.root; i > 0; i = tree.parent[i]) above.unshift(tree.parent[i]);
    above.forEach((node, row) => this.rect(node, 0, row * 19, this.width, 18, true));
    const scale = tree.total[this.root] > 0 ? this.width / tree.total[this.root] : 0;
    const todo = [[this.root, 0, above.length]];
    while (todo.length) {
      const [node, x, row] = todo.pop();
      const width = tree.total[node] * scale;
      this.rect(node, x, row * 19, width, 18, false);
      let at = x;
      for (const child of tree.children[node]) {
        const wide = tree.total[child] * scale;
        if (wide < 0.5) break; /* children are sorted by size */
        todo.push([child, at, row + 1]);
        at += wide;
      }
    }
  }

  /* Squarified: rows whose rectangles are as square as they can be (Bruls, Huizing,
   * van Wijk, "Squarified Treemaps", 2000). */
  map(node, x, y, width, height, level) {
    const { tree } = this;
    this.rect(node, x, y, width, height, false, level);
    const head = level === 0 ? 0 : 16;
    if (height < head + 8 || width < 8) return;
    x += 2;
    y += head;
    width -= 4;
    height -= head + 2;
    const kids = tree.children[node].filter((one) => tree.total[one] > 0);
    let left = kids.reduce((sum, one) => sum + tree.total[one], 0);
    /* What the node has itself takes its share of the room too, and stays blank. */
    const scale = (width * height) / Math.max(tree.total[node], 1e-9);
    let i = 0;
    while (i < kids.length && left > 0 && width > 1 && height > 1) {
      const side = Math.min(width, height);
      let sum = 0, worst = Infinity, j = i;
      while (j < kids.length) {
        const area = tree.total[kids[j]] * scale, whole = sum + area;
        const largest = tree.total[kids[i]] * scale;
        const ratio = Math.max((side * side * largest) / (whole * whole), (whole * whole) / (side * side * area));
        if (ratio > worst) break;
        worst = ratio;
        sum = whole;
        j++;
      }
      const thick = sum / side;
      if (thick < 0.5) return;
      let at = 0;
      for (; i < j; i++) {
        const long = (tree.total[kids[i]] * scale) / thick;
        if (width >= height) this.map(kids[i], x, y + at, thick, long, level + 1);
        else this.map(kids[i], x + at, y, long, thick, level + 1);
        at += long;
        left -= tree.total[kids[i]];
      }
      if (width >= height) { x += thick; width -= thick; } else { y += thick; height -= thick; }
    }
  }

  rect(node, x, y, width, height, isAbove, level) {
    const { context } = this;
    const isFound = !this.found || this.found[node];
    const light = isDark() && !("prints" in document.body.dataset) ? 30 : 82 - (level || 0) * 5;
    if (node === 0) context.fillStyle = COLOURS.panel;
    else context.fillStyle = `hsl(${hue(this.group(node))} ${isFound ? 60 : 6}% ${light}%)`;
    context.globalAlpha = isAbove ? 0.5 : 1;
    const gap = width > 3 ? 0.5 : 0;
    context.fillRect(x, y, Math.max(width - gap, 0.5), height - (this.isMap ? gap : 0));
    context.globalAlpha = 1;
    if (width > 24 && height > 10) {
      context.fillStyle = isFound ? COLOURS.ink : COLOURS.soft;
      const text = node === 0 ? "all" : this.tree.label[node];
      context.fillText(clipped(context, text, width - 6), x + 3, y + 13);
    }
    this.boxes.push([node, x, y, width, height]);
  }

  outline() {
    const found = this.boxes.find((one) => one[0] === this.chosen);
    if (!found) return;
    this.context.strokeStyle = COLOURS.ink;
    this.context.lineWidth = 1.5;
    this.context.strokeRect(found[1] + 0.75, found[2] + 0.75, Math.max(found[3] - 2, 1), found[4] - 1.5);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    for (let i = this.boxes.length - 1; i >= 0; i--) {
      const [node, left, top, width, height] = this.boxes[i];
      if (x >= left && x < left + Math.max(width, 1) && y >= top && y < top + height) return node;
    }
    return -1;
  }

  choose(node) {
    if (node === undefined || node < 0) return;
    this.chosen = node;
    this.paint();
    this.write(node);
    const found = this.boxes.find((one) => one[0] === node);
    if (found && found[2] + 19 > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = found[2] + 24 - this.box.clientHeight;
    if (found && found[2] < this.box.scrollTop) this.box.scrollTop = found[2];
  }

  listen(tip) {
    this.canvas.addEventListener("mousemove", (event) => {
      const node = this.at(event);
      if (node < 0) hideTip();
      else showTip(event.clientX, event.clientY, ...tip(node));
    });
    this.canvas.addEventListener("mouseleave", hideTip);
    this.canvas.addEventListener("click", (event) => {
      const node = this.at(event);
      if (node < 0) return;
      this.write(node);
      this.zoom(node);
    });
    this.box.addEventListener("keydown", (event) => {
      const { tree } = this;
      const around = this.chosen ? tree.children[tree.parent[this.chosen]] : [0];
      const place = around.indexOf(this.chosen);
      const actions = {
        ArrowUp: () => this.choose(tree.parent[this.chosen]),
        ArrowDown: () => this.choose(tree.children[this.chosen][0]),
        ArrowLeft: () => this.choose(around[place - 1]),
        ArrowRight: () => this.choose(around[place + 1]),
        Enter: () => this.zoom(this.chosen),
        Escape: () => this.zoom(0),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });
  }
}
