// Compares domreel's pictures of recordings with those of rrweb's Replayer and prints a table.
//
//   node compare.mjs [--frames N] [--limit SHARE] [--out DIR] FILE|DIRECTORY…
//
// For every recording: how many frames, which share of pixels differs by more than 8 of 255 in any
// channel (all frames together, and in the worst one). For each frame above the limit OUT gets a
// picture: Replayer's, domreel's, and where they differ. Exits with 1 if a frame is above the limit.
// Needs DOMREEL (the program) and DOMREEL_BROWSER (chromium-headless-shell).
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { PNG } from "pngjs";
import { readEvents } from "./events.mjs";
import { reference } from "./reference.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: "string", default: "10" },
    limit: { type: "string", default: "0.001" },
    out: { type: "string", default: "out" },
  },
});
const program = process.env.DOMREEL ?? "domreel";
const browser = process.env.DOMREEL_BROWSER ?? "/usr/lib/chromium/chromium-headless-shell";
const limit = Number(values.limit);
const RECORDING = /\.(json|jsonl|ndjson)(\.gz|\.zst)?$/;

const recordings = positionals.flatMap((path) => statSync(path).isDirectory()
  ? readdirSync(path, { recursive: true }).filter((name) => RECORDING.test(name)).sort().map((name) => join(path, name))
  : [path]);
mkdirSync(values.out, { recursive: true });

let frames = 0;
let above = 0;
console.log("recording                              frames  differing   worst  at");
for (const path of recordings) {
  const name = basename(path).replace(RECORDING, "");
  try {
    const found = await compare(path, name);
    if (!found) continue;
    frames += found.frames;
    above += found.above;
    const share = (value) => `${(value * 100).toFixed(3)} %`.padStart(10);
    const flag = found.above ? `  ${found.above} above` : "";
    console.log(`${name.padEnd(38)} ${String(found.frames).padStart(6)} ${share(found.mean)} ${share(found.worst)}  ${found.worstAt}${flag}`);
  } catch (error) {
    above += 1;
    console.log(`${name.padEnd(38)} failed: ${String(error.message ?? error).split("\n")[0]}`);
  }
}
console.log(`${frames} frames, ${above} above ${limit * 100} %`);
process.exitCode = above ? 1 : 0;

async function compare(path, name) {
  const events = readEvents(path);
  const snapshot = events.find((event) => event.type === 2);
  if (events.length < 2 || !snapshot) return null;
  const start = events[0].timestamp;
  const first = snapshot.timestamp - start + 1;
  const last = events.at(-1).timestamp - start;
  const count = Number(values.frames);
  // Replayer leaves out what happens at the very time it is asked for.
  const times = Array.from({ length: count }, (_, index) => Math.round(first + ((last - first) * (index + 1)) / count) + 2);
  const work = mkdtempSync(join(tmpdir(), "domreel-oracle-"));
  try {
    const ours = take(path, times, work);
    let differing = 0;
    let all = 0;
    let worst = -1;
    let worstAt = 0;
    let above = 0;
    let index = 0;
    await reference(browser, events, times, (at, png) => {
      const expected = PNG.sync.read(Buffer.from(png));
      const found = viewport(PNG.sync.read(readFileSync(ours[index++])), expected);
      const { count: wrong, map } = difference(expected, found);
      const share = wrong / (expected.width * expected.height);
      differing += wrong;
      all += expected.width * expected.height;
      if (share > worst) [worst, worstAt] = [share, at];
      if (share > limit) {
        above += 1;
        writeFileSync(join(values.out, `${name}-${at}.png`), sideBySide(expected, found, map));
      }
    });
    return { frames: times.length, mean: differing / all, worst, worstAt, above };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// domreel's pictures, one file for each time.
function take(path, times, work) {
  const at = times.flatMap((ms) => ["--at", `${ms / 1000}`]);
  const options = ["--overlay", "none", "--still", "--scale", "1", "--browser", browser];
  const output = join(work, "shot.png");
  execFileSync(program, ["shot", path, ...at, ...options, "-o", output, "-q"], { stdio: ["ignore", "ignore", "pipe"] });
  return times.map((_, index) => (times.length > 1 ? join(work, `shot-${index + 1}.png`) : output));
}

// All pictures of a recording have the size of its largest viewport; a smaller one is in the middle.
function viewport(picture, { width, height }) {
  const cut = new PNG({ width: Math.min(width, picture.width), height: Math.min(height, picture.height) });
  const x = Math.floor((picture.width - cut.width) / 2);
  const y = Math.floor((picture.height - cut.height) / 2);
  PNG.bitblt(picture, cut, x, y, cut.width, cut.height, 0, 0);
  return cut;
}

// How many pixels differ, and where. What only one of the two has counts as different.
function difference(expected, found) {
  const { width, height } = expected;
  const map = new Uint8Array(width * height);
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const one = (y * width + x) * 4;
      const other = (y * found.width + x) * 4;
      const outside = x >= found.width || y >= found.height;
      const far = (channel) => Math.abs(expected.data[one + channel] - found.data[other + channel]) > 8;
      if (outside || far(0) || far(1) || far(2)) {
        map[y * width + x] = 1;
        count++;
      }
    }
  }
  return { count, map };
}

function sideBySide(expected, found, map) {
  const { width, height } = expected;
  const picture = new PNG({ width: width * 3 + 20, height: Math.max(height, found.height) });
  picture.data.fill(128);
  PNG.bitblt(expected, picture, 0, 0, width, height, 0, 0);
  PNG.bitblt(found, picture, 0, 0, Math.min(width, found.width), found.height, width + 10, 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * picture.width + 2 * width + 20 + x) * 4;
      const grey = 200 + expected.data[(y * width + x) * 4] / 5;
      picture.data.set(map[y * width + x] ? [220, 0, 60, 255] : [grey, grey, grey, 255], at);
    }
  }
  return PNG.sync.write(picture);
}
