// Compares domreel's pictures of recordings with those of rrweb's Replayer and prints a table.
//
//   node compare.mjs [--frames N] [--limit SHARE] [--out DIR] [--keep DIR] [--explained FILE] [--plain] FILE|DIRECTORY…
//
// For every recording: how many frames, which share of pixels differs by more than 8 of 255 in any
// channel (all frames together, and in the worst one), and the picture of the worst: Replayer's,
// domreel's, and where they differ. OUT gets such a picture of every frame above the limit, too.
// `--keep` keeps Replayer's pictures in a directory and takes them from there the next time.
// `--explained` is a JSON file: how many frames of a recording may be above the limit, and why.
// `--plain` leaves Replayer's known faults (faults.mjs) in.
// Exits with 1 if more frames are above the limit than are explained, or a recording fails.
// Needs DOMREEL (the program) and DOMREEL_BROWSER (chromium-headless-shell).
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { parseArgs, promisify } from "node:util";
import { PNG } from "pngjs";
import { difference, sideBySide, viewport } from "./differ.mjs";
import { readEvents } from "./events.mjs";
import { mended } from "./faults.mjs";
import { Reference } from "./reference.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: "string", default: "10" },
    limit: { type: "string", default: "0.001" },
    out: { type: "string", default: "out" },
    keep: { type: "string" },
    explained: { type: "string" },
    plain: { type: "boolean", default: false },
  },
});
const program = process.env.DOMREEL ?? "domreel";
const browser = process.env.DOMREEL_BROWSER ?? "/usr/lib/chromium/chromium-headless-shell";
const limit = Number(values.limit);
const explained = values.explained ? JSON.parse(readFileSync(values.explained, "utf8")) : {};
const RECORDING = /\.(json|jsonl|ndjson)(\.gz|\.zst)?$/;
// One recording, with all its frames.
const DEADLINE_MS = 600_000;

const recordings = positionals.flatMap((path) => statSync(path).isDirectory()
  ? readdirSync(path, { recursive: true }).filter((name) => RECORDING.test(name)).sort().map((name) => [join(path, name), name])
  : [[path, basename(path)]]);
mkdirSync(values.out, { recursive: true });
if (values.keep) mkdirSync(values.keep, { recursive: true });

let frames = 0;
let above = 0;
let unexplained = 0;
const reference = await Reference.open(browser);
console.log("recording                              frames  differing      worst  above  picture of the worst");
for (const [path, file] of recordings) {
  const name = file.replace(RECORDING, "");
  try {
    const events = readEvents(path);
    if (events.length < 2 || !events.some((event) => event.type === 2)) continue;
    const allowed = explained[name] ?? { frames: 0 };
    let found = await compare(path, events, name.replaceAll("/", "-"));
    // Replayer seeks films and decodes pictures while time goes on: on a busy machine it shows them late.
    if (found.above > allowed.frames) {
      const again = await compare(path, events, name.replaceAll("/", "-"));
      if (again.above < found.above) found = again;
    }
    frames += found.frames;
    above += found.above;
    unexplained += Math.max(0, found.above - allowed.frames);
    const share = (value) => `${(value * 100).toFixed(3)} %`.padStart(10);
    const why = found.above > allowed.frames ? "  NOT EXPLAINED" : found.above ? `  ${allowed.why}` : "";
    console.log(`${name.padEnd(38)} ${String(found.frames).padStart(6)} ${share(found.mean)} ${share(found.worst)} ${String(found.above).padStart(6)}  ${found.picture ?? "-"}${why}`);
  } catch (error) {
    unexplained += 1;
    console.log(`${name.padEnd(38)} failed: ${String(error.stderr || error.message || error).trim().split("\n")[0]}`);
  }
}
await reference.close();
const within = frames ? (((frames - above) / frames) * 100).toFixed(2) : "0";
console.log(`${frames} frames, ${above} above ${limit * 100} %: ${within} % within`);
process.exitCode = unexplained ? 1 : 0;

async function compare(path, events, name) {
  const times = timesOf(events);
  const work = mkdtempSync(join(tmpdir(), "domreel-oracle-"));
  try {
    const [ours, theirs] = await Promise.all([take(path, times, work), pictures(path, events, times)]);
    let differing = 0;
    let all = 0;
    let above = 0;
    let worst = { share: -1 };
    for (const [index, at] of times.entries()) {
      const expected = PNG.sync.read(theirs[index]);
      const found = viewport(PNG.sync.read(readFileSync(ours[index])), expected);
      const { count, map } = difference(expected, found);
      const share = count / (expected.width * expected.height);
      differing += count;
      all += expected.width * expected.height;
      const isAbove = share > limit;
      if (isAbove) above += 1;
      if (!isAbove && share <= worst.share) continue;
      const picture = count > 0 ? join(values.out, `${name}-${at}.png`) : undefined;
      if (share > worst.share) {
        if (worst.picture && worst.share <= limit) rmSync(worst.picture);
        worst = { share, picture };
      }
      if (picture) writeFileSync(picture, PNG.sync.write(sideBySide(expected, found, map)));
    }
    return {
      frames: times.length, mean: differing / all, worst: worst.share, above,
      picture: worst.picture && relative(process.cwd(), worst.picture),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// Evenly spaced, from the first full snapshot to the end.
function timesOf(events) {
  const start = events[0].timestamp;
  const first = events.find((event) => event.type === 2).timestamp - start + 1;
  const last = events.at(-1).timestamp - start;
  const count = Number(values.frames);
  // Replayer leaves out what happens at the very time it is asked for.
  return Array.from({ length: count }, (_, index) => Math.round(first + ((last - first) * (index + 1)) / count) + 2);
}

// domreel's pictures, one file for each time.
async function take(path, times, work) {
  const at = times.flatMap((ms) => ["--at", `${ms / 1000}`]);
  const options = ["--overlay", "none", "--redact", "none", "--still", "--scale", "1", "--browser", browser];
  const output = join(work, "shot.png");
  await promisify(execFile)(program, ["shot", path, ...at, ...options, "-o", output, "-q"], { timeout: DEADLINE_MS });
  return times.map((_, index) => (times.length > 1 ? join(work, `shot-${index + 1}.png`) : output));
}

// Replayer's pictures, one PNG for each time.
async function pictures(path, events, times) {
  const about = [readFileSync(path), values.plain, times].map((part) => (Buffer.isBuffer(part) ? part : JSON.stringify(part)));
  const key = about.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex").slice(0, 16);
  const kept = (index) => join(values.keep, `${key}-${index}.png`);
  if (values.keep && times.every((_, index) => existsSync(kept(index)))) {
    return times.map((_, index) => readFileSync(kept(index)));
  }
  const pngs = await reference.pictures(values.plain ? events : mended(events), times);
  if (values.keep) pngs.forEach((png, index) => writeFileSync(kept(index), png));
  return pngs;
}
