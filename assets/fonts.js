// Which scripts there are fonts for: each sample is drawn and compared with a character that no font has.
(() => {
  const samples = [
    ["Latin", "ß"], ["Greek", "Ω"], ["Cyrillic", "Ж"], ["emoji", "😀", { colour: true }],
    ["Chinese", "漢"], ["Japanese", "あ"], ["Korean", "한"],
  ];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.font = "32px sans-serif";
  context.textBaseline = "middle";
  const draw = text => {
    context.clearRect(0, 0, 48, 48);
    context.fillText(text, 4, 24);
    return context.getImageData(0, 0, 48, 48).data;
  };
  const missing = draw("\u{10FFFE}");
  return samples.map(([name, text, { colour = false } = {}]) => {
    const pixels = draw(text);
    const visible = pixels.some(value => value !== 0);
    const same = pixels.every((value, at) => value === missing[at]);
    const grey = pixels.every((value, at) => at % 4 === 3 || value === pixels[at - at % 4]);
    return { name, drawn: visible && !same && !(colour && grey) };
  });
})()
