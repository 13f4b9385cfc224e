// The graph as boxes and lines.
const SIGNS = { added: "+", removed: "−", changed: "~" };
const COLUMN_TITLES = ["Spaces", "Servers", "OAuth scopes"];

const lookOf = (item) => {
  if (view.side === "before") return "same";
  return item.gate && !isStill(item) ? "refused" : item.mark;
};

// As many letters as a box is wide; the whole text is in the box's label and told below.
function cut(text, letters) {
  const all = [...text];
  return all.length > letters ? `${all.slice(0, letters - 1).join("")}…` : text;
}

function labelOf(box) {
  if (box.folded) return `${box.folded}; press Enter to show them`;
  const { node } = box;
  const joined = view.edges.filter(
    (edge) => edge.source === node.id || edge.target === node.id,
  ).length;
  const look = lookOf(node);
  return [
    node.title,
    node.kind,
    look === "same" ? "" : node.status || look,
    ...box.lines,
    counted(joined, "connection"),
  ]
    .filter(Boolean)
    .join(", ");
}

function drawBox(box) {
  const look = box.folded ? "folded" : lookOf(box.node);
  const group = svg("g", {
    class: `box ${look} ${box.node?.kind ?? ""}`,
    transform: `translate(${box.x} ${box.y})`,
    tabindex: "-1",
    role: "button",
    "aria-label": labelOf(box),
    "data-id": box.id,
    focus: () => light(box),
    mouseenter: () => light(box),
    click: () => (box.folded ? press(box) : light(box)),
  });
  group.append(
    svg("rect", { class: "body", width: BOX, height: box.height, rx: box.column === 0 ? 9 : 3 }),
  );
  if (box.folded) {
    group.append(
      svg("text", { class: "folded-text", x: BOX / 2, y: 20, "text-anchor": "middle" }, box.folded),
    );
    return group;
  }
  const sign = view.side === "before" ? "" : look === "refused" ? "!" : (SIGNS[look] ?? "");
  group.append(svg("rect", { class: "edge-bar", width: 4, height: box.height - 12, x: 0, y: 6 }));
  const texts = svg("g", { "clip-path": "url(#clip)" });
  group.append(texts);
  if (sign) texts.append(svg("text", { class: "box-sign", x: 14, y: 20 }, sign));
  texts.append(
    svg(
      "text",
      { class: "box-title", x: sign ? 27 : 14, y: 20 },
      cut(box.node.title, sign ? 29 : 31),
    ),
  );
  box.lines.forEach((line, i) =>
    texts.append(svg("text", { class: "box-line", x: 14, y: 37 + LINE * i }, cut(line, 37))),
  );
  if (view.side !== "before" && box.node.widens.length) {
    group.append(
      svg("text", { class: "box-wider", x: BOX - 12, y: 20, "text-anchor": "end" }, "▲"),
    );
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
  const group = svg(
    "g",
    {
      class: `edge ${look} ${wider ? "wider" : ""}`,
      "data-ends": `${edge.source}\n${edge.target}`,
      "aria-hidden": "true",
    },
    svg("path", { d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` }),
  );
  if (wider)
    group.append(
      svg(
        "text",
        { class: "edge-wider", x: middle, y: (y1 + y2) / 2 + 5, "text-anchor": "middle" },
        "▲",
      ),
    );
  return group;
}

const RANK = ["same", "uncompared", "removed", "refused", "changed", "added"];

function draw() {
  const found = visible(view);
  view.edges = found.edges;
  view.layout = laidOut(found);
  view.boxes = [...found.boxes].sort((a, b) => a.x - b.x || a.y - b.y);
  const { layout } = view;
  const picture = svg("svg", {
    id: "picture",
    role: "group",
    "aria-label": "Graph",
    viewBox: `-6 0 ${layout.width + 12} ${layout.height + 8}`,
  });
  picture.classList.toggle("dense", found.dense);
  picture.append(svg("clipPath", { id: "clip" }, svg("rect", { width: BOX - 20, height: 200 })));
  layout.used.forEach((column, position) =>
    picture.append(
      svg(
        "text",
        { class: "column-title", x: position * layout.stride, y: 16 },
        COLUMN_TITLES[column],
      ),
    ),
  );
  const edges = [...found.edges].sort((a, b) => RANK.indexOf(lookOf(a)) - RANK.indexOf(lookOf(b)));
  picture.append(...edges.map(drawEdge), ...view.boxes.map(drawBox));
  picture.addEventListener("mouseleave", () =>
    light(view.boxes.find((box) => box.id === document.activeElement?.dataset?.id) ?? null),
  );
  byId("drawing").replaceChildren(
    view.boxes.length
      ? picture
      : el(
          "p",
          { class: "calm" },
          view.text ? "No box has that." : "Nothing is declared and nothing is there.",
        ),
  );
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
