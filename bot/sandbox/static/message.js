// One message as an <article>: bubble, media, text, time, reactions, inline keyboard.

import { h, icon } from "./dom.js";
import { endsInBlock, endsRightToLeft, richText } from "./entities.js";
import { inlineKeyboard } from "./keyboards.js";
import { media, summary } from "./media.js";
import { poll } from "./poll.js";

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const clockTime = (message) => CLOCK.format(message.date * 1000);

/**
 * Draws a message. context: {bot, own, read, reactions, reuse} where reuse is the media node of an
 * earlier drawing (a playing sound survives an edit); acts: what its parts do when pressed.
 */
export function article(message, context, acts) {
  if (message.pinned_message) return service(message, context);
  const attached = context.reuse ?? media(message, acts);
  const words = message.text ?? message.caption;
  const bare = attached && words === undefined && (message.photo || message.sticker || message.video);
  const bubble = h("div", { class: bare ? "bubble bare" : "bubble" });
  bubble.append(...parts(message, context, acts, attached));
  const stack = h("div", { class: attached && (message.photo || message.video) ? "stack with-photo" : "stack" }, bubble, inlineKeyboard(message, acts));
  const actions = h("button", { type: "button", class: "actions", "aria-label": "Actions", "aria-haspopup": "menu", tabindex: -1 }, icon("more"));
  actions.addEventListener("click", () => acts.menu(message, actions));
  const node = h("article", attributes(message, context), stack, actions);
  node.media = attached;
  return node;
}

function attributes(message, { bot, own }) {
  return {
    class: own ? "message out" : "message in",
    "data-message-id": message.message_id,
    "aria-label": `${own ? "You" : bot?.first_name ?? "Bot"}, ${clockTime(message)}`,
    tabindex: -1,
  };
}

function parts(message, context, acts, attached) {
  const text = body(message, context, acts);
  const above = message.show_caption_above_media;
  return [
    forwarded(message),
    preview(message.reply_to_message, message.quote, context, acts),
    above ? text : attached,
    above ? attached : text,
    message.poll ? poll(message, acts) : null,
    message.poll || !text ? meta(message, context) : null,
    reactions(context.reactions),
  ].filter(Boolean);
}

function body(message, context, acts) {
  const text = message.text ?? message.caption ?? otherContent(message);
  if (!text) return null;
  const entities = message.entities ?? message.caption_entities ?? [];
  const apart = endsRightToLeft(text.trimEnd()) || endsInBlock(text, entities);
  const words = h("span", { class: "text" }, richText(text, entities, acts));
  return h("div", { class: apart ? "body apart" : "body", dir: "auto" }, words, meta(message, context));
}

function otherContent(message) {
  if (message.contact) return `👤 ${message.contact.first_name} ${message.contact.phone_number}`;
  if (message.location) return `📍 ${message.location.latitude}, ${message.location.longitude}`;
  if (message.dice) return `${message.dice.emoji} ${message.dice.value}`;
  if (message.web_app_data) return `Data sent to the bot: ${message.web_app_data.button_text}`;
  return null;
}

function meta(message, { own, read }) {
  return h(
    "span",
    { class: "meta", dir: "ltr" },
    message.edit_date ? "edited " : null,
    h("time", { datetime: new Date(message.date * 1000).toISOString() }, clockTime(message)),
    own ? [icon(read ? "checks" : "check"), h("span", { class: "unseen" }, read ? "read" : "sent")] : null,
  );
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const name = origin.sender_user?.first_name ?? origin.sender_user_name ?? origin.chat?.title ?? "someone";
  return h("div", { class: "forwarded" }, "Forwarded from ", h("b", {}, h("bdi", {}, name)));
}

function preview(original, quote, { bot }, acts) {
  if (!original) return null;
  const name = original.from?.id === bot?.id ? bot.first_name : original.from?.first_name ?? "";
  return h(
    "button",
    { type: "button", class: "reply-preview", "aria-label": "Go to the quoted one", onclick: () => acts.jump(original.message_id) },
    h("span", { class: "reply-name" }, h("bdi", {}, name)),
    h("span", { class: "reply-line", dir: "auto" }, quote?.text ?? summary(original)),
  );
}

function reactions(list) {
  if (!list?.length) return null;
  return h("div", { class: "reactions" }, list.map((reaction) => h("span", { class: "reaction", "aria-label": `Reaction ${reaction.emoji ?? ""}` }, reaction.emoji ?? "★")));
}

function service(message, { bot, own }) {
  const who = own ? "You" : bot?.first_name ?? "Bot";
  const line = summary(message.pinned_message).slice(0, 60);
  return h("article", { class: "message service", "data-message-id": message.message_id, tabindex: -1 }, h("span", { class: "pill", dir: "auto" }, `${who} pinned “${line}”`));
}
