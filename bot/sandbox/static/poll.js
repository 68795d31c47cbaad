// A poll in a bubble. In a private chat the person is the only voter, so the options that have
// votes are the person's own choice: nothing else needs to be remembered.

import { h, icon } from "./dom.js";
import { richText } from "./entities.js";

/** acts.vote(message, optionIndexes) sends the choice. */
export function poll(message, acts) {
  const { poll } = message;
  const mine = poll.options.flatMap((option, index) => (option.voter_count > 0 ? [index] : []));
  const open = !poll.is_closed && mine.length === 0;
  return h(
    "fieldset",
    { class: "poll", "data-poll-id": poll.id },
    h("legend", { dir: "auto" }, richText(poll.question, poll.question_entities)),
    h("div", { class: "quiet poll-kind" }, kind(poll)),
    open ? ballot(message, poll, acts) : results(poll, mine),
    h("div", { class: "quiet poll-count" }, open && poll.allows_multiple_answers ? null : count(poll)),
  );
}

/** Whether the person has voted and may still take it back. */
export function canRetract({ poll }) {
  return Boolean(poll && !poll.is_closed && poll.type !== "quiz" && poll.allows_revoting !== false && poll.options.some((option) => option.voter_count > 0));
}

function kind(poll) {
  if (poll.is_closed) return "Final results";
  const name = poll.type === "quiz" ? "Quiz" : "Poll";
  return poll.is_anonymous ? `Anonymous ${name}` : name;
}

function count(poll) {
  if (poll.total_voter_count === 0) return poll.is_closed ? "No votes" : "No votes yet";
  return poll.total_voter_count === 1 ? "1 vote" : `${poll.total_voter_count} votes`;
}

const words = (option) => h("span", { class: "option-text", dir: "auto" }, richText(option.text, option.text_entities));

function ballot(message, poll, acts) {
  return poll.allows_multiple_answers ? severalAnswers(message, poll, acts) : oneAnswer(message, poll, acts);
}

function oneAnswer(message, poll, acts) {
  return poll.options.map((option, index) =>
    h("button", { type: "button", class: "option", "data-key": `option:${index}`, onclick: () => acts.vote(message, [index]) }, h("span", { class: "option-mark" }), words(option)),
  );
}

function severalAnswers(message, poll, acts) {
  const vote = h("button", { type: "button", class: "vote", disabled: true, "data-key": "vote" }, "Vote");
  const boxes = poll.options.map((_, index) => h("input", { type: "checkbox", "data-key": `option:${index}` }));
  const chosen = () => boxes.flatMap((box, index) => (box.checked ? [index] : []));
  for (const box of boxes) box.addEventListener("change", () => (vote.disabled = chosen().length === 0));
  vote.addEventListener("click", () => acts.vote(message, chosen()));
  const rows = poll.options.map((option, index) => h("label", { class: "option" }, boxes[index], words(option)));
  return [...rows, vote];
}

function results(poll, mine) {
  const total = Math.max(poll.total_voter_count, 1);
  const right = new Set(poll.correct_option_ids ?? []);
  const longest = Math.max(...poll.options.map((option) => option.voter_count), 1);
  return poll.options.map((option, index) => {
    const percent = Math.round((100 * option.voter_count) / total);
    const chosen = mine.includes(index);
    const wrong = poll.type === "quiz" && chosen && right.size > 0 && !right.has(index);
    const said = [right.has(index) ? "right answer" : "", chosen ? "your choice" : ""].filter(Boolean).join(", ");
    return h(
      "div",
      { class: `option result${wrong ? " wrong" : ""}`, "data-chosen": chosen },
      h("span", { class: "percent" }, `${percent}%`),
      words(option),
      h("span", { class: "option-chosen" }, chosen ? icon(wrong ? "close" : "check") : null),
      said ? h("span", { class: "unseen" }, `(${said})`) : null,
      h("span", { class: "result-bar", style: `--share:${(100 * option.voter_count) / longest}%` }),
    );
  });
}
