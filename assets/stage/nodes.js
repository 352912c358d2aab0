// Nodes by their handles: made, inserted, removed, changed.

const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
// In the order of `Namespace` in src/dom/change.rs.
const NAMESPACES = [HTML, SVG, MATHML];
const ATTRIBUTE_NAMESPACES = {
  xlink: "http://www.w3.org/1999/xlink",
  xml: "http://www.w3.org/XML/1998/namespace",
};

// A document in which scripts are not allowed shows no canvas and other controls than the recorded
// one did. That none runs is the work of the content security policy, and there is none to run.
const SANDBOX = "allow-same-origin allow-scripts";

// What every recorded document gets beside its own sheets. Important declarations of a layer win over
// those outside of it, ordinary ones lose. Where contents are said to change, the browser makes no layer
// for what moves: the pixels of one depend on where it was when it was first drawn.
const OWN_RULES = `@layer domreel {
  noscript { display: none !important }
  :root { caret-animation: manual !important; will-change: contents !important }
  * { scroll-behavior: auto !important; overflow-anchor: none !important }
  progress:indeterminate { appearance: none !important }
  .rr-block { background: currentColor }
  .rr-ignore { }
}`;
const STILL_RULES = `@layer domreel {
  *, ::before, ::after, ::backdrop {
    animation: none !important; transition: none !important; caret-color: transparent !important;
  }
}`;

const IN_RECORDING = /^data:/i;

const NEW_DOCUMENT = 0, NEW_DOCTYPE = 1, NEW_ELEMENT = 2, NEW_SHADOW = 3, NEW_TEXT = 4, NEW_CDATA = 5, NEW_COMMENT = 6;

let nodes = new Map(); // handle → node
let handles = new WeakMap(); // node → handle
let documents = new Map(); // handle → document
let shadowRoots = new Set();
let ownSheets = new WeakMap(); // document → the sheet with our rules
let rootFrame = null;
let still = false;

function register(handle, node) {
  nodes.set(handle, node);
  handles.set(node, handle);
}

function nodeOf(handle) {
  const node = nodes.get(handle);
  if (node === undefined) throw new Error(`no node ${handle}`);
  return node;
}

const isDocument = (node) => native.nodeType(node) === Node.DOCUMENT_NODE;
const isElement = (node) => native.nodeType(node) === Node.ELEMENT_NODE;
// Nodes of a frame are no instances of this window's classes: names and namespaces tell.
const isHtml = (node, name) => isElement(node) && native.namespace(node) === HTML && native.localName(node) === name;
const isPlayer = (node) => isHtml(node, "video") || isHtml(node, "audio");
const documentOf = (node) => (isDocument(node) ? node : native.ownerDocument(node));

function frameDocument(element) {
  const read = isElement(element) && native.namespace(element) === HTML
    && native.frameDocument[native.localName(element)];
  return read ? read(element) : null;
}

// A fresh frame for a fresh page: nothing of the page before it is left.
function reset() {
  rootFrame?.remove();
  nodes = new Map();
  handles = new WeakMap();
  documents = new Map();
  shadowRoots = new Set();
  ownSheets = new WeakMap();
  rootFrame = document.createElement("iframe");
  rootFrame.setAttribute("sandbox", SANDBOX);
  rootFrame.style.cssText = `border:0;display:block;width:${viewport[0]}px;height:${viewport[1]}px`;
  document.body.style.margin = "0";
  document.body.style.overflow = "hidden";
  document.body.append(rootFrame);
  resetState();
  resetSheets();
  resetCanvases();
  resetClock();
  resetMissing();
}

let viewport = [0, 0];

function setViewport(width, height) {
  viewport = [width, height];
  if (rootFrame) {
    rootFrame.style.width = `${width}px`;
    rootFrame.style.height = `${height}px`;
  }
}

// Inserts a subtree, given flat in document order. What stands below a frame's document can only be
// made when the frame is in the page, so it goes in afterwards.
function insert(parentHandle, beforeHandle, flat) {
  if (flat[0][0] === NEW_DOCUMENT) {
    const frame = parentHandle === 0 ? rootFrame : nodeOf(parentHandle);
    insertDocuments(flat, 0, frame);
    return;
  }
  const parent = nodeOf(parentHandle);
  const made = new Array(flat.length);
  const later = [];
  const owner = documentOf(parent);
  build(flat, 0, flat.length, made, parent, owner, later);
  const before = beforeHandle === null ? null : nodeOf(beforeHandle);
  if (flat[0][0] !== NEW_SHADOW) place(parent, made[0], before);
  for (const index of later) insertDocument(flat, index, made, made[flat[index][2]]);
}

function insertDocuments(flat, index, frame) {
  insertDocument(flat, index, new Array(flat.length), frame);
}

// Makes what is in flat[from, to) and not below a document of a frame; those come to `later`.
function build(flat, from, to, made, parent, owner, later) {
  const waiting = new Set();
  for (let index = from; index < to; index++) {
    const entry = flat[index];
    const above = entry[2];
    if (above >= 0 && waiting.has(above)) {
      waiting.add(index);
      continue;
    }
    if (entry[0] === NEW_DOCUMENT) {
      waiting.add(index);
      later.push(index);
      continue;
    }
    const container = above >= 0 ? made[above] : parent;
    const node = make(entry, owner, container);
    made[index] = node;
    register(entry[1], node);
    if (above >= 0 && entry[0] !== NEW_SHADOW) place(container, node, null);
  }
}

// Fills the document of a frame.
function insertDocument(flat, index, made, frame) {
  const [, handle, , quirks] = flat[index];
  const fresh = frameDocument(frame);
  if (!fresh) throw new Error(`no document in frame of ${handle}`);
  const end = endOfSubtree(flat, index);
  openDocument(fresh, quirks, flat.slice(index + 1, end).find((entry) => entry[0] === NEW_DOCTYPE && entry[2] === index));
  made[index] = fresh;
  register(handle, fresh);
  documents.set(handle, fresh);
  const later = [];
  // Children are put in when they are whole: the document element last, one style calculation.
  const content = [];
  const waiting = new Set();
  for (let at = index + 1; at < end; at++) {
    const entry = flat[at];
    if (waiting.has(entry[2])) {
      waiting.add(at);
      continue;
    }
    if (entry[0] === NEW_DOCUMENT) {
      waiting.add(at);
      later.push(at);
      continue;
    }
    const container = made[entry[2]];
    const node = make(entry, fresh, container);
    made[at] = node;
    register(entry[1], node);
    if (entry[2] === index) content.push(node);
    else if (entry[0] !== NEW_SHADOW) place(container, node, null);
  }
  for (const node of content) place(fresh, node, null);
  for (const at of later) insertDocument(flat, at, made, made[flat[at][2]]);
}

function endOfSubtree(flat, index) {
  let end = index + 1;
  // Parents stand before their children and subtrees are contiguous.
  while (end < flat.length && flat[end][2] >= index) end++;
  return end;
}

// Empties a document and gives it the recorded mode: the parser decides that by the doctype.
function openDocument(fresh, quirks, doctype) {
  native.openDocument(fresh);
  if (!quirks) {
    const [, , , name, publicId, systemId] = doctype ?? [0, 0, 0, "html", "", ""];
    const safe = (text) => text.replace(/["<>]/g, "");
    const ids = publicId || systemId ? ` PUBLIC "${safe(publicId)}" "${safe(systemId)}"` : "";
    native.writeDocument(fresh, `<!DOCTYPE ${/^[a-z]+$/i.test(name) ? name : "html"}${ids}><html></html>`);
    if (fresh.compatMode === "BackCompat") {
      native.openDocument(fresh);
      native.writeDocument(fresh, "<!DOCTYPE html><html></html>");
    }
  }
  native.closeDocument(fresh);
  for (let child = native.firstChild(fresh); child; child = native.firstChild(fresh)) native.removeChild(fresh, child);
  const Sheet = native.defaultView(fresh).CSSStyleSheet;
  const own = new Sheet();
  own.replaceSync(OWN_RULES + (still ? STILL_RULES : ""));
  ownSheets.set(fresh, own);
  native.documentSheets(fresh, [own]);
}

function make(entry, owner, container) {
  switch (entry[0]) {
    case NEW_DOCTYPE: {
      const [, , , name, publicId, systemId] = entry;
      return native.implementation(owner).createDocumentType(name || "html", publicId, systemId);
    }
    case NEW_ELEMENT:
      return makeElement(entry, owner);
    case NEW_SHADOW:
      return makeShadowRoot(container, owner);
    case NEW_TEXT:
    case NEW_CDATA: // An HTML document has no CDATA sections; text shows the same.
      return native.createTextNode(owner, entry[3]);
    default:
      return native.createComment(owner, entry[3]);
  }
}

function makeElement([, handle, , namespace, tag, attributes, born], owner) {
  let element;
  if (namespace === 0 && tag === "source" && isSourceElsewhere(attributes)) tag = "domreel-source";
  try {
    element = native.createElementNS(owner, NAMESPACES[namespace], tag);
  } catch {
    // The parser takes names that the DOM's own method refuses.
    element = parsed(owner, `<${tag.replace(/[\s/>\0]/g, "")}></>`)
      ?? native.createElementNS(owner, NAMESPACES[namespace], "unknown");
  }
  for (let at = 0; at < attributes.length; at += 2) setAttribute(element, attributes[at], attributes[at + 1]);
  if (namespace === 0) noteCandidate(element, tag);
  if (namespace === 1) noteSvg(element, tag, born);
  else if (tag === "video" || tag === "audio") notePlayer(element);
  else if (tag === "marquee") marquees.add(element);
  return element;
}

function parsed(owner, html) {
  const template = native.createElementNS(owner, HTML, "template");
  template.innerHTML = html;
  const first = native.firstChild(template.content);
  return first && isElement(first) ? native.importNode(owner, first, false) : null;
}

function makeShadowRoot(host, owner) {
  const root = native.attachShadow(host, { mode: "open" });
  shadowRoots.add(root);
  const own = ownSheets.get(owner);
  if (own) native.shadowSheets(root, [own]);
  return root;
}

// The last line against what could run or load, should it ever get here.
function isRefused(element, name, value) {
  if (/^on/i.test(name) || name === "srcdoc") return true;
  const tag = native.localName(element);
  if (/^(iframe|frame|embed|object|portal|fencedframe)$/i.test(tag) && /^(src|data|code|codebase)$/i.test(name)) return true;
  return typeof value === "string" && /^(href|xlink:href|action|formaction|src|to|from|values)$/i.test(name)
    && /^[\s\0-\x20]*j[\s]*a[\s]*v[\s]*a[\s]*s[\s]*c[\s]*r[\s]*i[\s]*p[\s]*t[\s]*:/i.test(value);
}

// A film or sound that is not in the recording. The browser would find out that it does not get it, its
// controls turning a wheel meanwhile for as long as that takes: it is not asked.
function isElsewhere(element, source) {
  return (isPlayer(element) || isHtml(element, "source")) && !IN_RECORDING.test(source);
}

// An element of a source makes its player look for one, too.
function isSourceElsewhere(attributes) {
  for (let at = 0; at < attributes.length; at += 2) {
    if (attributes[at] === "src") return !IN_RECORDING.test(attributes[at + 1]);
  }
  return false;
}

function dropSource(element) {
  if (native.getAttribute(element, "src") === null) return;
  native.removeAttribute(element, "src");
  // Without that, what was loaded stays.
  if (isPlayer(element)) native.loadMedia(element);
}

function setAttribute(element, name, value) {
  if (isRefused(element, name, value)) return;
  if (name === "src" && isElsewhere(element, value)) {
    dropSource(element);
    return;
  }
  if (name === "sandbox" && native.localName(element) === "iframe") value = SANDBOX;
  if (/^(xlink:)?href$/.test(name) && native.localName(element) === "use") value = spriteUrl(element, value);
  const prefix = name.split(":", 1)[0];
  try {
    if (name.length > prefix.length && ATTRIBUTE_NAMESPACES[prefix] && native.namespace(element) !== HTML) {
      native.setAttributeNS(element, ATTRIBUTE_NAMESPACES[prefix], name, value);
    } else {
      native.setAttribute(element, name, value);
    }
  } catch {
    setParsedAttribute(element, name, value);
  }
}

let spriteUrls = new Map(); // data: URL → blob: URL
let sprites = new Set(); // uses whose sprite is being loaded

// A `<use>` takes nothing from another document that is a data: URL: it gets the same as a blob.
function spriteUrl(element, value) {
  const [url, fragment] = value.split("#", 2);
  const content = /^data:image\/svg\+xml;base64,/.test(url) && url.slice(url.indexOf(",") + 1);
  if (!content) return value;
  let blob = spriteUrls.get(url);
  if (!blob) {
    blob = URL.createObjectURL(new Blob([bytes(content)], { type: "image/svg+xml" }));
    spriteUrls.set(url, blob);
  }
  sprites.add(element);
  for (const end of ["load", "error"]) native.listen(element, end, () => sprites.delete(element), { once: true });
  return `${blob}#${fragment ?? ""}`;
}

function pendingSprites() {
  for (const element of sprites) if (!native.isConnected(element)) sprites.delete(element);
  return sprites.size;
}

function setParsedAttribute(element, name, value) {
  const carrier = parsed(document, `<p ${name.replace(/[\s/>=\0]/g, "")}=""></p>`);
  const attribute = carrier && native.attributes(carrier)[0];
  if (!attribute) return;
  native.removeAttributeNode(carrier, attribute);
  attribute.value = value;
  native.setAttributeNode(element, attribute);
}

function changeAttribute(handle, name, value) {
  const element = nodeOf(handle);
  if (value !== null) {
    setAttribute(element, name, value);
    return;
  }
  const [prefix, local] = name.split(":");
  if (local && ATTRIBUTE_NAMESPACES[prefix]) native.removeAttributeNS(element, ATTRIBUTE_NAMESPACES[prefix], local);
  native.removeAttribute(element, name);
}

function styleOf(element) {
  if (native.namespace(element) === SVG) return native.svgStyle(element);
  if (native.namespace(element) === MATHML) return native.mathStyle(element);
  return native.htmlStyle(element);
}

function changeInlineStyle(handle, property, value, important) {
  const style = styleOf(nodeOf(handle));
  if (value === null) style.removeProperty(property);
  else style.setProperty(property, value, important ? "important" : "");
}

function changeText(handle, text) {
  native.setData(nodeOf(handle), text);
}

function place(parent, node, before) {
  native.insertBefore(parent, node, before);
}

function remove(handle) {
  const node = nodeOf(handle);
  forget(node);
  const parent = native.parentNode(node);
  if (parent) native.removeChild(parent, node);
  else if (isDocument(node)) {
    for (let child = native.firstChild(node); child; child = native.firstChild(node)) native.removeChild(node, child);
  }
}

// Takes the handles off a subtree that leaves, its shadow roots and frames included.
function forget(top) {
  const open = [top];
  while (open.length) {
    const node = open.pop();
    const handle = handles.get(node);
    if (handle !== undefined) {
      nodes.delete(handle);
      documents.delete(handle);
      forgetState(handle);
    }
    for (let child = native.firstChild(node); child; child = native.nextSibling(child)) open.push(child);
    if (isElement(node)) {
      const shadow = native.shadowRoot(node);
      if (shadow) {
        shadowRoots.delete(shadow);
        open.push(shadow);
      }
      const inner = frameDocument(node);
      if (inner && handles.has(inner)) open.push(inner);
    }
  }
}

// Parent across shadow roots and frames: the element in whose box a node is shown.
function shownIn(node) {
  const parent = native.parentNode(node);
  if (parent) return parent;
  if (native.nodeType(node) === Node.DOCUMENT_FRAGMENT_NODE) return native.shadowHost(node);
  if (isDocument(node)) return native.defaultView(node)?.frameElement ?? null;
  return null;
}
