// One change: its row in the list, and all that is told of it when it opens.
const opened = new Set();

function fieldsLine(change) {
  const names = change.fields.map((field) => field.path);
  const more = names.length > 4 ? `, ${names.length - 4} more` : "";
  return names.slice(0, 4).join(", ") + more;
}

function tagsOf(change) {
  const { result } = change;
  return el(
    "span",
    { class: "tags" },
    result ? tag(result.code === "applied" ? "note" : "refused", result.code) : "",
    change.refusal ? tag("refused", `refused: ${change.refusal.gate}`) : "",
    change.drifted ? tag("drift", "drift", change.why) : "",
    change.concerns.map((concern) => tag("concern", concern)),
  );
}

function fieldRow(field, change) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, el("code", {}, field.path)),
    el("td", {}, changeOf(field.values, change.action === "create")),
    el(
      "td",
      { class: "where" },
      field.note ? tag(field.note === "drift" ? "drift" : "note", field.note) : "",
      " ",
      placeOf(field.place),
    ),
  );
}

function fieldsOf(change) {
  if (!change.fields.length) return "";
  return el(
    "table",
    { class: "fields" },
    el(
      "thead",
      { class: "unseen" },
      el(
        "tr",
        {},
        ["Field", "Change", "Where"].map((text) => el("th", { scope: "col" }, text)),
      ),
    ),
    el(
      "tbody",
      {},
      change.fields.map((field) => fieldRow(field, change)),
    ),
  );
}

function seenOf(change) {
  if (!change.seen.length) return "";
  return el(
    "details",
    {},
    el(
      "summary",
      {},
      `What is destroyed, as it was read (${counted(change.seen.length, "field")})`,
    ),
    el(
      "table",
      { class: "fields" },
      el(
        "tbody",
        {},
        change.seen.map((field) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, el("code", {}, field.path)),
            el("td", {}, el("span", { class: "value" }, field.value)),
          ),
        ),
      ),
    ),
  );
}

function operationsOf(change) {
  if (!change.operations.length) return "";
  return el(
    "details",
    {},
    el("summary", {}, counted(change.operations.length, "API call")),
    el(
      "ol",
      { class: "operations" },
      change.operations.map((item) =>
        el(
          "li",
          {},
          el("code", {}, el("b", {}, item.method), " ", item.path),
          " ",
          item.summary,
          item.interactive ? [" ", tag("note", "a person signs in")] : "",
        ),
      ),
    ),
  );
}

function panelOf(change) {
  return [
    el("p", { class: "why" }, change.why, " ", placeOf(change.place)),
    change.result ? diagnosticOf("result", change.result.code, change.result) : "",
    change.refusal ? diagnosticOf("refused", `gate ${change.refusal.gate}`, change.refusal) : "",
    change.consequences.length || change.users
      ? el(
          "ul",
          { class: "consequences" },
          [...change.consequences, change.users].filter(Boolean).map((text) => el("li", {}, text)),
        )
      : "",
    fieldsOf(change),
    seenOf(change),
    operationsOf(change),
    change.needs.length
      ? el(
          "p",
          { class: "needs" },
          "after ",
          change.needs.map((address, i) => [
            i ? ", " : "",
            el("button", { type: "button", class: "link", click: () => goTo(address) }, address),
          ]),
        )
      : "",
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
  const button = el(
    "button",
    {
      type: "button",
      class: "row",
      "aria-expanded": "false",
      "aria-controls": id,
      click: () => setOpen(item, change, !opened.has(change)),
    },
    el("span", { class: `sign ${change.action}`, "aria-hidden": "true" }, change.sign),
    el(
      "span",
      { class: "what" },
      hidden(`${change.action} `),
      addressOf(change.address),
      change.title ? el("span", { class: "title" }, ` ${change.title}`) : "",
    ),
    el("span", { class: "names" }, fieldsLine(change)),
    tagsOf(change),
  );
  const item = el(
    "li",
    { class: `change ${change.refusal ? "held" : ""}` },
    el("h3", {}, button),
    el("div", { class: "panel", id, hidden: true }),
  );
  if (opened.has(change)) setOpen(item, change, true);
  return item;
}
