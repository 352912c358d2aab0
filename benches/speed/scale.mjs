#!/usr/bin/env node
// How cost grows: with browsers, with the length of the clip, and with the size of the page.
//
//   node scale.mjs [--domreel PROGRAM] [--most-minutes 10]
//
// Recordings come from generate.mjs: a table in which twelve cells a tick change, twelve (for long clips:
// two) ticks a second. Memory is the peak of domreel's own process.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    domreel: { type: "string", default: "../../target/release/domreel" },
    "most-minutes": { type: "string", default: "10" },
    keep: { type: "string", default: join(tmpdir(), "domreel-scale") },
  },
});
const HERE = new URL(".", import.meta.url).pathname;
mkdirSync(values.keep, { recursive: true });

/** A recording, made once. */
function recording({ minutes, rows, perSecond }) {
  const file = join(values.keep, `${minutes}m-${rows}r-${perSecond}.json`);
  if (!existsSync(file)) {
    execFileSync("node", ["generate.mjs", file, "--megabytes", "0", "--minutes", `${minutes}`, "--rows", `${rows}`,
      "--per-second", `${perSecond}`], { cwd: HERE, stdio: "inherit" });
  }
  return file;
}

function render(file, options = []) {
  const directory = mkdtempSync(join(tmpdir(), "domreel-bench-"));
  const timed = spawnSync("/usr/bin/time", ["-f", "%e %U %S %M", values.domreel, "render", file, "-o",
    join(directory, "clip.gif"), "--width", "800", "--from", "0:00", "--json", ...options], { encoding: "utf8" });
  rmSync(directory, { recursive: true, force: true });
  if (timed.status !== 0) throw new Error(timed.stderr);
  const [wall, user, system, memory] = timed.stderr.trim().split("\n").at(-1).split(" ").map(Number);
  const { captured, frames, clip_ms, jobs } = JSON.parse(timed.stdout);
  return { wall, cpu: user + system, memory: memory / 1024, captured, frames, seconds: clip_ms / 1000, jobs };
}

const table = (title, head, rows) => {
  console.log(`\n${title} (${cpus().length} cores)\n\n| ${head} | wall | to first | processor | a page frame | peak memory | to first |`);
  console.log("|---:|---:|---:|---:|---:|---:|---:|");
  const [[, first]] = rows;
  for (const [name, { wall, cpu, captured, memory }] of rows) {
    const perFrame = (cpu / captured) * 1000;
    console.log(`| ${name} | ${wall.toFixed(2)} s | ${(wall / first.wall).toFixed(2)}× | ${cpu.toFixed(2)} s | ${
      perFrame.toFixed(1)} ms | ${memory.toFixed(0)} MB | ${(memory / first.memory).toFixed(2)}× |`);
  }
};

const short = recording({ minutes: 0.5, rows: 60, perSecond: 12 });
table("Browsers at once: 30 s, 1,000 nodes", "jobs", [1, 2, 4].map((jobs) => [jobs, render(short, ["--jobs", `${jobs}`])]));
const lengths = [1 / 6, 1, Number(values["most-minutes"])];
table("Length of the clip: 2 changes a second", "seconds", lengths.map((minutes) => [
  Math.round(minutes * 60), render(recording({ minutes: Number(minutes.toFixed(3)), rows: 60, perSecond: 2 })),
]));
table("Size of the page: 30 s", "nodes", [30, 300, 3000].map((rows) => [
  rows * 17, render(recording({ minutes: 0.5, rows, perSecond: 6 })),
]));
