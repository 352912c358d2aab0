// What Replayer is known to show otherwise than the browser did, put right in the events that it gets,
// so that what is left of a difference is worth a look. README.md tells of each.

const INCREMENTAL = 3;
const CUSTOM = 5;
const MOUSE_MOVE = 1, MOUSE_INTERACTION = 2, DRAG = 12;
const MOUSE_UP = 0, MOUSE_DOWN = 1, FOCUS = 5, TOUCH_START = 7, TOUCH_END = 9;
// A focus so soon after the pointer was pressed is its doing.
const POINTER_FOCUS_MS = 300;

/** Tag of the event before a focus that the pointer gave: reference.mjs lets it show no ring. */
export const POINTER_FOCUS = "oracle-pointer-focus";

export function mended(events) {
  return pointerFocus(events.map(withoutSrcdoc).flatMap(singleMoves)).sort((one, other) => one.timestamp - other.timestamp);
}

// Replayer leaves `srcdoc` on a frame, so that the browser loads that beside, or over, what was recorded.
function withoutSrcdoc(event) {
  const text = JSON.stringify(event);
  return text.includes('"srcdoc"')
    ? JSON.parse(text, function drop(key, value) { return key === "srcdoc" && "srcdoc" in this ? undefined : value; })
    : event;
}

// Moves are recorded half a second at once. Replayer, when it seeks, knows the last of a batch only, and
// that from the batch's end on.
function singleMoves(event) {
  const { type, data, timestamp } = event;
  if (type !== INCREMENTAL || (data.source !== MOUSE_MOVE && data.source !== DRAG)) return [event];
  return data.positions.map((position) => ({
    ...event,
    timestamp: timestamp + Math.min(position.timeOffset, 0),
    data: { ...data, positions: [{ ...position, timeOffset: 0 }] },
  }));
}

// A script that gives the focus makes a ring show, where a click on the same control did not.
function pointerFocus(events) {
  let pressed = -Infinity;
  return events.flatMap((event) => {
    const { type, data, timestamp } = event;
    if (type !== INCREMENTAL || data.source !== MOUSE_INTERACTION) return [event];
    if ([MOUSE_UP, MOUSE_DOWN, TOUCH_START, TOUCH_END].includes(data.type)) pressed = timestamp;
    if (data.type !== FOCUS || timestamp - pressed >= POINTER_FOCUS_MS) return [event];
    return [{ type: CUSTOM, timestamp, data: { tag: POINTER_FOCUS, payload: {} } }, event];
  });
}
