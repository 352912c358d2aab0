// State that is no markup: form controls, scrolling, focus, pointer, selection, dialogs.

let scrolls = new Map(); // handle → [x, y] as recorded
let focused = null; // handle
let focusVisible = false;
let hovered = [];
let pressed = [];

function resetState() {
  scrolls = new Map();
  focused = null;
  hovered = [];
  pressed = [];
}

function forgetState(handle) {
  scrolls.delete(handle);
  if (focused === handle) focused = null;
}

function setValue(handle, value) {
  const control = nodeOf(handle);
  if (isHtml(control, "textarea")) {
    if (native.areaValue(control) !== value) native.setAreaValue(control, value);
  } else if (isHtml(control, "select")) native.setSelectValue(control, value);
  else if (isHtml(control, "input") && native.inputValue(control) !== value) {
    try {
      native.setInputValue(control, value);
    } catch {
      // A file field takes no value; its text is the browser's own.
    }
  }
}

function setChecked(handle, checked) {
  const control = nodeOf(handle);
  if (isHtml(control, "input")) native.setChecked(control, checked);
}

function setSelected(handle, selected) {
  const option = nodeOf(handle);
  if (isHtml(option, "option")) native.setSelected(option, selected);
}

function setScroll(handle, x, y) {
  scrolls.set(handle, [x, y]);
}

// Scroll positions are reached again after every change: a page may have become high enough only
// now, and a browser that cut a position off does not come back to it.
function applyScrolls() {
  for (const [handle, [x, y]] of scrolls) {
    const node = nodes.get(handle);
    const box = node && isDocument(node) ? native.scrollingElement(node) ?? native.documentElement(node) : node;
    if (!box || !isElement(box)) continue;
    if (native.scrollLeft(box) !== x) native.setScrollLeft(box, x);
    if (native.scrollTop(box) !== y) native.setScrollTop(box, y);
  }
}

function setFocus(handle, visible) {
  focused = handle;
  focusVisible = visible;
  // Whether the ring shows is decided when the focus comes: leave first.
  blurAll();
}

function activeIn(root) {
  return isDocument(root) ? native.documentActive(root) : native.shadowActive(root);
}

function blurAll() {
  for (const inner of documents.values()) {
    let active = native.documentActive(inner);
    while (active && native.shadowRoot(active) && native.shadowActive(native.shadowRoot(active))) {
      active = native.shadowActive(native.shadowRoot(active));
    }
    if (!active || isHtml(active, "body") || active === native.documentElement(inner)) continue;
    (native.namespace(active) === SVG ? native.blurSvg : native.blurHtml)(active);
  }
}

// Puts the focus where it was recorded, should a change have moved it.
function applyFocus() {
  const wanted = focused === null ? null : nodes.get(focused);
  if (!wanted || !isElement(wanted)) {
    blurAll();
    return;
  }
  if (!native.isConnected(wanted) || activeIn(native.rootOf(wanted)) === wanted) return;
  const focus = native.namespace(wanted) === SVG ? native.focusSvg : native.focusHtml;
  try {
    focus(wanted, { preventScroll: true, focusVisible });
  } catch {
    // MathML and the like have no focus of their own.
  }
}

function mark(before, node, attribute) {
  const chain = [];
  for (let at = node; at && at !== rootFrame; at = shownIn(at)) {
    if (!isElement(at)) continue;
    chain.push(at);
    // What a label names is pointed at with it.
    const control = isHtml(at, "label") && native.labelControl(at);
    if (control) chain.push(control);
  }
  const now = new Set(chain);
  for (const element of before) if (!now.has(element)) native.removeAttribute(element, attribute);
  const was = new Set(before);
  for (const element of chain) if (!was.has(element)) native.setAttribute(element, attribute, "");
  return chain;
}

function setHover(handle) {
  hovered = mark(hovered, handle === null ? null : nodeOf(handle), "domreel-hover");
}

function setActive(handle) {
  pressed = mark(pressed, handle === null ? null : nodeOf(handle), "domreel-active");
}

function setSelection(ranges) {
  for (const inner of documents.values()) native.selectionOf(inner)?.removeAllRanges();
  for (let at = 0; at < ranges.length; at += 4) {
    const start = nodeOf(ranges[at]);
    const end = nodeOf(ranges[at + 2]);
    const owner = documentOf(start);
    const range = native.createRange(owner);
    range.setStart(start, Math.min(ranges[at + 1], lengthOf(start)));
    range.setEnd(end, Math.min(ranges[at + 3], lengthOf(end)));
    native.selectionOf(owner)?.addRange(range);
  }
}

function lengthOf(node) {
  return isElement(node) || isDocument(node) ? node.childNodes.length : node.length;
}

const MODAL = 1;

function setDialog(handle, mode) {
  const dialog = nodeOf(handle);
  if (!isHtml(dialog, "dialog")) return;
  // The recorded attribute alone puts nothing on top: it has to be shown anew.
  native.closeDialog(dialog);
  native.removeAttribute(dialog, "open");
  if (mode === null) return;
  if (mode === MODAL && native.isConnected(dialog)) native.showModalDialog(dialog);
  else native.showDialog(dialog);
}

function addFont(documentHandle, family, source, descriptors) {
  const owner = nodeOf(documentHandle);
  const { FontFace } = native.defaultView(owner);
  const face = new FontFace(family, source, descriptors ? JSON.parse(descriptors) : {});
  native.fonts(owner).add(face);
  face.load();
}

function defineElement(name) {
  for (const inner of documents.values()) {
    const view = native.defaultView(inner);
    if (!view.customElements.get(name)) view.customElements.define(name, class extends view.HTMLElement {});
  }
}
