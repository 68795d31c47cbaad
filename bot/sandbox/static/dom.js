// Small makers of DOM nodes. Text always becomes text nodes: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes named on… are listeners, null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) give(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function give(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "disabled" || name === "checked") node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

const PATHS = {
  back: "M15 5l-7 7 7 7",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-5 16-3-7z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2 12.5l4.5 4.5L16 7.5M11 16l1 1 9.5-9.5",
  down: "M6 9.500l6 6 6-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  clip: "M20 11.500l-8.2 8.200a5 5 0 0 1-7.1-7.100l8.5-8.500a3.4 3.4 0 0 1 4.8 4.800l-8.4 8.400a1.7 1.7 0 0 1-2.4-2.400l7.7-7.7",
  mic: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3",
  keyboard: "M3 6.500h18v11H3zM7 10.500v.01M11 10.500v.01M15 10.500v.01M8 14h8",
  link: "M8 16L17 7M9 7h8v8",
  copy: "M9 9h10v11H9zM5 15V4h10",
  app: "M4 5h16v14H4zM4 9h16",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  download: "M12 4v12M7 11l5 5 5-5M5 20h14",
  reply: "M10 6l-6 5.5 6 5.500M4.5 11.500H13a7 7 0 0 1 7 7",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  pin: "M9 3h6l-1 7 4 4H6l4-4zM12 14v7",
  beside: "M3 5h18v14H3zM12 5v14",
  add: "M12 5v14M5 12h14",
  stop: "M7 7h10v10H7z",
};
const FILLED = new Set(["send", "play", "stop"]);

/** A drawn sign, hidden from assistive technology: its button carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A round button that shows only a sign. */
export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...extra }, icon(name));
}

/** Lets an inline link act as a button: Enter comes as a click, Space has to be added. */
export function actOn(node, act) {
  node.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    act(event);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== " " && !(event.key === "Enter" && node.tagName !== "A")) return;
    event.preventDefault();
    act(event);
  });
  return node;
}
