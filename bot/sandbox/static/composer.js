// The bottom of a chat: Menu button, text field, attach and send buttons, reply or edit bar,
// commands and the reply keyboard.

import { attachItems, confirmFile, kindOf, microphone } from "./attach.js";
import { CommandList } from "./commands.js";
import { h, icon, iconButton } from "./dom.js";
import { replyKeyboard } from "./keyboards.js";
import { summary } from "./media.js";

const TALLEST = 140; // px the text field grows to

export class Composer {
  #chat = null;
  #about = null; // {kind: "reply" | "edit", message}
  #forced = null; // the ForceReply that was already taken up
  #keyboard = null; // JSON of the reply keyboard on show
  #keysOpen = true;

  /** acts: send(text, replyTo), change(id, text), webApp(url, title), key(button), lastOwn(). */
  constructor({ overlay, person, acts }) {
    this.acts = acts;
    this.overlay = overlay;
    this.input = h("textarea", { rows: 1, dir: "auto", "aria-label": "Message", placeholder: "Message", enterkeyhint: "send" });
    this.list = new CommandList(this.input, (command) => this.#sendCommand(command));
    this.menu = h("button", { type: "button", class: "menu-button", hidden: true, "aria-expanded": "false", onclick: () => this.#pressMenu() }, icon("menu"), h("span", {}, "Menu"));
    this.keys = iconButton("keyboard", "Show the keyboard", () => this.#toggleKeys(), { hidden: true });
    this.attach = iconButton("clip", "Attach", () => overlay.menu(this.attach, attachItems(overlay, person)), { "aria-haspopup": "menu" });
    this.sender = iconButton("send", "Send", () => this.#send(), { class: "icon-button send-button", hidden: true });
    this.mic = microphone(overlay, person);
    this.bar = h("div", { class: "about-bar", hidden: true });
    this.board = h("div", { class: "board", hidden: true });
    const field = h("div", { class: "field-row" }, this.input, this.keys, this.attach);
    this.node = h("div", { class: "composer" }, this.list.node, this.bar, h("div", { class: "composer-row" }, this.menu, field, this.mic, this.sender), this.board);
    this.#listen(person);
  }

  /** Follows the chat: commands, menu button, keyboards, forced replies. */
  show(chat) {
    this.#chat = chat;
    const app = chat.menu_button?.type === "web_app" ? chat.menu_button : null;
    this.menu.hidden = !app && !chat.commands?.length;
    this.menu.lastChild.textContent = app?.text ?? "Menu";
    this.menu.setAttribute("aria-label", this.menu.lastChild.textContent);
    this.#showKeyboard(chat.keyboard ?? null);
    this.#takeForcedReply(chat);
    if (this.#about && !chat.messages.has(this.#about.message.message_id)) this.release();
    this.#refresh();
  }

  reply(message) {
    this.#hold("reply", message, "Reply");
  }

  edit(message) {
    this.#hold("edit", message, "Edit");
    this.input.value = message.text;
    this.#refresh();
  }

  release() {
    if (this.#about?.kind === "edit") this.input.value = "";
    this.#about = null;
    this.bar.hidden = true;
    this.#refresh();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  #listen(person) {
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.#closeList());
    this.menu.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus, so the list stays until the click
    this.input.addEventListener("paste", (event) => {
      const file = event.clipboardData.files[0];
      if (!file) return;
      event.preventDefault();
      confirmFile(kindOf(file), file, this.overlay, person);
    });
  }

  #typed() {
    const text = this.input.value;
    if (/^\/\w*$/.test(text)) this.list.show(this.#chat?.commands ?? [], text);
    else this.#closeList();
    this.#refresh();
  }

  #key(event) {
    if (event.isComposing || this.list.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape" && this.#about) {
      event.stopPropagation();
      this.release();
    } else if (event.key === "ArrowUp" && this.input.value === "") {
      const own = this.acts.lastOwn();
      if (!own) return;
      event.preventDefault();
      this.edit(own);
    }
  }

  async #send() {
    const text = this.input.value.trim();
    if (!text) return;
    const about = this.#about;
    const sent = about?.kind === "edit" ? this.acts.change(about.message.message_id, text) : this.acts.send(text, about?.message.message_id);
    this.input.value = "";
    this.release();
    this.list.close();
    if (await sent) return;
    this.input.value = this.input.value || text;
    this.#refresh();
  }

  #sendCommand(command) {
    this.input.value = "";
    this.#closeList();
    this.#refresh();
    this.acts.send(command);
  }

  #pressMenu() {
    const app = this.#chat?.menu_button;
    if (app?.type === "web_app") return this.acts.webApp(app.web_app.url, app.text);
    if (this.list.open) return this.#closeList();
    this.input.focus();
    this.list.show(this.#chat?.commands ?? []);
    this.menu.setAttribute("aria-expanded", "true");
  }

  #closeList() {
    this.list.close();
    this.menu.setAttribute("aria-expanded", "false");
  }

  #hold(kind, message, verb) {
    if (this.#about?.kind === "edit") this.input.value = "";
    this.#about = { kind, message };
    const name = kind === "edit" ? "Edit message" : `Reply to ${this.acts.nameOf(message)}`;
    const close = iconButton("close", `Cancel ${verb.toLowerCase()}`, () => (this.release(), this.focus()));
    const words = h("span", { class: "about-words" }, h("b", { dir: "auto" }, name), h("span", { class: "reply-line", dir: "auto" }, summary(message)));
    this.bar.replaceChildren(icon(kind), words, close);
    this.bar.hidden = false;
    this.#refresh();
    this.focus();
  }

  #takeForcedReply(chat) {
    const wanted = chat.force_reply ?? null;
    if (wanted === null) {
      if (this.#forced && this.#about?.kind === "reply") this.release();
      this.#forced = null;
    } else if (this.#forced === null) {
      this.#forced = wanted;
      const asked = [...chat.messages.values()].filter((message) => this.acts.isBot(message)).at(-1);
      if (asked) this.#hold("reply", asked, "Reply");
    }
  }

  #showKeyboard(markup) {
    const drawn = JSON.stringify(markup);
    if (drawn === this.#keyboard) return;
    this.#keyboard = drawn;
    this.#keysOpen = true;
    this.board.replaceChildren(...(markup ? [replyKeyboard(markup, { key: (button) => this.#pressKey(button, markup) })] : []));
  }

  #pressKey(button, markup) {
    if (markup.one_time_keyboard) this.#keysOpen = false;
    this.#refresh();
    this.acts.key(button);
  }

  #toggleKeys() {
    this.#keysOpen = !this.#keysOpen;
    this.#refresh();
  }

  #refresh() {
    const markup = this.#chat?.keyboard;
    const editing = this.#about?.kind === "edit";
    const empty = this.input.value.trim() === "";
    this.input.placeholder = this.#chat?.force_reply?.input_field_placeholder ?? markup?.input_field_placeholder ?? "Message";
    this.board.hidden = !markup || !this.#keysOpen;
    this.keys.hidden = !markup || (markup.is_persistent && this.#keysOpen);
    this.keys.setAttribute("aria-label", this.#keysOpen ? "Hide the keyboard" : "Show the keyboard");
    this.keys.setAttribute("aria-pressed", String(this.#keysOpen));
    this.mic.hidden = !empty || editing;
    this.node.classList.toggle("writing", !empty);
    this.sender.hidden = empty && !editing;
    this.sender.setAttribute("aria-label", editing ? "Save" : "Send");
    this.sender.replaceChildren(icon(editing ? "check" : "send"));
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST)}px`;
  }
}
