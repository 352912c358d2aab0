#!/usr/bin/env node
// Compares what `domreel scan --json` found, or the figures of a post-mortem, with what generate.mjs knows.
//
//   domreel scan DIR/sessions --json | node check.mjs DIR/truth.json
//   domreel postmortem DIR/sessions -o pm.md && node check.mjs DIR/truth.json < pm-files/figures.json
import { readFileSync } from "node:fs";

const truth = JSON.parse(readFileSync(process.argv[2], "utf8"));
const scan = JSON.parse(readFileSync(0, "utf8"));
let wrong = 0;
function compare(name, found, known) {
  if (found === known) return;
  wrong++;
  console.error(`${name}: found ${found}, true is ${known}`);
}

/** Figures of a post-mortem, and the same counted again from the sessions behind them. */
function checkPostmortem(told) {
  const known = [...truth.errors, ...truth.requests].find(({ title }) => told.title.includes(title));
  if (!known) return compare(told.title, "no such problem", "one");
  const figure = (name) => told.figures.find((one) => one.name === name)?.value;
  const met = told.sessions.filter(({ occurrences_ms }) => occurrences_ms.length);
  for (const [name, again, is] of [
    ["users", new Set(met.map(({ user }) => user)).size, known.users],
    ["sessions", met.length, known.sessions],
    ["occurrences", met.reduce((all, { occurrences_ms }) => all + occurrences_ms.length, 0), known.occurrences],
    ["got past it", met.filter(({ got_past }) => got_past).length, known.got_past],
    ["all sessions", told.sessions.length, truth.sessions],
    ["all users", new Set(told.sessions.map(({ user }) => user)).size, truth.users],
  ]) {
    compare(name, figure(name), is);
    compare(`${name}, counted again`, again, is);
  }
}

if (!scan.groups) checkPostmortem(scan);
else compare("sessions", scan.sessions, truth.sessions);
if (scan.groups) compare("users", scan.users, truth.users);
for (const kind of scan.groups ? ["error", "request"] : []) {
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
