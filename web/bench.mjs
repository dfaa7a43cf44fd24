// node bench.mjs PAGE.html: how soon the page can be used, and how it keeps up with scrolling and zooming; one line of JSON.
import { launch, open } from "./test/browser.mjs";

const [path] = process.argv.slice(2);
if (!path) throw new Error("usage: node bench.mjs PAGE.html");

/** Milliseconds between the frames in which `act` was called, for two seconds. */
const frames = (page, act) => page.evaluate(async (body) => {
  const each = new Function("n", body);
  const gaps = [];
  const begun = performance.now();
  for (let n = 0, last = await new Promise(requestAnimationFrame); performance.now() - begun < 2000; n++) {
    each(n);
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  gaps.sort((a, b) => a - b);
  return { seconds: (performance.now() - begun) / 1000, median_ms: gaps[gaps.length >> 1], p95_ms: gaps[Math.floor(gaps.length * 0.95)], frames: gaps.length };
}, act);

const browser = await launch();
try {
  const at = async (hash) => {
    const shown = await open(browser, path, { hash, bypassCSP: true });
    if (shown.seen.errors.length > 0) throw new Error(shown.seen.errors.join("\n"));
    // From the beginning of the navigation until the frame behind the one in which everything was there.
    const ready = await shown.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
    return { ...shown, ready };
  };
  const overview = await at("");
  await overview.close();
  const files = await at("#/files");
  const scrolling = await frames(files.page, "document.querySelector('.scroller').scrollTop = n * 400;");
  await files.close();
  const timeline = await at("#/timeline");
  const zooming = await frames(timeline.page, `const c = document.querySelector('.lanes canvas'); const b = c.getBoundingClientRect();
    c.dispatchEvent(new WheelEvent('wheel', { deltaY: n % 60 < 30 ? -60 : 60, clientX: b.x + b.width / 2, clientY: b.y + 90, bubbles: true, cancelable: true }));`);
  await timeline.close();
  console.log(JSON.stringify({ ready_ms: { overview: overview.ready, files: files.ready, timeline: timeline.ready }, scrolling, zooming }));
} finally {
  await browser.close();
}
