#!/usr/bin/env node
// domreel against the floor: the same distinct page frames, drawn and captured by a loop that does nothing else.
//
//   node floors.mjs RECORDING… [--domreel PROGRAM] [--frames PROGRAM] [--jobs 1,2] [--rounds 3]
//
// Rounds are interleaved, and medians are shown. Processor time is that of all processes, browsers included;
// `own` is what domreel itself takes of it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { findBrowser } from "./cdp.mjs";
import { run } from "./program.mjs";

const { values, positionals: recordings } = parseArgs({
  allowPositionals: true,
  options: {
    domreel: { type: "string", default: "../../target/release/domreel" },
    frames: { type: "string", default: "../../target/release/examples/bench-frames" },
    jobs: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "3" },
  },
});
const env = { DOMREEL_BROWSER: findBrowser(), ...process.env };
const directory = mkdtempSync(join(tmpdir(), "domreel-bench-"));
const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

async function domreel(file, jobs) {
  const clip = join(directory, "clip.gif");
  rmSync(clip, { force: true });
  const { wall, cpu, own, stdout } = await run(values.domreel, ["render", file, "-o", clip, "--fps", "12",
    "--width", "800", "--jobs", `${jobs}`, "--json"], { env });
  const report = JSON.parse(stdout);
  const pictures = report.timings.segments.reduce((total, one) => total + one.pictures, 0);
  return { wall, cpu, own, pictures, recording: report.recording_ms / 1000 };
}

console.log("| recording | browsers | page frames | pictures taken | floor, wall | domreel, wall | domreel / floor | floor, processor | domreel, processor | domreel / floor | own | real time |");
console.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
for (const file of recordings) {
  const list = join(directory, "frames.json");
  execFileSync(values.frames, [file, list], { env });
  for (const jobs of values.jobs.split(",")) {
    const floors = [];
    const ours = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      floors.push(JSON.parse(execFileSync("node", ["floor.mjs", list, jobs], { env, encoding: "utf8" })));
      ours.push(await domreel(file, jobs));
    }
    const of = (runs, key) => median(runs.map((run) => run[key]));
    const pair = (key) => median(floors.map((floor, at) => ours[at][key] / floor[key]));
    const s = (value) => `${value.toFixed(2)} s`;
    console.log(`| ${basename(file)} | ${jobs} | ${of(floors, "frames")} | ${of(ours, "pictures")} | ${s(of(floors, "wall"))} | ${
      s(of(ours, "wall"))} | ${pair("wall").toFixed(2)} | ${s(of(floors, "cpu"))} | ${s(of(ours, "cpu"))} | ${
      pair("cpu").toFixed(2)} | ${s(of(ours, "own"))} | ${(of(ours, "recording") / of(ours, "wall")).toFixed(1)}× |`);
  }
}
rmSync(directory, { recursive: true, force: true });
