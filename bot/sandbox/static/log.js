// The scrolling list of messages: draws what changed, keeps the place, counts what is new below.

import { h, icon } from "./dom.js";
import { article } from "./message.js";

const NEAR = 48; // px from the end that still count as being at the end
const PAGE = 200; // messages drawn at once
const REST = 900; // ms after which scrolling counts as over
const GROUP = 600; // s within which messages of one side share a tail

export class MessageLog {
  #drawn = new Map(); // message_id -> {node, message, reactions, read}
  #shown = new Map(); // message_id -> Set of revealed spoilers and opened quotes
  #limit = PAGE;
  #fresh = 0;
  #highest = null;
  #stuck = true;
  #sizeAtEnd = "";

  /** side(message) tells whose it is: {bot, own}; acts as in message.js, without shown. */
  constructor({ label, side, acts }) {
    this.side = side;
    this.acts = acts;
    this.list = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": label });
    this.scroller = h("div", { class: "log-scroll", tabindex: -1 }, this.list);
    this.down = h("button", { type: "button", class: "to-end", hidden: true, onclick: () => this.toEnd(true) });
    this.node = h("div", { class: "log-frame" }, this.scroller, this.down);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.#walk(event));
    new ResizeObserver(() => this.#stuck && this.toEnd()).observe(this.list);
    new ResizeObserver(() => this.#stuck && this.toEnd()).observe(this.scroller);
  }

  /** Brings the list in line with the chat. */
  show(chat) {
    const all = [...chat.messages.values()].sort((a, b) => a.message_id - b.message_id);
    const visible = all.slice(-this.#limit);
    const focus = this.#focus();
    this.#forget(new Set(visible.map((message) => message.message_id)));
    const nodes = visible.map((message, index) => this.#draw(message, visible[index - 1], visible[index + 1], chat));
    this.#place(this.#withDates(visible, nodes, all.length > visible.length, chat));
    this.#restore(focus);
    this.#count(visible);
    if (this.#stuck) this.toEnd();
  }

  toEnd(smooth = false) {
    this.#sizeAtEnd = this.#size();
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  #size() {
    return `${this.scroller.scrollHeight}/${this.scroller.clientHeight}`;
  }

  jump(id) {
    const node = this.#drawn.get(id)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("marked");
    requestAnimationFrame(() => node.classList.add("marked"));
    node.focus({ preventScroll: true });
  }

  #draw(message, previous, next, chat) {
    const reactions = JSON.stringify(chat.reactions.get(message.message_id) ?? []);
    const read = message.message_id <= chat.readUpTo;
    const old = this.#drawn.get(message.message_id);
    let node = old?.node;
    if (!old || old.reactions !== reactions || old.read !== read || !same(old.message, message)) {
      if (old && old.message.text !== message.text) this.#shown.delete(message.message_id);
      node = this.#redraw(message, old, { reactions: JSON.parse(reactions), read });
    }
    this.#drawn.set(message.message_id, { node, message, reactions, read });
    node.classList.toggle("tail", !next || !this.#together(message, next));
    node.classList.toggle("first", !previous || !this.#together(previous, message));
    return node;
  }

  #redraw(message, old, context) {
    const id = message.message_id;
    if (!this.#shown.has(id)) this.#shown.set(id, new Set());
    const reuse = old?.node.media && mediaKey(old.message) === mediaKey(message) ? old.node.media : null;
    return article(message, { ...context, ...this.side(message), reuse }, { ...this.acts, shown: this.#shown.get(id) });
  }

  #together(a, b) {
    return a.from?.id === b.from?.id && b.date - a.date < GROUP && day(a) === day(b) && !a.pinned_message && !b.pinned_message;
  }

  #withDates(messages, nodes, more, chat) {
    const rows = more ? [this.#earlier(chat)] : [];
    messages.forEach((message, index) => {
      if (index === 0 || day(messages[index - 1]) !== day(message)) rows.push(this.#dateRow(day(message)));
      rows.push(nodes[index]);
    });
    return rows;
  }

  #dateRow(text) {
    return this.list.querySelector(`[data-day="${text}"]`) ?? h("div", { class: "day", "data-day": text }, h("span", { class: "pill" }, text));
  }

  #earlier(chat) {
    const again = () => ((this.#limit += PAGE), this.show(chat));
    return h("button", { type: "button", class: "pill earlier", onclick: again }, "Show earlier");
  }

  /** Moves as few nodes as possible, so that the place, the focus and the speech output stay. */
  #place(rows) {
    const wanted = new Set(rows);
    for (const child of [...this.list.children]) if (!wanted.has(child)) child.remove();
    rows.forEach((row, index) => {
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    });
    const articles = rows.filter((row) => row.matches("article"));
    for (const node of articles) node.tabIndex = node === articles.at(-1) ? 0 : -1;
  }

  #forget(keep) {
    for (const id of [...this.#drawn.keys()]) {
      if (keep.has(id)) continue;
      this.#drawn.delete(id);
      this.#shown.delete(id);
    }
  }

  #focus() {
    const active = document.activeElement;
    const row = active?.closest?.("article");
    if (!row || !this.list.contains(row)) return null;
    return { active, id: Number(row.dataset.messageId), key: active.dataset?.key };
  }

  #restore(focus) {
    if (!focus || this.list.contains(focus.active)) return focus?.active !== document.activeElement && focus?.active.focus({ preventScroll: true });
    const row = this.#drawn.get(focus.id)?.node;
    const twin = focus.key && row?.querySelector(`[data-key="${focus.key}"]`);
    (twin || row || this.list.querySelector("article:last-of-type"))?.focus({ preventScroll: true });
  }

  #count(messages) {
    const newest = messages.at(-1)?.message_id ?? 0;
    const added = this.#highest === null ? [] : messages.filter((message) => message.message_id > this.#highest);
    this.#highest = Math.max(newest, this.#highest ?? 0);
    if (added.some((message) => this.side(message).own)) this.#stuck = true;
    if (!this.#stuck) this.#fresh += added.length;
    this.#badge();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const near = scrollHeight - clientHeight - scrollTop < NEAR;
    // Away from the end because the content or the frame changed size: nobody scrolled.
    if (!near && this.#stuck && this.#size() !== this.#sizeAtEnd) return this.toEnd();
    this.#stuck = near;
    if (this.#stuck) this.#fresh = 0;
    this.#badge();
    this.#floatDates();
  }

  /** A date that floats over the messages goes when the scrolling rests. */
  #floatDates() {
    const days = [...this.list.querySelectorAll(".day")];
    for (const day of days) day.classList.remove("resting");
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const top = this.scroller.getBoundingClientRect().top;
      for (const day of days) {
        const floats = day.getBoundingClientRect().top - top < 8 && this.scroller.scrollTop > day.offsetHeight;
        day.classList.toggle("resting", floats);
      }
    }, REST);
  }

  #badge() {
    this.down.hidden = this.#stuck;
    const words = this.#fresh ? `Go to the end, ${this.#fresh} new` : "Go to the end";
    this.down.setAttribute("aria-label", words);
    this.down.replaceChildren(icon("down"), this.#fresh ? h("span", { class: "badge" }, String(this.#fresh)) : "");
  }

  #walk(event) {
    const row = event.target.closest("article");
    if (event.target !== row) return;
    const rows = [...this.list.querySelectorAll("article")];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) rows[rows.indexOf(row) + step]?.focus();
    else if (event.key === "Enter" || event.key === " ") row.querySelector(".actions")?.click();
    else return;
    event.preventDefault();
  }
}

const DAY = new Intl.DateTimeFormat("en", { month: "long", day: "numeric" });
const DAY_OF_YEAR = new Intl.DateTimeFormat("en", { month: "long", day: "numeric", year: "numeric" });

function day({ date }) {
  const then = new Date(date * 1000);
  const now = new Date();
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (then.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(then);
}

function same(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function mediaKey({ photo, voice, audio, video, animation, document, sticker, has_media_spoiler: covered }) {
  return JSON.stringify({ photo, voice, audio, video, animation, document, sticker, covered });
}
