// node screenshots.mjs PAGE.html DIR [PREFIX]: takes two pictures of a page, light: those of the README, if no prefix is put before their names.
import { statSync } from "node:fs";
import { join } from "node:path";
import { launch, open } from "./test/browser.mjs";

/** Longest picture that goes into the repository. */
const MAX_BYTES = 200_000;
const PICTURES = [["report.png", "#/overview", 800], ["report-timeline.png", "#/timeline", 520]];

const [page, directory, prefix = ""] = process.argv.slice(2);
if (!page || !directory) throw new Error("usage: node screenshots.mjs PAGE.html DIR [PREFIX]");
const browser = await launch();
try {
  for (const [name, hash, height] of PICTURES) {
    const shown = await open(browser, page, { hash, viewport: { width: 1280, height } });
    if (shown.seen.errors.length > 0) throw new Error(shown.seen.errors.join("\n"));
    const path = join(directory, prefix + name);
    await shown.page.screenshot({ path, animations: "disabled" });
    await shown.close();
    const bytes = statSync(path).size;
    if (!prefix && bytes > MAX_BYTES) throw new Error(`${path} has ${bytes} bytes, more than ${MAX_BYTES}`);
    console.log(`${path} ${bytes}`);
  }
} finally {
  await browser.close();
}
