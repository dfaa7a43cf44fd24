// What deviates: a list to walk through, and each with its evidence and the rule that would allow it.
import { useMemo, useState } from "preact/hooks";
import type { Deviation, Severity } from "./data";
import type { Model } from "./model";
import { Chips, Copy, Found, Section, Tag, Who, type ViewProps } from "./parts";
import type { Served } from "./reviewing";
import type { Go } from "./route";
import { count, grouped, time } from "./words";
import { VirtualList } from "./virtual";

type Only = Severity | "all";

function text(d: Deviation): string {
  return [d.code, d.what, d.why, d.argv, d.command ?? "", d.program ?? "", d.ancestry?.join(" ") ?? ""].join(" ").toLowerCase();
}

export function Deviations({ model, q, go, item, served }: ViewProps) {
  const [only, setOnly] = useState<Only>("all");
  const verdict = model.data.verdict;
  const all = verdict?.deviations ?? [];
  const shown = useMemo(
    () => all.map((_, at) => at).filter((at) => (only === "all" || all[at]!.severity === only) && (!q || text(all[at]!).includes(q))),
    [all, q, only],
  );
  if (!verdict) return <p>No profile was given: nothing was judged. <code>sekisho profile new</code> makes one to review.</p>;
  if (all.length === 0) return <><p>Nothing deviates.</p><Unused model={model} /></>;
  const cursor = Math.max(0, shown.indexOf(item ?? shown[0] ?? 0));
  const chosen = all[shown[cursor] ?? -1];
  const n = (s: Only) => grouped(s === "all" ? all.length : all.filter((d) => d.severity === s).length);
  return (
    <>
      <Chips label="Severity" is={only} set={setOnly}
        of={(["all", "high", "medium", "low"] as const).map((key) => ({ key, text: key, n: n(key) }))} />
      <div class="split">
        <VirtualList label="deviations" role="listbox" className="tall" count={shown.length} row={52} cursor={cursor}
          onCursor={(at) => go({ item: shown[at] }, true)}>
          {(at) => {
            const d = all[shown[at]!]!;
            return (
              <div class={`deviation ${d.severity}`}>
                <div class="cut"><Tag severity={d.severity} /> <code><Found text={d.what} q={q} /></code></div>
                <div class="cut dim">{d.ancestry?.toReversed().join(" ← ")}{d.times > 1 ? ` · ×${grouped(d.times)}` : ""}</div>
              </div>
            );
          }}
        </VirtualList>
        {chosen ? <Detail d={chosen} number={shown[cursor]! + 1} model={model} go={go} served={served} /> : null}
      </div>
      {verdict.omitted > 0 ? <p class="warn">{count(verdict.omitted, "event deviates", "events deviate")} beyond these, too many to list.</p> : null}
      <Unused model={model} />
    </>
  );
}

function Detail({ d, number, model, go, served }: { d: Deviation; number: number; model: Model; go: Go; served: Served | undefined }) {
  const question = served?.state.questions.findIndex((x) => x.seen.some((s) => s.recording === served.recording && s.item === number - 1)) ?? -1;
  return (
    <article class={`detail ${d.severity}`} aria-label={`Deviation ${number}`} aria-live="polite">
      <h3><Tag severity={d.severity} /> <code>{d.what}</code></h3>
      <p>{d.why}</p>
      <dl class="pairs">
        <dt>Code</dt><dd>{d.code}{d.rule ? <> · rule <code>{d.rule}</code></> : null}</dd>
        {d.program ? <><dt>Program</dt><dd><code>{d.program}</code></dd></> : null}
        {d.by !== null ? <><dt>Process</dt><dd><Who id={d.by} model={model} go={go} />{then(d, model)}</dd></> : null}
        {d.ancestry && d.ancestry.length > 1 ? <><dt>Started by</dt><dd>{d.ancestry.slice(0, -1).toReversed().join(" ← ")}</dd></> : null}
        {d.command ? <><dt>Arguments</dt><dd><code>{d.command}</code></dd></> : null}
        {d.argv ? <><dt>It ran</dt><dd><code>{d.argv}</code></dd></> : null}
        <dt>Happened</dt><dd>{count(d.times, "time", "times")}{d.seq.length ? <>, event {d.seq.slice(0, 6).join(", ")}{d.times > 6 ? " …" : ""}</> : null}</dd>
      </dl>
      {d.evidence.length > 0 ? (
        <>
          <h4>Just before</h4>
          <table class="moments"><tbody>
            {d.evidence.map((m) => (
              <tr key={m.seq} class={m.seq === d.seq[0] ? "this" : ""}>
                <td class="n dim" title={`event ${m.seq}`}>{time(m.at)}</td><td><Who id={m.by} model={model} go={go} /></td>
                <td>{m.verb}</td><td class="path">{m.object}{m.times > 1 ? ` ×${grouped(m.times)}` : ""}</td><td class="dim">{m.note}</td>
              </tr>
            ))}
          </tbody></table>
        </>
      ) : null}
      {d.suggest ? (
        <>
          <h4>The smallest rule that would allow it <Copy text={d.suggest} label="copy" /></h4>
          <pre>{d.suggest.trimEnd()}</pre>
          <p class="dim">Allow it only if you know why the build does this; <code>sekisho review</code> writes it with your reason.</p>
        </>
      ) : <p class="dim">No rule can allow this.</p>}
      {question >= 0 ? <p><button class="small" onClick={() => go({ view: "review", item: question, q: "" })}>decide on it</button></p> : null}
      {d.by !== null ? <p><button class="small" onClick={() => go({ view: "timeline", process: d.by!, item: undefined })}>show on the timeline</button></p> : null}
    </article>
  );
}

/** A process has the name of its last program; at that time it may have run another. */
function then(d: Deviation, model: Model) {
  const row = d.by === null ? undefined : model.row.get(d.by);
  const name = d.program?.slice(d.program.lastIndexOf("/") + 1);
  return row !== undefined && name && model.name(row) !== name ? <span class="dim">, then still {name}</span> : null;
}

function Unused({ model }: { model: Model }) {
  const unused = model.data.verdict?.unused ?? [];
  if (unused.length === 0) return null;
  return (
    <Section title="Rules that nothing needed" note={grouped(unused.length)}>
      <p class="dim">They allow more than this run did; if no other run needs them either, they can go.</p>
      <ul class="plain columns">{unused.map((id) => <li key={id} class="path">{id}</li>)}</ul>
    </Section>
  );
}
