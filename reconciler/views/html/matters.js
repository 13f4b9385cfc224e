// What touches security, by concern, the worst first; what tightens comes last, folded.
const EFFECTS = {
  loosens: ["▲", "loosens"],
  destroys: ["✕", "destroys"],
  changes: ["●", "changes"],
  tightens: ["▼", "tightens"],
};
const MEANINGS = {
  exposure: "who sees what",
  scopes: "what servers may do elsewhere",
  credentials: "whose account is used",
  stakes: "what agents do without asking",
  destruction: "what is lost",
};
const FIRST = 12;

function matterOf(matter) {
  const [sign, word] = EFFECTS[matter.effect];
  return el(
    "li",
    { class: `matter ${matter.effect}` },
    el(
      "span",
      { class: "effect", title: word },
      el("span", { "aria-hidden": "true" }, sign),
      hidden(word),
    ),
    el(
      "div",
      {},
      el(
        "p",
        {},
        el(
          "button",
          { type: "button", class: "link", click: () => goTo(matter.address) },
          addressOf(matter.address),
        ),
        ` ${matter.message} `,
        matter.gate ? tag("refused", `refused: ${matter.gate}`) : "",
        ["drift", "both-changed", "gone"].includes(matter.reason)
          ? tag("drift", "drift", matter.why)
          : "",
      ),
      matter.values
        ? el(
            "p",
            { class: "told" },
            el("code", {}, matter.path),
            " ",
            changeOf(matter.values, matter.action === "create"),
          )
        : "",
      matter.details.map((text) => el("p", { class: "told" }, text)),
    ),
    placeOf(matter.place),
  );
}

function someOf(matters) {
  const list = el("ul", { class: "matters" }, matters.slice(0, FIRST).map(matterOf));
  if (matters.length <= FIRST) return [list];
  const more = el(
    "button",
    {
      type: "button",
      class: "link",
      click: () => {
        const at = list.childElementCount;
        list.append(...matters.slice(at, at + 200).map(matterOf));
        list.children[at].querySelector("button").focus();
        more.hidden = list.childElementCount === matters.length;
        more.textContent = `Show more of ${number(matters.length - list.childElementCount)}`;
      },
    },
    `Show more of ${number(matters.length - FIRST)}`,
  );
  return [list, more];
}

function showMatters() {
  const place = byId("matters");
  const serious = data.matters.filter((matter) => matter.effect !== "tightens");
  const tighter = data.matters.filter((matter) => matter.effect === "tightens");
  for (const [concern, title] of Object.entries(CONCERNS)) {
    const found = serious.filter((matter) => matter.concern === concern);
    if (!found.length) continue;
    place.append(
      el(
        "div",
        { class: "card concern-group" },
        el(
          "h3",
          {},
          title,
          " ",
          el("small", {}, MEANINGS[concern]),
          " ",
          el("b", {}, number(found.length)),
        ),
        someOf(found),
      ),
    );
  }
  if (tighter.length) {
    place.append(
      el(
        "details",
        { class: "card" },
        el(
          "summary",
          {},
          counted(tighter.length, "item"),
          " ",
          tighter.length === 1 ? "tightens" : "tighten",
        ),
        someOf(tighter),
      ),
    );
  }
  if (!data.matters.length) {
    place.append(
      el(
        "p",
        { class: "card calm" },
        data.outcome === "valid"
          ? "Nothing is compared: these are manifests by themselves."
          : "Nothing here touches exposure, scopes, credentials or stakes, and nothing is destroyed.",
      ),
    );
  }
}
