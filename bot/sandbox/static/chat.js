// One person's chat as a phone shows it: header, pinned message, messages, composer.

import { confirmFile, kindOf } from "./attach.js";
import { post } from "./api.js";
import { Composer } from "./composer.js";
import { h, iconButton } from "./dom.js";
import { MessageLog } from "./log.js";
import { summary } from "./media.js";
import { Overlay } from "./overlay.js";
import { canRetract } from "./poll.js";
import { openWebApp } from "./webapp.js";

const SPINS = 15_000; // ms a pressed button waits for its answer
const DOING = {
  typing: "typing",
  upload_photo: "sending a photo",
  upload_document: "sending a file",
  upload_voice: "sending a voice message",
  record_voice: "recording a voice message",
};

export class ChatColumn {
  #spinning = new Map(); // callback_query_id -> button
  #answered = new Set(); // answers that came before the tap's own response
  #focusNext = false;
  #payload; // of a deep link: START sends it

  /** acts: close(), started() after the START button of a deep link. */
  constructor(store, person, { payload = null, acts }) {
    this.store = store;
    this.person = person;
    this.acts = acts;
    this.#payload = payload;
    this.node = h("section", { class: "column", "aria-label": `Chat of ${this.#name()}`, "data-person": person });
    this.overlay = new Overlay(this.node);
    this.log = new MessageLog({ label: "Messages", side: (message) => this.#side(message), acts: this.#messageActs() });
    this.composer = new Composer({ overlay: this.overlay, person, acts: this.#composerActs() });
    this.subtitle = h("span", { class: "header-line", "aria-live": "off" });
    this.pinned = h("button", { type: "button", class: "pinned", hidden: true });
    this.empty = h("div", { class: "empty", hidden: true });
    this.big = h("button", { type: "button", class: "big-button", onclick: () => this.#pressBig() });
    const frame = h("div", { class: "wallpaper" }, this.log.node, this.empty);
    this.node.prepend(this.#header(), this.pinned, frame, this.composer.node, this.big);
    this.#acceptDrops();
    this.#longPress();
    this.stop = store.listen((change) => this.#follow(change));
    this.show();
  }

  /** Draws the chat as the store has it. */
  show() {
    const chat = this.store.chat(this.person);
    this.#drawHeader(chat);
    if (!chat?.loaded) return;
    this.log.show(chat);
    this.composer.show(chat);
    this.#drawPinned(chat);
    this.#drawBottom(chat);
  }

  setPayload(payload) {
    this.#payload = payload;
    this.show();
  }

  /** Focuses what the person would use next. */
  focus() {
    if (this.big.hidden) this.composer.focus();
    else this.big.focus();
  }

  #follow(change) {
    if (["people", "bot", "online"].includes(change.kind)) return this.show();
    if (change.person !== this.person) return;
    if (change.kind === "toast") this.#answer(change.event);
    else this.show();
  }

  #header() {
    const more = iconButton("more", "Chat options", () => this.overlay.menu(more, this.#options()), { "aria-haspopup": "menu" });
    this.title = h("h2", { dir: "auto" });
    this.avatar = h("span", { class: "avatar bot-avatar", "aria-hidden": "true" });
    const back = iconButton("back", "Back to the people", () => this.acts.close(), { class: "icon-button back" });
    this.whose = h("span", { class: "whose" });
    return h("header", { class: "chat-header" }, back, this.avatar, h("div", { class: "header-words" }, this.title, this.subtitle), this.whose, more);
  }

  #drawHeader(chat) {
    const name = this.store.bot?.first_name ?? "";
    const doing = chat?.typing && `${DOING[chat.typing.action] ?? "typing"}…`;
    this.title.textContent = name;
    this.avatar.textContent = [...name][0] ?? "";
    this.subtitle.textContent = this.store.online ? doing || "bot" : "connecting…";
    this.subtitle.classList.toggle("doing", Boolean(doing));
    this.whose.replaceChildren("as ", h("bdi", {}, this.#name()));
  }

  #drawPinned(chat) {
    const message = chat.messages.get(chat.pinned);
    this.pinned.hidden = !message;
    if (!message) return;
    this.pinned.replaceChildren(h("span", { class: "reply-name" }, "Pinned Message"), h("span", { class: "reply-line", dir: "auto" }, summary(message)));
    this.pinned.onclick = () => this.log.jump(message.message_id);
  }

  #drawBottom(chat) {
    const fresh = chat.messages.size === 0;
    const blocked = this.store.people.get(this.person)?.blocked ?? chat.blocked;
    this.big.textContent = blocked ? "RESTART BOT" : "START";
    this.big.hidden = !fresh && !blocked && this.#payload === null;
    this.composer.node.hidden = !this.big.hidden;
    this.empty.hidden = !fresh;
    if (this.#focusNext && this.big.hidden) {
      this.#focusNext = false;
      this.focus();
    }
    if (!fresh) return;
    const { description } = chat.bot ?? this.store.bot ?? {};
    const lines = description ? [h("h3", {}, "What can this bot do?"), h("p", { dir: "auto" }, description)] : [h("p", {}, "No messages here yet…")];
    this.empty.replaceChildren(h("div", { class: "empty-card" }, lines));
  }

  async #pressBig() {
    const blocked = this.store.people.get(this.person)?.blocked;
    if (blocked) await this.#try(() => post(`/api/people/${this.person}/unblock`));
    const sent = await this.#sendText(this.#payload ? `/start ${this.#payload}` : "/start");
    if (!sent) return;
    if (this.#payload !== null) this.acts.started();
    this.#payload = null;
    this.#focusNext = true; // the composer shows only when the message has come back
    this.show();
  }

  #options() {
    const blocked = this.store.people.get(this.person)?.blocked;
    const block = () => this.#try(() => post(`/api/people/${this.person}/${blocked ? "unblock" : "block"}`));
    return [[blocked ? "Unblock bot" : "Block bot", block], ["Close chat", () => this.acts.close()]];
  }

  #messageActs() {
    return {
      command: (text) => this.#sendText(text),
      press: (...what) => this.#press(...what),
      jump: (id) => this.log.jump(id),
      vote: (message, options) => this.#try(() => post(`/api/people/${this.person}/vote`, { message_id: message.message_id, options })),
      photo: (source, alt) => this.overlay.photo(source, alt),
      menu: (message, anchor) => this.#messageMenu(message, anchor),
    };
  }

  #composerActs() {
    return {
      send: (text, replyTo) => this.#sendText(text, replyTo),
      change: (id, text) => this.#try(() => post(`/api/people/${this.person}/edit`, { message_id: id, text })),
      webApp: (url, title) => openWebApp(this.overlay, { url, title, person: this.person }),
      key: (button) => this.#pressKey(button),
      nameOf: (message) => (this.#side(message).own ? "yourself" : this.store.bot.first_name),
      isBot: (message) => !this.#side(message).own,
      lastOwn: () => [...this.store.chat(this.person).messages.values()].filter((message) => this.#side(message).own && message.text).at(-1),
    };
  }

  #messageMenu(message, anchor) {
    const own = this.#side(message).own;
    const words = message.text ?? message.caption;
    const items = [["Reply", () => this.composer.reply(message)]];
    if (own && message.text) items.push(["Edit", () => this.composer.edit(message)]);
    if (words) items.push(["Copy text", () => this.#copy(words)]);
    if (canRetract(message)) items.push(["Retract vote", () => this.#messageActs().vote(message, [])]);
    this.overlay.menu(anchor, items);
  }

  async #press(message, row, col, button, node) {
    if (button.copy_text) return this.#copy(button.copy_text.text);
    if (button.web_app) return openWebApp(this.overlay, { url: button.web_app.url, title: button.text, person: this.person });
    if (button.callback_data === undefined) return this.overlay.toast("The sandbox cannot do what this button is for.");
    if (node.classList.contains("spins")) return;
    spin(node, true);
    const answer = await this.#try(() => post(`/api/people/${this.person}/tap`, { message_id: message.message_id, row, col }));
    const query = answer?.callback_query_id;
    if (!query || this.#answered.delete(query)) return spin(node, false);
    this.#spinning.set(query, node);
    setTimeout(() => this.#unspin(query), SPINS);
  }

  #answer({ callback_query_id: query, text, show_alert: modal }) {
    if (!this.#unspin(query)) this.#answered.add(query);
    if (text && modal) this.overlay.alert(text, this.store.bot.first_name);
    else if (text) this.overlay.toast(text);
  }

  #unspin(query) {
    const node = this.#spinning.get(query);
    if (node) spin(node, false);
    return this.#spinning.delete(query);
  }

  #pressKey(button) {
    if (button.web_app) return openWebApp(this.overlay, { url: button.web_app.url, title: button.text, person: this.person });
    const asks = ["request_contact", "request_location", "request_poll", "request_users", "request_chat"].some((field) => button[field]);
    if (asks) return this.overlay.toast("The sandbox cannot share this with the bot.");
    return this.#sendText(button.text);
  }

  #sendText(text, replyTo) {
    return this.#try(() => post(`/api/people/${this.person}/text`, replyTo ? { text, reply_to: replyTo } : { text }));
  }

  async #try(act) {
    try {
      return (await act()) ?? true;
    } catch (error) {
      this.overlay.toast(error.message);
      return null;
    }
  }

  async #copy(text) {
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    this.overlay.toast(copied ? "Text copied to clipboard." : "The browser did not allow copying.");
  }

  #side(message) {
    const { bot } = this.store;
    return { bot, own: message.from?.id !== bot?.id };
  }

  #name() {
    return this.store.people.get(this.person)?.first_name ?? String(this.person);
  }

  #acceptDrops() {
    const over = (on) => (event) => {
      event.preventDefault();
      this.node.classList.toggle("dropping", on);
    };
    this.node.addEventListener("dragover", over(true));
    this.node.addEventListener("dragleave", over(false));
    this.node.addEventListener("drop", (event) => {
      over(false)(event);
      const file = event.dataTransfer.files[0];
      if (file && !this.composer.node.hidden) confirmFile(kindOf(file), file, this.overlay, this.person);
    });
  }

  /** Right click, and a long press on a phone, open the actions of a message. */
  #longPress() {
    this.log.list.addEventListener("contextmenu", (event) => {
      const actions = event.target.closest("article")?.querySelector(".actions");
      if (!actions || event.target.closest("a[href^=http]") || String(getSelection())) return;
      event.preventDefault();
      actions.click();
    });
  }
}

function spin(node, on) {
  node.classList.toggle("spins", on);
  node.setAttribute("aria-busy", String(on));
}
