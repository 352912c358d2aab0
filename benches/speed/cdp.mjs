// A browser over a pipe and nothing around it: the least that can draw and hand over a frame.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** The browser that domreel would take. */
export function findBrowser() {
  if (process.env.DOMREEL_BROWSER) return process.env.DOMREEL_BROWSER;
  const folders = ["/usr/lib/chromium", ...(process.env.PATH ?? "").split(delimiter)];
  for (const name of ["chromium-headless-shell", "chrome-headless-shell"]) {
    for (const folder of folders) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no chromium-headless-shell found: set DOMREEL_BROWSER to its path");
}

const FLAGS = [
  "--headless", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb", "--font-render-hinting=none",
  "--disable-lcd-text", "--disable-partial-raster", "--disable-checker-imaging", "--num-raster-threads=1", "--mute-audio",
  "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
  "--disable-extensions", "--disable-sync", "--disable-breakpad", "--disable-crash-reporter", "--disable-dev-shm-usage",
  "--lang=en-US", "--blink-settings=imageAnimationPolicy=2", "--host-resolver-rules=MAP * ~NOTFOUND",
];

export const BEGIN_FRAME = [
  "--enable-begin-frame-control", "--run-all-compositor-stages-before-draw", "--deterministic-mode",
];

/** Starts a browser; `call(method, params, session)` answers with its result. */
export function start({ program = findBrowser(), flags = BEGIN_FRAME, scale = 1 } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "domreel-bench-"));
  const all = [...FLAGS, ...flags, ...(scale ? [`--force-device-scale-factor=${scale}`] : []), `--user-data-dir=${profile}`,
    "--remote-debugging-pipe"];
  if (process.getuid?.() === 0 || process.env.DOMREEL_NO_SANDBOX) all.push("--no-sandbox");
  const child = spawn(program, all, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true });
  const [, , , input, output] = child.stdio;
  const waiting = new Map();
  const listeners = new Set();
  let last = 0;
  let parts = [];
  output.on("data", (data) => {
    let from = 0;
    for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0, from)) {
      parts.push(data.subarray(from, end));
      const message = JSON.parse(Buffer.concat(parts).toString("utf8"));
      parts = [];
      from = end + 1;
      if (message.id === undefined) {
        for (const listener of listeners) listener(message);
        continue;
      }
      const { resolve, reject, method } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    }
    if (from < data.length) parts.push(data.subarray(from));
  });
  const call = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    const id = ++last;
    waiting.set(id, { resolve, reject, method });
    input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
  });
  const gone = new Promise((resolve) => child.on("exit", resolve));
  const close = async () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { call, close, listen: (listener) => listeners.add(listener), pid: child.pid };
}

/** Seconds of processor time that a browser's processes have used so far: its process group's. */
export async function cpuSeconds(group) {
  const { readdirSync, readFileSync } = await import("node:fs");
  let ticks = 0;
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ");
      if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has just ended.
    }
  }
  return ticks / 100;
}

/** Opens the one page of a browser. */
export async function openPage({ call }, { width, height, onDemand = true, url = "about:blank" }) {
  const { targetId } = await call("Target.createTarget", {
    url, width, height, ...(onDemand && { enableBeginFrameControl: true }),
  });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  return { session: sessionId, target: targetId };
}
