// Plays the clip of the page, and leads from its moments to their times.
"use strict";
(() => {
  const clip = document.getElementById("clip");
  const buttons = [...document.querySelectorAll("button[data-ms]")];
  const cues = [...document.querySelectorAll("[data-from]")];
  const mark = ms => {
    let now = null;
    for (const button of buttons) {
      button.removeAttribute("aria-current");
      if (Number(button.dataset.ms) <= ms) now = button;
    }
    now?.setAttribute("aria-current", "true");
    for (const cue of cues) cue.hidden = !(Number(cue.dataset.from) <= ms && ms < Number(cue.dataset.to));
  };
  const wire = seek => {
    for (const button of buttons) {
      button.disabled = false;
      button.addEventListener("click", () => {
        seek(Number(button.dataset.ms));
        document.getElementById("clip").scrollIntoView({ block: "nearest" });
      });
    }
  };

  // A link to page.html#t=4.2 leads to that time, in seconds.
  const asked = () => {
    const seconds = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash)?.[1];
    return seconds === undefined ? null : Number(seconds) * 1000;
  };

  if (clip.localName === "video") {
    const seek = ms => { clip.currentTime = ms / 1000; };
    clip.addEventListener("timeupdate", () => mark(clip.currentTime * 1000));
    wire(seek);
    const follow = () => { if (asked() !== null) seek(asked()); };
    addEventListener("hashchange", follow);
    follow();
    document.documentElement.dataset.ready = "true";
    return;
  }

  // An image that moves can be neither stopped nor wound: its pictures are drawn one by one instead.
  const bytes = Uint8Array.from(atob(clip.src.slice(clip.src.indexOf(",") + 1)), c => c.charCodeAt(0));
  const type = clip.dataset.type;
  const play = async () => {
    if (!("ImageDecoder" in window) || !(await ImageDecoder.isTypeSupported(type))) return;
    const decoder = new ImageDecoder({ data: bytes, type });
    await Promise.all([decoder.completed, decoder.tracks.ready]);
    const count = decoder.tracks.selectedTrack.frameCount;
    const starts = [];
    let length = 0;
    const canvas = document.createElement("canvas");
    canvas.width = clip.width;
    canvas.height = clip.height;
    const context = canvas.getContext("2d");
    const frame = async index => (await decoder.decode({ frameIndex: index, completeFramesOnly: true })).image;
    for (let index = 0; index < count; index++) {
      const image = await frame(index);
      starts.push(length);
      length += (image.duration ?? 100_000) / 1000;
      if (index === 0) {
        canvas.width = image.displayWidth;
        canvas.height = image.displayHeight;
        context.drawImage(image, 0, 0);
      }
      image.close();
    }
    const toggle = document.getElementById("toggle");
    const slider = document.getElementById("slider");
    const clock = document.getElementById("clock");
    slider.max = Math.max(1, Math.round(length));
    let at = 0, shown = 0, playing = false, before = 0, busy = false;
    const text = ms => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
    const show = async () => {
      slider.value = at;
      slider.setAttribute("aria-valuetext", text(at));
      clock.textContent = `${text(at)} / ${text(length)}`;
      mark(at);
      if (busy) return;
      busy = true;
      try {
        for (let wanted; (wanted = starts.findLastIndex(start => start <= at)) !== shown; shown = wanted) {
          const image = await frame(wanted);
          context.drawImage(image, 0, 0);
          image.close();
        }
      } finally {
        busy = false;
      }
    };
    const step = now => {
      if (!playing) return;
      // A frame's time can lie before the click that started it.
      at += Math.max(0, now - before);
      before = now;
      if (at >= length) { at = length - 1; set(false); }
      show();
      requestAnimationFrame(step);
    };
    const set = on => {
      playing = on;
      toggle.textContent = on ? "Pause" : "Play";
      if (on) {
        if (at >= length - 1) at = 0;
        before = performance.now();
        requestAnimationFrame(step);
      }
    };
    canvas.id = "clip";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", clip.alt);
    (clip.closest("picture") ?? clip).replaceWith(canvas);
    toggle.addEventListener("click", () => set(!playing));
    slider.addEventListener("input", () => { at = Number(slider.value); show(); });
    const seek = ms => { at = Math.min(ms, length - 1); return show(); };
    wire(seek);
    addEventListener("hashchange", () => { if (asked() !== null) seek(asked()); });
    document.getElementById("controls").hidden = false;
    if (asked() !== null) {
      await seek(asked());
    } else {
      await show();
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) set(true);
    }
    document.documentElement.dataset.ready = "true";
  };
  play().catch(() => { /* the image goes on as it is */ });
})();
