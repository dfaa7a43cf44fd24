// node screenshots.mjs PAGE.html DIR: takes the pictures of the README, light, from a page of a recording that deviates.
import { statSync } from "node:fs";
import { join } from "node:path";
import { launch, open } from "./test/browser.mjs";

/** Longest picture that goes into the repository. */
const MAX_BYTES = 200_000;
const PICTURES = [["report.png", "#/overview", 800], ["report-timeline.png", "#/timeline", 520]];

const [page, directory] = process.argv.slice(2);
if (!page || !directory) throw new Error("usage: node screenshots.mjs PAGE.html DIR");
const browser = await launch();
try {
  for (const [name, hash, height] of PICTURES) {
    const shown = await open(browser, page, { hash, viewport: { width: 1280, height } });
    if (shown.seen.errors.length > 0) throw new Error(shown.seen.errors.join("\n"));
    const path = join(directory, name);
    await shown.page.screenshot({ path, animations: "disabled" });
    await shown.close();
    const bytes = statSync(path).size;
    if (bytes > MAX_BYTES) throw new Error(`${path} has ${bytes} bytes, more than ${MAX_BYTES}`);
    console.log(`${path} ${bytes}`);
  }
} finally {
  await browser.close();
}
