// The keys: letters that lead somewhere, unless somebody types or turned them off.
const KEYS = [
  ["/", "find a change"],
  ["j", "next change"],
  ["k", "previous change"],
  ["Enter", "open or close it"],
  ["Esc", "clear what is searched for, or close this"],
  ["s", "to what touches security"],
  ["c", "to the changes"],
  ["g", "to the graph"],
  ["↑ ↓ ← →", "from box to box in the graph; Enter goes to its change"],
  ["t", "theme"],
  ["?", "these keys"],
];

function jump(id) {
  const heading = byId(`${id}-title`);
  if (byId(id).hidden) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  byId(id).scrollIntoView();
}

function showKeys() {
  byId("help").showModal();
  byId("close").focus();
}

const DEEDS = {
  "/": () => byId("text").focus(),
  j: () => step(1),
  k: () => step(-1),
  s: () => jump("security"),
  c: () => jump("changes"),
  g: () => jump("graph"),
  t: () => byId("theme").click(),
  "?": showKeys,
};

function setUpKeys() {
  byId("help-list").append(
    ...KEYS.map(([key, text]) =>
      el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)),
    ),
  );
  byId("keys").addEventListener("click", showKeys);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const typing = event.target.matches("input[type=search], select, textarea");
    if (typing && event.key === "Escape") {
      event.preventDefault();
      setFilter({ ...filter, text: "" });
      event.target.blur();
    } else if (!typing && byId("single").checked && DEEDS[event.key]) {
      event.preventDefault();
      DEEDS[event.key]();
    }
  });
}
