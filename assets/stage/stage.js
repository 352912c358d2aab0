// The one function that Rust calls again and again, and the operations it can ask for.

// In the order of `OPERATIONS` in src/stage/wire.rs; a test compares them.
const OPERATIONS = [
  reset,
  setViewport,
  insert,
  remove,
  changeAttribute,
  changeInlineStyle,
  changeText,
  newSheet,
  setSheetText,
  insertRule,
  deleteRule,
  setRuleStyle,
  adopt,
  setValue,
  setChecked,
  setSelected,
  setScroll,
  setMedia,
  setDialog,
  drawPicture,
  drawCommands,
  addFont,
  defineElement,
  setFocus,
  setHover,
  setActive,
  setSelection,
];

const RESET = 0;
const MOST_ERRORS = 8;

// What is too long for one message comes in pieces before the call that it is for.
let pieces = [];

function take(text) {
  pieces.push(text);
}

function taken() {
  const text = pieces.join("");
  pieces = [];
  return JSON.parse(text);
}

// Carries out [[time, [[operation, argument…]…]]…] and leaves the page as it is at `to`. Tells what is
// missing on it, if `wantMissing`, and the boxes of `wantBoxes`.
function step(steps, to, wantMissing, wantBoxes) {
  const errors = [];
  let failed = 0;
  for (const [time, changes] of steps) {
    // What a change interrupts has to be where it was at that moment.
    if (running > 0) seekAnimations(time);
    if (changes.some(([operation]) => operation === RESET)) snapshotTime = time;
    for (const [operation, ...given] of changes) {
      try {
        OPERATIONS[operation](...given);
      } catch (error) {
        failed++;
        if (errors.length < MOST_ERRORS) errors.push(`${OPERATIONS[operation].name}: ${error.message}`);
      }
    }
    applyFocus();
    seekAnimations(time);
  }
  if (steps.length > 0) applyScrolls();
  seek(to);
  drawCanvases();
  const pending = countPending();
  const slow = players.size > 0;
  return {
    running, fromSnapshot, pending, slow, failed, errors, frames: framePlaces(), ...look(wantMissing, wantBoxes),
  };
}

function look(wantMissing, wantBoxes) {
  return { missing: wantMissing ? missing() : [], boxes: wantBoxes ? boxes(wantBoxes) : [] };
}

// Goes on with what was not ready; gives how much still is not, and looks at the page when nothing is waited for.
function settle(to, patience, wantMissing, wantBoxes) {
  applyScrolls();
  seekMedia(to);
  drawCanvases();
  const pending = countPending(patience);
  return pending > 0 && patience ? { pending } : { pending, ...look(wantMissing, wantBoxes) };
}

// Boxes of nodes in CSS pixels of the top page: [handle, x, y, width, height] of those that have one.
function boxes(wanted) {
  const found = [];
  for (const handle of wanted) {
    const node = nodes.get(handle);
    const element = node && (isElement(node) ? node : native.parentNode(node));
    if (!element || !isElement(element)) continue;
    const box = native.box(element);
    const { x, y, scaleX, scaleY } = placeOf(documentOf(element));
    found.push([handle, x + box.x * scaleX, y + box.y * scaleY, box.width * scaleX, box.height * scaleY]);
  }
  return found;
}

// Where the viewport of a frame's document is in the top page.
function placeOf(inner) {
  let place = { x: 0, y: 0, scaleX: 1, scaleY: 1 };
  for (let frame = native.defaultView(inner)?.frameElement; frame && frame !== rootFrame;
    frame = native.defaultView(documentOf(frame))?.frameElement) {
    const box = native.box(frame);
    // A transform scales the frame's box but not what it is laid out with.
    const scaleX = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
    const scaleY = frame.offsetHeight ? box.height / frame.offsetHeight : 1;
    const style = getComputedStyle(frame);
    const left = box.x + (native.clientLeft(frame) + (parseFloat(style.paddingLeft) || 0)) * scaleX;
    const top = box.y + (native.clientTop(frame) + (parseFloat(style.paddingTop) || 0)) * scaleY;
    place = {
      x: left + place.x * scaleX, y: top + place.y * scaleY,
      scaleX: place.scaleX * scaleX, scaleY: place.scaleY * scaleY,
    };
  }
  return place;
}

// Places of the documents of frames: [handle, x, y, scale].
function framePlaces() {
  if (documents.size < 2) return [];
  const places = [];
  for (const [handle, inner] of documents) {
    if (native.defaultView(inner)?.frameElement === rootFrame) continue;
    const { x, y, scaleX } = placeOf(inner);
    places.push([handle, x, y, scaleX]);
  }
  return places;
}

function beStill() {
  still = true;
}

Object.defineProperty(globalThis, "domreel", { value: Object.freeze({ take, taken, step, settle, look, beStill }) });
