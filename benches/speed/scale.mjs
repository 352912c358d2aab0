#!/usr/bin/env node
// How cost grows: with browsers, with the length of the clip, and with the size of the page.
//
//   node scale.mjs [--domreel PROGRAM] [--most-minutes 10]
//
// Recordings come from generate.mjs: a table in which twelve cells a tick change, twelve (for long clips:
// two) ticks a second. Memory is the peak of domreel's own process.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./program.mjs";

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

async function render(file, options = []) {
  const directory = mkdtempSync(join(tmpdir(), "domreel-bench-"));
  const { wall, cpu, memory, stdout } = await run(values.domreel, ["render", file, "-o", join(directory, "clip.gif"),
    "--width", "800", "--from", "0:00", "--json", ...options]);
  rmSync(directory, { recursive: true, force: true });
  const { captured } = JSON.parse(stdout);
  return { wall, cpu, memory: memory / 1e6, captured };
}

/** Renders one after the other, each with a name. */
async function renders(all) {
  const rows = [];
  for (const [name, ...given] of all) rows.push([name, await render(...given)]);
  return rows;
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
table("Browsers at once: 30 s, 1,000 nodes", "jobs", await renders([1, 2, 4].map((jobs) => [jobs, short, ["--jobs", `${jobs}`]])));
const lengths = [1 / 6, 1, Number(values["most-minutes"])];
table("Length of the clip: 2 changes a second", "seconds", await renders(lengths.map((minutes) => [
  Math.round(minutes * 60), recording({ minutes: Number(minutes.toFixed(3)), rows: 60, perSecond: 2 }),
])));
table("Size of the page: 30 s", "nodes", await renders([30, 300, 3000].map((rows) => [
  rows * 17, recording({ minutes: 0.5, rows, perSecond: 6 }),
])));
