// The page in a real browser. SEKISHO_BIN is the command; HOSTILE_PAGE the page of a step with every hostile name that the evasion
// suite knows, made by the test that calls this one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.mjs";

const sekisho = process.env.SEKISHO_BIN;
const room = mkdtempSync(join(tmpdir(), "sekisho-page-"));
const report = join(room, "report.html");
const since = join(room, "since.html");
let browser;

/** A small build: the second time it also makes a program, runs it, and looks for a key. */
before(async () => {
  assert.ok(sekisho, "SEKISHO_BIN names the command");
  const work = join(room, "work");
  const home = join(room, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  mkdirSync(work);
  writeFileSync(join(home, ".ssh/id_ed25519"), "no key\n");
  const run = (...args) => execFileSync(sekisho, args, { cwd: work, env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: room }, stdio: "pipe" });
  const build = (text) => { writeFileSync(join(work, "build.sh"), `#!/bin/sh\nset -e\n${text}\n`); chmodSync(join(work, "build.sh"), 0o755); };
  const honest = "for n in 1 2 3; do sort build.sh >out-$n; done\nsleep 0.1";
  build(honest);
  run("record", "-o", join(room, "good.rec"), "--", "./build.sh");
  run("profile", "new", join(room, "good.rec"), "-o", join(room, "p.toml"));
  build(`${honest}\ncp /bin/true helper\n./helper\ncat $HOME/.ssh/id_ed25519 >/dev/null`);
  run("record", "-o", join(room, "bad.rec"), "--", "./build.sh");
  run("report", join(room, "bad.rec"), "--profile", join(room, "p.toml"), "-o", report);
  run("report", join(room, "bad.rec"), "--before", join(room, "good.rec"), "-o", since);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(room, { recursive: true, force: true });
});

function quiet(seen) {
  assert.deepEqual(seen.requests.filter((url) => !url.startsWith("file:")), []);
  assert.equal(seen.requests.length, 1, "nothing but the file itself is asked for");
  assert.deepEqual([seen.messages, seen.errors, seen.dialogs], [[], [], 0]);
}

test("it opens on the verdict and says why, and asks for nothing", async () => {
  const { page, seen, close } = await open(browser, report);
  assert.match(await page.locator(".verdict strong").first().innerText(), /^\d+ deviations$/);
  assert.match(await page.locator("section[aria-label='Secrets touched']").innerText(), /\.ssh\/id_ed25519[\s\S]*read/);
  assert.match(await page.locator("section[aria-label='Made, then run']").innerText(), /work\/helper[\s\S]*cp[\s\S]*run by/);
  assert.equal(await page.locator("#plain").isVisible(), false);
  quiet(seen);
  await close();
});

test("what is new since the recording before is shown, found, and linked to", async () => {
  const { page, seen, close } = await open(browser, since);
  await page.getByRole("link", { name: /^Changes/ }).click();
  const rows = page.getByRole("grid", { name: "changes" }).getByRole("row");
  await rows.filter({ hasText: /new\s*exec \$WORKSPACE\/helper/ }).first().waitFor();
  await page.getByRole("searchbox").fill("id_ed25519");
  await page.waitForFunction(() => document.querySelectorAll("[role=row]").length === 1);
  assert.match(await rows.innerText(), /new[\s\S]*read \$HOME\/\.ssh\/id_ed25519/);
  quiet(seen);
  await close();
  const none = await open(browser, report, { hash: "#/changes" });
  assert.equal(await none.page.getByRole("link", { name: /^Changes/ }).count(), 0);
  assert.match(await none.page.locator("#view").getAttribute("aria-label"), /Overview/);
  await none.close();
});

test("each deviation shows its evidence and the rule that would allow it", async () => {
  const { page, seen, close } = await open(browser, report);
  await page.keyboard.press("2");
  const rows = page.locator("[role=option]");
  await rows.first().waitFor();
  await rows.filter({ hasText: "exec $WORKSPACE/helper" }).first().click();
  const detail = page.locator("article.detail");
  assert.match(await detail.innerText(), /Just before[\s\S]*helper[\s\S]*\[\[rule\]\]/);
  await page.locator("[role=listbox]").focus();
  await page.keyboard.press("Home");
  const first = await detail.locator("h3").innerText();
  await page.keyboard.press("j");
  await page.waitForFunction((old) => document.querySelector("article.detail h3")?.innerText !== old, first);
  quiet(seen);
  await close();
});

test("a search finds processes and files, and sets off what was found", async () => {
  const { page, seen, close } = await open(browser, report, { hash: "#/files" });
  await page.keyboard.press("/");
  await page.keyboard.type("id_ed25519");
  await page.locator("mark").first().waitFor();
  assert.equal(await page.locator("mark").first().innerText(), "id_ed25519");
  await page.keyboard.press("Escape");
  await page.locator("nav a[href^='#/processes']").click();
  await page.locator("input[type=search]").fill("sort");
  await page.locator("[role=row]", { hasText: "sort build.sh" }).first().waitFor();
  assert.equal(await page.locator("[role=row]", { hasText: "./helper" }).count(), 0);
  quiet(seen);
  await close();
});

test("the timeline zooms, moves and leads to a process", async () => {
  const { page, seen, close } = await open(browser, report, { hash: "#/timeline" });
  const range = page.locator("output.range");
  await page.waitForFunction(() => document.querySelector("output.range")?.textContent?.includes("–"));
  const whole = await range.innerText();
  const canvas = page.locator(".lanes canvas");
  const box = await canvas.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 75);
  await page.mouse.wheel(0, -600);
  await page.waitForFunction((old) => document.querySelector("output.range").textContent !== old, whole);
  await canvas.focus();
  await page.keyboard.press("0");
  await page.waitForFunction((old) => document.querySelector("output.range").textContent === old, whole);
  await page.keyboard.press("+");
  await page.waitForFunction((old) => document.querySelector("output.range").textContent !== old, whole);
  // The first lane is the step itself, whatever the zoom.
  await page.mouse.click(box.x + box.width / 2, box.y + 70);
  await page.locator("aside.panel h2", { hasText: "1 " }).waitFor();
  assert.match(page.url(), /#\/timeline\?process=1$/);
  await page.keyboard.press("Escape");
  await page.locator("aside.panel").waitFor({ state: "detached" });
  quiet(seen);
  await close();
});

test("an event is linked to by its number", async () => {
  const { page, seen, close } = await open(browser, report, { hash: "#/deviations?item=0" });
  const [, seq] = /event (\d+)/.exec(await page.locator("article.detail").innerText());
  const title = await page.locator("article.detail h3").innerText();
  await page.goto("about:blank");
  seen.requests.length = 0;
  await close();
  const again = await open(browser, report, { hash: `#/event/${seq}` });
  assert.equal(await again.page.locator("article.detail h3").innerText(), title);
  quiet(again.seen);
  await again.close();
});

test("without scripts, and on paper, the plain page says the same", async () => {
  const { page, seen, close } = await open(browser, report, { javaScriptEnabled: false, ready: false });
  const text = await page.locator("#plain").innerText();
  assert.match(text, /\d+ deviations[\s\S]*exec \$WORKSPACE\/helper[\s\S]*What this recording asserts/);
  quiet(seen);
  await close();
  const live = await open(browser, report);
  await live.page.emulateMedia({ media: "print" });
  assert.equal(await live.page.locator("#plain").isVisible(), true);
  assert.equal(await live.page.locator("#page").isVisible(), false);
  await live.close();
});

test("light and dark differ, and a key turns them", async () => {
  const { page, close } = await open(browser, report);
  const ground = () => page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
  const light = await ground();
  await page.keyboard.press("t");
  assert.notEqual(await ground(), light);
  await close();
  const dark = await open(browser, report, { colorScheme: "dark" });
  assert.notEqual(await dark.page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor), light);
  await dark.close();
});

test("hostile names do nothing, in any view, found or opened", { skip: process.env.HOSTILE_PAGE ? false : "HOSTILE_PAGE is not set" }, async () => {
  for (const options of [{}, { javaScriptEnabled: false, ready: false }]) {
    const { page, seen, close } = await open(browser, process.env.HOSTILE_PAGE, options);
    const elements = () => page.locator("script, img, iframe, object, embed, base, link, form[action], [onload], [onerror], [onclick], [style*=url]").count();
    assert.equal(await elements(), 2, "the data and the script, and no other element that could act");
    if (options.javaScriptEnabled !== false) {
      for (const view of ["overview", "deviations", "timeline", "processes", "files", "network", "coverage"]) {
        await page.locator("nav a[href^='#/" + view + "']").click();
        for (const q of ["", "<", "onerror", "script"]) {
          await page.locator("input[type=search]").fill(q);
          assert.equal(await elements(), 2, `${view} ${q}`);
        }
        const row = page.locator("[role=row]").nth(1);
        if (await row.count()) await row.click();
        assert.equal(await elements(), 2, `${view}, a row opened`);
        // What turns the direction of text, or hides, is shown escaped.
        assert.doesNotMatch(await page.locator("#page").innerText(), /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u0000-\u0008\u001b]/);
      }
    }
    quiet(seen);
    await close();
  }
});
