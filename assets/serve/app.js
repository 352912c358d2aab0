// The page: a recording, a range of it, a clip.

import * as api from "./api.js";
import { Timeline, clock, isError, readClock } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const timeline = new Timeline({ track: $("track"), pages: $("pages"), range: $("range"), marks: $("marks"), scale: $("scale"), fromHandle: $("from-handle"), toHandle: $("to-handle"), playhead: $("playhead") });

/** What is worked on: name of the recording, label, what is in it, the tab shown, the finished job. */
const state = { recording: null, label: "", found: null, tab: null, job: null, watching: null, urls: [] };

function show(id, visible) {
  $(id).hidden = !visible;
}

function tell(error) {
  if (error?.name === "AbortError") return;
  $("notice").textContent = error.message ?? String(error);
  show("notice", true);
}

/** Runs what a person asked for; what goes wrong is shown. */
const act = (action) => async (...given) => {
  show("notice", false);
  try {
    await action(...given);
  } catch (error) {
    tell(error);
  }
};

// ——— token ———

api.onTokenWanted(() => new Promise((resolve) => {
  const dialog = $("token-dialog");
  dialog.addEventListener("close", () => {
    api.setToken($("token").value);
    resolve();
  }, { once: true });
  if (!dialog.open) dialog.showModal();
}));

// ——— recording ———

const open = act(async (file) => {
  show("upload", true);
  $("upload-state").textContent = `Sending ${file.name} …`;
  try {
    const recording = await api.upload(file, (share) => {
      $("upload").value = share;
      if (share === 1) $("upload-state").textContent = "Reading it …";
    });
    await load(recording, file.name);
  } finally {
    show("upload", false);
    $("upload").value = 0;
    $("upload-state").textContent = "";
    $("file").value = "";
  }
});

async function load(recording, label) {
  const found = await api.inspect(recording);
  stopWatching();
  Object.assign(state, { recording, label, found, job: null });
  const shown = found.tabs.map((tab, index) => ({ ...tab, number: index + 1 })).filter((tab) => tab.has_picture);
  if (!shown.length) throw new Error("nothing of this recording can be shown: it has no full snapshot");
  shown.sort((one, two) => two.events - one.events);
  $("recording-name").textContent = label;
  $("tab").replaceChildren(...shown.map((tab) => new Option(`${tab.number}${tab.id ? ` – ${tab.id}` : ""} (${clock(tab.duration_ms)})`, tab.number)));
  show("tab-field", shown.length > 1);
  show("pick", false);
  show("work", true);
  show("result", false);
  show("failure", false);
  show("running", false);
  openJobs(false);
  showTab(shown[0].number);
  $("recording-name").tabIndex = -1;
  $("recording-name").focus({ preventScroll: true });
}

function showTab(number) {
  const tab = { ...state.found.tabs[number - 1], number };
  state.tab = tab;
  const facts = [state.found.format, clock(tab.duration_ms), `${tab.events} events`];
  if (state.found.damage.total) facts.push(`${state.found.damage.total} parts damaged`);
  $("recording-facts").textContent = facts.join(" · ");
  listMoments(tab);
  timeline.show(tab);
}

const KINDS = { error: "Error", "handled-error": "Caught error", request: "Failed request", "rage-click": "Rage click", "dead-click": "Dead click", "error-click": "Click, then error", marker: "Marker" };

function listMoments(tab) {
  show("no-moments", !tab.moments.length);
  $("moments").replaceChildren(...tab.moments.slice(0, 200).map((moment) => {
    const button = document.createElement("button");
    button.type = "button";
    const time = document.createElement("time");
    time.textContent = clock(moment.at_ms, true);
    const kind = document.createElement("span");
    kind.className = isError(moment) ? "kind error" : "kind";
    kind.textContent = KINDS[moment.kind] ?? moment.kind;
    const text = document.createElement("span");
    text.className = "text";
    text.textContent = text.title = moment.text;
    button.append(time, kind, text);
    button.addEventListener("click", () => {
      // What led to it, and what the person saw of it.
      timeline.setRange(moment.at_ms - 8000, moment.at_ms + 4000);
      timeline.setTime(moment.at_ms + 200);
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
}

// ——— picture ———

let pictureWanted = 0;
let picture = null;

timeline.addEventListener("time", () => {
  $("still-time").textContent = clock(timeline.time, true);
  $("still-page").textContent = state.tab.pages.findLast((page) => page.at_ms <= timeline.time)?.url ?? "";
  // While the mouse moves on, no picture is worth taking.
  clearTimeout(pictureWanted);
  pictureWanted = setTimeout(takePicture, 180);
});

async function takePicture() {
  picture?.abort();
  const wanted = (picture = new AbortController());
  $("screen").classList.add("busy");
  try {
    const options = { at_ms: timeline.time, tab: state.tab.number, width: 800, overlay: form("overlay"), theme: form("theme") };
    const blob = await api.still(state.recording, options, wanted.signal);
    const image = $("still");
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    image.alt = `The page at ${clock(timeline.time, true)}`;
    show("still", true);
    show("still-state", false);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.status === 429) {
      pictureWanted = setTimeout(takePicture, 1500);
      return;
    }
    $("still-state").textContent = `No picture: ${error.message}`;
    show("still-state", true);
  } finally {
    if (picture === wanted) $("screen").classList.remove("busy");
  }
}

// ——— range ———

timeline.addEventListener("range", () => {
  $("from").value = clock(timeline.from, true);
  $("to").value = clock(timeline.to, true);
  const speed = Number(form("speed"));
  const length = (timeline.to - timeline.from) / speed;
  $("range-facts").textContent = `${clock(length, true)} of clip at most; folded idle time makes it shorter`;
});

for (const name of ["from", "to"]) {
  $(name).addEventListener("change", () => {
    const ms = readClock($(name).value);
    const bad = ms === null;
    $(name).setCustomValidity(bad ? "Use seconds (12.5) or 1:23" : "");
    if (bad) $(name).reportValidity();
    else if (name === "from") timeline.setRange(Math.min(ms, timeline.to), timeline.to, "from");
    else timeline.setRange(timeline.from, Math.max(ms, timeline.from), "to");
  });
}

const form = (name) => $("options").elements[name].value;
$("options").elements.speed.addEventListener("change", () => timeline.setRange(timeline.from, timeline.to));
for (const name of ["overlay", "theme"]) $("options").elements[name].addEventListener("change", takePicture);

// ——— render ———

const render = act(async () => {
  const options = { from: String(timeline.from / 1000), to: String(timeline.to / 1000), tab: String(state.tab.number) };
  for (const name of ["speed", "idle", "format", "width", "overlay", "theme"]) options[name] = form(name);
  show("result", false);
  show("failure", false);
  busy(true, "Waiting for a worker");
  try {
    const job = await api.submit(state.recording, state.label, options);
    await follow(job);
  } finally {
    busy(false);
  }
});

function busy(on, text = "") {
  $("options").setAttribute("aria-busy", String(on));
  $("render").disabled = on;
  show("running", on);
  $("progress-text").textContent = text;
}

function stopWatching() {
  state.watching?.abort();
  state.watching = null;
}

const PHASES = { waiting: "Waiting", fetch: "Fetching", plan: "Planning", render: "Rendering", publish: "Storing" };

async function follow(first) {
  stopWatching();
  const watching = (state.watching = new AbortController());
  let last = first;
  const update = (job) => {
    last = job;
    state.job = job;
    $("progress").value = job.progress;
    const percent = Math.round(job.progress * 100);
    $("progress-text").textContent = job.state === "running" ? `${PHASES[job.phase] ?? "Working"} · ${percent} %` : job.attempts ? "Trying again soon" : "Waiting for a worker";
    listJobs();
  };
  update(first);
  if (!["done", "dead", "canceled"].includes(first.state)) await api.watch(first.id, update, watching.signal);
  if (last.state === "done") await showResult(last);
  else if (last.state === "dead") {
    $("failure").textContent = last.failure?.message ?? "It could not be rendered.";
    show("failure", true);
  }
}

$("cancel").addEventListener("click", act(async () => { await api.cancel(state.job.id); }));

// ——— result ———

const bytes = (count) => (count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`);

async function showResult(job) {
  state.job = job;
  const { outputs, report } = job.manifest;
  const file = outputs[0];
  const blob = await api.output(job.id, file.name);
  state.urls.forEach((url) => URL.revokeObjectURL(url));
  const url = URL.createObjectURL(blob);
  state.urls = [url];
  const isImage = file.media_type.startsWith("image/");
  show("clip", isImage);
  if (isImage) $("clip").src = url;
  $("clip").alt = describe(job);
  const isFilm = file.media_type.startsWith("video/");
  show("film", isFilm);
  if (isFilm) $("film").src = url;
  else $("film").removeAttribute("src");
  $("film").setAttribute("aria-label", describe(job));
  const facts = [`${report.width} × ${report.height}`, `${report.frames} frames`, `${(report.clip_ms / 1000).toFixed(1)} s`, bytes(outputs.reduce((sum, one) => sum + one.bytes, 0))];
  $("clip-facts").textContent = facts.join(" · ");
  $("download").href = url;
  $("download").download = fileName(job);
  $("download").textContent = `Download ${fileName(job)}`;
  writeSnippet();
  show("result", true);
}

const fileName = (job) => {
  const [base] = (job.label || "clip").split(".");
  const ending = job.manifest.outputs[0].name.split(".").pop();
  return `${base.replace(/[^\w-]+/g, "-") || "clip"}.${ending}`;
};

/** Moments of the shown tab that are in the clip. */
function momentsOf(job) {
  if (!state.tab || job.source.stored !== state.recording) return [];
  const from = Number(job.options.from ?? 0) * 1000;
  const to = Number(job.options.to ?? Infinity) * 1000;
  return state.tab.moments.filter((moment) => moment.at_ms >= from && moment.at_ms <= to);
}

/** What a person who does not see the clip should know. */
function describe(job) {
  const seconds = Math.round(job.manifest.report.clip_ms / 1000);
  const [first] = momentsOf(job).filter(isError);
  const what = first ? `: ${KINDS[first.kind].toLowerCase()} “${first.text}” at ${clock(first.at_ms)}` : "";
  return `Recorded session ${job.label}, ${seconds} s${what}`.slice(0, 250);
}

function writeSnippet() {
  const { job } = state;
  const name = fileName(job);
  const alt = describe(job).replace(/[[\]|"<>\n]/g, " ");
  const rows = momentsOf(job).slice(0, 20).map((moment) => [clock(moment.at_ms, true), KINDS[moment.kind] ?? moment.kind, moment.text.replace(/\s+/g, " ").slice(0, 160)]);
  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const markdown = () => {
    // What a recording says must not become markup in somebody's ticket.
    const cell = (text) => escape(text).replace(/[\\`*_[\]|!#@]/g, "\\$&");
    const table = rows.length ? ["", "| Time | What | |", "|---|---|---|", ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`)] : [];
    return [`![${alt}](${name})`, ...table, "", "_Reconstructed from a recorded session._"].join("\n");
  };
  const html = () => {
    const table = rows.length ? `\n<table>\n${rows.map((row) => `  <tr>${row.map((text) => `<td>${escape(text)}</td>`).join("")}</tr>`).join("\n")}\n</table>` : "";
    const isFilm = job.manifest.outputs[0].media_type.startsWith("video/");
    const clip = isFilm ? `<video src="${escape(name)}" aria-label="${escape(alt)}" controls></video>` : `<img src="${escape(name)}" alt="${escape(alt)}">`;
    return `<figure>\n  ${clip}\n  <figcaption>Reconstructed from a recorded session.</figcaption>\n</figure>${table}`;
  };
  const jira = () => {
    const cell = (text) => text.replace(/[{}[\]|!*_]/g, "\\$&");
    const table = rows.length ? `\n||Time||What|| ||\n${rows.map((row) => `|${row.map(cell).join("|")}|`).join("\n")}` : "";
    return `!${name}|alt="${alt}"!${table}\n_Reconstructed from a recorded session._`;
  };
  $("snippet").value = { markdown, html, jira }[$("snippet-kind").value]();
}

$("snippet-kind").addEventListener("change", writeSnippet);
$("copy").addEventListener("click", async () => {
  const { value } = $("snippet");
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    // Not a secure address: the old way.
    $("snippet").select();
    document.execCommand("copy");
  }
  $("copy").textContent = "Copied";
  setTimeout(() => { $("copy").textContent = "Copy the snippet"; }, 1600);
});

// ——— jobs ———

const STATES = { queued: "Waiting", running: "Running", done: "Done", dead: "Failed", canceled: "Canceled" };

let listing = false;

async function listJobs() {
  if (listing) return;
  listing = true;
  try {
    const jobs = await api.jobs();
    const active = jobs.filter((job) => job.state === "queued" || job.state === "running").length;
    $("jobs-count").textContent = active;
    show("jobs-count", active > 0);
    show("no-jobs", !jobs.length);
    keepJobs(jobs);
  } finally {
    listing = false;
  }
}

/** The rows of the list, by job. A row stays the same element for as long as its job is listed, so
 * that nothing is taken from under a mouse or a keyboard. */
const rows = new Map();

function keepJobs(jobs) {
  const list = $("job-list");
  const listed = new Set(jobs.map((job) => job.id));
  for (const [id, row] of rows) {
    if (listed.has(id)) continue;
    row.item.remove();
    rows.delete(id);
  }
  jobs.forEach((job, index) => {
    if (!rows.has(job.id)) rows.set(job.id, jobRow());
    const row = rows.get(job.id);
    row.show(job);
    if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
  });
}

function jobRow() {
  let job = null;
  const item = document.createElement("li");
  const label = document.createElement("span");
  const what = document.createElement("div");
  what.className = "what";
  const name = document.createTextNode("");
  const detail = document.createElement("small");
  what.append(name, detail);
  const actions = document.createElement("div");
  actions.className = "actions";
  const add = (text, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", act(async () => {
      await action(job);
      await listJobs();
    }));
    actions.append(button);
    return button;
  };
  const open = add("Open", reopen);
  const cancel = add("Cancel", (job) => api.cancel(job.id));
  const retry = add("Retry", (job) => api.retry(job.id));
  item.append(label, what, actions);
  const show = (now) => {
    job = now;
    label.className = `state ${job.state}`;
    label.textContent = job.state === "running" ? `${Math.round(job.progress * 100)} %` : STATES[job.state];
    name.data = job.label || job.id;
    detail.textContent = job.failure && job.state !== "done" ? job.failure.message : new Date(job.created_ms).toLocaleString();
    const focused = actions.contains(document.activeElement);
    open.hidden = !job.source.stored;
    cancel.hidden = job.state !== "queued" && job.state !== "running";
    retry.hidden = job.state !== "dead" && job.state !== "canceled";
    for (const button of actions.children) button.setAttribute("aria-label", `${button.textContent}: ${name.data}`);
    // Whoever pressed what is gone now goes on from its neighbour.
    if (focused && document.activeElement.hidden) [...actions.children].find((button) => !button.hidden)?.focus();
  };
  return { item, show };
}

/** Shows an earlier job's recording, with its options, and its clip if there is one. */
async function reopen(job) {
  await load(job.source.stored, job.label || "recording");
  const { options } = job;
  if (options.tab && state.found.tabs[options.tab - 1]?.has_picture) {
    $("tab").value = options.tab;
    showTab(Number(options.tab));
  }
  for (const name of ["speed", "idle", "format", "width", "overlay", "theme"]) {
    const field = $("options").elements[name];
    if (options[name] !== undefined && [...field.options].some((option) => option.value === String(options[name]))) field.value = options[name];
  }
  const at = (value, otherwise) => readClock(String(value ?? "")) ?? otherwise;
  timeline.setRange(at(options.from, 0), at(options.to, state.tab.duration_ms), "from");
  if (job.state === "done") await showResult(await api.job(job.id));
}

function openJobs(on) {
  $("show-jobs").setAttribute("aria-expanded", String(on));
  show("jobs", on);
}

$("show-jobs").addEventListener("click", act(async () => {
  openJobs($("jobs").hidden);
  if (!$("jobs").hidden) await listJobs();
}));

// ——— wiring ———

$("file").addEventListener("change", () => $("file").files[0] && open($("file").files[0]));
$("tab").addEventListener("change", () => showTab(Number($("tab").value)));
$("options").addEventListener("submit", (event) => {
  event.preventDefault();
  render();
});
$("another").addEventListener("click", () => {
  stopWatching();
  show("work", false);
  show("pick", true);
  $("file").focus();
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
}
act(async () => {
  await listJobs();
  if ($("job-list").children.length && state.found === null) openJobs(true);
})();
setInterval(() => { if (!document.hidden && !$("jobs").hidden) listJobs().catch(() => {}); }, 3000);
