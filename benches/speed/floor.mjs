#!/usr/bin/env node
// Draws and captures the distinct page frames of a clip with a loop that does nothing else.
//
//   node floor.mjs FRAMES.json [BROWSERS]        FRAMES.json as `bench-frames` writes it
//
// Prints JSON: frames, wall seconds in all and without start-up, processor seconds of the browsers and of all.
import { readFileSync } from "node:fs";
import { BEGIN_FRAME, cpuSeconds, openPage, start } from "./cdp.mjs";

const [file, given = "1"] = process.argv.slice(2);
const { width, height, scale, script, pieces } = JSON.parse(readFileSync(file, "utf8"));
const shares = pieces[Number(given) - 1];
const picture = { screenshot: { format: "png", optimizeForSpeed: true } };
const began = performance.now();

async function draw(calls) {
  const browser = start({ flags: BEGIN_FRAME, scale });
  const { session } = await openPage(browser, { width, height });
  const call = (method, params) => browser.call(method, params, session);
  // As the page that domreel builds in: no script runs, and its clock stands.
  await call("Emulation.setScriptExecutionDisabled", { value: true });
  await call("Emulation.setFocusEmulationEnabled", { enabled: true });
  await call("HeadlessExperimental.beginFrame", {});
  await call("Runtime.evaluate", { expression: script });
  let bytes = 0;
  const drawing = performance.now();
  for (const expression of calls) {
    await call("Runtime.evaluate", { expression, returnByValue: true, silent: true });
    let data;
    for (let tries = 0; !data && tries < 5; tries++) {
      data = (await call("HeadlessExperimental.beginFrame", picture)).screenshotData;
    }
    bytes += Buffer.from(data ?? "", "base64").length;
  }
  const seconds = (performance.now() - drawing) / 1000;
  const cpu = await cpuSeconds(browser.pid);
  await browser.close();
  return { seconds, cpu, bytes, frames: calls.length };
}

const done = await Promise.all(shares.map(draw));
const sum = (of) => done.reduce((total, one) => total + of(one), 0);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({
  frames: sum((one) => one.frames),
  browsers: shares.length,
  wall: (performance.now() - began) / 1000,
  drawing: Math.max(...done.map((one) => one.seconds)),
  browserCpu: sum((one) => one.cpu),
  cpu: sum((one) => one.cpu) + (user + system) / 1e6,
  megabytes: sum((one) => one.bytes) / 1e6,
}));
