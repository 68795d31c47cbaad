// Inline keyboards under bubbles and the reply keyboard under the composer.

import { h, icon } from "./dom.js";

const SIGNS = [["url", "link"], ["login_url", "link"], ["copy_text", "copy"], ["web_app", "app"]];
const STYLES = new Set(["primary", "success", "danger"]);

/** acts.press(message, row, col, button, node) does what a button is for. */
export function inlineKeyboard(message, acts) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  return h("div", { class: "inline-keyboard" }, rows.map((row, r) => h("div", { class: "row" }, row.map((button, c) => inlineButton(message, r, c, button, acts)))));
}

function inlineButton(message, row, col, button, acts) {
  const sign = SIGNS.find(([field]) => button[field])?.[1];
  const shared = { class: classes("key", button), "data-key": `key:${row}:${col}`, title: button.text, dir: "auto" };
  const content = [h("span", { class: "key-text", dir: "auto" }, button.text), sign ? h("span", { class: "key-sign" }, icon(sign)) : null];
  if (button.url) return h("a", { ...shared, role: "button", href: button.url, target: "_blank", rel: "noopener noreferrer" }, content);
  const node = h("button", { ...shared, type: "button" }, content);
  node.addEventListener("click", () => acts.press(message, row, col, button, node));
  return node;
}

/** The rows of a ReplyKeyboardMarkup; acts.key(button) is called with the pressed button. */
export function replyKeyboard(markup, acts) {
  const rows = markup.keyboard.map((row) =>
    h("div", { class: "row" }, row.map((button) => {
      const words = typeof button === "string" ? { text: button } : button;
      return h("button", { type: "button", class: classes("reply-key", words), dir: "auto", onclick: () => acts.key(words) }, words.text);
    })),
  );
  return h("div", { class: markup.resize_keyboard ? "reply-keyboard resized" : "reply-keyboard", role: "group", "aria-label": "Reply keyboard" }, rows);
}

function classes(name, button) {
  return STYLES.has(button.style) ? `${name} ${button.style}` : name;
}
