// A review in a real browser, on the server of `sekisho review --serve`. SEKISHO_BIN is the command.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";

const sekisho = process.env.SEKISHO_BIN;
const room = mkdtempSync(join(tmpdir(), "sekisho-review-"));
const work = join(room, "work");
const env = { PATH: "/usr/bin:/bin", HOME: room, TMPDIR: room, USER: "dana" };
let browser;

const record = (name, step) => execFileSync(sekisho, ["record", "-o", join(room, name), "--", "sh", "-c", step], { cwd: work, env, stdio: "pipe" });
const diff = (name) => spawnSync(sekisho, ["diff", "--profile", "p.toml", name], { cwd: room, env }).status;

before(async () => {
  assert.ok(sekisho, "SEKISHO_BIN names the command");
  mkdirSync(work);
  record("good.rec", "echo a > out");
  execFileSync(sekisho, ["profile", "new", "good.rec", "-o", "p.toml", "--name", "t"], { cwd: room, env, stdio: "pipe" });
  record("bad.rec", "echo a > out; echo x > planted; cp out helper");
  record("worse.rec", "echo a > out; echo x > planted");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(room, { recursive: true, force: true });
});

/** Starts a review; `link` opens it once, `ended` is its exit status. */
async function serve(...args) {
  const child = spawn(sekisho, ["review", "p.toml", ...args, "--serve"], { cwd: room, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => child.on("close", done));
  const link = await new Promise((done, failed) => {
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
      const found = /http:\/\/127\.0\.0\.1:\d+\/#link=[0-9a-f]+/.exec(said);
      if (found) done(found[0]);
    });
    child.on("close", () => failed(new Error(said)));
  });
  return { link, ended, child };
}

async function open(link) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const seen = { errors: [], requests: [] };
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.goto(link);
  return { page, seen, close: () => context.close() };
}

const ready = (page) => page.waitForSelector("html[data-ready=yes]");

test("a deviation that is accepted in the browser is accepted by the written profile", async () => {
  assert.equal(diff("bad.rec"), 1);
  const { link, ended } = await serve("bad.rec", "worse.rec");
  const { page, seen, close } = await open(link);
  await ready(page);
  assert.ok(!page.url().includes("link="), "the link does not stay in the address");
  // Two questions: what both recordings did is asked about once.
  const rows = page.locator("[role=option]");
  await rows.first().waitFor();
  const planted = rows.filter({ hasText: "$WORKSPACE/planted" });
  assert.match(await planted.innerText(), /in 2 of 2 recordings/);
  assert.match(await rows.filter({ hasText: "$WORKSPACE/helper" }).first().innerText(), /in 1 of 2 recordings/);
  await planted.click();
  const question = page.locator("article[aria-label=Question]");
  await question.locator("h3", { hasText: "planted" }).waitFor();
  // Without a reason nothing is decided.
  await question.locator("button.accept").click();
  await question.getByText("A reason is needed").waitFor();
  await question.locator("input[type=text]").fill("a marker <b>for</b> the release");
  await question.locator("button.accept").click();
  const change = page.locator("section[aria-label='What this changes']");
  await change.locator("pre.change", { hasText: "$WORKSPACE/planted" }).waitFor();
  assert.match(await change.locator("pre.meaning").innerText(), /became possible/);
  // It is taken back, and decided again.
  await change.locator("ul.decisions button", { hasText: "undo" }).click();
  await change.waitFor({ state: "detached" });
  const before = readFileSync(join(room, "p.toml"), "utf8");
  for (;;) {
    const open = rows.filter({ hasNotText: "accepted" });
    if ((await open.count()) === 0) break;
    await open.first().click();
    const title = await open.first().locator("code").innerText();
    await question.locator("h3", { hasText: title }).waitFor();
    await question.locator("input[type=text]").fill("a marker <b>for</b> the release");
    await question.locator("button.accept").click();
    await rows.filter({ hasText: "accepted" }).filter({ hasText: title }).first().waitFor();
  }
  assert.equal(readFileSync(join(room, "p.toml"), "utf8"), before, "nothing is written before it is saved");
  await page.locator("button.save").click();
  await page.getByText("Nothing is left to decide").waitFor();
  const text = readFileSync(join(room, "p.toml"), "utf8");
  assert.match(text, /why = "a marker <b>for<\/b> the release"\nreviewed_by = "dana"/);
  await page.locator("button.end").click();
  assert.equal(await ended, 0);
  assert.deepEqual([diff("bad.rec"), diff("worse.rec"), diff("good.rec")], [0, 0, 0]);
  await page.getByText("The review has ended").waitFor();
  const own = new URL(link).origin;
  assert.deepEqual(seen.requests.filter((url) => !url.startsWith(own)), [], "nothing is asked of anybody else");
  assert.deepEqual(seen.errors, []);
  await close();
});

test("a link opens once, a window lets another in, and each sees what the other decides", async () => {
  record("more.rec", "echo a > out; echo x > another");
  const { link, ended } = await serve("more.rec");
  const first = await open(link);
  await ready(first.page);
  const late = await open(link);
  await late.page.waitForSelector("html[data-ready=no]");
  assert.match(await late.page.locator("#said").innerText(), /opened already/);
  await late.close();
  await first.page.getByRole("button", { name: "Another window" }).click();
  const another = await first.page.locator("code", { hasText: "#link=" }).innerText();
  const second = await open(another);
  await ready(second.page);
  const question = second.page.locator("article[aria-label=Question]");
  await question.locator("input[type=text]").fill("no build of ours does this");
  await question.locator("button.refuse").click();
  await first.page.locator("[role=option] b", { hasText: "refused" }).waitFor();
  await second.page.reload();
  await ready(second.page);
  await second.page.locator("[role=option] b", { hasText: "refused" }).waitFor();
  // The evidence is the recording's own page.
  await first.page.locator("article[aria-label=Question] dd button").first().click();
  await first.page.locator("article.detail h4", { hasText: "Just before" }).waitFor();
  await first.page.getByRole("button", { name: "decide on it" }).click();
  await first.page.locator("article[aria-label=Question]").waitFor();
  await second.page.locator("button.end").click();
  assert.equal(await ended, 1, "what was decided was not saved");
  await first.page.getByText("The review has ended").waitFor();
  await first.close();
  await second.close();
});
