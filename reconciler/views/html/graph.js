// The graph: which side of it is shown and how, and the keys to walk it.
const LIMIT = 400;
const view = {
  side: "diff",
  all: false,
  limit: LIMIT,
  text: "",
  scale: 1,
  table: false,
  layout: null,
  boxes: [],
};

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
  for (const button of byId("sides").children)
    button.setAttribute("aria-pressed", String(button.dataset.side === view.side));
}

function setUpGraph() {
  if (!data.graph) {
    byId("graph").hidden = true;
    return;
  }
  const sides = data.graph.compared
    ? [
        ["diff", "Before and after"],
        ["before", "Before"],
        ["after", "After"],
      ]
    : [["after", "Declared"]];
  for (const [side, text] of sides) {
    const button = toggle(text, false, () => {
      view.side = side;
      showGraph();
    });
    button.dataset.side = side;
    byId("sides").append(button);
  }
  const still = data.graph.nodes.filter(isStill).length;
  view.side = sides[0][0];
  view.all = still <= 12 || !data.graph.compared;
  byId("unchanged").checked = view.all;
  byId("unchanged-text").textContent = data.graph.compared
    ? `What stays as it is (${number(still)})`
    : "All of it";
  byId("unchanged").addEventListener("change", (event) => setAll(event.target.checked));
  byId("seek").addEventListener("input", (event) => {
    view.text = event.target.value.trim().toLowerCase();
    showGraph();
  });
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
    const looks = [
      ["added", "added"],
      ["changed", "changed"],
      ["removed", "removed"],
      ["refused", "refused, doesn’t happen"],
      ["same", "stays"],
    ];
    byId("legend").append(
      ...looks.map(([look, text]) =>
        el(
          "li",
          { class: look },
          svg(
            "svg",
            { class: `edge ${look}`, width: 30, height: 10, "aria-hidden": "true" },
            svg("path", { d: "M1 5H29" }),
          ),
          text,
        ),
      ),
      el(
        "li",
        {},
        el("span", { class: "wider-sign" }, "▲"),
        "more people reach more, or agents may do more",
      ),
    );
  }
  showGraph();
  resize(Math.max(0.6, fitted()));
}
