// Where the boxes of the graph go: three columns, each box near those that it is joined with.
const BOX = 252;
const GAP = 10;
const LINE = 15;
const TOP = 30;
const DENSE = 80; // boxes; with more, lines run too far to be followed, so servers say where they are

// Between two columns: room for lines where there is room at all.
const aisle = () => (byId("drawing").clientWidth < 700 ? 70 : 170);
const heightOf = (box) => 31 + LINE * box.lines.length;

// What is drawn of a side: what the plan leaves as it is, and what is beyond `limit`, folds into one
// box a column. With `text`, only the boxes that have it, and what they are joined with.
function visible({ side, all, limit, text }) {
  const edges = data.graph.edges.filter((edge) => edge.on.includes(side));
  const nodes = data.graph.nodes.filter((node) => node.on.includes(side));
  const wanted = text
    ? nodes.filter((node) => `${node.title} ${node.name}`.toLowerCase().includes(text))
    : nodes.filter((node) => all || !isStill(node));
  const ids = new Set(wanted.map((node) => node.id));
  const bridges = text
    ? edges.filter((edge) => ids.has(edge.source) || ids.has(edge.target))
    : edges.filter((edge) => !isStill(edge));
  for (const edge of bridges) ids.add(edge.source).add(edge.target);
  const kept = nodes
    .filter((node) => ids.has(node.id))
    .sort((a, b) => weightOf(b) - weightOf(a))
    .slice(0, limit);
  const drawn = new Set(kept.map((node) => node.id));
  const dense = kept.length > DENSE;
  const places = dense ? placesOf(edges, nodes) : null;
  const folded = text ? nodes.filter((node) => ids.has(node.id)) : nodes;
  return {
    dense,
    boxes: [
      ...nodes.filter((node) => drawn.has(node.id)).map((node) => boxOf(node, side, places)),
      ...foldedOf(folded, drawn),
    ],
    edges: edges.filter((edge) => drawn.has(edge.source) && drawn.has(edge.target)),
  };
}

// What must be seen first when there is too much: hubs, then what is wider, refused or changes.
function weightOf(node) {
  return (
    (node.column === 0 ? 8 : 0) +
    (node.widens.length ? 4 : 0) +
    (node.gate ? 2 : 0) +
    (isStill(node) ? 0 : 1)
  );
}

const isStill = (item) => item.mark === "same" || item.mark === "uncompared";

// The titles of the spaces that each server shows in, by the server's id.
function placesOf(edges, nodes) {
  const titles = new Map(nodes.map((node) => [node.id, node.title]));
  const places = new Map();
  for (const { source, target } of edges.filter((edge) => !edge.target.startsWith("scope:"))) {
    places.set(source, [...(places.get(source) ?? []), titles.get(target)]);
  }
  return places;
}

function boxOf(node, side, places) {
  const where = places?.get(node.id);
  const lines = where ? [`in ${where.join(", ")}`] : [...(node.lines[side] ?? [])];
  if (side !== "before" && node.gate) lines.push(`refused: ${node.gate}`);
  return { id: node.id, node, column: node.column, lines: lines.slice(0, 4) };
}

const NOUNS = ["space", "server", "scope"];

function foldedOf(nodes, ids) {
  return NOUNS.flatMap((noun, column) => {
    const folded = nodes.filter((node) => node.column === column && !ids.has(node.id));
    if (!folded.length) return [];
    const still = data.graph.compared && folded.every(isStill) ? "unchanged" : "more";
    return [
      {
        id: `folded:${column}`,
        column,
        lines: [],
        folded: counted(folded.length, `${still} ${noun}`),
      },
    ];
  });
}

// Boxes with `x`, `y` and `height`; the longest column is stacked, the others go beside it.
function laidOut({ boxes, edges }) {
  const columns = [0, 1, 2].map((column) => boxes.filter((box) => box.column === column));
  const used = [0, 1, 2].filter((column) => columns[column].length);
  const by = new Map(boxes.map((box) => [box.id, box]));
  const joined = new Map(boxes.map((box) => [box.id, []]));
  for (const edge of edges) {
    joined.get(edge.source).push(by.get(edge.target));
    joined.get(edge.target).push(by.get(edge.source));
  }
  for (const column of columns) stack(column);
  const middle = (box) => {
    const near = joined.get(box.id);
    return near.length
      ? near.reduce((sum, other) => sum + other.y + other.height / 2, 0) / near.length
      : Infinity;
  };
  // Twice, from the spaces: servers beside their spaces, then both again by what came of it.
  for (const column of [1, 0, 1, 2]) order(columns[column], middle);
  for (const column of [0, 2]) settle(columns[column], middle);
  const stride = BOX + aisle();
  used.forEach((column, position) =>
    columns[column].forEach((box) => {
      box.x = position * stride;
    }),
  );
  const height = Math.max(TOP, ...boxes.map((box) => box.y + box.height));
  return { by, used, stride, width: Math.max(0, used.length - 1) * stride + BOX, height };
}

function stack(column) {
  let y = TOP;
  for (const box of column) {
    box.height = heightOf(box);
    box.y = y;
    y += box.height + GAP;
  }
}

function order(column, middle) {
  const wanted = new Map(column.map((box) => [box, box.folded ? Infinity : middle(box)]));
  column.sort((a, b) => (wanted.get(a) === wanted.get(b) ? 0 : wanted.get(a) - wanted.get(b)));
  stack(column);
}

// Each box where it wants to be, as far as those above leave room, then pulled up from the end.
function settle(column, middle) {
  let y = TOP;
  for (const box of column) {
    const wanted = middle(box) - box.height / 2;
    box.y = Math.max(y, Number.isFinite(wanted) ? wanted : y);
    y = box.y + box.height + GAP;
  }
}
