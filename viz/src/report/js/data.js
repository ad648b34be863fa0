// Reads what the page holds: groups, boxes of the timeline, memory, flame graphs.
// It draws nothing.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

/** Whole numbers, seven bits a byte, the lowest first, in base64. */
class Numbers {
  constructor(text, at = 0) {
    this.bytes = typeof text === "string" ? decode(text) : text;
    this.at = at;
  }
  get more() { return this.at < this.bytes.length; }
  next() {
    let n = 0;
    let scale = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      n += (byte & 127) * scale;
      if (byte < 128) return n;
      scale *= 128;
    }
  }
  list() { return Array.from({ length: this.next() }, () => this.next()); }
  /** Passes over `n` numbers. */
  skip(n) { while (n > 0) if (this.bytes[this.at++] < 128) n -= 1; }
}

function decode(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/**
 * Boxes of all lanes, one array a fact. A box is one task, or several short ones; its parts are
 * the groups in it. Group 0 stands for groups without a name of their own, `i + 1` for group `i`.
 */
const boxes = readBoxes(new Numbers(data.boxes));

function readBoxes(numbers) {
  const lanes = [];
  const [start, end, tasks, failed, detail, parts] = [[], [], [], [], [], []];
  const [partGroup, partCount, partBusy] = [[], [], []];
  for (let lane = numbers.next(); lane > 0; lane--) {
    const first = start.length;
    let at = 0;
    for (let n = numbers.next(); n > 0; n--) {
      at += numbers.next();
      const count = numbers.next();
      const span = numbers.next();
      start.push(at);
      end.push(at + span);
      tasks.push(count);
      detail.push(numbers.at);
      parts.push(partGroup.length);
      if (count === 1) {
        partGroup.push(numbers.next());
        partCount.push(1);
        partBusy.push(span);
        failed.push(numbers.next() % 2);
        numbers.skip(4);
        numbers.skip(numbers.next() + 1);
        continue;
      }
      failed.push(numbers.next());
      numbers.skip(3);
      numbers.skip(numbers.next() + 1);
      for (let p = numbers.next(); p > 0; p--) {
        partGroup.push(numbers.next());
        partCount.push(numbers.next());
        partBusy.push(numbers.next());
      }
    }
    lanes.push([first, start.length]);
  }
  parts.push(partGroup.length);
  const [whole, real] = [(a) => Uint32Array.from(a), (a) => Float64Array.from(a)];
  return {
    bytes: numbers.bytes, lanes, start: real(start), end: real(end), tasks: whole(tasks), failed: whole(failed),
    detail: whole(detail), parts: whole(parts), partGroup: whole(partGroup), partCount: whole(partCount), partBusy: real(partBusy),
  };
}

/** What is known of the one task of a box. */
function taskOf(box) {
  const n = new Numbers(boxes.bytes, boxes.detail[box]);
  const group = n.next();
  const attempt = n.next();
  const cpu = n.next();
  return {
    group, attempt: Math.floor(attempt / 2), failed: attempt % 2 === 1,
    cpu: cpu === 0 ? null : (cpu - 1) * 1000,
    waited: n.next(), result: n.next(), inputs: n.next(), key: keyOf(group, n.list(), n.next()),
    start: boxes.start[box], time: boxes.end[box] - boxes.start[box],
  };
}

/** The longest task of a box of several. */
function longestOf(box) {
  const n = new Numbers(boxes.bytes, boxes.detail[box]);
  n.next();
  const group = n.next();
  const start = boxes.start[box] + n.next();
  const time = n.next();
  return { group, start, time, key: keyOf(group, n.list(), n.next()) };
}

const groupName = (group) => (group === 0 ? "other groups" : data.groups[group - 1][0]);
/** What a task is called: its title, or else its group and place in it. */
const keyOf = (group, position, title) => (title > 0 ? data.titles[title - 1]
  : groupName(group) + (position.length > 0 ? `(${position.join(", ")})` : ""));
const groupColour = (group) =>
  group === 0 ? colour("--other") : data.palette[data.groups[group - 1][1]];

/**
 * Measurements of memory: time, private bytes, bytes of results, and whether a stretch begins with
 * it, before which nobody looked for long.
 */
const memory = readMemory(new Numbers(data.memory));

function readMemory(numbers) {
  const samples = [];
  let at = 0;
  for (let n = numbers.next(); n > 0; n--) {
    at += numbers.next();
    samples.push({ at, own: numbers.next(), results: numbers.next(), begins: numbers.next() === 1 });
  }
  return samples;
}

/** The first index from `from` below `to` for which `test` does not hold; it holds for all before. */
function partition(from, to, test) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (test(middle)) from = middle + 1; else to = middle;
  }
  return from;
}
