// The graph: drawn as boxes and lines, told as a table, walked by the arrow keys.
const SIGNS = { added: "+", removed: "−", changed: "~" };
const LIMIT = 400;
const TOLD = 24; // of what a box is joined with: the list is read out
const view = { side: "diff", all: false, limit: LIMIT, text: "", scale: 1, table: false, layout: null, boxes: [] };
const COLUMN_TITLES = ["Spaces", "Servers", "OAuth scopes"];

const lookOf = (item) => {
  if (view.side === "before") return "same";
  return item.gate && !isStill(item) ? "refused" : item.mark;
};

// As many letters as a box is wide; the whole text is in the box's label and told below.
function cut(text, letters) {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

function labelOf(box) {
  if (box.folded) return `${box.folded}; press Enter to show them`;
  const { node } = box;
  const joined = view.edges.filter((edge) => edge.source === node.id || edge.target === node.id).length;
  const look = lookOf(node);
  return [node.title, node.kind, look === "same" ? "" : node.status || look, ...box.lines, counted(joined, "connection")]
    .filter(Boolean).join(", ");
}

function drawBox(box) {
  const look = box.folded ? "folded" : lookOf(box.node);
  const group = svg("g", {
    class: `box ${look} ${box.node?.kind ?? ""}`, transform: `translate(${box.x} ${box.y})`, tabindex: "-1",
    role: "button", "aria-label": labelOf(box), "data-id": box.id,
    focus: () => light(box), mouseenter: () => light(box), click: () => (box.folded ? press(box) : light(box)),
  });
  group.append(svg("rect", { class: "body", width: BOX, height: box.height, rx: box.column === 0 ? 9 : 3 }));
  if (box.folded) {
    group.append(svg("text", { class: "folded-text", x: BOX / 2, y: 20, "text-anchor": "middle" }, box.folded));
    return group;
  }
  const sign = view.side === "before" ? "" : look === "refused" ? "!" : SIGNS[look] ?? "";
  group.append(svg("rect", { class: "edge-bar", width: 4, height: box.height - 12, x: 0, y: 6 }));
  const texts = svg("g", { "clip-path": "url(#clip)" });
  group.append(texts);
  if (sign) texts.append(svg("text", { class: "box-sign", x: 14, y: 20 }, sign));
  texts.append(svg("text", { class: "box-title", x: sign ? 27 : 14, y: 20 }, cut(box.node.title, sign ? 29 : 31)));
  box.lines.forEach((line, i) => texts.append(svg("text", { class: "box-line", x: 14, y: 37 + LINE * i }, cut(line, 37))));
  if (view.side !== "before" && box.node.widens.length) {
    group.append(svg("text", { class: "box-wider", x: BOX - 12, y: 20, "text-anchor": "end" }, "▲"));
  }
  return group;
}

function drawEdge(edge) {
  const [server, other] = [view.layout.by.get(edge.source), view.layout.by.get(edge.target)];
  const left = other.column < server.column;
  const [x1, x2] = left ? [server.x, other.x + BOX] : [server.x + BOX, other.x];
  const [y1, y2] = [server.y + server.height / 2, other.y + other.height / 2];
  const middle = (x1 + x2) / 2;
  const look = lookOf(edge);
  const wider = view.side !== "before" && edge.widens.length > 0;
  const group = svg("g", { class: `edge ${look} ${wider ? "wider" : ""}`, "data-ends": `${edge.source}\n${edge.target}`, "aria-hidden": "true" },
    svg("path", { d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }));
  if (wider) group.append(svg("text", { class: "edge-wider", x: middle, y: (y1 + y2) / 2 + 5, "text-anchor": "middle" }, "▲"));
  return group;
}

const RANK = ["same", "uncompared", "removed", "refused", "changed", "added"];

function draw() {
  const found = visible(view);
  view.edges = found.edges;
  view.layout = laidOut(found);
  view.boxes = [...found.boxes].sort((a, b) => a.x - b.x || a.y - b.y);
  const { layout } = view;
  const picture = svg("svg", { id: "picture", role: "group", "aria-label": "Graph", viewBox: `-6 0 ${layout.width + 12} ${layout.height + 8}` });
  picture.append(svg("clipPath", { id: "clip" }, svg("rect", { width: BOX - 20, height: 200 })));
  layout.used.forEach((column, position) => picture.append(
    svg("text", { class: "column-title", x: position * layout.stride, y: 16 }, COLUMN_TITLES[column])));
  const edges = [...found.edges].sort((a, b) => RANK.indexOf(lookOf(a)) - RANK.indexOf(lookOf(b)));
  picture.append(...edges.map(drawEdge), ...view.boxes.map(drawBox));
  picture.addEventListener("mouseleave", () => light(view.boxes.find((box) => box.id === document.activeElement?.dataset?.id) ?? null));
  byId("drawing").replaceChildren(view.boxes.length ? picture : el("p", { class: "calm" }, view.text ? "No box has that." : "Nothing is declared and nothing is there."));
  picture.querySelector(".box")?.setAttribute("tabindex", "0");
  resize(view.scale);
  light(null);
}

function resize(scale) {
  view.scale = Math.min(2.5, Math.max(0.15, scale));
  const picture = byId("picture");
  if (!picture) return;
  picture.setAttribute("width", (view.layout.width + 12) * view.scale);
  picture.setAttribute("height", (view.layout.height + 8) * view.scale);
}

const fitted = () => Math.min(1, (byId("drawing").clientWidth - 26) / (view.layout.width + 12));

// Bring out one box with what it is joined with, and tell all of it below; null for none.
function light(box) {
  const picture = byId("picture");
  if (!picture) return;
  picture.classList.toggle("dim", box !== null && !box.folded);
  const near = new Set([box?.id]);
  for (const line of picture.querySelectorAll(".edge")) {
    const ends = line.dataset.ends.split("\n");
    const on = ends.includes(box?.id);
    line.classList.toggle("lit", on);
    if (on) ends.forEach((end) => near.add(end));
  }
  byId("node").classList.toggle("live", box !== null && !box.folded);
  for (const group of picture.querySelectorAll(".box")) group.classList.toggle("lit", near.has(group.dataset.id));
  byId("node").replaceChildren(...(box && !box.folded ? told(box.node) : [
    el("p", { class: "hint" }, "Point at a box, or go to one with Tab and the arrow keys: what it is joined with comes out, and all of it is told here."),
  ]));
}

function told(node) {
  const look = lookOf(node);
  const after = view.side !== "before";
  const facts = [...(node.lines[view.side] ?? []), ...(after ? node.widens.map((text) => `▲ ${text}`) : [])];
  const change = data.changes.find((each) => each.address === node.name);
  const joined = view.edges.filter((edge) => edge.source === node.id || edge.target === node.id).map((edge) => {
    const other = data.graph.nodes.find((each) => each.id === (edge.source === node.id ? edge.target : edge.source));
    return el("li", { class: lookOf(edge) }, `${other.kind === "company" ? "" : `${other.kind} `}${other.title}`,
      after && edge.status ? ` — ${edge.status}` : "", after && edge.widens.length ? ` — ▲ ${edge.widens.join(", ")}` : "");
  });
  return [
    el("p", {}, el("b", {}, node.title), " ", node.name && node.kind !== "scope" ? el("code", {}, node.name) : "", " ",
      look === "same" ? "" : tag(look, node.status || (data.graph.compared ? "no part of this plan" : "declared")), " ",
      change ? el("button", { type: "button", class: "link", click: () => goTo(change.address) }, "its change") : ""),
    facts.length ? el("ul", { class: "inline" }, facts.map((text) => el("li", {}, text))) : "",
    joined.length ? el("ul", { class: "joined" }, joined.slice(0, TOLD), joined.length > TOLD ? el("li", {}, `${number(joined.length - TOLD)} more`) : "") : el("p", { class: "hint" }, "Joined with nothing."),
  ].filter(Boolean);
}

function press(box) {
  if (box.folded) {
    view.limit += view.all || view.text ? LIMIT : 0;
    setAll(true);
    byId("picture").querySelector(".box")?.focus();
  } else {
    const change = data.changes.find((each) => each.address === box.node.name);
    if (change) goTo(change.address);
  }
}

// The arrow keys: up and down in a column, across to the nearest box of the next one.
function walk(event) {
  const at = view.boxes.findIndex((box) => box.id === document.activeElement?.dataset?.id);
  const moves = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
  if (at < 0) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    press(view.boxes[at]);
  } else if (moves[event.key]) {
    event.preventDefault();
    const next = neighbour(view.boxes[at], ...moves[event.key]);
    if (next) focusBox(next, document.activeElement);
  }
}

function neighbour(box, across, down) {
  if (down) {
    const column = view.boxes.filter((each) => each.x === box.x);
    return column[column.indexOf(box) + down];
  }
  const column = view.boxes.filter((each) => each.x === box.x + across * view.layout.stride);
  const far = (each) => Math.abs(each.y - box.y);
  return column.sort((a, b) => far(a) - far(b))[0];
}

function focusBox(box, from) {
  const to = byId("picture").querySelector(`[data-id="${CSS.escape(box.id)}"]`);
  from.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
}

function showTable() {
  const names = new Map(data.graph.nodes.map((node) => [node.id, node.title]));
  const nodes = data.graph.nodes.filter((node) => node.on.includes(view.side) && node.kind !== "scope" && node.kind !== "company");
  const rows = nodes.map((node) => {
    const joined = data.graph.edges.filter((edge) => edge.on.includes(view.side) && (edge.source === node.id || edge.target === node.id));
    const after = view.side !== "before";
    return el("tr", {}, el("th", { scope: "row" }, node.title), el("td", {}, node.kind),
      el("td", {}, after ? node.status || (data.graph.compared && node.mark === "uncompared" ? "no part of this plan" : "") : ""),
      el("td", {}, [...(node.lines[view.side] ?? []), ...(after ? node.widens.map((text) => `wider: ${text}`) : [])].join("; ")),
      el("td", {}, joined.map((edge) => names.get(edge.source === node.id ? edge.target : edge.source)
        + (after && edge.status ? ` (${edge.status})` : "")).join("; ")));
  });
  byId("table").replaceChildren(el("table", { class: "told-table" },
    el("thead", {}, el("tr", {}, ["Name", "Kind", "What becomes of it", "What it is like", "Joined with"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, rows)));
}

function setAll(all) {
  view.all = all;
  byId("unchanged").checked = all;
  showGraph();
}

function showGraph() {
  draw();
  if (view.table) showTable();
  byId("drawing").hidden = view.table;
  byId("node").hidden = view.table;
  byId("table").hidden = !view.table;
  for (const button of byId("sides").children) button.setAttribute("aria-pressed", String(button.dataset.side === view.side));
}

function setUpGraph() {
  if (!data.graph) {
    byId("graph").hidden = true;
    return;
  }
  const sides = data.graph.compared ? [["diff", "Before and after"], ["before", "Before"], ["after", "After"]] : [["after", "Declared"]];
  for (const [side, text] of sides) {
    const button = toggle(text, false, () => { view.side = side; showGraph(); });
    button.dataset.side = side;
    byId("sides").append(button);
  }
  const still = data.graph.nodes.filter(isStill).length;
  view.side = sides[0][0];
  view.all = still <= 12 || !data.graph.compared;
  byId("unchanged").checked = view.all;
  byId("unchanged-text").textContent = data.graph.compared ? `What stays as it is (${number(still)})` : "All of it";
  byId("unchanged").addEventListener("change", (event) => setAll(event.target.checked));
  byId("seek").addEventListener("input", (event) => { view.text = event.target.value.trim().toLowerCase(); showGraph(); });
  byId("smaller").addEventListener("click", () => resize(view.scale / 1.25));
  byId("larger").addEventListener("click", () => resize(view.scale * 1.25));
  byId("fit").addEventListener("click", () => resize(fitted()));
  byId("as-table").addEventListener("click", (event) => {
    view.table = !view.table;
    event.target.setAttribute("aria-pressed", String(view.table));
    showGraph();
  });
  byId("drawing").addEventListener("keydown", walk);
  if (data.graph.compared) {
    const looks = [["added", "added"], ["changed", "changed"], ["removed", "removed"], ["refused", "refused, doesn’t happen"], ["same", "stays"]];
    byId("legend").append(...looks.map(([look, text]) => el("li", { class: look }, svg("svg", { class: `edge ${look}`, width: 30, height: 10, "aria-hidden": "true" }, svg("path", { d: "M1 5H29" })), text)),
      el("li", {}, el("span", { class: "wider-sign" }, "▲"), "more people reach more, or agents may do more"));
  }
  showGraph();
  resize(Math.max(0.6, fitted()));
}
