// What lies over one chat: toasts, alerts, sheets with a photo, a form or a web page, small menus.
// They belong to their column, so that two people side by side do not block each other.

import { h, iconButton } from "./dom.js";

const TOAST_STAYS = 3000;
const FOCUSABLE = "button:not([disabled]), a[href], input:not([type=hidden]), textarea, select, iframe, [tabindex='0']";

export class Overlay {
  #open = [];

  constructor(column) {
    this.column = column;
    this.toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    column.append(this.toasts);
  }

  toast(text) {
    const pill = h("div", { class: "toast", dir: "auto" }, text);
    const bottom = [...this.column.querySelectorAll(":scope > .composer, :scope > .big-button")].reduce((sum, part) => sum + part.offsetHeight, 0);
    this.toasts.style.insetBlockEnd = `${bottom + 14}px`;
    this.toasts.replaceChildren(pill);
    setTimeout(() => pill.remove(), TOAST_STAYS);
  }

  alert(text, title) {
    const close = () => done();
    const ok = h("button", { type: "button", class: "text-button", onclick: close }, "OK");
    const box = h("div", { class: "alert" }, h("h2", { dir: "auto" }, title), h("p", { dir: "auto" }, text), h("div", { class: "alert-buttons" }, ok));
    const done = this.sheet(box, { label: title, role: "alertdialog", focus: ok });
  }

  photo(source, alt) {
    const close = iconButton("close", "Close the photo", () => done());
    const box = h("div", { class: "photo-view" }, h("img", { src: source, alt }), close);
    box.addEventListener("click", () => done());
    const done = this.sheet(box, { label: "Photo", focus: close });
  }

  /**
   * Shows a box over the column and makes the rest of the column inert. Escape asks mayClose (if
   * given) and closes. Returns the function that closes it.
   */
  sheet(box, { label, role = "dialog", focus = null, mayClose = () => true, onClose = () => {} }) {
    const before = document.activeElement;
    const cover = h("div", { class: "cover", role, "aria-modal": "true", "aria-label": label, tabindex: -1 }, box);
    const close = () => {
      if (!cover.isConnected) return;
      cover.remove();
      this.#open = this.#open.filter((other) => other !== cover);
      this.#freeze();
      onClose();
      if (this.column.contains(before) || before === document.body) before.focus?.({ preventScroll: true });
    };
    cover.addEventListener("keydown", (event) => keepInside(event, cover));
    cover.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), mayClose() && close()));
    cover.addEventListener("pointerdown", (event) => event.target === cover && mayClose() && close());
    this.column.append(cover);
    this.#open.push(cover);
    this.#freeze();
    if (before === document.body || before === null || this.column.contains(before)) (focus ?? cover).focus();
    return close;
  }

  /** A small menu next to an anchor; items are [label, act] pairs. */
  menu(anchor, items) {
    const before = document.activeElement;
    const list = h("div", { class: "menu", role: "menu" });
    const close = (refocus) => {
      list.remove();
      document.removeEventListener("pointerdown", outside, true);
      if (refocus) (this.column.contains(before) ? before : anchor).focus({ preventScroll: true });
    };
    const outside = (event) => list.contains(event.target) || close(false);
    for (const [label, act] of items) {
      list.append(h("button", { type: "button", role: "menuitem", class: "menu-item", onclick: () => (close(true), act()) }, label));
    }
    list.addEventListener("keydown", (event) => moveInMenu(event, list, close));
    list.addEventListener("focusout", (event) => event.relatedTarget && !list.contains(event.relatedTarget) && close(false));
    this.column.append(list);
    document.addEventListener("pointerdown", outside, true);
    place(list, anchor, this.column);
    list.firstElementChild?.focus();
  }

  #freeze() {
    const top = this.#open.at(-1);
    for (const child of this.column.children) child.inert = top !== undefined && child !== top && child !== this.toasts;
  }
}

/** Tab stays in the sheet: the browser would leave the column for its neighbour. */
function keepInside(event, cover) {
  if (event.key !== "Tab") return;
  const stops = [...cover.querySelectorAll(FOCUSABLE)].filter((node) => node.offsetParent !== null);
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (stops.length && document.activeElement !== edge && document.activeElement !== cover) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

function moveInMenu(event, list, close) {
  const items = [...list.children];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next !== undefined) items.at(next % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") close(true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function place(list, anchor, column) {
  const frame = column.getBoundingClientRect();
  const spot = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = spot.bottom + height < frame.bottom - 8;
  const left = Math.min(Math.max(spot.left - frame.left, 8), frame.width - width - 8);
  list.style.left = `${left}px`;
  list.style.top = `${Math.max(below ? spot.bottom - frame.top : spot.top - frame.top - height, 8)}px`;
}
