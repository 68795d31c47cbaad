// The sandbox's control API and its stream of events.

export class ApiError extends Error {}

export const get = (path) => call(path);
export const fileUrl = (fileId) => `/api/file/${encodeURIComponent(fileId)}`;

export function post(path, body) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
}

export function upload(path, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return call(path, { method: "POST", body: form });
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("The sandbox does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(body?.description ?? body?.error ?? body?.detail ?? `The sandbox answered ${response.status}.`);
  return body;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/**
 * Follows the events for ever. onEvent gets each one; onGap is called when some may have been
 * missed (a reconnection, a jump in the numbers, a restarted sandbox); onState gets true or false.
 */
export function follow({ onEvent, onGap, onState }) {
  let last = null;
  let pause = FIRST_PAUSE;
  let dropped = false;

  function connect() {
    const source = new EventSource(last === null ? "/api/events" : `/api/events?since=${last}`);
    let opened = false;
    source.onopen = () => {
      opened = true;
      pause = FIRST_PAUSE;
      onState(true);
      if (dropped) onGap();
      dropped = false;
    };
    source.onmessage = ({ data }) => take(JSON.parse(data));
    source.onerror = () => {
      source.close();
      onState(false);
      dropped = true;
      if (!opened) last = null; // nobody there: the sandbox that comes back counts from one again
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
  }

  function take(event) {
    if (typeof event.seq === "number") {
      if (last !== null && event.seq !== last + 1) onGap();
      last = event.seq;
    }
    onEvent(event);
  }

  connect();
}
