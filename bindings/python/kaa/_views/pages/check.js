"use strict";
/* The page of a checked module: finding mistakes, and a treemap of who holds what. */

const NAMES = DATA.names;

function startMistakes() {
  const list = [...document.querySelectorAll(".mistake")];
  const kinds = [...new Set(list.map((one) => one.dataset.kind))].sort();
  $("kind").append(make("option", { value: "" }, "all kinds"), ...kinds.map((kind) => make("option", { value: kind }, kind)));
  const paint = () => {
    const wanted = $("mistake-filter").value.trim().toLowerCase();
    let shown = 0;
    for (const one of list) {
      const kind = $("kind").value;
      one.hidden = (kind && one.dataset.kind !== kind) || (wanted && !one.textContent.toLowerCase().includes(wanted));
      shown += one.hidden ? 0 : 1;
    }
    $("mistake-count").textContent = `${count(shown)} of ${count(list.length)}`;
  };
  $("kind").addEventListener("change", paint);
  $("mistake-filter").addEventListener("input", paint);
  $("open-all").addEventListener("click", () => {
    const open = list.some((one) => !one.hidden && !one.open);
    for (const one of list) one.open = open && !one.hidden;
  });
  $("mistakes").hidden = false;
  paint();
}

function startHolders() {
  const orders = { holder: [0, 1, 3], site: [1, 3, 0], type: [3, 0, 1] };
  const said = (node) => [make("b", {}, node ? map.tree.label[node] : "all"),
    make("div", {}, `${count(map.tree.total[node])} references, ${percent(map.tree.total[node], map.tree.total[0])} of all`)];
  const top = (node) => {
    while (map.tree.parent[node] > 0) node = map.tree.parent[node];
    return map.tree.label[node];
  };
  const map = new Flame($("held-box"), $("held-map"), (node) => $("held-detail").replaceChildren(...said(node)), top);
  const paint = () => {
    const order = orders[$("held-shape").value];
    map.show(grown((add) => DATA.holders.forEach((row) => add(order.map((i) => NAMES[row[i]] || "?"), row[4]))), true);
    $("held-detail").replaceChildren(...said(0));
  };
  $("held").hidden = false;
  map.listen(said);
  $("held-shape").addEventListener("change", paint);
  $("held-whole").addEventListener("click", () => map.zoom(0));
  paint();
  PAINTERS.push(() => map.paint());
}

if (document.querySelector(".mistake")) startMistakes();
if (DATA.holders.length) startHolders();
