// What the page knows: the bot, the people and their chats, kept current by events.

import { follow, get, post } from "./api.js";

const PREVIEWED = 60; // people whose chats are read at once, for the last line in the list
const TYPING_LASTS = 5000;
const PEEK_ECHO = 2000; // ms in which a read event may come from the page's own fetch

export class Store {
  bot = null;
  people = new Map();
  chats = new Map();
  online = true;
  #listeners = new Set();
  #changes = new Map(); // person -> number of events seen, to notice events during a fetch
  #peeked = new Map(); // person -> when the page last read the chat without the person looking

  /** Calls listener({kind, person, …}) after every change; returns a function that stops it. */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start() {
    follow({
      onEvent: (event) => this.#take(event),
      onGap: () => this.refresh().catch(() => {}),
      onState: (online) => {
        this.online = online;
        this.#tell({ kind: "online" });
      },
    });
    await this.refresh();
  }

  /** Reads everything again: bot, people, and the chats already known or worth a preview. */
  async refresh() {
    this.bot = await get("/api/bot");
    await this.readPeople();
    const ids = [...this.people.keys()].slice(0, PREVIEWED);
    await Promise.all([...new Set([...ids, ...this.chats.keys()])].map((id) => this.readChat(id)));
    this.#tell({ kind: "bot" });
  }

  async readPeople() {
    const people = await get("/api/people");
    for (const person of people) person.unread = this.people.get(person.id)?.unread ?? person.unread;
    this.people = new Map(people.map((person) => [person.id, person]));
    this.#tell({ kind: "people" });
  }

  async readChat(id) {
    let seen;
    let read;
    do {
      seen = this.#changes.get(id) ?? 0;
      this.#peeked.set(id, Date.now());
      read = await get(`/api/people/${id}/chat?peek=1`).catch(() => null);
    } while (read && seen !== (this.#changes.get(id) ?? 0));
    if (!read) return;
    const chat = this.#chat(id);
    Object.assign(chat, read, { messages: new Map(read.messages.map((m) => [m.message_id, m])), loaded: true });
    chat.reactions = new Map(Object.entries(read.reactions ?? {}).map(([key, value]) => [Number(key), value]));
    for (const message of read.messages) if (message.from?.id === this.bot.id) chat.readUpTo = message.message_id;
    this.#tell({ kind: "chat", person: id });
  }

  chat(id) {
    return this.chats.get(id) ?? null;
  }

  /** Newest message of a chat, or null. */
  last(id) {
    return [...(this.chat(id)?.messages.values() ?? [])].at(-1) ?? null;
  }

  markRead(id) {
    const person = this.people.get(id);
    if (!person?.unread) return;
    person.unread = 0;
    post(`/api/people/${id}/read`).catch(() => {});
    this.#tell({ kind: "people" });
  }

  #chat(id) {
    if (!this.chats.has(id)) this.chats.set(id, { messages: new Map(), reactions: new Map(), commands: [], readUpTo: 0, loaded: false });
    return this.chats.get(id);
  }

  #tell(change) {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #take(event) {
    const { type, person } = event;
    if (type === "people") return void this.readPeople().then(() => this.#readNewcomers());
    if (type !== "read" && type !== "typing") this.#changes.set(person, (this.#changes.get(person) ?? 0) + 1);
    if (!person) return void this.refresh().catch(() => {});
    const chat = this.#chat(person);
    (this[`_${type}`] ?? (() => {})).call(this, chat, event);
    this.#tell({ kind: type, person, event });
  }

  #readNewcomers() {
    for (const id of this.people.keys()) if (!this.chats.has(id)) this.readChat(id);
  }

  _message(chat, { person, message }) {
    chat.messages.set(message.message_id, message);
    chat.typing = null;
    const known = this.people.get(person);
    const fromBot = message.from?.id === this.bot?.id;
    if (fromBot) chat.readUpTo = message.message_id;
    if (known) known.unread = fromBot ? (known.unread ?? 0) + 1 : 0;
  }

  _edit(chat, { message }) {
    if (chat.messages.has(message.message_id)) chat.messages.set(message.message_id, message);
  }

  _delete(chat, event) {
    for (const id of event.message_ids ?? [event.message_id]) chat.messages.delete(id);
  }

  _keyboard(chat, event) {
    if (!("keyboard" in event)) return this.readChat(event.person);
    chat.keyboard = event.keyboard;
    chat.force_reply = event.force_reply ?? null;
  }

  _commands(chat, event) {
    if (!event.commands) return this.readChat(event.person);
    chat.commands = event.commands;
    if (event.menu_button) chat.menu_button = event.menu_button;
  }

  _pin(chat, event) {
    if (!("pinned" in event || "message_id" in event)) return this.readChat(event.person);
    chat.pinned = event.pinned ?? event.message_id;
  }

  _reaction(chat, event) {
    chat.reactions.set(event.message_id, event.reactions ?? event.reaction ?? []);
  }

  _read(chat, { person }) {
    const known = this.people.get(person);
    const ours = Date.now() - (this.#peeked.get(person) ?? 0) < PEEK_ECHO;
    if (known && !ours) known.unread = 0;
  }

  _typing(chat, { person, action }) {
    const mark = { action: action ?? "typing" };
    chat.typing = mark;
    setTimeout(() => {
      if (chat.typing !== mark) return;
      chat.typing = null;
      this.#tell({ kind: "typing", person });
    }, TYPING_LASTS);
  }
}
