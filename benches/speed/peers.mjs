#!/usr/bin/env node
// Renders the same recordings in three ways and tells wall and processor time of each, and the ratios.
//
//   node peers.mjs RECORDING.json… [--domreel PROGRAM] [--fps 12] [--width 800]
//
//   domreel     the whole program, browser start included, to a GIF
//   real time   rrvideo's way: rrweb's Replayer plays in a page, which a screencast films
//   each frame  PostHog's and puppeteer-capture's way: the page's clock is set from frame to frame, at a
//               fixed rate, and each frame is captured
//
// Both others throw their frames away, so what they would spend on encoding does not count against them.
// Both skip idle time as rrvideo does: by playing it fast, or by leaving its frames out.
// Needs `npm ci` in fixtures/record, and chromium-headless-shell.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { BEGIN_FRAME, cpuSeconds, findBrowser, openPage, start } from "./cdp.mjs";
import { run } from "./program.mjs";

const { values, positionals: recordings } = parseArgs({
  allowPositionals: true,
  options: {
    domreel: { type: "string", default: "../../target/release/domreel" },
    fps: { type: "string", default: "12" },
    width: { type: "string", default: "800" },
    only: { type: "string", default: "domreel,each frame,real time" },
  },
});
const fps = Number(values.fps);
const require = createRequire(new URL("../../fixtures/record/package.json", import.meta.url));
const rrweb = dirname(require.resolve("rrweb"));
const REPLAYER = readFileSync(join(rrweb, "rrweb.umd.min.cjs"), "utf8");
const STYLE = readFileSync(join(rrweb, "style.min.css"), "utf8");
/** Idle time above this is skipped, in milliseconds. */
const IDLE = 3000;

function read(file) {
  const bytes = readFileSync(file);
  return JSON.parse(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
}

/** The largest viewport of a recording. */
function viewport(events) {
  const sizes = events.filter(({ type }) => type === 4).map(({ data }) => data);
  const most = (side) => Math.max(...sizes.map((size) => size[side]));
  return { width: most("width"), height: most("height") };
}

async function player(events, options, flags, onDemand) {
  const { width, height } = viewport(events);
  const browser = start({ flags, scale: onDemand ? Number(values.width) / width : 1 });
  const { session } = await openPage(browser, { width, height, onDemand });
  const call = (method, params = {}) => browser.call(method, params, session);
  const evaluate = (expression) => call("Runtime.evaluate", { expression, returnByValue: true });
  if (onDemand) await call("HeadlessExperimental.beginFrame");
  await evaluate(`document.head.innerHTML = ${JSON.stringify(`<style>${STYLE} body { margin: 0 }</style>`)}; 0`);
  await evaluate(`${REPLAYER}; 0`);
  await evaluate(`window.replayer = new rrweb.Replayer(${JSON.stringify(events)}, ${JSON.stringify(options)}); 0`);
  return { browser, session, call, evaluate };
}

async function measured(work) {
  const began = performance.now();
  const before = process.cpuUsage();
  const { browser, frames } = await work();
  const cpu = await cpuSeconds(browser.pid);
  await browser.close();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - began) / 1000, cpu: cpu + (user + system) / 1e6, frames };
}

/** As rrvideo does: the player plays, a screencast films. */
const realTime = (events) => measured(async () => {
  const { browser, session, call, evaluate } = await player(events, { skipInactive: true, inactivePeriodThreshold: IDLE }, [], false);
  let frames = 0;
  browser.listen(({ method, params, sessionId }) => {
    if (method !== "Page.screencastFrame" || sessionId !== session) return;
    frames++;
    void call("Page.screencastFrameAck", { sessionId: params.sessionId });
  });
  await call("Page.startScreencast", { format: "jpeg", quality: 90 });
  await evaluate("window.finished = false; replayer.on('finish', () => { finished = true; }); replayer.play(); 0");
  for (;;) {
    await new Promise((done) => setTimeout(done, 100));
    if ((await evaluate("finished")).result.value) return { browser, frames };
  }
});

/** The times of a recording that are shown, at a fixed rate. */
function shownTimes(events) {
  const begin = events[0].timestamp;
  const active = events
    .filter(({ type, data }) => type === 3 && data.source >= 1 && data.source <= 5)
    .map(({ timestamp }) => timestamp - begin);
  const length = events.at(-1).timestamp - begin;
  const times = [];
  let next = 0;
  for (let time = 0; time < length; time += 1000 / fps) {
    while (next < active.length && active[next] <= time) next++;
    const before = next > 0 ? active[next - 1] : 0;
    const after = next < active.length ? active[next] : length;
    if (after - before <= IDLE || time - before < 1000) times.push(time);
  }
  return times;
}

/** As PostHog and puppeteer-capture do: each frame is drawn and captured. */
const eachFrame = (events) => measured(async () => {
  const { browser, call, evaluate } = await player(events, { mouseTail: false }, BEGIN_FRAME, true);
  const picture = { screenshot: { format: "png", optimizeForSpeed: true } };
  let frames = 0;
  for (const time of shownTimes(events)) {
    await evaluate(`replayer.pause(${time}); 0`);
    const { screenshotData } = await call("HeadlessExperimental.beginFrame", picture);
    frames += screenshotData ? 1 : 0;
  }
  return { browser, frames };
});

async function domreel(file) {
  const directory = mkdtempSync(join(tmpdir(), "domreel-bench-"));
  const { wall, cpu, stdout } = await run(values.domreel, ["render", file, "-o", join(directory, "clip.gif"), "--fps",
    values.fps, "--width", values.width, "--json"], { env: { DOMREEL_BROWSER: findBrowser(), ...process.env } });
  rmSync(directory, { recursive: true, force: true });
  const { captured, recording_ms } = JSON.parse(stdout);
  return { wall, cpu, frames: captured, seconds: recording_ms / 1000 };
}

const ratio = (one, other) => `${(one / other).toFixed(1)}×`;
const second = (value) => `${value.toFixed(2)} s`;
console.log("| recording | way | wall | processor | page frames | wall to domreel's | processor to domreel's |");
console.log("|---|---|---:|---:|---:|---:|---:|");
for (const file of recordings) {
  const events = read(file);
  const ways = { domreel: () => domreel(file), "each frame": () => eachFrame(events), "real time": () => realTime(events) };
  let ours;
  for (const [name, way] of Object.entries(ways)) {
    if (!values.only.split(",").includes(name)) continue;
    const { wall, cpu, frames, seconds } = await way();
    ours ??= { wall, cpu };
    const title = seconds ? `${basename(file)}, ${seconds.toFixed(0)} s` : "";
    console.log(`| ${title} | ${name} | ${second(wall)} | ${second(cpu)} | ${frames} | ${ratio(wall, ours.wall)} | ${ratio(cpu, ours.cpu)} |`);
  }
}
