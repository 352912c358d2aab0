// Writes a recording of a page of photographs that scrolls, for the comparison of GIF encoders:
//
//   node benches/gif/photos.mjs a.jpg b.jpg … > photos.json
import { readFileSync } from 'node:fs'

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('usage: node photos.mjs PHOTO.jpg…')
  process.exit(2)
}
let id = 1
const text = (textContent) => ({ type: 3, id: id++, textContent })
const element = (tagName, attributes, childNodes = []) => ({ type: 2, id: id++, tagName, attributes, childNodes })
const style = `body{margin:24px;font:16px sans-serif;background:#fafafa} figure{margin:0 0 24px}
  img{width:100%;border-radius:8px} main{display:grid;grid-template-columns:1fr 1fr;gap:24px}`
const figures = [...files, ...files.toReversed(), ...files].map((file, at) =>
  element('figure', {}, [
    element('img', { src: `data:image/jpeg;base64,${readFileSync(file).toString('base64')}` }),
    element('figcaption', {}, [text(`Photograph ${at + 1}`)]),
  ]),
)
const page = {
  type: 0,
  id: id++,
  childNodes: [
    { type: 1, id: id++, name: 'html', publicId: '', systemId: '' },
    element('html', {}, [
      element('head', {}, [element('style', {}, [text(style)])]),
      element('body', {}, [element('h1', {}, [text('Photographs')]), element('main', {}, figures)]),
    ]),
  ],
}
const start = Date.UTC(2026, 0, 1)
const events = [
  { type: 4, timestamp: start, data: { href: 'https://photos.example/', width: 1280, height: 800 } },
  { type: 2, timestamp: start, data: { node: page, initialOffset: { top: 0, left: 0 } } },
]
// A scroll in steps, as a wheel does it, and time to look.
for (let at = 0; at < 48; at++) {
  const y = Math.floor(at / 12) * 260 + Math.min(at % 12, 6) * 43
  events.push({ type: 3, timestamp: start + 500 + at * 150, data: { source: 3, id: page.id, x: 0, y } })
}
console.log(JSON.stringify(events))
