// The page: what is seen is a function of the data and of the address.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Changes, lines } from "./changes";
import { Coverage } from "./coverage";
import { Deviations } from "./deviations";
import { Files } from "./files";
import type { Model } from "./model";
import { Network } from "./network";
import { Banner, Overview } from "./overview";
import { Panel } from "./panel";
import { Processes } from "./processes";
import { Review } from "./review";
import type { Served } from "./reviewing";
import { VIEWS, format, parse, type Go, type Route, type View } from "./route";
import { Timeline } from "./timeline";
import { grouped } from "./words";

const NAMES: Record<View, string> = {
  overview: "Overview", deviations: "Deviations", changes: "Changes", timeline: "Timeline", processes: "Processes", files: "Files",
  network: "Network", coverage: "Coverage", review: "Review",
};
const SHOWS = { overview: Overview, deviations: Deviations, changes: Changes, timeline: Timeline, processes: Processes, files: Files, network: Network, coverage: Coverage, review: Review };

const KEYS: [string, string][] = [
  ["1 … 9", "the views, in their order"], ["/", "search"], ["↑ ↓ or k j", "move in a list"], ["→ ←", "unfold, fold; move the timeline"],
  ["+ − 0", "zoom the timeline in, out, to the whole"], ["n p", "next, previous of the processes found on the timeline"],
  ["Enter", "open what the list stands on"], ["Esc", "close the process, then the search"], ["t", "light or dark"], ["?", "this help"],
];

export function App({ model, served }: { model: Model; served?: Served }) {
  const views = VIEWS.filter((v) => v === "review" ? served : v !== "changes" || model.data.changes);
  const [route, setRoute] = useState<Route>(() => parse(location.hash, model, served !== undefined));
  const search = useRef<HTMLInputElement>(null);
  const help = useRef<HTMLDialogElement>(null);
  const last = useRef(route);
  last.current = route;

  const go: Go = useCallback((change, replace) => {
    const next: Record<string, unknown> = { ...last.current, notice: undefined, ...change };
    if (change.view !== undefined && change.view !== last.current.view) {
      for (const key of ["item", "process"]) if (!(key in change)) delete next[key];
    }
    for (const key of Object.keys(next)) if (next[key] === undefined) delete next[key];
    const to = next as unknown as Route;
    last.current = to;
    setRoute(to);
    try {
      history[replace ? "replaceState" : "pushState"](null, "", format(to));
    } catch { /* a frame that may not: the place is not linked to, and all else works */ }
  }, []);

  useEffect(() => {
    const moved = () => setRoute(parse(location.hash, model, served !== undefined));
    addEventListener("hashchange", moved);
    addEventListener("popstate", moved);
    return () => { removeEventListener("hashchange", moved); removeEventListener("popstate", moved); };
  }, [model, served !== undefined]);

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const typing = event.target instanceof HTMLInputElement;
      if (event.key === "Escape") {
        if (last.current.process !== undefined) go({ process: undefined });
        else if (last.current.q) go({ q: "" }, true);
        if (typing) (event.target as HTMLElement).blur();
        return;
      }
      if (typing) return;
      const view = views[Number(event.key) - 1];
      if (event.key === "/") { event.preventDefault(); search.current?.focus(); search.current?.select(); }
      else if (event.key === "?") help.current?.showModal();
      else if (event.key === "t") turnLight();
      else if (view && !(event.target as Element).closest?.(".timeline canvas")) go({ view });
      else if (view) go({ view });
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [go, views.length]);

  useEffect(() => { document.title = `${NAMES[route.view]} · sekisho: ${model.data.head.command}`.slice(0, 200); }, [route.view]);

  const q = route.q.trim().toLowerCase();
  const totals = useMemo(() => hits(model, q, served), [model, q, served]);
  const View = SHOWS[route.view];
  const head = model.data.head;
  return (
    <div class={`app${route.process !== undefined ? " with-panel" : ""}`}>
      <a class="skip" href="#view" onClick={(e) => { e.preventDefault(); document.getElementById("view")?.focus(); }}>to the content</a>
      <header class="bar">
        <div class="title"><svg width="20" height="18" viewBox="0 0 20 18" aria-hidden="true"><path fill="currentColor" d="M0 1q10 3 20 0v3q-2 .6-3 .7V18h-3v-7H6v7H3V4.700Q2 4.600 0 4zm6 4v3h8V5q-4 .5-8 0z" /></svg>
          <h1>sekisho</h1><code class="cut" title={head.command}>{head.command}</code>{head.step ? <span class="dim">step {head.step}</span> : null}</div>
        <div class="tools">
          <input ref={search} type="search" placeholder="Search (/)" aria-label="Search in every view" value={route.q} spellcheck={false}
            onInput={(e) => go({ q: e.currentTarget.value, item: undefined }, true)} />
          <button class="small" aria-label="Light or dark" title="light or dark (t)" onClick={turnLight}>◐</button>
          <button class="small" aria-label="Keys" title="keys (?)" onClick={() => help.current?.showModal()}>?</button>
        </div>
        <nav aria-label="Views">
          {views.map((v) => (
            <a key={v} href={format({ view: v, q: route.q })} aria-current={v === route.view ? "page" : undefined}
              onClick={(e) => { if (e.ctrlKey || e.metaKey || e.shiftKey) return; e.preventDefault(); go({ view: v }); }}>
              {NAMES[v]}{totals[v] === undefined ? null : <small class={v === "deviations" && totals[v] ? "bad" : ""}>{grouped(totals[v])}</small>}
            </a>
          ))}
        </nav>
      </header>
      <div id="view" role="main" tabIndex={-1} aria-label={NAMES[route.view]}>
        {route.notice ? <p class="warn">{route.notice}</p> : null}
        {route.view === "overview" || route.view === "deviations" || route.view === "review" ? null : <Small model={model} go={go} />}
        <View key={route.view} model={model} q={q} go={go} item={route.item} process={route.process} served={served} />
      </div>
      {route.process !== undefined ? <Panel model={model} id={route.process} go={go} /> : null}
      <dialog ref={help} aria-label="Keys"><h2>Keys</h2><dl class="pairs">{KEYS.map(([k, words]) => <><dt><kbd>{k}</kbd></dt><dd>{words}</dd></>)}</dl>
        <form method="dialog"><button class="small">close</button></form></dialog>
    </div>
  );
}

/** The verdict in one line, where the whole of it is not shown. */
function Small({ model, go }: { model: Model; go: Go }) {
  const v = model.data.verdict;
  const state = model.data.ending.state;
  if ((!v || v.clean) && state === "complete") return null;
  if (v && v.deviations.length > 0) {
    return <p class="strip bad"><button class="link" onClick={() => go({ view: "deviations" })}>{v.deviations.length === 1 ? "1 deviation" : `${grouped(v.deviations.length)} deviations`}</button>{state === "complete" ? "" : `; the recording is ${state}`}</p>;
  }
  return <Banner data={model.data} go={go} />;
}

/** What a search finds in each view; without one, how much there is. */
function hits(model: Model, q: string, served: Served | undefined): Partial<Record<View, number>> {
  const review = served ? { review: served.state.questions.length - served.state.decisions.length } : {};
  const { verdict, processes, files, flows } = model.data;
  const deviations = verdict?.deviations ?? [];
  const changes = lines(model.data).filter((l) => l.text.toLowerCase().includes(q)).length;
  if (!q) return { ...review, deviations: deviations.length, changes, processes: processes.id.length, files: files.name.length, network: flows.length };
  const commands = processes.id.filter((_, at) => model.command(at).toLowerCase().includes(q) || model.program(at).toLowerCase().includes(q)).length;
  return {
    ...review,
    deviations: deviations.filter((d) => `${d.what} ${d.why} ${d.command} ${d.program}`.toLowerCase().includes(q)).length,
    changes,
    processes: commands,
    timeline: commands,
    files: files.name.filter((_, at) => model.path(at).toLowerCase().includes(q)).length,
    network: flows.filter((f) => `${f.program} ${f.endpoint}`.toLowerCase().includes(q)).length,
  };
}

function turnLight() {
  const root = document.documentElement;
  const dark = root.style.colorScheme ? root.style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.style.colorScheme = dark ? "light" : "dark";
}
