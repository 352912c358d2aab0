// Pictures compared pixel by pixel.
import { PNG } from "pngjs";

// Difference in a channel that nobody sees.
const TOLERANCE = 8;
const GAP = 10;

// All of domreel's pictures of a recording have the size of its largest viewport; a smaller one is in
// the middle.
export function viewport(picture, { width, height }) {
  const cut = new PNG({ width: Math.min(width, picture.width), height: Math.min(height, picture.height) });
  const x = Math.floor((picture.width - cut.width) / 2);
  const y = Math.floor((picture.height - cut.height) / 2);
  PNG.bitblt(picture, cut, x, y, cut.width, cut.height, 0, 0);
  return cut;
}

// How many pixels differ, and where. What only one of the two has counts as different.
export function difference(expected, found) {
  const { width, height } = expected;
  const map = new Uint8Array(width * height);
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const one = (y * width + x) * 4;
      const other = (y * found.width + x) * 4;
      const outside = x >= found.width || y >= found.height;
      const far = (channel) => Math.abs(expected.data[one + channel] - found.data[other + channel]) > TOLERANCE;
      if (outside || far(0) || far(1) || far(2)) {
        map[y * width + x] = 1;
        count++;
      }
    }
  }
  return { count, map };
}

// Replayer's picture, domreel's, and where they differ.
export function sideBySide(expected, found, map) {
  const { width, height } = expected;
  const picture = new PNG({ width: width * 3 + 2 * GAP, height: Math.max(height, found.height) });
  picture.data.fill(128);
  PNG.bitblt(expected, picture, 0, 0, width, height, 0, 0);
  PNG.bitblt(found, picture, 0, 0, Math.min(width, found.width), found.height, width + GAP, 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * picture.width + 2 * (width + GAP) + x) * 4;
      const grey = 200 + expected.data[(y * width + x) * 4] / 5;
      picture.data.set(map[y * width + x] ? [220, 0, 60, 255] : [grey, grey, grey, 255], at);
    }
  }
  return picture;
}
