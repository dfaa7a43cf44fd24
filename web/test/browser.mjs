// A browser that tells what a page does beyond showing itself. CHROMIUM names one that is not in the usual place.
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // The sandbox of the browser itself needs what a container, or root, does not give; pages here are our own.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** Opens a file; `seen` gathers requests, messages, errors, dialogs. */
export async function open(browser, file, { hash = "", ready = true, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  const seen = { requests: [], messages: [], dialogs: 0, errors: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => seen.messages.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("dialog", (dialog) => { seen.dialogs++; void dialog.dismiss(); });
  await page.goto(pathToFileURL(file).href + hash);
  if (ready) await page.waitForSelector("html[data-ready=yes]");
  return { page, seen, close: () => context.close() };
}
