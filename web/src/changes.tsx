// What differs from the recording before, where one was given.
import { useMemo, useState } from "preact/hooks";
import type { Data } from "./data";
import { Chips, Found, type ViewProps } from "./parts";
import { VirtualList } from "./virtual";
import { count, grouped } from "./words";

type Kind = "new" | "gone" | "content" | "ending";
export interface Line { kind: Kind; what: string; by: string; text: string }

export const SIGN: Record<Kind, string> = { new: "+ new", gone: "− gone", content: "~ content", ending: "~ ending" };
const NAME: Record<Kind, string> = { new: "new", gone: "gone", content: "other content", ending: "other endings" };

const made = new WeakMap<Data, Line[]>();

/** All changes, what is new first. */
export function lines(data: Data): Line[] {
  const known = made.get(data);
  if (known) return known;
  const c = data.changes;
  const list: Line[] = [];
  const add = (kind: Kind, what: string, by: string) => { list.push({ kind, what, by, text: `${SIGN[kind]} ${what} ${by}` }); };
  const status = (s: number | null) => s ?? "none";
  if (c) {
    if (c.status[0] !== c.status[1]) add("ending", `status of the step: ${status(c.status[0])} before, ${status(c.status[1])} now`, "");
    c.new.forEach((l) => add("new", l.what, l.program));
    c.gone.forEach((l) => add("gone", l.what, l.program));
    c.content.forEach((l) => add("content", l.path, `${l.before?.slice(0, 12) ?? "unknown"} → ${l.after?.slice(0, 12) ?? "unknown"}`));
    c.endings.forEach((l) => add("ending", `${l.program}, ${l.how}`, `${grouped(l.before)} → ${grouped(l.after)} times`));
  }
  made.set(data, list);
  return list;
}

export function Changes({ model, q }: ViewProps) {
  const [only, setOnly] = useState<Kind | "all">("all");
  const [cursor, setCursor] = useState(0);
  const all = lines(model.data);
  const shown = useMemo(() => all.filter((l) => (only === "all" || l.kind === only) && (!q || l.text.toLowerCase().includes(q))), [all, only, q]);
  const n = (kind: Kind) => grouped(all.filter((l) => l.kind === kind).length);
  const { changes } = model.data;
  if (!changes) return <p>No recording was given to compare with: <code>sekisho report --before</code> names one.</p>;
  return (
    <>
      {changes.complete ? null : <p class="warn">One of the two recordings is not complete: what is missing there may differ too.</p>}
      <Chips label="Which changes" is={only} set={setOnly}
        of={[{ key: "all", text: "all", n: grouped(all.length) }, ...(["new", "gone", "content", "ending"] as const).map((key) => ({ key, text: NAME[key], n: n(key) }))]} />
      {all.length === 0 ? <p>It does the same as the recording before.</p> : (
        <VirtualList label="changes" role="grid" className="tall" count={shown.length} cursor={cursor} onCursor={setCursor}>
          {(at) => {
            const l = shown[at]!;
            return (
              <div class="change">
                <span role="gridcell" class={l.kind === "new" ? "added" : l.kind === "gone" ? "gone" : "dim"}>{SIGN[l.kind]}</span>
                <span role="gridcell" class="cut path" title={l.what}><Found text={l.what} q={q} /></span>
                <span role="gridcell" class="cut dim path" title={l.by}><Found text={l.by} q={q} /></span>
              </div>
            );
          }}
        </VirtualList>
      )}
      {changes.omitted > 0 ? <p class="warn">{count(changes.omitted, "more change is", "more changes are")} too many to list.</p> : null}
      <p class="dim">Numbers of processes, times and random parts of names do not count.</p>
    </>
  );
}
