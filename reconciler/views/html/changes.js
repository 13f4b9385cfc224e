// The list of changes: filters, rows that open, rendered as far as somebody looks.
const CHUNK = 50;
const WHYS = {
  new: "new",
  edited: "edited",
  drift: "drift",
  "both-changed": "both changed",
  gone: "gone",
  removed: "removed",
  rotated: "rotated",
  unfinished: "unfinished",
};
const CONCERNS = {
  exposure: "Exposure",
  scopes: "Scopes",
  credentials: "Credentials",
  stakes: "Stakes",
  destruction: "Destruction",
};
const filter = { text: "", actions: new Set(), refused: false, why: "", kind: "", concern: "" };
let shown = data.changes;
let rendered = 0;

const haystack = (change) =>
  [
    change.address,
    change.title,
    change.why,
    change.place,
    change.refusal?.gate,
    change.refusal?.message,
    change.result?.code,
    change.result?.message,
    ...change.fields.flatMap((f) => [f.path, f.place, ...Object.values(f.values).flat()]),
    ...change.consequences,
    change.users,
  ]
    .filter(Boolean)
    .join("\n")
    .toLowerCase();
const hay = new Map();

function matchesText(change) {
  if (!filter.text) return true;
  if (!hay.has(change)) hay.set(change, haystack(change));
  return filter.text.split(/\s+/).every((word) => hay.get(change).includes(word));
}

function matchesWhy(change) {
  if (!filter.why) return true;
  const [kind, value] = filter.why.split(":");
  return kind === "origin" ? change.origins.includes(value) : change.reason === value;
}

function matchesConcern(change) {
  return (
    !filter.concern ||
    (filter.concern === "any"
      ? change.concerns.length > 0
      : change.concerns.includes(filter.concern))
  );
}

function matches(change) {
  return (
    (!filter.actions.size || filter.actions.has(change.action)) &&
    (!filter.refused || change.refusal) &&
    (!filter.kind || change.kind === filter.kind) &&
    matchesWhy(change) &&
    matchesConcern(change) &&
    matchesText(change)
  );
}

function showMore(until = rendered + CHUNK) {
  const next = shown.slice(rendered, until);
  byId("list").append(...next.map(rowOf));
  rendered += next.length;
  const left = shown.length - rendered;
  byId("more").hidden = left === 0;
  byId("more").textContent = `Show ${Math.min(left, CHUNK)} more of ${number(left)}`;
}

function showList() {
  shown = data.changes.filter(matches);
  rendered = 0;
  byId("list").replaceChildren();
  showMore();
  const all = data.changes.length;
  byId("found").textContent = !all
    ? "Nothing to do."
    : shown.length === all
      ? counted(all, "change")
      : `${number(shown.length)} of ${counted(all, "change")}`;
  byId("clear").hidden = shown.length === all && !filter.text;
  showPressed();
}

function showPressed() {
  for (const button of byId("actions").children) {
    const { action } = button.dataset;
    const on = action === "refused" ? filter.refused : filter.actions.has(action);
    button.setAttribute("aria-pressed", String(on));
  }
  for (const name of ["why", "kind", "concern"]) byId(name).value = filter[name];
  if (byId("text").value.trim().toLowerCase() !== filter.text) byId("text").value = filter.text;
}

function setFilter(values) {
  Object.assign(
    filter,
    { text: "", actions: new Set(), refused: false, why: "", kind: "", concern: "" },
    values,
  );
  showList();
}

// Open one change, whatever the filters are, and bring it into sight.
function goTo(address) {
  const change = data.changes.find((each) => each.address === address);
  if (!change) return;
  if (!shown.includes(change)) setFilter({});
  const at = shown.indexOf(change);
  if (at >= rendered) showMore(at + CHUNK);
  const item = byId("list").children[at];
  setOpen(item, change, true);
  item.querySelector("button").focus({ preventScroll: true });
  item.scrollIntoView({ block: "center" });
}

// Down or up from the row that has the focus, else to the first.
function step(by) {
  const rows = byId("list").children;
  const at = [...rows].indexOf(document.activeElement.closest("#list > li"));
  const next = at < 0 ? 0 : Math.max(0, at + by);
  if (next >= rows.length) showMore();
  rows[Math.min(next, rows.length - 1)]?.querySelector("button").focus();
}

function setUpFilters() {
  const count = (test) => data.changes.filter(test).length;
  const toggles = ["create", "update", "replace", "delete"];
  for (const action of toggles.filter((each) => count((change) => change.action === each))) {
    const button = toggle(
      action,
      false,
      () => {
        if (!filter.actions.delete(action)) filter.actions.add(action);
        showList();
      },
      count((change) => change.action === action),
    );
    button.dataset.action = action;
    byId("actions").append(button);
  }
  const refused = toggle(
    "refused",
    false,
    () => {
      filter.refused = !filter.refused;
      showList();
    },
    count((change) => change.refusal),
  );
  refused.dataset.action = "refused";
  if (data.counts.refused) byId("actions").append(refused);
  byId("filters").hidden = !data.changes.length;
  const present = (key) => [...new Set(data.changes.flatMap((change) => change[key]))];
  byId("why").append(
    option("", "any"),
    option("origin:introduced", "introduced by the manifests"),
    option("origin:standing", "there before them"),
    ...present("reason").map((each) => option(`reason:${each}`, WHYS[each])),
  );
  byId("kind").append(
    option("", "any"),
    ...present("kind")
      .sort()
      .map((each) => option(each, each)),
  );
  byId("concern").append(
    option("", "any, or none"),
    option("any", "touches security"),
    ...Object.keys(CONCERNS)
      .filter((each) => present("concerns").includes(each))
      .map((each) => option(each, each)),
  );
  for (const name of ["why", "kind", "concern"]) {
    byId(name).addEventListener("change", (event) => {
      filter[name] = event.target.value;
      showList();
    });
  }
  byId("text").addEventListener("input", (event) => {
    filter.text = event.target.value.trim().toLowerCase();
    showList();
  });
  byId("clear").addEventListener("click", () => {
    setFilter({});
    byId("text").focus();
  });
  byId("more").addEventListener("click", () => {
    const at = rendered;
    showMore();
    byId("list").children[at]?.querySelector("button").focus();
  });
  new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) showMore();
    },
    { rootMargin: "600px" },
  ).observe(byId("more"));
  showList();
}
