// The timeline: pages, moments, the range of the clip, the time of the picture.

/** `83456` as `1:23`; with tenths where they are asked for or matter. */
export function clock(ms, tenths = false) {
  const all = Math.max(0, Math.round(ms / 100));
  const seconds = Math.floor(all / 10);
  const rest = String(seconds % 60).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const whole = minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
  return tenths ? `${whole}.${all % 10}` : whole;
}

/** What people type as a time: `83.4`, `1:23.4`, `1:02:03`. `null` if it is none. */
export function readClock(text) {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)$/.exec(text.trim());
  if (!match) return null;
  const [, hours = 0, minutes = 0, seconds] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

export class Timeline extends EventTarget {
  #length = 1;
  #elements;

  /** Events: `range` while the range changes, `time` while the time of the picture does. */
  constructor(elements) {
    super();
    this.#elements = elements;
    this.from = 0;
    this.to = 0;
    this.time = 0;
    this.#slider(elements.fromHandle, () => this.from, (ms) => this.setRange(Math.min(ms, this.to), this.to, "from"));
    this.#slider(elements.toHandle, () => this.to, (ms) => this.setRange(this.from, Math.max(ms, this.from), "to"));
    this.#slider(elements.playhead, () => this.time, (ms) => this.setTime(ms));
    this.#track(elements.track);
    new ResizeObserver(() => this.#label()).observe(elements.scale);
  }

  /** Shows a tab of a recording, all of it chosen. */
  show(tab) {
    this.#length = Math.max(1, tab.duration_ms);
    const { pages, marks } = this.#elements;
    pages.replaceChildren(...tab.pages.map((page, index) => {
      const part = document.createElement("span");
      part.style.left = this.#percent(page.at_ms);
      part.style.right = `${100 - parseFloat(this.#percent(tab.pages[index + 1]?.at_ms ?? this.#length))}%`;
      part.title = page.url;
      return part;
    }));
    marks.replaceChildren(...tab.moments.map((moment) => {
      const mark = document.createElement("div");
      mark.className = isError(moment) ? "mark error" : "mark";
      mark.style.left = this.#percent(moment.at_ms);
      return mark;
    }));
    this.#label();
    this.time = -1;
    this.setRange(0, this.#length);
    this.setTime(0);
  }

  /** As many times below the track as there is room for. */
  #label() {
    const { scale } = this.#elements;
    const steps = Math.min(8, Math.max(2, Math.floor(scale.clientWidth / 90)));
    scale.replaceChildren(...Array.from({ length: steps + 1 }, (_, index) => {
      const label = document.createElement("span");
      const ms = (this.#length * index) / steps;
      label.style.left = this.#percent(ms);
      label.textContent = clock(ms, this.#length < 20_000);
      return label;
    }));
  }

  setRange(from, to, moved) {
    this.from = this.#within(from);
    this.to = this.#within(to);
    const { range, fromHandle, toHandle } = this.#elements;
    range.style.left = fromHandle.style.left = this.#percent(this.from);
    range.style.right = `${100 - parseFloat(this.#percent(this.to))}%`;
    toHandle.style.left = this.#percent(this.to);
    this.#tell(fromHandle, this.from, 0, this.to);
    this.#tell(toHandle, this.to, this.from, this.#length);
    this.dispatchEvent(new Event("range"));
    if (moved) this.setTime(moved === "from" ? this.from : this.to);
  }

  setTime(ms) {
    const time = this.#within(ms);
    if (time === this.time) return;
    this.time = time;
    this.#elements.playhead.style.left = this.#percent(time);
    this.#tell(this.#elements.playhead, time, 0, this.#length);
    this.dispatchEvent(new Event("time"));
  }

  #within = (ms) => Math.min(this.#length, Math.max(0, Math.round(ms)));
  #percent = (ms) => `${(100 * ms) / this.#length}%`;

  #tell(element, now, min, max) {
    element.setAttribute("aria-valuemin", Math.round(min / 100) / 10);
    element.setAttribute("aria-valuemax", Math.round(max / 100) / 10);
    element.setAttribute("aria-valuenow", Math.round(now / 100) / 10);
    element.setAttribute("aria-valuetext", clock(now, true));
  }

  #at(event) {
    const box = this.#elements.track.getBoundingClientRect();
    return (this.#length * (event.clientX - box.left)) / box.width;
  }

  /** Something on the track that is moved with mouse, finger or keys. */
  #slider(element, get, set) {
    element.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      element.setPointerCapture(event.pointerId);
      element.onpointermove = (moved) => set(this.#at(moved));
    });
    const release = () => { element.onpointermove = null; };
    element.addEventListener("pointerup", release);
    element.addEventListener("pointercancel", release);
    element.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 100 : 1000;
      const to = { ArrowLeft: get() - step, ArrowDown: get() - step, ArrowRight: get() + step, ArrowUp: get() + step, PageDown: get() - 10_000, PageUp: get() + 10_000, Home: 0, End: this.#length }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      set(to);
    });
  }

  /** A click shows that time; dragging chooses a range. */
  #track(track) {
    let began = null;
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      track.setPointerCapture(event.pointerId);
      began = { x: event.clientX, ms: this.#at(event), dragged: false };
    });
    track.addEventListener("pointermove", (event) => {
      if (!began) return;
      began.dragged ||= Math.abs(event.clientX - began.x) > 4;
      if (!began.dragged) return;
      const now = this.#at(event);
      this.setRange(Math.min(began.ms, now), Math.max(began.ms, now));
      this.setTime(now);
    });
    track.addEventListener("pointerup", () => {
      if (began && !began.dragged) this.setTime(began.ms);
      began = null;
    });
    track.addEventListener("pointercancel", () => { began = null; });
  }
}

export const isError = (moment) => moment.kind === "error" || moment.kind === "handled-error" || moment.kind === "request";
