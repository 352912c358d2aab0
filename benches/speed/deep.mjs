#!/usr/bin/env node
// Fifteen seconds deep in a large recording, against parsing it with serde_json into typed events.
//
//   node deep.mjs RECORDING.json [--domreel PROGRAM] [--events PROGRAM]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBrowser } from "./cdp.mjs";

const { values, positionals: [file] } = parseArgs({
  allowPositionals: true,
  options: {
    domreel: { type: "string", default: "../../target/release/domreel" },
    events: { type: "string", default: "../../target/release/examples/bench-events" },
    from: { type: "string", default: "10:00" },
    to: { type: "string", default: "10:15" },
    rounds: { type: "string", default: "3" },
  },
});
const env = { DOMREEL_BROWSER: findBrowser(), ...process.env };
const directory = mkdtempSync(join(tmpdir(), "domreel-bench-"));
const megabytes = statSync(file).size / 1e6;
const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

function domreel(options) {
  const timed = spawnSync("/usr/bin/time", ["-f", "%e %U %S %M", values.domreel, "render", file, "-o",
    join(directory, "clip.gif"), "--from", values.from, "--to", values.to, "--json", ...options], { encoding: "utf8", env });
  if (timed.status !== 0) throw new Error(timed.stderr);
  const [wall, , , memory] = timed.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  const { timings } = JSON.parse(timed.stdout);
  // The browsers replay beside each other.
  const each = [];
  for (const { browser, replay_ms } of timings.segments) each[browser] = (each[browser] ?? 0) + replay_ms;
  const replay = Math.max(...each) / 1000;
  return { wall, parse: timings.parse_ms / 1000, plan: timings.plan_ms / 1000, replay, memory: memory * 1024 / 1e6 };
}

const ways = [["", []], ["--redact none", ["--redact", "none"]]];
const runs = ways.map(() => []);
const serde = [];
for (let round = 0; round < Number(values.rounds); round++) {
  serde.push(JSON.parse(execFileSync(values.events, [file], { encoding: "utf8" })).seconds);
  ways.forEach(([, options], at) => runs[at].push(domreel(options)));
}
rmSync(directory, { recursive: true, force: true });
const typed = median(serde);
console.log(`${megabytes.toFixed(0)} MB; serde_json into typed events: ${typed.toFixed(2)} s (${(megabytes / typed).toFixed(0)} MB/s)\n`);
console.log("| options | parse | plan | replay | their sum to serde_json's | whole program | peak memory | to the file |");
console.log("|---|---:|---:|---:|---:|---:|---:|---:|");
ways.forEach(([name], at) => {
  const of = (key) => median(runs[at].map((run) => run[key]));
  const ratio = median(runs[at].map((run, round) => (run.parse + run.plan + run.replay) / serde[round]));
  console.log(`| ${name} | ${of("parse").toFixed(2)} s | ${of("plan").toFixed(2)} s | ${of("replay").toFixed(2)} s | ${
    ratio.toFixed(2)}× | ${of("wall").toFixed(2)} s | ${of("memory").toFixed(0)} MB | ${(of("memory") / megabytes).toFixed(2)}× |`);
});
