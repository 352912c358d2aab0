// A program that is run and measured, with all the processes that it starts.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** How often the processes are looked at, in milliseconds: what each uses after the last look is not counted. */
const LOOKS = 50;

/** The processes of a session: id, parent's id, and seconds of processor time so far. */
function processes(session) {
  const found = [];
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      // The name, in parentheses, may have anything in it.
      const fields = readFileSync(`/proc/${id}/stat`, "utf8").split(") ").at(-1).split(" ");
      if (Number(fields[3]) === session) {
        found.push({ id: Number(id), parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / 100 });
      }
    } catch {
      // It has just ended.
    }
  }
  return found;
}

/**
 * Runs a program to its end.
 *
 * Gives seconds of wall time; of processor time, browsers included, and of the program alone; its peak memory in
 * bytes, browsers not included; and what it wrote to its standard output.
 */
export async function run(program, args, { env = process.env, cwd } = {}) {
  // `time` counts what has been waited for: the program and its children, but not what was killed below these.
  const child = spawn("/usr/bin/time", ["-f", "%e %U %S %M", program, ...args], {
    env, cwd, detached: true, stdio: ["ignore", "pipe", "pipe"],
  });
  const below = new Map();
  let own = 0;
  const look = () => {
    const all = processes(child.pid);
    const main = all.find(({ parent }) => parent === child.pid);
    own = main?.seconds ?? own;
    const waited = new Set([process.pid, child.pid, main?.id]);
    for (const { id, parent, seconds } of all) {
      if (!waited.has(parent)) below.set(id, seconds);
    }
  };
  const looks = setInterval(look, LOOKS);
  const texts = ["", ""];
  [child.stdout, child.stderr].forEach((stream, at) => stream.on("data", (data) => (texts[at] += data)));
  const status = await new Promise((done) => child.on("close", done));
  clearInterval(looks);
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${texts[1]}`);
  const [wall, user, system, kilobytes] = texts[1].trim().split("\n").at(-1).split(" ").map(Number);
  const cpu = user + system + [...below.values()].reduce((sum, seconds) => sum + seconds, 0);
  return { wall, cpu, own, memory: kilobytes * 1024, stdout: texts[0] };
}
