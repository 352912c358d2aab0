#!/usr/bin/env node
// Fifteen seconds deep in a large recording, against parsing it with serde_json into typed events.
//
//   node deep.mjs RECORDING.json [--domreel PROGRAM] [--events PROGRAM]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findBrowser } from "./cdp.mjs";
import { run } from "./program.mjs";

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

async function domreel(options) {
  const clip = join(directory, "clip.gif");
  rmSync(clip, { force: true });
  const { wall, memory, stdout } = await run(values.domreel, ["render", file, "-o", clip, "--from", values.from,
    "--to", values.to, "--json", ...options], { env });
  const { timings } = JSON.parse(stdout);
  // The browsers replay beside each other.
  const each = [];
  for (const { browser, replay_ms } of timings.segments) each[browser] = (each[browser] ?? 0) + replay_ms;
  const replay = Math.max(...each) / 1000;
  return { wall, parse: timings.parse_ms / 1000, plan: timings.plan_ms / 1000, replay, memory: memory / 1e6 };
}

const ways = [["", []], ["--redact none", ["--redact", "none"]]];
const runs = ways.map(() => []);
const serde = [];
for (let round = 0; round < Number(values.rounds); round++) {
  serde.push(JSON.parse(execFileSync(values.events, [file], { encoding: "utf8" })));
  for (const [at, [, options]] of ways.entries()) runs[at].push(await domreel(options));
}
rmSync(directory, { recursive: true, force: true });
const parse = median(serde.map((run) => run.parse));
console.log(`${megabytes.toFixed(0)} MB; serde_json into typed events: ${parse.toFixed(2)} s (${(megabytes / parse).toFixed(0)} MB/s), after ${
  median(serde.map((run) => run.read)).toFixed(2)} s for reading the file\n`);
console.log("| options | read and parse | plan | replay | their sum to serde_json's with reading | without | whole program | peak memory | to the file |");
console.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
ways.forEach(([name], at) => {
  const of = (key) => median(runs[at].map((run) => run[key]));
  const to = (theirs) => median(runs[at].map((run, round) => (run.parse + run.plan + run.replay) / theirs(serde[round])));
  console.log(`| ${name} | ${of("parse").toFixed(2)} s | ${of("plan").toFixed(2)} s | ${of("replay").toFixed(2)} s | ${
    to((run) => run.read + run.parse).toFixed(2)}× | ${to((run) => run.parse).toFixed(2)}× | ${of("wall").toFixed(2)} s | ${
    of("memory").toFixed(0)} MB | ${(of("memory") / megabytes).toFixed(2)}× |`);
});
