// What rrweb's own Replayer shows of recordings: pictures of the viewport, with CSS animations and
// transitions off, no caret and no pointer.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import puppeteer from "puppeteer-core";
import { POINTER_FOCUS } from "./faults.mjs";

const FLAGS = [
  "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none", "--disable-lcd-text", "--lang=en-US",
  "--force-color-profile=srgb", "--disable-background-networking", "--disable-component-update",
  "--blink-settings=imageAnimationPolicy=2", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
];

// As on domreel's stage: README.md says why.
const NO_LAYERS = ":root { will-change: contents !important }";

const STILL = `*, *::before, *::after, *::backdrop {
  animation: none !important; transition: none !important; caret-color: transparent !important;
  scroll-behavior: auto !important;
}`;

const RULES = [STILL, NO_LAYERS];

const PAGE = `<!doctype html><style>
  html, body { margin: 0; background: #fff }
  .replayer-mouse, .replayer-mouse-tail { display: none !important }
  .replayer-wrapper { float: none !important }
  iframe { border: 0 !important; display: block }
</style>`;

const CALL_DEADLINE_MS = 300_000;

export class Reference {
  #browser;

  static async open(browserPath) {
    const reference = new Reference();
    reference.#browser = await puppeteer.launch({
      executablePath: browserPath,
      headless: "shell",
      protocolTimeout: CALL_DEADLINE_MS,
      args: process.getuid?.() === 0 || process.env.DOMREEL_NO_SANDBOX ? [...FLAGS, "--no-sandbox"] : FLAGS,
    });
    return reference;
  }

  close() {
    return this.#browser.close();
  }

  // PNGs of a recording at `times`, milliseconds since the first event.
  async pictures(events, times) {
    const dist = dirname(createRequire(import.meta.url).resolve("rrweb"));
    const page = await this.#browser.newPage();
    try {
      await page.setViewport({ width: 1280, height: 720 });
      await page.setContent(PAGE);
      await page.addStyleTag({ content: readFileSync(join(dist, "style.css"), "utf8") });
      await page.addStyleTag({ content: ".replayer-wrapper > iframe { border: 0 !important }" });
      await page.addScriptTag({ content: readFileSync(join(dist, "rrweb.umd.cjs"), "utf8") });
      await page.evaluate(start, events, RULES, POINTER_FOCUS);
      const drawings = events.filter((event) => event.type === 3 && event.data.source === 9);
      const pngs = [];
      for (const at of times) {
        // Replayer decodes drawings all at once, and what is ready last is what it shows: the last one
        // has to come by itself.
        const last = drawings.findLast((event) => event.timestamp - events[0].timestamp <= at);
        const alone = last ? last.timestamp - events[0].timestamp - 1 : 0;
        if (alone > (pngs.length ? times[pngs.length - 1] : 0)) await page.evaluate(show, alone, true, RULES);
        const size = await page.evaluate(show, at, drawings.length > 0, RULES);
        await page.setViewport(size);
        await page.evaluate(twoFrames);
        const frame = await page.$(".replayer-wrapper > iframe");
        const box = await frame.boundingBox();
        pngs.push(Buffer.from(await page.screenshot({ clip: { x: box.x, y: box.y, ...size } })));
      }
      return pngs;
    } finally {
      await page.close();
    }
  }
}

// The functions from here on run in the page.

const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

function start(recorded, rules, pointerFocus) {
  window.replayer = new rrweb.Replayer(recorded, {
    root: document.body, mouseTail: false, showWarning: false, skipInactive: false, useVirtualDom: false,
    UNSAFE_replayCanvas: true, pauseAnimation: true, insertStyleRules: rules,
  });
  // Fields of text always show their focus.
  const takesText = "textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], "
    + "[type=submit], [type=reset], [type=image], [type=file], [type=color], [type=range])";
  let byPointer = false;
  window.replayer.on("custom-event", (event) => { byPointer = event.data.tag === pointerFocus; });
  window.replayer.on("mouse-interaction", ({ type, target }) => {
    if (type !== 5 || !target.focus) return;
    const quiet = byPointer && !target.matches(takesText);
    byPointer = false;
    delete target.focus;
    if (quiet) target.focus = (options) => Object.getPrototypeOf(target).focus.call(target, { ...options, focusVisible: false });
  });
}

async function show(at, drawn, rules) {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const within = (ms, promise) => Promise.race([promise, new Promise((done) => setTimeout(done, ms))]);
  window.replayer.pause(at);
  const frame = document.querySelector(".replayer-wrapper > iframe");
  const shown = frame.contentDocument;
  // Replayer has the rules for the top document only.
  const calm = (root, View) => {
    if (!root.adoptedStyleSheets.some((sheet) => sheet.isStill)) {
      const sheet = new View.CSSStyleSheet();
      sheet.replaceSync(rules.join("\n"));
      sheet.isStill = true;
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    }
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) calm(element.shadowRoot, View);
      const inner = element.localName === "iframe" && element.contentDocument;
      if (inner) calm(inner, inner.defaultView);
    }
  };
  calm(shown, shown.defaultView);
  await frames();
  await within(2000, shown.fonts.ready);
  await within(2000, Promise.all([...shown.images].map((image) => image.decode().catch(() => {}))));
  // Replayer decodes what was drawn in its own time and tells nobody.
  if (drawn) await within(1000, new Promise(() => {}));
  await frames();
  return { width: Number(frame.width), height: Number(frame.height) };
}
