// Canvases: pictures and command streams, drawn in order. A picture has to be decoded first, and what
// comes after it on the same canvas waits for it.

let queues = new Map(); // handle → what is still to be drawn
let drawnOn = new Set(); // handles of canvases of which something is recorded
let objects = new WeakMap(); // context → constructor name → what the recorded calls made

function resetCanvases() {
  queues = new Map();
  drawnOn = new Set();
  objects = new WeakMap();
}

function enqueue(handle, item) {
  drawnOn.add(handle);
  const queue = queues.get(handle);
  if (queue) queue.push(item);
  else queues.set(handle, [item]);
}

function imageFrom(url) {
  const image = new Image();
  if (/^(data|blob):/.test(url)) image.src = url;
  return image;
}

function drawPicture(handle, url) {
  const image = imageFrom(url);
  enqueue(handle, {
    images: [image],
    draw: (canvas) => {
      const context = native.canvasContext(canvas, "2d");
      context.drawImage(image, 0, 0, image.width, image.height);
    },
  });
}

// In the order of `CanvasContext` in src/recording/event.rs.
const CONTEXTS = ["2d", "webgl", "webgl2"];
const MOST_PIXELS = 1 << 26;

// `text` is JSON: it may be nested more deeply than a script could be.
function drawCommands(handle, kind, text) {
  const images = [];
  const prepared = JSON.parse(text).map(({ property, args, setter }) => ({
    property, setter, args: (args ?? []).map((arg) => prepare(arg, images, 0)),
  }));
  enqueue(handle, {
    images,
    draw: (canvas) => {
      if (canvas.width * canvas.height > MOST_PIXELS) return;
      const context = native.canvasContext(canvas, CONTEXTS[kind], { preserveDrawingBuffer: true });
      if (!context) {
        // Nothing is drawn where there is no GPU: shown as missing.
        drawnOn.delete(handle);
        throw new Error(`no ${CONTEXTS[kind]} context`);
      }
      for (const command of prepared) carryOut(context, command);
    },
  });
}

// An argument as rrweb writes it becomes a function of the context that gives the argument.
function prepare(arg, images, depth) {
  if (depth > 8 || arg === null || typeof arg !== "object") return () => arg;
  if (Array.isArray(arg)) {
    const parts = arg.map((part) => prepare(part, images, depth + 1));
    return (context) => parts.map((part) => part(context));
  }
  const name = arg.rr_type;
  if (typeof arg.index === "number") return (context) => objects.get(context)?.get(name)?.[arg.index];
  if (typeof arg.src === "string") return picture(arg.src, images);
  if (typeof arg.base64 === "string") {
    const buffer = bytes(arg.base64).buffer;
    return () => buffer;
  }
  if (name === "ImageBitmap") return bitmap(arg.args?.[0], images, depth);
  const given = (arg.args ?? []).map((part) => prepare(part, images, depth + 1));
  const make = MAKERS[name];
  return make ? (context) => make(...given.map((part) => part(context))) : () => undefined;
}

const typedArray = (Type) => (...given) => new Type(...given);
const MAKERS = {
  __proto__: null,
  ImageData: (...given) => new ImageData(...given),
  Path2D: (...given) => new Path2D(...given),
  DOMMatrix: (...given) => new DOMMatrix(...given),
};
for (const Type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  Float32Array, Float64Array, DataView]) MAKERS[Type.name] = typedArray(Type);

function picture(url, images) {
  const image = imageFrom(url);
  images.push(image);
  return () => image;
}

// A bitmap is recorded as the file it was encoded into.
function bitmap(blob, images, depth) {
  const part = blob?.rr_type === "Blob" && blob.data?.[0];
  if (!part || typeof part.base64 !== "string") return prepare(blob ?? null, images, depth + 1);
  const type = /^image\/[a-z+.-]+$/.test(blob.type ?? "") ? blob.type : "image/png";
  return picture(`data:${type};base64,${part.base64}`, images);
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function carryOut(context, { property, args, setter }) {
  const prototype = Object.getPrototypeOf(context);
  const described = Object.getOwnPropertyDescriptor(prototype, property);
  if (!described || property === "constructor") return;
  const given = args.map((arg) => arg(context));
  if (setter) {
    described.set?.call(context, given[0]);
  } else if (typeof described.value === "function") {
    keep(context, described.value.apply(context, given));
  }
}

// What a call makes can be an argument later, named by its kind and number.
function keep(context, made) {
  if (made === null || typeof made !== "object") return;
  const kinds = objects.get(context) ?? new Map();
  objects.set(context, kinds);
  const { name } = made.constructor;
  const list = kinds.get(name);
  if (list) list.push(made);
  else kinds.set(name, [made]);
}

function drawCanvases() {
  for (const [handle, queue] of queues) {
    const canvas = nodes.get(handle);
    if (!canvas || !isHtml(canvas, "canvas")) {
      queues.delete(handle);
      continue;
    }
    while (queue.length && queue[0].images.every((image) => image.complete)) {
      const item = queue.shift();
      try {
        item.draw(canvas);
      } catch {
        // A command that the context refuses leaves the canvas as it is.
      }
    }
    if (!queue.length) queues.delete(handle);
  }
}

function pendingCanvases() {
  return queues.size;
}
