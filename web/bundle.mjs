// Writes review/src/page/assets: what `cargo build` puts into the page. `node bundle.mjs --check` compares instead.
import { build } from "esbuild";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const OUT = new URL("../review/src/page/assets/", import.meta.url);
/** Largest script, compressed. */
const MAX_BYTES = 400_000;

const result = await build({
  entryPoints: { page: new URL("src/main.tsx", import.meta.url).pathname, style: new URL("src/style.css", import.meta.url).pathname },
  bundle: true, minify: true, write: false, metafile: true, outdir: "out", format: "iife", target: ["es2023", "chrome123", "firefox120", "safari17.5"],
  jsx: "automatic", jsxImportSource: "preact", charset: "ascii", legalComments: "none", logLevel: "warning",
  absWorkingDir: new URL(".", import.meta.url).pathname,
});

const packages = [...new Set(Object.keys(result.metafile.inputs).map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean))].sort();
const notices = [];
for (const name of packages) {
  const root = new URL(`node_modules/${name}/`, import.meta.url);
  const { version, license } = JSON.parse(await readFile(new URL("package.json", root), "utf8"));
  if (!["MIT", "ISC", "BSD-3-Clause", "0BSD", "Apache-2.0"].includes(license)) throw new Error(`${name}: licence ${license}`);
  const file = (await readdir(root)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name}: no licence text`);
  notices.push(`${name} ${version} (${license})\n\n${(await readFile(new URL(file, root), "utf8")).trim()}`);
}

const text = (end) => result.outputFiles.find((file) => file.path.endsWith(end)).text.trimEnd();
const script = text("page.js");
if (/<\/script|<!--/i.test(script)) throw new Error("the script would end its own element");
// Their licences ask that the notice goes with every copy, and each page is one.
const thirdParty = `What this script contains besides sekisho's own code, each under its licence.\n\n${notices.join("\n\n---\n\n")}`;
if (/[*][/]|<\/script|<!--/i.test(thirdParty)) throw new Error("a licence would end the comment that it stands in");
const assets = { "page.js": `/*!\n${thirdParty}\n*/\n${script}\n`, "page.css": `${text("style.css")}\n` };
const compressed = gzipSync(assets["page.js"], { level: 9 }).length;
if (compressed > MAX_BYTES) throw new Error(`the script has ${compressed} bytes compressed, more than ${MAX_BYTES}`);

const check = process.argv.includes("--check");
let differs = false;
for (const [name, content] of Object.entries(assets)) {
  const path = new URL(name, OUT);
  if (!check) await writeFile(path, content);
  else if ((await readFile(path, "utf8").catch(() => "")) !== content) { differs = true; console.error(`${path.pathname} is not what web/ makes: run scripts/web`); }
}
console.log(`page.js: ${assets["page.js"].length} bytes, ${compressed} compressed`);
process.exitCode = differs ? 1 : 0;
