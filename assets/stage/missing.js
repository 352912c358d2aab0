// What the recording refers to but does not contain, where somebody would look for it.

const MOST_MISSING = 40;

// In the order of `MissingKind::ALL` in src/overlay/places.rs.
const MISSING_KINDS = ["iframe", "canvas", "img", "video"];

// Boxes of what is missing, in CSS pixels of the top page: [kind, x, y, width, height].
function missing() {
  const found = [];
  const shown = new Set(documents.values());
  const drawn = new Set(Array.from(drawnOn, (handle) => nodes.get(handle)));
  for (const inner of documents.values()) {
    for (const element of native.queryAll(inner, MISSING_KINDS.join())) {
      const kind = MISSING_KINDS.indexOf(native.localName(element));
      if (!isMissing(kind, element, shown, drawn) || !isSeen(inner, element)) continue;
      const box = native.box(element);
      const { x, y, scaleX, scaleY } = placeOf(inner);
      found.push([kind, x + box.x * scaleX, y + box.y * scaleY, box.width * scaleX, box.height * scaleY]);
      if (found.length >= MOST_MISSING) return found;
    }
  }
  return found;
}

function isMissing(kind, element, shown, drawn) {
  switch (MISSING_KINDS[kind]) {
    case "iframe":
      return !shown.has(native.frameDocument.iframe(element));
    case "canvas":
      return !drawn.has(element);
    case "img":
      return native.imageComplete(element) && native.imageWidth(element) === 0 && native.imageSource(element) !== "";
    default:
      return native.mediaReady(element) === 0 && !/^(data|blob):/.test(native.getAttribute(element, "poster") ?? "");
  }
}

// Whether the middle of an element is in sight, with nothing else over it.
function isSeen(inner, element) {
  if (!native.isVisible(element, { opacityProperty: true, visibilityProperty: true })) return false;
  const { x, y, width, height } = native.box(element);
  if (width < 1 || height < 1) return false;
  const top = native.elementAt(inner, x + width / 2, y + height / 2);
  return top !== null && (top === element || native.contains(top, element) || native.contains(element, top));
}
