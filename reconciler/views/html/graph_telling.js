// The graph in words: one box below the drawing, or all of it as a table.
const TOLD = 24; // of what a box is joined with: the list is read out

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
  for (const group of picture.querySelectorAll(".box"))
    group.classList.toggle("lit", near.has(group.dataset.id));
  byId("node").replaceChildren(
    ...(box && !box.folded
      ? told(box.node)
      : [
          el(
            "p",
            { class: "hint" },
            "Point at a box, or go to one with Tab and the arrow keys: what it is joined with comes out, and all of it is told here.",
          ),
        ]),
  );
}

function told(node) {
  const look = lookOf(node);
  const after = view.side !== "before";
  const facts = [
    ...(node.lines[view.side] ?? []),
    ...(after ? node.widens.map((text) => `▲ ${text}`) : []),
  ];
  const change = data.changes.find((each) => each.address === node.name);
  const joined = view.edges
    .filter((edge) => edge.source === node.id || edge.target === node.id)
    .map((edge) => {
      const other = data.graph.nodes.find(
        (each) => each.id === (edge.source === node.id ? edge.target : edge.source),
      );
      return el(
        "li",
        { class: lookOf(edge) },
        `${other.kind === "company" ? "" : `${other.kind} `}${other.title}`,
        after && edge.status ? ` — ${edge.status}` : "",
        after && edge.widens.length ? ` — ▲ ${edge.widens.join(", ")}` : "",
      );
    });
  return [
    el(
      "p",
      {},
      el("b", {}, node.title),
      " ",
      node.name && node.kind !== "scope" ? el("code", {}, node.name) : "",
      " ",
      look === "same"
        ? ""
        : tag(look, node.status || (data.graph.compared ? "no part of this plan" : "declared")),
      " ",
      change
        ? el(
            "button",
            { type: "button", class: "link", click: () => goTo(change.address) },
            "its change",
          )
        : "",
    ),
    facts.length
      ? el(
          "ul",
          { class: "inline" },
          facts.map((text) => el("li", {}, text)),
        )
      : "",
    joined.length
      ? el(
          "ul",
          { class: "joined" },
          joined.slice(0, TOLD),
          joined.length > TOLD ? el("li", {}, `${number(joined.length - TOLD)} more`) : "",
        )
      : el("p", { class: "hint" }, "Joined with nothing."),
  ].filter(Boolean);
}

function showTable() {
  const names = new Map(data.graph.nodes.map((node) => [node.id, node.title]));
  const nodes = data.graph.nodes.filter(
    (node) =>
      node.on.includes(view.side) &&
      (node.column === 1 || node.kind === "space") &&
      `${node.title} ${node.name}`.toLowerCase().includes(view.text),
  );
  const rows = nodes.map((node) => {
    const joined = data.graph.edges.filter(
      (edge) => edge.on.includes(view.side) && (edge.source === node.id || edge.target === node.id),
    );
    const after = view.side !== "before";
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, node.title),
      el("td", {}, node.kind),
      el(
        "td",
        {},
        after
          ? node.status ||
              (data.graph.compared && node.mark === "uncompared" ? "no part of this plan" : "")
          : "",
      ),
      el(
        "td",
        {},
        [
          ...(node.lines[view.side] ?? []),
          ...(after ? node.widens.map((text) => `wider: ${text}`) : []),
        ].join("; "),
      ),
      el(
        "td",
        {},
        joined
          .map(
            (edge) =>
              names.get(edge.source === node.id ? edge.target : edge.source) +
              (after && edge.status ? ` (${edge.status})` : ""),
          )
          .join("; "),
      ),
    );
  });
  byId("table").replaceChildren(
    el(
      "table",
      { class: "told-table" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Name", "Kind", "What becomes of it", "What it is like", "Joined with"].map((text) =>
            el("th", { scope: "col" }, text),
          ),
        ),
      ),
      el("tbody", {}, rows),
    ),
  );
}
