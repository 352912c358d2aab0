// Makes one PNG file for each tick of a clip, as programs want it that know no durations: links to the frames
// that `domreel render --fps 10 -o DIRECTORY` has written, as often as they are shown.
//
//   node benches/gif/ticks.mjs DIRECTORY TICKS [FRAMES-A-SECOND]
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

const [directory, ticks, fps = '10'] = process.argv.slice(2)
if (!ticks) {
  console.error('usage: node ticks.mjs DIRECTORY TICKS [FRAMES-A-SECOND]')
  process.exit(2)
}
mkdirSync(ticks, { recursive: true })
let count = 0
for (const frame of JSON.parse(readFileSync(join(directory, 'frames.json'))).frames) {
  while ((count * 1000) / fps < frame.clip_ms + frame.duration_ms) {
    symlinkSync(resolve(directory, frame.file), join(ticks, `${String(count).padStart(5, '0')}.png`))
    count += 1
  }
}
