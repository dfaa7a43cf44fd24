// Shows the data in place of the plain page; if that fails, the plain page stays.
import { render } from "preact";
import { App } from "./app";
import { decode } from "./data";
import { Model } from "./model";

async function start() {
  const page = document.getElementById("page");
  const text = document.getElementById("data")?.textContent;
  if (!page || !text) return;
  const model = new Model(await decode(text));
  document.documentElement.classList.add("live");
  render(<App model={model} />, page);
  document.documentElement.dataset["ready"] = "yes";
}

start().catch((error: unknown) => {
  document.documentElement.classList.remove("live");
  document.documentElement.dataset["ready"] = "no";
  console.error("sekisho: the page stays plain:", error);
});
