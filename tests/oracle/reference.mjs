// What rrweb's own Replayer shows of a recording: one picture of the viewport for each time, with CSS
// animations and transitions off, no caret and no pointer.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import puppeteer from "puppeteer-core";

const FLAGS = [
  "--disable-gpu", "--hide-scrollbars", "--font-render-hinting=none", "--disable-lcd-text", "--lang=en-US",
  "--force-color-profile=srgb", "--disable-background-networking", "--disable-component-update",
  "--blink-settings=imageAnimationPolicy=2", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
];

const STILL = `*, *::before, *::after, *::backdrop {
  animation: none !important; transition: none !important; caret-color: transparent !important;
  scroll-behavior: auto !important;
}`;

const PAGE = `<!doctype html><style>
  html, body { margin: 0; background: #fff }
  .replayer-mouse, .replayer-mouse-tail { display: none !important }
  .replayer-wrapper { float: none !important }
  iframe { border: 0 !important; display: block }
</style>`;

// Calls `each(at, png, size)` for every time of `times`, milliseconds since the first event.
export async function reference(browserPath, events, times, each) {
  const dist = dirname(createRequire(import.meta.url).resolve("rrweb"));
  const browser = await puppeteer.launch({
    executablePath: browserPath,
    headless: "shell",
    args: process.getuid?.() === 0 || process.env.DOMREEL_NO_SANDBOX ? [...FLAGS, "--no-sandbox"] : FLAGS,
  });
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 720 });
    await page.setContent(PAGE);
    await page.addStyleTag({ content: readFileSync(join(dist, "style.css"), "utf8") });
    await page.addStyleTag({ content: ".replayer-wrapper > iframe { border: 0 !important }" });
    await page.addScriptTag({ content: readFileSync(join(dist, "rrweb.umd.cjs"), "utf8") });
    await page.evaluate((recorded, still) => {
      window.replayer = new rrweb.Replayer(recorded, {
        root: document.body, mouseTail: false, showWarning: false, skipInactive: false, useVirtualDom: false,
        UNSAFE_replayCanvas: true, pauseAnimation: true, insertStyleRules: [still],
      });
    }, events, STILL);
    for (const at of times) {
      const size = await page.evaluate(show, at);
      await page.setViewport(size);
      await page.evaluate(twoFrames);
      const frame = await page.$(".replayer-wrapper > iframe");
      const box = await frame.boundingBox();
      await each(at, await page.screenshot({ clip: { x: box.x, y: box.y, ...size } }), size);
    }
  } finally {
    await browser.close();
  }
}

const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// Runs in the page.
async function show(at) {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const within = (ms, promise) => Promise.race([promise, new Promise((done) => setTimeout(done, ms))]);
  window.replayer.pause(at);
  await frames();
  const frame = document.querySelector(".replayer-wrapper > iframe");
  const shown = frame.contentDocument;
  await within(2000, shown.fonts.ready);
  await within(2000, Promise.all([...shown.images].map((image) => image.decode().catch(() => {}))));
  await frames();
  return { width: Number(frame.width), height: Number(frame.height) };
}
