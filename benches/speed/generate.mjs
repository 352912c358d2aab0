#!/usr/bin/env node
// Makes a recording of a table that changes all the time, with rrweb's own recorder.
//
//   node generate.mjs FILE [--minutes 11] [--megabytes 160] [--rows 250] [--per-second 12]
//
// The page's clock is set by this script, so it does not take eleven minutes. With --megabytes 0, each
// tick changes a few cells only. Needs `npm ci` in fixtures/record.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { launch } from "../../fixtures/record/browser.mjs";
import { record } from "../../fixtures/record/recorder.mjs";

const { values, positionals: [file] } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "11" },
    megabytes: { type: "string", default: "160" },
    rows: { type: "string", default: "250" },
    "per-second": { type: "string", default: "12" },
  },
});
if (!file) throw new Error("name the file to write");
const perSecond = Number(values["per-second"]);
const ticks = Math.round(Number(values.minutes) * 60 * perSecond);
const wanted = Number(values.megabytes) * 1e6;

const BEGIN = Date.UTC(2026, 2, 10, 14, 2, 0);
const CLOCK = `{ let now = ${BEGIN}; const real = Date; window.setNow = (time) => { now = time; };
  window.Date = class extends real { constructor(...given) { super(...(given.length ? given : [now])); }
  static now() { return now; } }; }`;

const browser = await launch();
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 800 });
await page.evaluateOnNewDocument(CLOCK);
const events = await record(page, { checkoutEveryNms: 120_000 });
const html = readFileSync(new URL("page.html", import.meta.url), "utf8");
await page.setRequestInterception(true);
page.on("request", (request) => request.respond({ status: 200, contentType: "text/html", body: html }));
await page.goto("https://table.example/", { waitUntil: "load" });
await page.evaluate((rows) => fill(rows), Number(values.rows));

const out = openSync(file, "w");
let bytes = writeSync(out, "[");
let first = true;
const drain = () => {
  for (const event of events.splice(0)) {
    bytes += writeSync(out, `${first ? "" : ","}\n${JSON.stringify(event)}`);
    first = false;
  }
};
const cells = 12;
let rows = wanted > 0 ? 8 : 0;
let before = 0;
const BATCH = 40;
for (let at = 0; at < ticks; at += BATCH) {
  const count = Math.min(BATCH, ticks - at);
  await page.evaluate(async (at, count, cells, rows, begin, step) => {
    for (let tickAt = at; tickAt < at + count; tickAt++) {
      setNow(begin + tickAt * step);
      tick(tickAt, cells, rows);
      // The recorder's observer runs before this goes on.
      await new Promise((done) => setTimeout(done));
    }
  }, at, count, cells, rows, BEGIN, 1000 / perSecond);
  drain();
  // A batch says what a changed row takes, and so how many have to change for the file to become as large
  // as wanted.
  const wrote = bytes - before;
  before = bytes;
  const left = ((wanted - bytes) / (ticks - at - count)) * BATCH;
  if (wanted > 0) rows = Math.max(0, Math.round(((rows + cells / 8) * left) / wrote - cells / 8));
}
drain();
writeSync(out, "\n]\n");
closeSync(out);
await browser.close();
console.log(`${file}: ${(bytes / 1e6).toFixed(1)} MB, ${ticks} ticks in ${values.minutes} min`);
