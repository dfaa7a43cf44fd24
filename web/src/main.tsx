// Shows the data in place of the plain page, which stands behind this script and is not laid out unless this fails.
import { render } from "preact";
import { App } from "./app";
import { decode } from "./data";
import { Model } from "./model";
import { Reviewing, shown } from "./reviewing";
import { Server } from "./served";

async function start() {
  const page = document.getElementById("page");
  const text = document.getElementById("data")?.textContent;
  if (!page) return;
  if (document.documentElement.dataset["served"] === "yes") await serve(page);
  else if (text) {
    document.documentElement.classList.add("live");
    const model = new Model(await decode(text));
    render(<App model={model} />, page);
  } else return;
  document.documentElement.dataset["ready"] = "yes";
}

async function serve(page: HTMLElement) {
  const said = document.getElementById("said");
  try {
    const server = await Server.enter();
    const state = await server.state();
    const first = await shown(server, 0, state.recordings[0]?.version ?? 0);
    document.documentElement.classList.add("live");
    render(<Reviewing server={server} state={state} first={first} />, page);
  } catch (error) {
    if (said) said.textContent = error instanceof Error ? error.message : String(error);
    throw error;
  }
}

start().catch((error: unknown) => {
  document.documentElement.classList.remove("live");
  document.documentElement.dataset["ready"] = "no";
  console.error("sekisho: the page stays plain:", error);
});
