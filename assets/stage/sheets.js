// Style sheets: rules by their paths, constructed sheets by their numbers.

let constructed = new Map(); // number → sheet

function resetSheets() {
  constructed = new Map();
}

// `kind` 0: the sheet of the element with that handle; 1: the constructed sheet of that number.
function sheetOf(kind, id) {
  if (kind === 1) {
    const sheet = constructed.get(id);
    if (!sheet) throw new Error(`no sheet ${id}`);
    return sheet;
  }
  const element = nodeOf(id);
  const sheet = native.namespace(element) === SVG ? native.svgStyleSheet(element) : native.styleSheet(element);
  if (!sheet) throw new Error(`no sheet in ${id}`);
  return sheet;
}

function newSheet(number, documentHandle, media, disabled) {
  const { CSSStyleSheet } = native.defaultView(nodeOf(documentHandle));
  constructed.set(number, new CSSStyleSheet({ media: media ?? "", disabled }));
}

function setSheetText(kind, id, text) {
  if (kind === 1) sheetOf(kind, id).replaceSync(text);
  else native.setTextContent(nodeOf(id), text);
}

// The rule or sheet that holds the last number of `path`.
function holder(sheet, path) {
  let at = sheet;
  for (const index of path.slice(0, -1)) {
    at = at.cssRules[index];
    if (!at) throw new Error(`no rule ${path.join("/")}`);
  }
  return at;
}

function insertRule(kind, id, rule, path) {
  const sheet = sheetOf(kind, id);
  const into = holder(sheet, path);
  const end = into.cssRules.length;
  into.insertRule(rule, Math.min(path.at(-1) ?? end, end));
}

function deleteRule(kind, id, path) {
  const from = holder(sheetOf(kind, id), path);
  from.deleteRule(path.at(-1) ?? 0);
}

function setRuleStyle(kind, id, path, property, value, important) {
  const { style } = holder(sheetOf(kind, id), path).cssRules[path.at(-1) ?? 0];
  if (value === null) style.removeProperty(property);
  else style.setProperty(property, value, important ? "important" : "");
}

function adopt(rootHandle, numbers) {
  const root = nodeOf(rootHandle);
  const own = ownSheets.get(documentOf(root));
  const sheets = numbers.map((number) => constructed.get(number)).filter(Boolean);
  const set = isDocument(root) ? native.documentSheets : native.shadowSheets;
  set(root, own ? [own, ...sheets] : sheets);
}
