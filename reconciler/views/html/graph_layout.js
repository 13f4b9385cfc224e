// Where the boxes of the graph go: three columns, each box near those that it is joined with.
const BOX = 252;
const GAP = 10;
const AISLE = 170;
const LINE = 15;
const TOP = 30;

const heightOf = (box) => 31 + LINE * box.lines.length;

// What is drawn: without `all`, what the plan leaves as it is folds into one box a column.
function visible(side, all) {
  const edges = data.graph.edges.filter((edge) => edge.on.includes(side));
  const moving = edges.filter((edge) => !isStill(edge));
  const near = new Set(moving.flatMap((edge) => [edge.source, edge.target]));
  const nodes = data.graph.nodes.filter((node) => node.on.includes(side));
  const kept = nodes.filter((node) => all || !isStill(node) || near.has(node.id));
  const ids = new Set(kept.map((node) => node.id));
  return {
    boxes: [...kept.map((node) => boxOf(node, side)), ...foldedOf(nodes, ids)],
    edges: edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
  };
}

const isStill = (item) => item.mark === "same" || item.mark === "uncompared";

function boxOf(node, side) {
  const lines = [...(node.lines[side] ?? [])];
  if (side !== "before" && node.gate) lines.push(`refused: ${node.gate}`);
  return { id: node.id, node, column: node.column, lines: lines.slice(0, 4) };
}

const NOUNS = ["space", "server", "scope"];

function foldedOf(nodes, ids) {
  return NOUNS.flatMap((noun, column) => {
    const folded = nodes.filter((node) => node.column === column && !ids.has(node.id));
    if (!folded.length) return [];
    return [{ id: `folded:${column}`, column, lines: [], folded: counted(folded.length, `${unchangedWord()} ${noun}`) }];
  });
}

const unchangedWord = () => (data.graph.compared ? "unchanged" : "more");

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
    return near.length ? near.reduce((sum, other) => sum + other.y + other.height / 2, 0) / near.length : Infinity;
  };
  // Twice, from the spaces: servers beside their spaces, then both again by what came of it.
  for (const column of [1, 0, 1, 2]) order(columns[column], middle);
  for (const column of [0, 2]) settle(columns[column], middle);
  used.forEach((column, position) => columns[column].forEach((box) => { box.x = position * (BOX + AISLE); }));
  const height = Math.max(TOP, ...boxes.map((box) => box.y + box.height));
  return { by, used, width: Math.max(1, used.length) * (BOX + AISLE) - AISLE, height };
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
