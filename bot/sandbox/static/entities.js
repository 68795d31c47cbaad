// Text with Bot API entities to DOM nodes. Offsets are UTF-16 units, as in JavaScript strings.

import { actOn, h, icon } from "./dom.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code" };
const LINKS = {
  url: (text) => (/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`),
  email: (text) => `mailto:${text}`,
  phone_number: (text) => `tel:${text.replace(/[^+\d]/g, "")}`,
  mention: (text) => `https://t.me/${text.slice(1)}`,
};

/**
 * A fragment for the text. acts.command(text) sends a tapped command; acts.shown is a Set that
 * remembers revealed spoilers and opened quotes, so that a redrawn message keeps them.
 */
export function richText(text, entities = [], acts = {}) {
  const root = document.createDocumentFragment();
  const queue = entities.filter((entity) => entity.length > 0).sort(outerFirst);
  fill(root, text, 0, text.length, queue, acts);
  return root;
}

function outerFirst(a, b) {
  return a.offset - b.offset || b.length - a.length || BLOCKS.has(b.type) - BLOCKS.has(a.type);
}

function fill(parent, text, from, to, queue, acts) {
  let at = from;
  let afterBlock = false;
  const plain = (end) => {
    // A block already ends its line; the line feed that follows it in the text is not another one.
    const start = afterBlock && text[at] === "\n" ? at + 1 : at;
    if (start < end) parent.append(text.slice(start, end));
    if (at < end) afterBlock = false;
  };
  while (queue.length && queue[0].offset < to) {
    const entity = queue.shift();
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    if (start >= end) continue;
    plain(start);
    const { outer, inner } = element(entity, text.slice(start, end), acts);
    fill(inner, text, start, end, queue, acts);
    parent.append(outer);
    at = end;
    afterBlock = BLOCKS.has(entity.type);
  }
  plain(to);
}

function element(entity, text, acts) {
  const { type } = entity;
  if (type === "pre") return code(entity);
  if (type === "blockquote") return both(h("blockquote", { dir: "auto" }));
  if (type === "expandable_blockquote") return expandable(entity, acts);
  if (type === "spoiler") return both(spoiler(entity, acts));
  if (type === "bot_command") return both(command(text, acts));
  if (type === "text_link") return both(link(entity.url));
  if (type in LINKS) return both(link(LINKS[type](text)));
  if (["hashtag", "cashtag", "text_mention"].includes(type)) return both(h("span", { class: "tinted" }));
  return both(h(TAGS[type] ?? "span"));
}

const both = (node) => ({ outer: node, inner: node });

function code(entity) {
  const inner = h("code");
  const title = entity.language ? h("span", { class: "pre-language", dir: "ltr" }, entity.language) : null;
  return { outer: h("pre", { dir: "auto" }, title, inner), inner };
}

function link(address) {
  const safe = /^(https?|mailto|tel|tg):/i.test(address);
  return h("a", safe ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {});
}

function command(text, acts) {
  // A link, not a <button>: a button would be one neutral object to the bidi algorithm.
  return actOn(h("a", { href: "#", role: "button", class: "command" }), () => acts.command?.(text));
}

function spoiler(entity, acts) {
  const key = `spoiler:${entity.offset}`;
  const inner = h("span", { class: "spoiler" });
  if (acts.shown?.has(key)) return inner;
  inner.classList.add("hidden");
  inner.tabIndex = 0;
  inner.setAttribute("role", "button");
  inner.setAttribute("aria-label", "Hidden text, press to show it");
  const reveal = (event) => {
    if (!inner.classList.contains("hidden")) return;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    acts.shown?.add(key);
    inner.classList.remove("hidden");
    for (const name of ["role", "tabindex", "aria-label"]) inner.removeAttribute(name);
  };
  inner.addEventListener("click", reveal, true);
  inner.addEventListener("keydown", reveal, true);
  return inner;
}

function expandable(entity, acts) {
  const key = `quote:${entity.offset}`;
  const inner = h("div", { class: "quote-text", dir: "auto" });
  const toggle = h("button", { type: "button", class: "quote-toggle" }, icon("down"));
  const outer = h("blockquote", { class: "expandable", dir: "auto" }, inner, toggle);
  const show = (open) => {
    outer.classList.toggle("open", open);
    toggle.setAttribute("aria-expanded", String(open));
    toggle.setAttribute("aria-label", open ? "Collapse the quote" : "Expand the quote");
    acts.shown?.[open ? "add" : "delete"](key);
  };
  toggle.addEventListener("click", (event) => {
    event.stopPropagation();
    show(!outer.classList.contains("open"));
  });
  inner.addEventListener("click", () => outer.classList.contains("open") || show(true));
  show(acts.shown?.has(key) ?? false);
  return { outer, inner };
}

const RIGHT_TO_LEFT = /[\u200f\u061c]|[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const STRONG = /[\u200e\u200f\u061c]|\p{L}/u;
const ISOLATED = /[\u2066-\u2068][^\u2066-\u2069]*\u2069?/gu;

/** Whether the last line of a text reads from right to left (its first strong character decides). */
export function endsRightToLeft(text) {
  let line = text.slice(text.lastIndexOf("\n") + 1);
  while (line !== (line = line.replace(ISOLATED, "")));
  const strong = line.match(STRONG);
  return strong !== null && RIGHT_TO_LEFT.test(strong[0]);
}

/** Whether the text ends in a block (quote or code), under which the time needs its own line. */
export function endsInBlock(text, entities = []) {
  return entities.some((entity) => BLOCKS.has(entity.type) && entity.offset + entity.length >= text.trimEnd().length);
}
