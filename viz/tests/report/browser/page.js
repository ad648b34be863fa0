// Looks at a page from inside: what is cut off, what lies on something else, what is hard to read.
// It is evaluated in the page, and returns sentences; none where all is well.

(() => {
  const problems = [];
  const say = (e, what) => problems.push(`${what}: <${e.tagName.toLowerCase()} class="${e.className}"> ${e.textContent.trim().slice(0, 60)}`);
  if (document.documentElement.scrollWidth > innerWidth) problems.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);

  // Elements with text of their own that are seen; what can be scrolled sideways is let alone.
  const texts = [...document.querySelectorAll("body *")].filter((e) => {
    if (e.closest(".wide, .spoken, .skip, #tip, script, style, noscript, template, .bar")) return false;
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "");
    return own && e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true });
  });
  const clamped = (e) => getComputedStyle(e).webkitLineClamp !== "none";
  const inside = (e) => {
    if (clamped(e)) return e.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(e);
    return range.getBoundingClientRect();
  };
  for (const e of texts) {
    const box = inside(e);
    if (box.left < -0.5 || box.right > innerWidth + 0.5) say(e, "outside of the window");
    if (!clamped(e) && getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1) say(e, "cut off");
  }
  const blocks = texts.filter((e) => getComputedStyle(e).position !== "sticky" && !e.closest("#timeline > .time-bar"));
  const areas = blocks.map(inside);
  for (let i = 0; i < blocks.length; i++) {
    for (let k = i + 1; k < blocks.length; k++) {
      if (blocks[i].contains(blocks[k]) || blocks[k].contains(blocks[i])) continue;
      if (blocks[i].parentElement === blocks[k].parentElement && getComputedStyle(blocks[i]).display === "inline") continue;
      const [a, b] = [areas[i], areas[k]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 3) say(blocks[i], `lies on "${blocks[k].textContent.trim().slice(0, 40)}"`);
    }
  }

  // Contrast of text to what is behind it, as WCAG defines it.
  const parse = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c <= 10.3 ? c / 3294 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  for (const e of [...texts, ...document.querySelectorAll("td, th button")]) {
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) say(e, `contrast ${contrast.toFixed(1)}`);
  }
  return [...new Set(problems)].slice(0, 20);
})()
