// Draws pieces of our own HTML above the recorded page, so that they can be captured and cut out.
// Evaluated once in the stage's own document; nothing recorded ever gets here but as escaped text.
(() => {
  "use strict";
  const host = document.createElement("div");
  host.style.cssText = "all:initial;position:fixed;inset:0;overflow:hidden;z-index:2147483647;contain:strict";
  const root = host.attachShadow({ mode: "closed" });

  // Shows `html`, laid out in device pixels and moved up by `top` of them, on a plain ground.
  // Gives for every element with a data-sprite attribute its name and box in device pixels.
  function show(html, ground, top) {
    const scale = devicePixelRatio;
    const sheet = document.createElement("div");
    // At this zoom one CSS pixel of the sheet is one device pixel.
    sheet.style.cssText = `position:absolute;left:0;top:${-top}px;width:max-content;zoom:${1 / scale}`;
    sheet.innerHTML = html;
    host.style.background = ground;
    root.replaceChildren(sheet);
    document.documentElement.append(host);
    return Array.from(sheet.querySelectorAll("[data-sprite]"), (sprite) => {
      const box = sprite.getBoundingClientRect();
      return [sprite.dataset.sprite, box.left * scale, box.top * scale + top, box.width * scale, box.height * scale];
    });
  }

  function hide() {
    root.replaceChildren();
    host.remove();
    return 0;
  }

  Object.defineProperty(globalThis, "domreelSheet", { value: Object.freeze({ show, hide }) });
  return 0;
})();
