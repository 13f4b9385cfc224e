// The page as a whole: the head, the notes, the theme, and the start of it all.
const THEMES = ["auto", "light", "dark"];

// The counts say what is to happen; of the rest, whether anything is held back matters most.
function outcomeText() {
  const { refused } = data.counts;
  if (data.results) return data.headline;
  if (refused)
    return `${counted(refused, "change")} ${refused === 1 ? "is" : "are"} refused and held back. The rest goes on.`;
  return data.outcome === "changes" ? "Nothing is refused." : data.headline;
}

function showHead() {
  byId("noun").textContent = data.noun;
  // `name (id at address)`: the name stands out.
  const [, name, rest] = (data.workspace || data.noun).match(/^(.*?)( \(.*\))?$/s);
  byId("workspace").replaceChildren(name, rest ? el("span", {}, rest.slice(2, -1)) : "");
  byId("outcome").classList.add(data.outcome);
  byId("outcome").textContent = outcomeText();
  const { counts } = data;
  const filters = {
    create: { actions: new Set(["create"]) },
    update: { actions: new Set(["update"]) },
    replace: { actions: new Set(["replace"]) },
    delete: { actions: new Set(["delete"]) },
    refused: { refused: true },
  };
  for (const [name, values] of Object.entries(filters)) {
    if (!counts[name]) continue;
    byId("counts").append(
      el(
        "li",
        { class: name },
        el(
          "button",
          {
            type: "button",
            click: () => {
              setFilter(values);
              byId("changes").scrollIntoView();
              byId("text").focus({ preventScroll: true });
            },
          },
          el("b", {}, number(counts[name])),
          ` ${name === "refused" ? "refused" : `to ${name}`}`,
        ),
      ),
    );
  }
  for (const { outcome, count } of data.results ?? []) {
    byId("counts").append(el("li", {}, el("b", {}, number(count)), ` ${outcome}`));
  }
  for (const [value, text] of [
    [counts.drifted, "because of drift"],
    [counts.unchanged, "as declared"],
    [counts.calls, "API calls"],
  ]) {
    if (value) byId("counts").append(el("li", {}, el("b", {}, number(value)), ` ${text}`));
  }
  showFacts();
}

function showFacts() {
  const time = (text) =>
    el("time", { datetime: text }, text.replace("T", " ").replace("Z", " UTC"));
  const facts = [
    ["Made", data.madeAt && time(data.madeAt)],
    [
      "Counts until",
      data.expiresAt && [
        time(data.expiresAt),
        Date.parse(data.expiresAt) < Date.now() ? [" ", tag("refused", "expired")] : "",
      ],
    ],
    ["Lets through", data.allow.length ? data.allow.map((gate) => tag("allow", gate)) : ""],
    ["Digest", data.digest && el("code", {}, data.digest)],
  ];
  for (const [name, value] of facts) {
    if (value)
      byId("facts").append(
        el(
          "div",
          {},
          el("dt", {}, name),
          el(
            "dd",
            {},
            [value].flat(2).flatMap((part) => [part, " "]),
          ),
        ),
      );
  }
}

function showFaults() {
  const { failure } = data;
  byId("faults").hidden = !failure && !data.errors.length;
  if (failure)
    byId("faults-list").append(diagnosticOf("error", `exit code ${failure.code}`, failure));
  byId("faults-list").append(...data.errors.map((item) => diagnosticOf("error", item.code, item)));
}

function showNotes() {
  const place = byId("notes-list");
  place.append(...data.warnings.map((item) => diagnosticOf("warning", item.code, item)));
  if (data.notes.length)
    place.append(
      el(
        "ul",
        { class: "card plain" },
        data.notes.map((text) => el("li", {}, text)),
      ),
    );
  if (data.untouched.length) {
    const list = el(
      "details",
      {
        class: "card",
        toggle: () => {
          if (list.open && list.childElementCount === 1) {
            list.append(
              el(
                "ul",
                { class: "columns" },
                data.untouched.map((item) =>
                  el(
                    "li",
                    {},
                    addressOf(item.address),
                    item.compared || data.outcome === "valid"
                      ? ""
                      : [" ", tag("note", "no part of this plan")],
                  ),
                ),
              ),
            );
          }
        },
      },
      el("summary", {}, `${counted(data.untouched.length, "declared resource")} without a change`),
    );
    place.append(list);
  }
  byId("notes").hidden = !place.childElementCount;
}

function showSections() {
  const stopped = data.results ? "What wasn't done" : "What stopped it";
  byId("faults-title").textContent = stopped;
  const titles = [
    ["faults", stopped, 0],
    ["security", "Security", data.matters.length],
    ["changes", "Changes", data.changes.length],
    ["graph", "Graph", 0],
    ["notes", "Notes", data.warnings.length + data.notes.length],
  ];
  for (const name of ["security", "changes"]) {
    byId(name).hidden =
      data.results
        ? name === "security"
        : data.outcome === "stopped" || (data.outcome === "valid" && name === "changes");
  }
  for (const [id, title, count] of titles) {
    if (!byId(id).hidden)
      byId("sections").append(
        el("a", { href: `#${id}` }, title, count ? [" ", el("b", {}, number(count))] : ""),
      );
  }
}

function setUpTheme() {
  let theme = "auto";
  const show = () => {
    document.documentElement.dataset.theme = theme;
    byId("theme").textContent = `Theme: ${theme}`;
  };
  byId("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    show();
  });
  show();
}

// On paper nothing can be opened: open what there is, up to a length that anybody would print.
function setUpPrinting() {
  addEventListener("beforeprint", () => {
    showMore(Math.max(rendered, 500));
    [...byId("list").children].forEach((item, at) => setOpen(item, shown[at], true));
    document.querySelectorAll("details").forEach((details) => {
      details.open = true;
    });
  });
}

function openNamed() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name.includes("/")) goTo(name);
}

showHead();
showFaults();
showMatters();
setUpFilters();
setUpGraph();
showNotes();
showSections();
setUpTheme();
setUpKeys();
setUpPrinting();
// Not before: while the page loads, a browser takes the focus away for an address with a fragment.
addEventListener("load", openNamed);
addEventListener("hashchange", openNamed);
