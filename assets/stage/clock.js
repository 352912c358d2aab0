// Time. Nothing plays by itself: every animation stands still and is put where it was at a recording
// time. Animations count from the time of the step that started them, SVG documents from the time
// at which they came into the page, media from where they were known to be.

// Animation → when it was found, recording time of its zero, position while it is held. It holds what
// is under way: the objects that stand for animations come and go with the garbage collector else.
let begun = new Map();
let svgs = new Map(); // outermost svg element → recording time of its zero
let hasSmil = false;
let media = new Map(); // handle → state
let players = new Set(); // media elements
let sought = new WeakSet(); // media elements that were sent to a position
let marquees = new Set(); // elements
let awaited = new WeakMap(); // player → how often what it shows is still looked for
let running = 0; // animations under way
let fromSnapshot = 0; // those of them that a snapshot brought: they may have begun before it
let snapshotTime = null;

const PICTURE_LOOKS = 8;
const CONTROLS_LOOKS = 3;
const NETWORK_LOADING = 2; // `HTMLMediaElement.NETWORK_LOADING`
const SMIL = /^(animate|animateMotion|animateTransform|set)$/;

function resetClock() {
  begun = new Map();
  svgs = new Map();
  hasSmil = false;
  media = new Map();
  players = new Set();
  marquees = new Set();
  running = 0;
  fromSnapshot = 0;
}

// The browser's controls lay themselves out some frames later.
function notePlayer(element) {
  players.add(element);
  // There is nothing to cast to; a browser that has been up for a while offers it all the same.
  element.disableRemotePlayback = true;
  if (native.getAttribute(element, "controls") !== null) awaited.set(element, CONTROLS_LOOKS);
}

function noteSvg(element, tag, born) {
  if (tag === "svg") svgs.set(element, born);
  else if (SMIL.test(tag)) hasSmil = true;
}

function everyAnimation() {
  const all = [];
  // Scroll-driven ones follow the page, not a clock.
  const add = (animations, { timeline }) => {
    for (const animation of animations) if (animation.timeline === timeline) all.push(animation);
  };
  for (const inner of documents.values()) if (native.defaultView(inner)) add(native.animations(inner), inner);
  // A document does not tell what moves in the shadow roots in it.
  for (const root of shadowRoots) {
    if (native.isConnected(root)) add(native.shadowAnimations(root), documentOf(root));
  }
  return all;
}

// Puts what runs at `time`, and starts what has come since.
function seekAnimations(time) {
  if (still) return;
  running = 0;
  fromSnapshot = 0;
  const all = everyAnimation();
  const present = new Set(all);
  for (const animation of begun.keys()) if (!present.has(animation)) begun.delete(animation);
  for (const animation of all) {
    if (animation.playState === "finished") continue;
    let known = begun.get(animation);
    if (known === undefined && time === snapshotTime && animation.transitionProperty !== undefined) {
      // A page that is built anew is as it was: the steps of building it are no changes to follow.
      animation.finish();
      continue;
    }
    if (known === undefined) {
      known = { found: time, zero: time, at: animation.playState === "paused" ? 0 : null };
      begun.set(animation, known);
      animation.pause();
    } else {
      follow(animation, known, time);
    }
    const position = known.at ?? time - known.zero;
    const end = animation.effect.getComputedTiming().endTime;
    if (position >= end && Number.isFinite(end)) {
      animation.finish();
      continue;
    }
    animation.currentTime = position;
    if (known.at === null) running++;
    if (known.found === snapshotTime) fromSnapshot++;
  }
}

// `animation-play-state` can no longer move what a call has paused: it is followed here.
function follow(animation, known, time) {
  const { target, pseudoElement } = animation.effect;
  const name = animation.animationName;
  if (name === undefined || !target) return;
  const style = getComputedStyle(target, pseudoElement);
  const states = style.animationPlayState.split(", ");
  const paused = states.includes("paused")
    && states[style.animationName.split(", ").indexOf(name) % states.length] === "paused";
  if (paused === (known.at !== null)) return;
  if (paused) known.at = time - known.zero;
  else {
    known.zero = time - known.at;
    known.at = null;
  }
}

function seekSvgs(time) {
  if (!hasSmil) return;
  for (const [svg, born] of svgs) {
    if (!native.isConnected(svg)) {
      svgs.delete(svg);
      continue;
    }
    if (native.ownerSvg(svg)) continue;
    native.pauseSvg(svg);
    native.seekSvg(svg, still ? 0 : Math.max(0, time - born) / 1000);
    running += still ? 0 : 1;
  }
}

function setMedia(handle, playing, time, at, rate, muted, looping, volume) {
  const known = media.get(handle) ?? { playing: false, time: 0, at, rate: 1 };
  if (playing !== null) known.playing = playing;
  if (time !== null) known.time = time;
  if (rate !== null) known.rate = rate;
  known.at = at;
  media.set(handle, known);
  const element = nodeOf(handle);
  // Controls show these, once they are told of it: the browser does that when it finds time.
  if (muted !== null) element.muted = muted;
  if (volume !== null) element.volume = Math.min(Math.max(volume, 0), 1);
  if (looping !== null) element.loop = looping;
  if (muted !== null || volume !== null) native.dispatch(element, new Event("volumechange"));
}

function seekMedia(time) {
  for (const [handle, state] of media) {
    const element = nodes.get(handle);
    if (!element) {
      media.delete(handle);
      continue;
    }
    if (!(element.readyState >= 1)) continue;
    let position = state.time + (state.playing ? Math.max(0, time - state.at) / 1000 * state.rate : 0);
    if (Number.isFinite(element.duration)) {
      position = element.loop && element.duration > 0 ? position % element.duration : Math.min(position, element.duration);
    }
    if (!sought.has(element) || Math.abs(element.currentTime - position) > 1e-3) {
      element.currentTime = position;
      awaitPicture(element);
    }
    if (!still && state.playing && position < (element.duration || Infinity)) running++;
  }
}

// A film shows no picture before it was sent somewhere, be it to where it is; and the picture comes a
// little after the position.
function awaitPicture(element) {
  sought.add(element);
  if (!isHtml(element, "video") || element.videoWidth === 0) return;
  awaited.set(element, PICTURE_LOOKS);
  const come = () => {
    if (element.seeking) element.requestVideoFrameCallback(come);
    else awaited.delete(element);
  };
  element.requestVideoFrameCallback(come);
}

// Whether it is still to come. That a picture has come is not always told: some looks are enough.
function isAwaited(element) {
  const looks = awaited.get(element) ?? 0;
  if (looks > 0) awaited.set(element, looks - 1);
  return looks > 0;
}

// A marquee moves by a clock that cannot be set. It begins a frame after it came, and has its text where
// one can read it until then: so it stays.
function holdMarquees() {
  for (const marquee of marquees) {
    if (native.isConnected(marquee)) native.stopMarquee(marquee);
    else marquees.delete(marquee);
  }
}

function seek(time) {
  seekAnimations(time);
  seekSvgs(time);
  seekMedia(time);
  holdMarquees();
}

// A film that is in the recording is loaded up to its first picture, or to the one it was at. Where elements
// of sources name it, only the network's state tells that none is left to try.
function isLoading(element) {
  if (native.getAttribute(element, "src") === null) {
    return native.mediaReady(element) < 2 && native.mediaNetwork(element) === NETWORK_LOADING;
  }
  return !element.error && (element.readyState < 2 || element.seeking);
}

// What never got ready, and with which content: it is not waited for again.
const stuck = new WeakMap();

// Pictures, fonts and positions that the browser is still getting ready. Those of now are given up
// if `patience` is over.
function countPending(patience = true) {
  let pending = 0;
  const wait = (owner, content) => {
    if (stuck.get(owner) === content) return;
    if (patience) pending++;
    else stuck.set(owner, content);
  };
  for (const inner of documents.values()) {
    const fonts = native.fonts(inner);
    if (fonts.status === "loading") wait(inner, fonts.size);
    for (const image of inner.images) {
      const source = native.imageSource(image);
      if (!native.imageComplete(image) && /^(data|blob):/.test(source || "data:")) wait(image, source);
    }
  }
  for (const element of players) {
    if (!native.isConnected(element)) players.delete(element);
    else if (isLoading(element)) wait(element, native.getAttribute(element, "src"));
    else if (isAwaited(element)) pending++;
  }
  return pending + pendingCanvases() + pendingSprites();
}
