// Where one is: kept in the address, so that every place can be linked to.
import type { Model } from "./model";

export const VIEWS = ["overview", "deviations", "changes", "timeline", "processes", "files", "network", "coverage", "review"] as const;
export type View = (typeof VIEWS)[number];

export interface Route { view: View; q: string; process?: number; item?: number; notice?: string }

/** `#/files?q=.ssh&process=7&item=3`, or `#/event/812`. */
export function parse(hash: string, model: Model, served = false): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const words = new URLSearchParams(query);
  const [name, rest] = path.split("/");
  if (name === "event" && /^\d+$/.test(rest ?? "")) {
    const found = model.find(Number(rest));
    const route: Route = { view: found.view as View, q: "" };
    if (found.item !== undefined) route.item = found.item;
    if (found.process !== undefined) route.process = found.process;
    if (!found.exact) route.notice = `Event ${rest} is counted, not listed; this is the process nearest before it.`;
    return route;
  }
  const named = VIEWS.find((v) => v === name);
  const known = named === "changes" && !model.data.changes ? undefined : named;
  // A review begins with what is to be decided; elsewhere nothing can be.
  const view = served ? known ?? "review" : known === "review" ? undefined : known;
  const route: Route = { view: view ?? "overview", q: words.get("q") ?? "" };
  for (const key of ["process", "item"] as const) {
    const value = words.get(key);
    if (value !== null && /^\d{1,15}$/.test(value)) route[key] = Number(value);
  }
  return route;
}

export function format(route: Route): string {
  const words = new URLSearchParams();
  if (route.q) words.set("q", route.q);
  if (route.process !== undefined) words.set("process", String(route.process));
  if (route.item !== undefined) words.set("item", String(route.item));
  const query = words.toString();
  return `#/${route.view}${query ? `?${query}` : ""}`;
}

export type Go = (change: Partial<{ [K in keyof Route]: Route[K] | undefined }>, replace?: boolean) => void;
