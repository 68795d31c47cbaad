// The list of people on the left, and the form that adds one.

import { post } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { summary } from "./media.js";
import { clockTime } from "./message.js";
import { Overlay } from "./overlay.js";

const HUES = 7;

export class PeopleList {
  #rows = new Map(); // person id -> {row, drawn}

  /** acts: open(id), beside(id); open() lists the ids on show. */
  constructor(store, { acts, open }) {
    this.store = store;
    this.acts = acts;
    this.open = open;
    this.list = h("ul", { class: "people-list" });
    this.about = h("p", { class: "about" });
    const add = h("button", { type: "button", class: "add-person", onclick: () => this.#askForPerson() }, icon("add"), "Add a person");
    this.node = h("nav", { class: "people", "aria-label": "People" }, h("header", { class: "people-header" }, h("h1", {}, "People"), this.about), this.list, add);
    this.overlay = new Overlay(this.node);
    store.listen(() => this.#soon());
  }

  show() {
    const people = [...this.store.people.values()];
    const { bot, online } = this.store;
    this.about.textContent = online ? `Each has their own chat with ${bot?.first_name ?? "the bot"}.` : "Connecting to the sandbox…";
    people.forEach((person, index) => this.#place(this.#row(person), index));
    for (const [id, { row }] of this.#rows) {
      if (this.store.people.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    const unread = people.reduce((sum, person) => sum + (person.unread ?? 0), 0);
    document.title = unread ? `(${unread}) Kazi sandbox` : "Kazi sandbox";
  }

  /** Many events in one moment redraw the list once. */
  #soon() {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.show();
    }, 50);
  }

  #place(row, index) {
    if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
  }

  #row(person) {
    const last = this.store.last(person.id);
    const active = this.open().includes(person.id);
    const drawn = JSON.stringify([person, last && [last.date, summary(last)], active]);
    const known = this.#rows.get(person.id);
    if (known?.drawn === drawn) return known.row;
    const row = known?.row ?? h("li", { class: "person-row" });
    const focused = row.contains(document.activeElement) ? document.activeElement.className : null;
    row.replaceChildren(...this.#parts(person, last, active));
    if (focused) row.getElementsByClassName(focused)[0]?.focus();
    this.#rows.set(person.id, { row, drawn });
    return row;
  }

  #parts(person, last, active) {
    const id = `person-${person.id}`;
    const mine = last && last.from?.id !== this.store.bot?.id;
    const line = person.blocked ? "blocked the bot" : last ? `${mine ? "You: " : ""}${summary(last)}` : "has not written yet";
    const unread = person.unread ? h("span", { class: "badge" }, String(person.unread), h("span", { class: "unseen" }, " unread")) : null;
    const words = h(
      "span",
      { class: "person-words", id: `${id}-about` },
      h("span", { class: "person-top" }, h("bdi", { class: "person-name" }, person.first_name), tag(person.language_code), person.note ? tag(person.note, "note") : null, last ? h("time", { class: "quiet" }, clockTime(last)) : null),
      h("span", { class: "person-bottom" }, h("span", { class: "person-line", dir: "auto" }, line.slice(0, 120)), unread),
    );
    const avatar = h("span", { class: `avatar hue-${person.id % HUES}`, "aria-hidden": "true" }, [...person.first_name][0]);
    const open = h("button", { type: "button", class: "person", "aria-label": person.first_name, "aria-describedby": `${id}-about`, "aria-current": active ? "true" : null, onclick: () => this.acts.open(person.id) }, avatar, words);
    const beside = iconButton("beside", "Open beside", () => this.acts.beside(person.id), { class: "icon-button beside", "aria-describedby": `${id}-about` });
    return [open, beside];
  }

  #askForPerson() {
    const name = h("input", { type: "text", class: "field", required: true, maxlength: 64, autocomplete: "off", dir: "auto" });
    const language = h("input", { type: "text", class: "field", required: true, maxlength: 16, value: "en", autocomplete: "off", pattern: "[A-Za-z]{2,3}([\\-][A-Za-z0-9]+)*" });
    const cancel = h("button", { type: "button", class: "text-button", onclick: () => done() }, "Cancel");
    const add = h("button", { type: "submit", class: "text-button strong" }, "Add");
    const form = h("form", { class: "alert" }, h("h2", {}, "Add a person"), h("label", {}, "Name", name), h("label", {}, "Language code", language), h("p", { class: "quiet" }, "For example en, sw, ar, pt-br: the language of their Telegram."), h("div", { class: "alert-buttons" }, cancel, add));
    const done = this.overlay.sheet(form, { label: "Add a person", focus: name });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const person = await post("/api/people", { first_name: name.value.trim(), language_code: language.value.trim() });
        await this.store.readPeople();
        await this.store.readChat(person.id);
        done();
        this.acts.open(person.id);
      } catch (error) {
        this.overlay.toast(error.message);
      }
    });
  }
}

function tag(text, kind = "") {
  return text ? h("span", { class: `tag ${kind}`, dir: "auto" }, text) : null;
}
