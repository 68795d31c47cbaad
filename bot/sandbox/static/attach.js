// Sending files: the attach menu, the form with preview and caption, the microphone.

import { upload } from "./api.js";
import { h, iconButton } from "./dom.js";

const KINDS = {
  photo: { label: "Photo", accept: "image/*" },
  document: { label: "File", accept: "" },
  voice: { label: "Voice", accept: "audio/*,.ogg,.oga" },
};

/** Asks for a file of a kind, then shows the form. */
export function chooseFile(kind, overlay, person) {
  const input = h("input", { type: "file", accept: KINDS[kind].accept });
  input.addEventListener("change", () => input.files[0] && confirmFile(kind, input.files[0], overlay, person));
  input.click();
}

export const attachItems = (overlay, person) =>
  Object.entries(KINDS).map(([kind, { label }]) => [label, () => chooseFile(kind, overlay, person)]);

/** What a dropped or pasted file is sent as. */
export function kindOf(file) {
  return /^image\/(png|jpeg|webp)$/.test(file.type) ? "photo" : "document";
}

/** Shows the file with a caption field; sending it closes the form. */
export function confirmFile(kind, file, overlay, person) {
  const label = KINDS[kind].label.toLowerCase();
  const address = URL.createObjectURL(file);
  const caption = h("input", { type: "text", class: "field", "aria-label": "Caption", placeholder: "Add a caption…", maxlength: 1024, dir: "auto" });
  const cancel = h("button", { type: "button", class: "text-button", onclick: () => done() }, "Cancel");
  const send = h("button", { type: "submit", class: "text-button strong" }, `Send ${label}`);
  const form = h("form", { class: "alert" }, h("h2", {}, `Send ${label}`), picture(kind, file, address), caption, h("div", { class: "alert-buttons" }, cancel, send));
  const done = overlay.sheet(form, { label: `Send ${label}`, focus: caption, onClose: () => URL.revokeObjectURL(address) });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    if (await sendFile(kind, file, file.name, overlay, person, caption.value)) done();
    send.disabled = false;
  });
}

function picture(kind, file, address) {
  if (kind === "photo") return h("img", { class: "attach-photo", src: address, alt: file.name });
  if (kind === "voice") return h("audio", { src: address, controls: true, "aria-label": file.name });
  return h("p", {}, h("bdi", {}, file.name));
}

async function sendFile(kind, file, name, overlay, person, caption = "") {
  try {
    await upload(`/api/people/${person}/file`, { kind, caption, file: new File([file], name, { type: file.type }) });
    return true;
  } catch (error) {
    overlay.toast(error.message);
    return false;
  }
}

/** The microphone button: one press starts a voice message, the next sends it. */
export function microphone(overlay, person) {
  let recorder = null;
  const button = iconButton("mic", "Record a voice message", () => (recorder ? recorder.stop() : start()), { class: "icon-button send-button" });

  async function start() {
    try {
      recorder = new MediaRecorder(await navigator.mediaDevices.getUserMedia({ audio: true }));
    } catch {
      overlay.toast("No microphone: attach a recording with the paper clip instead.");
      return;
    }
    const pieces = [];
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onstop = () => finish(pieces);
    recorder.start();
    named("Stop and send the recording", true);
  }

  function finish(pieces) {
    const { mimeType, stream } = recorder;
    for (const track of stream.getTracks()) track.stop();
    recorder = null;
    named("Record a voice message", false);
    const name = mimeType.includes("ogg") ? "voice.ogg" : "voice.webm";
    sendFile("voice", new Blob(pieces, { type: mimeType }), name, overlay, person);
  }

  function named(label, recording) {
    button.setAttribute("aria-label", label);
    button.title = label;
    button.classList.toggle("recording", recording);
  }

  return button;
}
