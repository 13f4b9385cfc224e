// Values as they were and as they are to be.
function valueOf(text, kind) {
  if (text === null) return el("span", { class: "none" }, "none");
  const words = { del: "before: ", ins: "after: " };
  return el(kind, { class: "value" }, hidden(words[kind] ?? ""), text);
}

function tokens(items, kind, sign, word) {
  return items.map((item) =>
    el(
      "li",
      {},
      el(
        kind,
        { class: "value" },
        el("span", { "aria-hidden": "true" }, `${sign} `),
        hidden(`${word} `),
        item,
      ),
    ),
  );
}

// What of a field changes: a set item by item, anything else from one value to the other.
function changeOf(values, creates) {
  if (values.added) {
    const { added, removed, kept } = values;
    if (!added.length && !removed.length && !kept.length)
      return el("span", { class: "none" }, "none");
    return el(
      "ul",
      { class: "tokens" },
      tokens(added, "ins", "+", "added"),
      tokens(removed, "del", "−", "removed"),
      kept.map((item) =>
        el("li", { class: "kept" }, el("span", { class: "value" }, hidden("stays "), item)),
      ),
    );
  }
  if (creates && values.before === null) return valueOf(values.after, "ins");
  return el(
    "span",
    { class: "pair" },
    valueOf(values.before, "del"),
    el("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    valueOf(values.after, "ins"),
  );
}

function placeOf(place) {
  return place ? el("code", { class: "place" }, place) : "";
}

function notesOf(diagnostic) {
  return [
    ...diagnostic.notes.map((text) => el("li", {}, el("b", {}, "note "), text)),
    ...diagnostic.help.map((text) => el("li", {}, el("b", {}, "help "), text)),
  ];
}

// A located message: an error, a warning, or why a change is held back.
function diagnosticOf(kind, title, diagnostic) {
  const notes = notesOf(diagnostic);
  return el(
    "div",
    { class: `card diagnostic ${kind}` },
    el(
      "p",
      {},
      el("b", { class: "code" }, title),
      " ",
      diagnostic.message,
      " ",
      placeOf(diagnostic.place),
    ),
    notes.length ? el("ul", {}, notes) : "",
  );
}
