// The page: people on the left, open chats beside each other. The address (#p=1001,1002) says
// which chats are open; &start=PAYLOAD is a deep link for the first of them.

import { ChatColumn } from "./chat.js";
import { h } from "./dom.js";
import { PeopleList } from "./people.js";
import { Store } from "./store.js";

const MOST = 3; // chats beside each other
const store = new Store();
const columns = new Map(); // person id -> ChatColumn
const stage = h("main", { class: "stage" });
const nothing = h("p", { class: "nothing" }, h("span", { class: "pill" }, "Choose a person to open their chat"));
const people = new PeopleList(store, { acts: { open, beside }, open: () => wanted().ids });

function wanted() {
  const address = new URLSearchParams(location.hash.slice(1));
  const ids = (address.get("p") ?? "").split(",").filter(Boolean).map(Number).filter(Number.isSafeInteger);
  return { ids: [...new Set(ids)].slice(0, MOST), payload: address.get("start") };
}

function go(ids, payload = null) {
  const start = payload === null ? "" : `&start=${encodeURIComponent(payload)}`;
  location.hash = ids.length ? `p=${ids.join(",")}${start}` : "";
}

function open(id) {
  const { ids } = wanted();
  if (ids.includes(id) && innerWidth > 720) return columns.get(id)?.focus();
  go([id]);
}

function beside(id) {
  const { ids, payload } = wanted();
  if (!ids.includes(id)) go([...ids.slice(-(MOST - 1)), id], payload);
}

function close(id) {
  go(wanted().ids.filter((other) => other !== id && innerWidth > 720));
}

/** Brings the columns in line with the address. */
function arrange() {
  const { ids, payload } = wanted();
  const known = ids.filter((id) => store.people.has(id));
  for (const [id, column] of columns) if (!known.includes(id)) drop(id, column);
  const opened = known.filter((id) => !columns.has(id));
  known.forEach((id, index) => ensure(id, index === 0 ? payload : null));
  place(known.length ? known.map((id) => columns.get(id).node) : [nothing]);
  document.body.dataset.view = known.length ? "chat" : "list";
  people.show();
  for (const id of opened) columns.get(id).log.toEnd();
  seen();
  if (opened.length === 1 && matchMedia("(hover: hover)").matches) columns.get(opened[0]).focus();
}

/** Moves only what has to move: a moved node forgets how far it was scrolled. */
function place(nodes) {
  if (!nodes.includes(nothing)) nothing.remove();
  nodes.forEach((node, index) => {
    if (stage.children[index] !== node) stage.insertBefore(node, stage.children[index] ?? null);
  });
}

function ensure(id, payload) {
  if (!columns.has(id)) {
    const acts = { close: () => close(id), started: () => go(wanted().ids) };
    columns.set(id, new ChatColumn(store, id, { payload, acts }));
  } else if (payload !== null) columns.get(id).setPayload(payload);
}

function drop(id, column) {
  column.stop();
  column.node.remove();
  columns.delete(id);
}

/** What is on a visible screen counts as read. */
function seen() {
  if (document.visibilityState === "visible") for (const id of columns.keys()) store.markRead(id);
}

async function begin() {
  document.body.append(people.node, stage);
  store.listen(({ kind }) => (kind === "message" || kind === "bot") && seen());
  store.listen(({ kind }) => kind === "people" && wanted().ids.some((id) => columns.has(id) !== store.people.has(id)) && arrange());
  addEventListener("hashchange", arrange);
  addEventListener("visibilitychange", seen);
  arrange();
  await store.start().catch(() => setTimeout(() => location.reload(), 2000));
  arrange();
}

begin();
