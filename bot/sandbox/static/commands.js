// The list of commands above the composer: opened by the Menu button or by typing "/".

import { h } from "./dom.js";

let lists = 0;

export class CommandList {
  #commands = [];
  #at = -1;

  /** choose(command) is called with "/name"; input is the textarea that keeps the focus. */
  constructor(input, choose) {
    this.input = input;
    this.choose = choose;
    this.node = h("div", { class: "commands", role: "listbox", id: `commands-${++lists}`, "aria-label": "Commands", hidden: true });
    input.setAttribute("aria-controls", this.node.id);
    input.setAttribute("aria-autocomplete", "list");
  }

  get open() {
    return !this.node.hidden;
  }

  /** Shows the commands that start with what is typed ("/" shows all); none closes the list. */
  show(commands, typed = "/") {
    this.#commands = commands.filter(({ command }) => `/${command}`.startsWith(typed.toLowerCase()));
    this.#at = -1;
    this.node.hidden = this.#commands.length === 0;
    this.node.replaceChildren(...this.#commands.map((entry, index) => this.#row(entry, index)));
    this.#mark();
  }

  close() {
    this.node.hidden = true;
    this.#at = -1;
    this.#mark();
  }

  /** Handles a key of the input; answers whether it was for the list. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#at = (this.#at + step + this.#commands.length + (this.#at < 0 && step < 0 ? 1 : 0)) % this.#commands.length;
    else if (event.key === "Enter" && this.#at >= 0) this.#take(this.#commands[this.#at]);
    else if (event.key === "Tab" && this.#at >= 0) this.#take(this.#commands[this.#at]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    this.#mark();
    return true;
  }

  #row(entry, index) {
    return h(
      "div",
      { class: "command-row", role: "option", id: `${this.node.id}-${index}`, "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => this.#take(entry) },
      h("bdi", { class: "command-name" }, `/${entry.command}`),
      h("span", { class: "command-words", dir: "auto" }, entry.description),
    );
  }

  #take({ command }) {
    this.close();
    this.choose(`/${command}`);
  }

  #mark() {
    [...this.node.children].forEach((row, index) => {
      row.setAttribute("aria-selected", String(index === this.#at));
      if (index === this.#at) row.scrollIntoView({ block: "nearest" });
    });
    if (this.#at >= 0) this.input.setAttribute("aria-activedescendant", `${this.node.id}-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
