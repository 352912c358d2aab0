#!/usr/bin/env node
// Compares what `domreel scan --json` found with what generate.mjs knows.
//
//   domreel scan DIR/sessions --json | node check.mjs DIR/truth.json
import { readFileSync } from "node:fs";

const truth = JSON.parse(readFileSync(process.argv[2], "utf8"));
const scan = JSON.parse(readFileSync(0, "utf8"));
let wrong = 0;
function compare(name, found, known) {
  if (found === known) return;
  wrong++;
  console.error(`${name}: found ${found}, true is ${known}`);
}

compare("sessions", scan.sessions, truth.sessions);
compare("users", scan.users, truth.users);
for (const kind of ["error", "request"]) {
  const groups = scan.groups.filter((group) => group.kind === kind);
  const known = truth[`${kind}s`];
  compare(`groups of kind ${kind}`, groups.length, known.length);
  for (const one of known) {
    // Ids in a route are stars.
    const [method, path] = one.title.split(" ");
    const route = `${method} plants.example${path.replace(/\/[A-Z]+\d+$/, "/*")} `;
    const group = groups.find(({ title }) => (kind === "error" ? title.endsWith(one.title) : title.startsWith(route)));
    if (!group) compare(one.title, "no such group", "one");
    else for (const figure of ["sessions", "users", "occurrences", "got_past"]) compare(`${figure} of ${one.title}`, group[figure], one[figure]);
  }
}
console.error(wrong ? `${wrong} figures are wrong` : "all figures are those of the truth");
process.exitCode = wrong ? 1 : 0;
