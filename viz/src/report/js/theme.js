// Light or dark: as the system is, unless the reader says otherwise.
// It knows no colours: style sheets, those of pictures included, have them for both.

const theme = { chosen: null, conditions: new Map() };
const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return theme.chosen === null ? darkSystem.matches : theme.chosen === "dark";
}

function allSheets() {
  const sheets = [...document.styleSheets];
  for (const host of document.querySelectorAll("#layers-picture")) {
    if (host.shadowRoot) sheets.push(...host.shadowRoot.styleSheets);
  }
  return sheets;
}

/** Rewrites the conditions on the colour scheme: they are always or never true for a chosen one. */
function setTheme(chosen) {
  theme.chosen = chosen;
  for (const sheet of allSheets()) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSMediaRule)) continue;
      const known = theme.conditions.get(rule) ?? rule.media.mediaText;
      if (!known.includes("prefers-color-scheme")) continue;
      theme.conditions.set(rule, known);
      rule.media.mediaText = chosen === null ? known : isDark() ? "all" : "not all";
    }
  }
  document.documentElement.style.colorScheme = chosen ?? "";
  theme.colours = new Map();
  themeButton.textContent = isDark() ? "Light" : "Dark";
  themeButton.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
  redraw();
}

/** The value of a colour of the style sheet. */
function colour(name) {
  let value = theme.colours.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    theme.colours.set(name, value);
  }
  return value;
}
theme.colours = new Map();

const themeButton = document.getElementById("theme");
themeButton.addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
darkSystem.addEventListener("change", () => setTheme(theme.chosen));
let beforePrint = null;
addEventListener("beforeprint", () => { beforePrint = theme.chosen; setTheme("light"); drawAll(); });
addEventListener("afterprint", () => setTheme(beforePrint));

/** Red, green and blue of `#rgb` and `#rrggbb`. */
function rgb(hex) {
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  return [1, 3, 5].map((i) => parseInt(long.slice(i, i + 2), 16));
}

/** `share` of one colour, the rest of another. */
function mix(one, other, share) {
  const [a, b] = [rgb(one), rgb(other)];
  return "#" + a.map((v, i) => Math.round(v * share + b[i] * (1 - share)).toString(16).padStart(2, "0")).join("");
}

/** Black or white, whichever is easier to read on a colour. */
function inkOn(hex) {
  const [r, g, b] = rgb(hex).map((c) => (c <= 10 ? c / 3294 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}
