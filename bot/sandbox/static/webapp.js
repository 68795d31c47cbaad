// Mini Apps: a page in an iframe over the chat, and the few events such a page exchanges with
// Telegram's apps (close, main button, back button, theme, viewport).

import { post } from "./api.js";
import { h, iconButton } from "./dom.js";

/** Opens url over the column. data("…") is called if the page sends data for the bot. */
export async function openWebApp(overlay, { url, title, person }) {
  const source = await address(url, person);
  const frame = h("iframe", { class: "webapp-frame", src: source, title, allow: "clipboard-write; fullscreen" });
  const main = h("button", { type: "button", class: "webapp-main", hidden: true }, "Continue");
  const back = iconButton("back", "Back in the app", () => tell("back_button_pressed"), { hidden: true });
  const close = iconButton("close", "Close the app", () => ask());
  const header = h("header", { class: "webapp-header" }, close, back, h("h2", { dir: "auto" }, title));
  const box = h("div", { class: "webapp" }, header, frame, main);
  let careful = false;

  const tell = (eventType, eventData = {}) => frame.contentWindow?.postMessage(JSON.stringify({ eventType, eventData }), new URL(source, location.href).origin);
  const mayClose = () => !careful || window.confirm("Changes that you made may not be saved. Close anyway?");
  const ask = () => mayClose() && done();
  const hear = (event) => event.source === frame.contentWindow && answer(parsed(event.data));
  main.addEventListener("click", () => tell("main_button_pressed"));
  window.addEventListener("message", hear);
  const done = overlay.sheet(box, { label: title, focus: close, mayClose, onClose: () => window.removeEventListener("message", hear) });

  function answer({ eventType, eventData }) {
    const data = typeof eventData === "string" ? parsed(eventData) : eventData ?? {};
    if (eventType === "web_app_close") done();
    if (eventType === "web_app_setup_closing_behavior") careful = Boolean(data.need_confirmation);
    if (eventType === "web_app_setup_back_button") back.hidden = !data.is_visible;
    if (eventType === "web_app_setup_main_button") setUpMain(data);
    if (eventType === "web_app_request_theme") tell("theme_changed", { theme_params: theme() });
    if (eventType === "web_app_request_viewport") tell("viewport_changed", { height: frame.clientHeight, width: frame.clientWidth, is_expanded: true, is_state_stable: true });
    if (eventType === "web_app_open_link") window.open(data.url, "_blank", "noopener");
  }

  function setUpMain({ is_visible: visible, is_active: active, text }) {
    main.hidden = !visible;
    main.disabled = active === false;
    if (text) main.textContent = text;
  }
}

/** The address with the launch parameters that Telegram puts behind the #. */
async function address(url, person) {
  const signed = await post(`/api/people/${person}/web_app`, { url }).catch(() => null);
  if (signed?.url) return signed.url;
  const launch = new URLSearchParams({ tgWebAppVersion: "9.0", tgWebAppPlatform: "web", tgWebAppThemeParams: JSON.stringify(theme()) });
  if (signed?.init_data) launch.set("tgWebAppData", signed.init_data);
  return `${url}${url.includes("#") ? "&" : "#"}${launch}`;
}

function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    bg_color: colour("--surface"),
    text_color: colour("--text"),
    hint_color: colour("--quiet"),
    link_color: colour("--link"),
    button_color: colour("--accent"),
    button_text_color: colour("--on-accent"),
    secondary_bg_color: colour("--back"),
  };
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
