// The box under the pointer, and what is said to screen readers instead.
// Its text is never read as HTML.

const tip = document.getElementById("tip");
const spoken = document.getElementById("spoken");

function element(tag, text) {
  const e = document.createElement(tag);
  e.textContent = text;
  return e;
}

/** Shows a title and pairs of name and value beside a place of the window. */
function showTip(content, x, y) {
  const list = document.createElement("dl");
  for (const [name, value] of content.rows) list.append(element("dt", name), element("dd", value));
  tip.replaceChildren(element("b", content.title), list);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 16 + width > innerWidth - 8 ? x - 16 - width : x + 16;
  const top = y + 16 + height > innerHeight - 8 ? y - 16 - height : y + 16;
  tip.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}

function hideTip() {
  tip.hidden = true;
}

function say(content) {
  spoken.textContent = [content.title, ...content.rows.map(([k, v]) => `${k} ${v}`)].join(", ");
}
