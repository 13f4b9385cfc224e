// Making elements. Text only ever becomes a text node: nothing is parsed as HTML.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

const el = (tag, properties, ...children) =>
  fill(document.createElement(tag), properties, children);
const svg = (tag, properties, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
const hidden = (text) => el("span", { class: "unseen" }, text);
const tag = (kind, text, title) => el("span", { class: `tag ${kind}`, title }, text);
const number = (value) => value.toLocaleString("en");
const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
const option = (value, text) => el("option", { value }, text);

// `Kind/name`, the kind stepping back; a break may come after the slash.
function addressOf(address) {
  const [kind, name] = address.split(/\/(.*)/s);
  return el(
    "span",
    { class: "address" },
    el("span", { class: "kind" }, `${kind}/`),
    el("wbr"),
    name,
  );
}

// A button of a group of which any may be pressed, or (with `only`) exactly one.
function toggle(text, pressed, press, count) {
  const button = el(
    "button",
    { type: "button", "aria-pressed": String(pressed), click: press },
    text,
  );
  if (count !== undefined) button.append(" ", el("b", {}, number(count)));
  return button;
}
