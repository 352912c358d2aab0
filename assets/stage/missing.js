// What the recording refers to but does not contain, where somebody would look for it.

const MOST_MISSING = 40;

// Position in `MissingKind::ALL` in src/overlay/places.rs, by the name of the element.
const MISSING_KINDS = { __proto__: null, iframe: 0, frame: 0, object: 0, embed: 0, canvas: 1, img: 2, video: 3 };

let candidates = new Set(); // elements that can lack something

function resetMissing() {
  candidates = new Set();
}

function noteCandidate(element, tag) {
  if (tag in MISSING_KINDS) candidates.add(element);
}

// Boxes of what is missing, in CSS pixels of the top page: [kind, x, y, width, height].
function missing() {
  const found = [];
  const shown = new Set(documents.values());
  const drawn = new Set(Array.from(drawnOn, (handle) => nodes.get(handle)));
  for (const element of candidates) {
    if (!native.isConnected(element)) {
      // What is moved is made anew.
      candidates.delete(element);
      continue;
    }
    const inner = documentOf(element);
    if (!handles.has(inner) || !isMissing(element, shown, drawn) || !isSeen(element)) continue;
    const box = native.box(element);
    const { x, y, scaleX, scaleY } = placeOf(inner);
    found.push([MISSING_KINDS[native.localName(element)],
      x + box.x * scaleX, y + box.y * scaleY, box.width * scaleX, box.height * scaleY]);
    if (found.length >= MOST_MISSING) break;
  }
  return found;
}

function isMissing(element, shown, drawn) {
  const name = native.localName(element);
  switch (name) {
    case "iframe":
    case "frame":
      return !shown.has(native.frameDocument[name](element));
    case "object":
      return native.getAttribute(element, "data") !== null && !shown.has(native.frameDocument.object(element));
    case "embed":
      return true;
    case "canvas":
      return !drawn.has(element);
    case "img":
      return native.imageComplete(element) && native.imageWidth(element) === 0 && native.imageSource(element) !== "";
    default:
      return native.mediaReady(element) === 0 && !/^(data|blob):/.test(native.getAttribute(element, "poster") ?? "");
  }
}

// Whether the middle of an element is in sight, with nothing else over it.
function isSeen(element) {
  if (!native.isVisible(element, { opacityProperty: true, visibilityProperty: true })) return false;
  const { x, y, width, height } = native.box(element);
  if (width < 1 || height < 1) return false;
  const root = native.rootOf(element);
  const at = isDocument(root) ? native.elementAt : native.shadowElementAt;
  const top = at(root, x + width / 2, y + height / 2);
  return top !== null && (top === element || native.contains(top, element) || native.contains(element, top));
}
