// Drives a headless Chromium through a pair of pipes: no port, and no package beside Node itself.
// It does not know what is tested.

import { spawn } from "node:child_process";

/** Starts the browser and opens a page; `problems` collects what the console complains of. */
export async function open(program, folder) {
  const arguments_ = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    `--user-data-dir=${folder}/profile`, "--remote-debugging-pipe", "about:blank"];
  const child = spawn(program, arguments_, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const browser = new Browser(child);
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  browser.session = sessionId;
  for (const domain of ["Page", "Runtime", "Log"]) await browser.send(`${domain}.enable`);
  return browser;
}

class Browser {
  constructor(child) {
    this.child = child;
    [this.next, this.waiting, this.problems, this.loaded, this.session] = [1, new Map(), [], [], undefined];
    const gone = (why) => this.waiting.forEach(({ reject }) => reject(new Error(`the browser has ended: ${why}`)));
    child.on("error", gone);
    child.on("exit", gone);
    child.stdio[3].on("error", gone);
    let rest = Buffer.alloc(0);
    child.stdio[4].on("data", (more) => {
      rest = Buffer.concat([rest, more]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.hear(JSON.parse(rest.subarray(0, end).toString()));
        rest = rest.subarray(end + 1);
      }
    });
  }

  hear(message) {
    if (message.id) {
      const { resolve, reject } = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      return message.error ? reject(new Error(JSON.stringify(message.error))) : resolve(message.result);
    }
    const p = message.params;
    if (message.method === "Page.loadEventFired") this.loaded.splice(0).forEach((f) => f());
    if (message.method === "Runtime.exceptionThrown") this.problems.push(p.exceptionDetails.exception?.description ?? p.exceptionDetails.text);
    if (message.method === "Runtime.consoleAPICalled") this.problems.push(`${p.type}: ${p.args.map((a) => a.value ?? a.description).join(" ")}`);
    if (message.method === "Log.entryAdded") this.problems.push(`${p.entry.level}: ${p.entry.text}`);
  }

  send(method, params = {}) {
    const id = this.next++;
    const message = { id, method, params, sessionId: this.session };
    this.child.stdio[3].write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** Opens a page in a window of this width. */
  async go(url, { width, height = 900, scheme = "light", scripts = true }) {
    this.problems = [];
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await this.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
    const loaded = new Promise((resolve) => this.loaded.push(resolve));
    await this.send("Page.navigate", { url });
    await loaded;
    if (scripts) await this.settle();
  }

  /** Waits until two frames have been drawn. */
  settle() {
    return this.run("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))");
  }

  /** The value of an expression in the page. */
  async run(expression) {
    const answer = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(`${expression}: ${answer.exceptionDetails.exception?.description}`);
    return answer.result.value;
  }

  async mouse(type, x, y, more = {}) {
    await this.send("Input.dispatchMouseEvent", { type, x, y, ...more });
  }

  async click(x, y) {
    const left = { button: "left", buttons: 1, clickCount: 1 };
    await this.mouse("mousePressed", x, y, left);
    await this.mouse("mouseReleased", x, y, left);
    await this.settle();
  }

  async drag(from, to, y) {
    const left = { button: "left", buttons: 1, clickCount: 1 };
    await this.mouse("mousePressed", from, y, left);
    for (let i = 1; i <= 5; i++) await this.mouse("mouseMoved", from + ((to - from) * i) / 5, y, left);
    await this.mouse("mouseReleased", to, y, left);
    await this.settle();
  }

  async key(key) {
    const text = key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
    const windowsVirtualKeyCode = { Enter: 13, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key];
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, text, windowsVirtualKeyCode });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode });
    await this.settle();
  }

  close() {
    const ended = new Promise((resolve) => this.child.on("exit", resolve));
    this.child.kill();
    return ended;
  }
}
