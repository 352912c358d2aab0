#!/usr/bin/env node
// Makes many sessions of one shop (fixtures/pages/shop) and tells the truth about them.
//
//   node generate.mjs DIR [COUNT]           COUNT sessions (default 300), and DIR/truth.json
//   node generate.mjs DIR COUNT DIR COUNT   several sets from the same takes
//
// Each way through the shop is played once for each viewport in a headless browser, with rrweb's own
// recorder and its console and network plugins, and once more for two viewports with Datadog's own SDKs
// (versions 5 and 7), whose uploads go to a server on this machine. Every session is such a take, moved in
// time, for another user. Those by rrweb are wrapped as a plain file, as a PostHog export or as a Sentry
// download, with the events that such a product keeps beside it: in the shapes that the products document,
// for their own SDKs do not run. Those by Datadog's are the segments and RUM events as they were uploaded.
//
// The truth does not come from the recordings: errors are those that the browser reported to the
// driver, failed requests those that the server answered so, and a session got past the checkout when
// the driver ended on the page that thanks.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { launch, serve } from "../../fixtures/record/browser.mjs";
import { intake, over, recordTo, scripts } from "../../fixtures/record/datadog-recorder.mjs";
import { Person } from "../../fixtures/record/person.mjs";
import { record } from "../../fixtures/record/recorder.mjs";

const BEGIN = Date.UTC(2026, 2, 9, 0, 0, 0);
const DAY = 86_400_000;
const SITE = "https://plants.example";

const VIEWPORTS = [
  { width: 1280, height: 800 },
  { width: 1600, height: 900 },
  { width: 390, height: 844 },
  { width: 768, height: 1024 },
  { width: 1366, height: 768 },
];

/** What Datadog's SDKs record: the version of the SDK by viewport. */
const DATADOG = [
  { recorder: "datadog-v7", viewport: { width: 1366, height: 768 } },
  { recorder: "datadog-v5", viewport: { width: 390, height: 844 } },
];

const AGENTS = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.2 Safari/605.1.15",
  "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0",
];

/** The order fails; each order in `orders` answers one attempt, the last one all further ones. */
const FAILS = { status: 500, json: { error: "stock service did not answer" } };
const WORKS = { status: 201, json: { receipt: { number: 4711 } } };
const VOUCHER_MISSING = { status: 404, json: { error: "no such voucher" } };

const fromShelf = async (person) => {
  await person.look(300);
  await person.click("article:nth-child(2) button");
  await person.pause(250);
  await person.click("nav a");
  await person.find("#to-checkout");
  await person.look(300);
};
const toCheckout = async (person) => {
  await person.click("#to-checkout");
  await person.find("#pay");
  await person.look(250);
};
const fillIn = async (person) => {
  await person.fill("[name=name]", "Nora L", 45);
  await person.fill("[name=city]", "Malmo", 45);
};
const pay = async (person, wait = 1300) => {
  await person.click("#pay");
  await person.pause(wait);
};

// Shares are parts of all sessions, in thousandths.
const WAYS = [
  { name: "healthy", share: 560, orders: [WORKS], async play(p) { await fromShelf(p); await toCheckout(p); await fillIn(p); await pay(p); } },
  { name: "browse", share: 140, orders: [], async play(p) { await fromShelf(p); } },
  { name: "pay-twice", share: 110, orders: [FAILS], async play(p) { await fromShelf(p); await toCheckout(p); await fillIn(p); await pay(p); await pay(p); } },
  { name: "rage", share: 60, orders: [FAILS], async play(p) { await fromShelf(p); await toCheckout(p); await fillIn(p); await pay(p); await p.clickFast(6, 150); await p.pause(1300); } },
  { name: "straight", share: 40, orders: [FAILS], start: "/checkout", async play(p) { await p.look(300); await fillIn(p); await p.click("label.row input"); await pay(p); } },
  { name: "retry-works", share: 40, orders: [FAILS, WORKS], async play(p) { await fromShelf(p); await toCheckout(p); await fillIn(p); await pay(p); await pay(p, 1500); } },
  { name: "voucher", share: 50, orders: [WORKS], async play(p) { await fromShelf(p); await p.fill("[name=code]", "SPRING26", 45); await p.click("#voucher button"); await p.pause(1300); await toCheckout(p); await fillIn(p); await pay(p); } },
];

/** Plays a way once; with `datadog` ({recorder, server}), that records it. */
async function take(browser, way, viewport, datadog) {
  const page = await browser.newPage();
  await page.setViewport(viewport);
  const truth = { errors: [], requests: [], gotPast: false };
  page.on("pageerror", (error) => truth.errors.push(String(error.message)));
  const events = datadog ? [] : await record(page);
  let attempt = 0;
  const answers = new Proxy({}, {
    get(_, name) {
      let answer;
      if (name === "POST /api/orders") answer = way.orders[Math.min(attempt++, way.orders.length - 1)];
      else if (String(name).startsWith("GET /api/vouchers/")) answer = VOUCHER_MISSING;
      else return datadog && scripts(datadog.recorder)[name];
      if (answer.status >= 400) truth.requests.push({ name: String(name), status: answer.status });
      return { ...answer, delay: 220 };
    },
  });
  if (datadog) {
    const options = { user: "user-0", version: "release-0", service: "shop", defaultPrivacyLevel: "allow" };
    await recordTo(datadog.server.address, page, options);
  }
  await serve(page, "shop", answers, datadog ? [datadog.server.address] : []);
  await page.goto(`${SITE}${way.start ?? "/"}`, { waitUntil: "load" });
  const person = new Person(page, { at: { x: viewport.width / 2, y: 300 } });
  await person.pause(500);
  await way.play(person);
  await person.pause(1200);
  const session = datadog && (await over(page));
  truth.gotPast = page.url().includes("/thanks");
  await page.close();
  // The recorder's wrapper, not the shop, throws nothing: every error is the shop's.
  if (datadog) return { segments: datadog.server.segments(session), rum: datadog.server.events(session), session, truth };
  return { events, truth };
}

/** Each take of Datadog's with everything that it uploaded, or it is taken again. */
async function datadogTake(browser, way, { recorder, viewport }, server) {
  for (let attempt = 0; attempt < 20; attempt++) {
    // Without the cookies of others: they tell the session.
    const context = await browser.createBrowserContext();
    const taken = await take(context, way, viewport, { recorder, server });
    await context.close();
    const views = new Set(taken.rum.map((event) => event.view.id));
    const whole = taken.segments.length && [...views].every((view) => taken.segments.some((segment) => segment.view.id === view));
    const errors = taken.rum.filter(({ type }) => type === "error").length;
    if (whole && errors === taken.truth.errors.length) return taken;
    console.error("  an upload was lost; once more:", taken.segments.length, "segments", errors, "errors");
  }
  throw new Error(`${recorder} does not upload all of ${way.name}`);
}

const shifted = (events, by) => events.map((event) => ({ ...event, timestamp: event.timestamp + by }));
const iso = (time) => new Date(time).toISOString();
const errorsOf = (events) =>
  events
    .filter((event) => event.type === 6 && event.data.plugin.startsWith("rrweb/console"))
    .map(({ timestamp, data }) => ({ timestamp, text: JSON.parse(data.payload.payload[0] ?? '""'), trace: data.payload.trace }))
    .filter(({ text }) => String(text).startsWith("Uncaught"))
    .map(({ timestamp, text, trace }) => {
      const [, type, value] = /^Uncaught (?:\(in promise\) )?(\w+): (.*)$/s.exec(text);
      const frames = trace.map((line) => {
        const [, name, file, row, column] = /^(?:(.*) \()?(.*?):(\d+):(\d+)\)?$/.exec(line);
        return { function: name ?? "?", filename: file, lineno: Number(row), colno: Number(column), in_app: true };
      });
      return { timestamp, type, value, frames: frames.reverse() };
    });

/** A take by Datadog's SDK as another session of another user. */
function datadogFiles({ segments, rum, session }, who, by) {
  const ids = new Map([[session, who.session]]);
  for (const { view } of segments) if (!ids.has(view.id)) ids.set(view.id, `${who.session}-v${ids.size}`);
  const renamed = (text) => {
    for (const [id, name] of ids) text = text.replaceAll(id, name);
    return text.replaceAll("user-0", who.user).replaceAll("release-0", who.release);
  };
  const moved = segments.map((segment) => ({
    ...segment,
    start: segment.start + by,
    end: segment.end + by,
    records: segment.records.map((record) => ({ ...record, timestamp: record.timestamp + by })),
  }));
  const events = rum.map((event) => ({ ...event, date: event.date + by }));
  return {
    "json.gz": gzipSync(renamed(JSON.stringify(moved.sort((one, two) => one.start - two.start)))),
    "rum.ndjson": renamed(events.map((event) => `${JSON.stringify(event)}\n`).join("")),
  };
}

/** The files of a session, by the product that keeps it. */
const WRAPPINGS = {
  rrweb(events, who) {
    const about = { time: iso(events[0].timestamp), kind: "marker", message: "signed in" };
    return {
      "json.gz": gzipSync(JSON.stringify(events)),
      "events.ndjson": `${JSON.stringify({ ...about, session: who.session, user: who.user, release: who.release, user_agent: who.agent })}\n`,
    };
  },
  posthog(events, who) {
    const properties = { $session_id: who.session, $window_id: `w-${who.session}`, $raw_user_agent: who.agent, distinct_id: who.user };
    const pages = events.filter(({ type }) => type === 4);
    const told = pages.map(({ timestamp, data }) => ({ event: "$pageview", timestamp, properties: { $current_url: data.href } })).concat(
      errorsOf(events).map(({ timestamp, type, value, frames }) => ({
        event: "$exception",
        timestamp,
        properties: { $exception_list: [{ type, value, mechanism: { type: "generic", handled: false }, stacktrace: { type: "raw", frames } }] },
      })),
    );
    return {
      "json.gz": gzipSync(JSON.stringify({
        version: "2023-04-28",
        data: { id: who.session, person: { distinct_ids: [who.user] }, snapshots: events.map((event) => ({ windowId: `w-${who.session}`, ...event })) },
      })),
      "events.json": JSON.stringify(told.map((event, at) => ({
        uuid: `${who.session}-${at}`, distinct_id: who.user, ...event, timestamp: iso(event.timestamp), properties: { ...properties, ...event.properties },
      }))),
    };
  },
  sentry(events, who) {
    const custom = (timestamp, tag, payload) => ({ type: 5, timestamp, data: { tag, payload } });
    const kept = events.flatMap((event) => {
      if (event.type !== 6) return [event];
      const { timestamp, data } = event;
      if (!data.plugin.startsWith("rrweb/network")) return [];
      const last = Math.max(...data.payload.requests.map((request) => request.endTime));
      return data.payload.requests
        .filter((request) => request.initiatorType === "fetch")
        .map((request) => custom(timestamp - (last - request.startTime), "performanceSpan", {
          op: "resource.fetch",
          description: request.name,
          startTimestamp: (timestamp - (last - request.startTime)) / 1000,
          endTimestamp: (timestamp - (last - request.endTime)) / 1000,
          data: { method: request.method ?? "GET", statusCode: request.status },
        }));
    });
    kept.unshift(custom(events[0].timestamp, "options", { shouldRecordCanvas: false, sessionSampleRate: 1, errorSampleRate: 1, useCompressionOption: true, maskAllText: false }));
    const headers = { request: { url: `${SITE}/`, headers: { "User-Agent": who.agent } } };
    const half = Math.ceil(kept.length / 2);
    return {
      "json.gz": gzipSync(JSON.stringify([kept.slice(0, half), kept.slice(half)])),
      "errors.json": JSON.stringify([
        // What every session has beside it, errors or not.
        { event_id: `${who.session}0`, platform: "javascript", timestamp: events[0].timestamp / 1000 - 3600, message: "session", ...headers, release: who.release, user: { id: who.user }, contexts: { replay: { replay_id: who.session } } },
        ...errorsOf(events).map(({ timestamp, type, value, frames }, at) => ({
          event_id: `${who.session}${at + 1}`,
          platform: "javascript",
          timestamp: timestamp / 1000,
          release: who.release,
          user: { id: who.user },
          contexts: { replay: { replay_id: who.session } },
          ...headers,
          exception: { values: [{ type, value, mechanism: { type: "auto.browser.global_handlers.onerror", handled: false }, stacktrace: { frames } }] },
        })),
      ]),
    };
  },
};

const KINDS = [...Object.keys(WRAPPINGS), "datadog"];

/** Numbers in 0..1, the same ones every time. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How many sessions each way gets: by its share, the rest to the first. */
function counts(total) {
  const each = WAYS.map((way) => Math.floor((total * way.share) / 1000));
  each[0] += total - each.reduce((all, count) => all + count, 0);
  return each;
}

if (process.argv.length < 3) throw new Error("say where the sessions go: node generate.mjs DIR [COUNT]");

const browser = await launch();
const takes = new Map();
try {
  const wanted = WAYS.flatMap((way) => VIEWPORTS.map((viewport) => ({ way, viewport })));
  while (wanted.length) {
    // A few at a time: pages in the background are slowed down by the browser.
    await Promise.all(wanted.splice(0, 3).map(async ({ way, viewport }) => {
      const taken = await take(browser, way, viewport);
      takes.set(`${way.name} ${viewport.width}`, taken);
      console.error(way.name, viewport.width, taken.events.length, "events", JSON.stringify(taken.truth));
    }));
  }
} finally {
  await browser.close();
}
// Pages on the web may ask this machine only if the browser is told so.
const uploading = await launch(["--disable-features=LocalNetworkAccessChecks"]);
const server = await intake();
try {
  for (const way of WAYS) {
    await Promise.all(DATADOG.map(async (by) => {
      const taken = await datadogTake(uploading, way, by, server);
      takes.set(`datadog ${way.name} ${by.viewport.width}`, taken);
      console.error(by.recorder, way.name, by.viewport.width, taken.segments.length, "segments", JSON.stringify(taken.truth));
    }));
  }
} finally {
  await uploading.close();
  server.close();
}

/** Writes a set of sessions, and the truth about it. */
function write(folder, count) {
  rmSync(join(folder, "sessions"), { recursive: true, force: true });
  mkdirSync(join(folder, "sessions"), { recursive: true });
  const random = numbers(11);
  const sessions = [];
  let number = 0;
  counts(Number(count)).forEach((howMany, at) => {
    const way = WAYS[at];
    for (let i = 0; i < howMany; i++, number++) {
      const kind = KINDS[number % KINDS.length];
      const viewports = kind === "datadog" ? DATADOG.map(({ viewport }) => viewport) : VIEWPORTS;
      const viewport = viewports[Math.floor(random() * viewports.length)];
      const taken = takes.get(`${kind === "datadog" ? "datadog " : ""}${way.name} ${viewport.width}`);
      const { truth } = taken;
      const fails = way.orders.includes(FAILS);
      // The bug came with a release on the third day, and was gone two days later.
      const day = fails ? 2 + 2 * random() : 6.5 * random();
      const start = Math.floor(BEGIN + day * DAY);
      const who = {
        session: `s${String(number).padStart(5, "0")}`,
        user: `u${Math.floor(random() * Number(count) * 0.7)}`,
        release: day < 2 || day >= 4 ? "shop@1.8.2" : "shop@1.9.0",
        agent: AGENTS[Math.floor(random() * AGENTS.length)],
      };
      const begin = kind === "datadog" ? Math.min(...taken.segments.map((segment) => segment.start)) : taken.events[0].timestamp;
      const files = kind === "datadog"
        ? datadogFiles(taken, who, start - begin)
        : WRAPPINGS[kind](shifted(taken.events, start - begin), who);
      for (const [ending, bytes] of Object.entries(files)) {
        writeFileSync(join(folder, "sessions", `${who.session}.${ending}`), bytes);
      }
      sessions.push({ ...who, kind, way: way.name, viewport: `${viewport.width}×${viewport.height}`, start, ...truth });
    }
  });

  /** What a scan has to find of one problem. */
  function group(title, has, occurrences) {
    const members = sessions.filter(has);
    return {
      title,
      sessions: members.length,
      users: new Set(members.map(({ user }) => user)).size,
      occurrences: members.reduce((all, session) => all + occurrences(session), 0),
      got_past: members.filter(({ gotPast }) => gotPast).length,
    };
  }
  const messages = [...new Set(sessions.flatMap(({ errors }) => errors))].sort();
  const requests = [...new Set(sessions.flatMap(({ requests }) => requests.map(({ name }) => name)))].sort();
  const truth = {
    sessions: sessions.length,
    users: new Set(sessions.map(({ user }) => user)).size,
    errors: messages.map((message) => group(message, ({ errors }) => errors.includes(message), ({ errors }) => errors.filter((one) => one === message).length)),
    requests: requests.map((name) => group(name, (session) => session.requests.some((one) => one.name === name), (session) => session.requests.filter((one) => one.name === name).length)),
    each: sessions,
  };
  writeFileSync(join(folder, "truth.json"), `${JSON.stringify(truth, null, 1)}\n`);
  console.error(sessions.length, "sessions in", join(folder, "sessions"));
}

for (let at = 2; at < process.argv.length; at += 2) write(process.argv[at], process.argv[at + 1] ?? "300");
