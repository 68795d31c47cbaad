// What a bubble can carry besides text: photos, sound, documents, video.

import { fileUrl } from "./api.js";
import { h, icon, iconButton } from "./dom.js";

const BARS = 36;

/** Draws the message's media or answers null. acts.photo(url, alt) opens a photo. */
export function media(message, acts) {
  if (message.photo) return photo(message, acts);
  if (message.voice) return player(message.voice, "voice message", message.voice.file_unique_id);
  if (message.audio) return player(message.audio, audioTitle(message.audio), null);
  if (message.video ?? message.animation ?? message.video_note) return video(message);
  if (message.document) return documentRow(message.document);
  if (message.sticker) return h("img", { class: "sticker", src: fileUrl(message.sticker.file_id), alt: message.sticker.emoji ?? "Sticker" });
  return null;
}

/** One line that stands for a message in lists, reply previews and the pinned bar. */
export function summary(message) {
  if (!message) return "";
  const kind = mediaName(message);
  const words = covered(message.text ?? message.caption ?? "", message.entities ?? message.caption_entities ?? []);
  if (message.poll) return `Poll: ${message.poll.question}`;
  if (message.pinned_message) return "pinned a message";
  return (kind && words ? `${kind}, ${words}` : kind || words).replace(/\s+/g, " ");
}

/** The text with its spoilers blacked out. */
function covered(text, entities) {
  const units = text.split("");
  for (const { type, offset, length } of entities) if (type === "spoiler") units.fill("▒", offset, offset + length);
  return units.join("");
}

function mediaName(message) {
  if (message.photo) return "Photo";
  if (message.voice) return "Voice message";
  if (message.audio) return audioTitle(message.audio);
  if (message.video || message.animation || message.video_note) return "Video";
  if (message.document) return message.document.file_name ?? "File";
  if (message.sticker) return `${message.sticker.emoji ?? ""} Sticker`;
  return ["contact", "location", "dice"].find((kind) => message[kind]) ?? "";
}

const audioTitle = (audio) => audio.title ?? audio.file_name ?? "Audio";

function photo(message, acts) {
  const largest = message.photo.reduce((a, b) => (b.width * b.height > a.width * a.height ? b : a));
  const source = fileUrl(largest.file_id);
  const alt = message.caption ? `Photo: ${message.caption}` : "Photo";
  const image = h("img", { src: source, alt, width: largest.width, height: largest.height });
  const ratio = Math.min(Math.max(largest.width / largest.height, 0.7), 2.6);
  const button = h("button", { type: "button", class: "photo", style: `--ratio:${ratio}`, "aria-label": `Open ${alt.toLowerCase()}` }, image);
  let hidden = message.has_media_spoiler && !acts.shown.has("photo");
  cover(button, hidden, alt);
  button.addEventListener("click", () => {
    if (!hidden) return acts.photo(source, alt);
    hidden = false;
    acts.shown.add("photo");
    cover(button, false, alt);
  });
  return button;
}

function cover(button, hidden, alt) {
  button.classList.toggle("covered", Boolean(hidden));
  button.setAttribute("aria-label", hidden ? "Hidden photo, press to show it" : `Open ${alt.toLowerCase()}`);
}

function video(message) {
  const file = message.video ?? message.animation ?? message.video_note;
  return h("video", { class: "video", src: fileUrl(file.file_id), controls: true, preload: "metadata", "aria-label": "Video" });
}

function documentRow(file) {
  const name = file.file_name ?? "File";
  return h(
    "a",
    { class: "document", href: fileUrl(file.file_id), download: name, "aria-label": `Download ${name}, ${size(file.file_size)}` },
    h("span", { class: "round" }, icon("download")),
    h("span", { class: "document-words" }, h("bdi", { class: "document-name" }, name), h("span", { class: "quiet" }, size(file.file_size))),
  );
}

function size(bytes) {
  if (bytes === undefined) return "unknown size";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/** A player of its own: the browser's differs everywhere and shows no waveform. */
function player(file, title, waveSeed) {
  const audio = new Audio();
  audio.preload = "none";
  audio.src = fileUrl(file.file_id);
  const time = h("span", { class: "quiet" }, clock(file.duration));
  const seek = h("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": `Position in the ${title}` });
  const button = iconButton("play", `Play ${title}`, () => (audio.paused ? audio.play().catch(refused) : audio.pause()), { class: "round" });
  const track = h("span", { class: waveSeed ? "track wave" : "track" }, waveSeed ? bars(waveSeed) : null, seek);
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : file.duration || 1);
  const refused = () => (time.textContent = "cannot be played here");
  const show = () => {
    const share = Math.min(audio.currentTime / length(), 1);
    seek.value = share * 1000;
    track.querySelectorAll("i").forEach((bar, index) => bar.classList.toggle("played", index < share * BARS));
    time.textContent = audio.currentTime ? `${clock(audio.currentTime)} / ${clock(length())}` : clock(file.duration);
  };
  const state = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${title}`);
  };
  seek.addEventListener("input", () => (audio.currentTime = (seek.value / 1000) * length()));
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, state);
  audio.addEventListener("timeupdate", show);
  audio.addEventListener("ended", () => ((audio.currentTime = 0), show()));
  const heading = waveSeed ? null : h("bdi", { class: "document-name" }, title);
  return h("div", { class: "player" }, button, h("span", { class: "document-words" }, heading, track, time));
}

/** A waveform that looks like one; the Bot API does not tell a bot's client the real one. */
function bars(seed) {
  let state = [...seed].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) >>> 0, 7);
  const next = () => ((state = (state * 1664525 + 1013904223) >>> 0), state / 2 ** 32);
  return h("span", { class: "bars", "aria-hidden": "true" }, Array.from({ length: BARS }, () => h("i", { style: `height:${15 + Math.round(next() * 85)}%` })));
}

function clock(seconds = 0) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
