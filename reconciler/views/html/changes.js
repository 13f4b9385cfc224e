// The list of changes: filters, rows that open, rendered as far as somebody looks.
const CHUNK = 50;
const WHYS = {
  new: "new", edited: "edited", drift: "drift", "both-changed": "both changed", gone: "gone",
  removed: "removed", rotated: "rotated", unfinished: "unfinished",
};
const CONCERNS = {
  exposure: "Exposure", scopes: "Scopes", credentials: "Credentials", stakes: "Stakes",
  destruction: "Destruction",
};
const filter = { text: "", actions: new Set(), refused: false, why: "", kind: "", concern: "" };
const opened = new Set();
let shown = data.changes;
let rendered = 0;

const haystack = (change) => [
  change.address, change.title, change.why, change.place, change.refusal?.gate, change.refusal?.message,
  ...change.fields.flatMap((f) => [f.path, f.place, ...Object.values(f.values).flat()]),
  ...change.consequences, change.users,
].filter(Boolean).join("\n").toLowerCase();
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
  return !filter.concern
    || (filter.concern === "any" ? change.concerns.length > 0 : change.concerns.includes(filter.concern));
}

function matches(change) {
  return (!filter.actions.size || filter.actions.has(change.action))
    && (!filter.refused || change.refusal)
    && (!filter.kind || change.kind === filter.kind)
    && matchesWhy(change) && matchesConcern(change) && matchesText(change);
}

function tagsOf(change) {
  return el("span", { class: "tags" },
    change.refusal ? tag("refused", `refused: ${change.refusal.gate}`) : "",
    change.drifted ? tag("drift", "drift", change.why) : "",
    change.concerns.map((concern) => tag("concern", concern)));
}

function fieldsLine(change) {
  const names = change.fields.map((field) => field.path);
  const more = names.length > 4 ? `, ${names.length - 4} more` : "";
  return names.slice(0, 4).join(", ") + more;
}

function fieldRow(field, change) {
  return el("tr", {},
    el("th", { scope: "row" }, el("code", {}, field.path)),
    el("td", {}, changeOf(field.values, change.action === "create")),
    el("td", { class: "where" }, field.note ? tag(field.note === "drift" ? "drift" : "note", field.note) : "", " ", placeOf(field.place)));
}

function fieldsOf(change) {
  if (!change.fields.length) return "";
  return el("table", { class: "fields" },
    el("thead", { class: "unseen" }, el("tr", {}, ["Field", "Change", "Where"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, change.fields.map((field) => fieldRow(field, change))));
}

function seenOf(change) {
  if (!change.seen.length) return "";
  return el("details", {}, el("summary", {}, `What is destroyed, as it was read (${counted(change.seen.length, "field")})`),
    el("table", { class: "fields" }, el("tbody", {}, change.seen.map((field) =>
      el("tr", {}, el("th", { scope: "row" }, el("code", {}, field.path)), el("td", {}, el("span", { class: "value" }, field.value)))))));
}

function operationsOf(change) {
  if (!change.operations.length) return "";
  return el("details", {}, el("summary", {}, counted(change.operations.length, "API call")),
    el("ol", { class: "operations" }, change.operations.map((item) =>
      el("li", {}, el("code", {}, el("b", {}, item.method), " ", item.path), " ", item.summary,
        item.interactive ? [" ", tag("note", "a person signs in")] : ""))));
}

function panelOf(change) {
  return [
    el("p", { class: "why" }, change.why, " ", placeOf(change.place)),
    change.refusal ? diagnosticOf("refused", `gate ${change.refusal.gate}`, change.refusal) : "",
    change.consequences.length || change.users ? el("ul", { class: "consequences" },
      [...change.consequences, change.users].filter(Boolean).map((text) => el("li", {}, text))) : "",
    fieldsOf(change), seenOf(change), operationsOf(change),
    change.needs.length ? el("p", { class: "needs" }, "after ", change.needs.map((address, i) =>
      [i ? ", " : "", el("button", { type: "button", class: "link", click: () => goTo(address) }, address)])) : "",
  ];
}

function setOpen(item, change, open) {
  const [button, panel] = [item.querySelector("button"), item.lastElementChild];
  button.setAttribute("aria-expanded", String(open));
  if (open && !panel.childElementCount) panel.append(...panelOf(change).flat().filter(Boolean));
  panel.hidden = !open;
  if (open) opened.add(change);
  else opened.delete(change);
}

function rowOf(change) {
  const id = `c-${data.changes.indexOf(change)}`;
  const button = el("button", {
    type: "button", class: "row", "aria-expanded": "false", "aria-controls": id,
    click: () => setOpen(item, change, !opened.has(change)),
  },
  el("span", { class: `sign ${change.action}`, "aria-hidden": "true" }, change.sign),
  el("span", { class: "what" }, hidden(`${change.action} `), addressOf(change.address),
    change.title ? el("span", { class: "title" }, ` ${change.title}`) : ""),
  el("span", { class: "names" }, fieldsLine(change)), tagsOf(change));
  const item = el("li", { class: `change ${change.refusal ? "held" : ""}` },
    el("h3", {}, button), el("div", { class: "panel", id, hidden: true }));
  if (opened.has(change)) setOpen(item, change, true);
  return item;
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
  byId("found").textContent = !all ? "Nothing to do."
    : shown.length === all ? counted(all, "change") : `${number(shown.length)} of ${counted(all, "change")}`;
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
  Object.assign(filter, { text: "", actions: new Set(), refused: false, why: "", kind: "", concern: "" }, values);
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
    const button = toggle(action, false, () => {
      if (!filter.actions.delete(action)) filter.actions.add(action);
      showList();
    }, count((change) => change.action === action));
    button.dataset.action = action;
    byId("actions").append(button);
  }
  const refused = toggle("refused", false, () => { filter.refused = !filter.refused; showList(); },
    count((change) => change.refusal));
  refused.dataset.action = "refused";
  if (data.counts.refused) byId("actions").append(refused);
  byId("filters").hidden = !data.changes.length;
  const present = (key) => [...new Set(data.changes.flatMap((change) => change[key]))];
  byId("why").append(option("", "any"), option("origin:introduced", "introduced by the manifests"),
    option("origin:standing", "there before them"), ...present("reason").map((each) => option(`reason:${each}`, WHYS[each])));
  byId("kind").append(option("", "any"), ...present("kind").sort().map((each) => option(each, each)));
  byId("concern").append(option("", "any, or none"), option("any", "touches security"),
    ...Object.keys(CONCERNS).filter((each) => present("concerns").includes(each)).map((each) => option(each, each)));
  for (const name of ["why", "kind", "concern"]) {
    byId(name).addEventListener("change", (event) => { filter[name] = event.target.value; showList(); });
  }
  byId("text").addEventListener("input", (event) => { filter.text = event.target.value.trim().toLowerCase(); showList(); });
  byId("clear").addEventListener("click", () => { setFilter({}); byId("text").focus(); });
  byId("more").addEventListener("click", () => {
    const at = rendered;
    showMore();
    byId("list").children[at]?.querySelector("button").focus();
  });
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) showMore();
  }, { rootMargin: "600px" }).observe(byId("more"));
  showList();
}
