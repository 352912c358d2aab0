// Recordings as a plain list of rrweb events, for those formats that are rrweb at heart.
import { readFileSync } from "node:fs";
import * as zlib from "node:zlib";
import { unpack } from "@rrweb/packer";

const unpacked = (bytes) => {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return zlib.gunzipSync(bytes);
  if (bytes.readUInt32LE(0) === 0xfd2fb528 && zlib.zstdDecompressSync) return zlib.zstdDecompressSync(bytes);
  return bytes;
};

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return text.split("\n").filter((line) => line.trim()).map((line) => JSON.parse(line));
  }
};

const latin1 = (text) => zlib.gunzipSync(Buffer.from(text, "latin1")).toString("utf8");

// PostHog compresses single fields of its biggest events.
const inflated = (event) => {
  if (event.cv !== "2024-10") return event;
  const { data } = event;
  if (typeof data === "string") return { ...event, data: JSON.parse(latin1(data)) };
  const fields = Object.entries(data).map(([key, value]) =>
    [key, typeof value === "string" && ["texts", "attributes", "removes", "adds"].includes(key) ? JSON.parse(latin1(value)) : value]);
  return { ...event, data: Object.fromEntries(fields) };
};

function* collect(value, tab) {
  if (typeof value === "string") {
    try {
      yield [tab, unpack(value)];
    } catch {
      // No event.
    }
  } else if (Array.isArray(value)) {
    if (value.length === 2 && typeof value[0] === "string" && value[1]?.timestamp) yield [value[0], inflated(value[1])];
    else for (const item of value) yield* collect(item, tab);
  } else if (value && typeof value === "object") {
    if (typeof value.type === "number" && value.timestamp !== undefined) yield [tab, inflated(value)];
    else if (value.window_id && value.data) yield* collect(value.data, value.window_id);
    else if (value.snapshotDataByWindowId ?? value.data?.snapshots) {
      const snapshots = value.snapshotDataByWindowId ?? value.data.snapshots;
      if (Array.isArray(snapshots)) {
        for (const one of snapshots) yield* collect(one, one.windowId ?? one.window_id ?? tab);
      } else for (const [id, events] of Object.entries(snapshots)) yield* collect(events, id);
    } else for (const key of ["events", "data", "snapshots"]) if (value[key]) yield* collect(value[key], tab);
  }
}

// Below this a time is in seconds, where a recorder writes both.
const SECONDS_END = 1e11;

// The events of the tab with most of them, in order of time.
export function readEvents(path) {
  const tabs = new Map();
  for (const [tab, event] of collect(parsed(unpacked(readFileSync(path)).toString("utf8").trim()), "")) {
    const events = tabs.get(tab) ?? [];
    events.push(event);
    tabs.set(tab, events);
  }
  const largest = [...tabs.values()].sort((one, other) => other.length - one.length)[0] ?? [];
  const mixed = largest.some((event) => event.timestamp >= SECONDS_END);
  return largest
    .filter((event) => event.type <= 6)
    .map((event) => (mixed && event.timestamp < SECONDS_END ? { ...event, timestamp: event.timestamp * 1000 } : event))
    .sort((one, other) => one.timestamp - other.timestamp);
}
