// Talks to the server: nothing else is ever asked for anything.

const KEPT = "domreel-token";

/** What the server answered instead of what was asked for. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let token = sessionStorage.getItem(KEPT) ?? "";
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  setToken(given);
  // It should not end up in a bookmark or over somebody's shoulder.
  history.replaceState(null, "", location.pathname + location.search);
}

/** Remembers the token for as long as this tab is open. */
export function setToken(value) {
  token = value.trim();
  sessionStorage.setItem(KEPT, token);
}

let askForToken = async () => {};

/** `ask` is called when the server wants a token; the request is made again once it resolves. */
export function onTokenWanted(ask) {
  askForToken = ask;
}

function headers(more) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : { ...more };
}

async function failure(response) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // Not from the server itself: a proxy's page, for instance.
  }
  return new ApiError(response.status, error.code, error.message ?? `the server answered ${response.status}`);
}

async function request(path, options = {}) {
  for (;;) {
    const response = await fetch(path, { ...options, headers: headers(options.headers) });
    if (response.status === 401) {
      await askForToken();
      continue;
    }
    if (!response.ok) throw await failure(response);
    return response;
  }
}

const json = async (path, options) => (await request(path, options)).json();

/** Uploads a recording; `onProgress` hears the share that is sent. Resolves to its name. */
export async function upload(file, onProgress) {
  // So that a missing token is asked for before a long upload, not after it.
  await jobs(1);
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", "v1/recordings");
    for (const [name, value] of Object.entries(headers())) sending.setRequestHeader(name, value);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.responseType = "json";
    sending.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    sending.onerror = () => reject(new Error("the connection to the server broke off"));
    sending.onload = () => {
      if (sending.status === 201) resolve(sending.response.recording);
      else reject(new ApiError(sending.status, sending.response?.error?.code, sending.response?.error?.message ?? `the server answered ${sending.status}`));
    };
    sending.send(file);
  });
}

export const inspect = (recording) => json(`v1/recordings/${recording}`);
export const jobs = async (limit = 30) => (await json(`v1/jobs?limit=${limit}`)).jobs;
export const job = (id) => json(`v1/jobs/${id}`);
export const cancel = (id) => json(`v1/jobs/${id}`, { method: "DELETE" });
export const retry = (id) => json(`v1/jobs/${id}/retry`, { method: "POST" });

export function submit(recording, label, options) {
  const body = JSON.stringify({ recording, label, options, priority: 60 });
  return json("v1/jobs", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

/** A picture of the recording at one time. */
export async function still(recording, options, signal) {
  const query = new URLSearchParams(options);
  return (await request(`v1/recordings/${recording}/still?${query}`, { signal })).blob();
}

export async function output(id, name) {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return (await request(`v1/jobs/${id}/outputs/${path}`)).blob();
}

/** Calls `onJob` with the job after each of its changes, until it is over. */
export async function watch(id, onJob, signal) {
  let over = false;
  while (!over && !signal.aborted) {
    const response = await request(`v1/jobs/${id}/events`, { signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data:"));
        if (!data) continue;
        const changed = JSON.parse(data.slice(5));
        over = ["done", "dead", "canceled"].includes(changed.state);
        onJob(changed);
      }
    }
    // The server went away, perhaps to come back.
    if (!over) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
