// All about one process, beside whatever view one is in.
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Model } from "./model";
import { Copy, Tag, Who } from "./parts";
import type { Go } from "./route";
import { bytes, count, grouped, time } from "./words";

const SHOWN = 60;

export function Panel({ model, id, go }: { model: Model; id: number; go: Go }) {
  const row = model.row.get(id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => { heading.current?.parentElement?.scrollTo(0, 0); }, [id]);
  const of = useMemo(() => {
    const { files, flows, marks } = model.data;
    return {
      files: files.by.flatMap((by, at) => (by === id ? [at] : [])),
      flows: flows.filter((f) => f.by === id),
      marks: marks.filter((m) => m.by === id),
    };
  }, [model, id]);
  const close = <button class="close" aria-label="Close" onClick={() => go({ process: undefined })}>×</button>;
  if (row === undefined) return <aside class="panel" aria-label="Process">{close}<h2 ref={heading}>Process {id}</h2><p>It is not listed in this page.</p></aside>;
  const p = model.data.processes;
  const sha256 = model.data.strings[p.sha256[row]!];
  const children = model.children.get(row) ?? [];
  const deviations = model.deviating.get(id) ?? [];
  return (
    <aside class="panel" aria-label={`Process ${id}`}>
      {close}
      <h2 ref={heading}>{model.who(id)}</h2>
      <p class="path">{model.command(row)} <Copy text={model.command(row)} label="copy" /></p>
      <dl class="pairs">
        <dt>Program</dt><dd><code>{model.program(row) || "(step)"}</code></dd>
        {sha256 ? <><dt>SHA-256</dt><dd><code>{sha256}</code></dd></> : null}
        <dt>Time</dt><dd>{time(model.duration(row))}, from {time(p.began[row]!)} to {p.ended[row]! < 0 ? "the end" : time(p.ended[row]!)}{model.exit(row) ? `, ${model.exit(row)}` : ""}</dd>
        <dt>Did</dt><dd>{count(p.files[row]!, "file act", "file acts")}, {count(p.net[row]!, "network act", "network acts")}{p.threads[row] ? `, ${count(p.threads[row]!, "thread", "threads")}` : ""}</dd>
        <dt>Started by</dt><dd>{model.ancestry(row).slice(1, 12).map((up, at) => <span key={up}>{at > 0 ? " ← " : ""}<Who id={p.id[up]!} model={model} go={go} /></span>)}{model.depth[row] === 0 ? "the recorder" : null}</dd>
        {model.earlier.get(id)?.map(([at, program]) => <><dt>Before</dt><dd><code>{model.data.strings[program] || "(forked)"}</code> from {time(at)}</dd></>)}
      </dl>
      {deviations.length > 0 ? (
        <><h3>Deviates</h3><ul class="none">{deviations.slice(0, SHOWN).map((at) => {
          const d = model.data.verdict!.deviations[at]!;
          return <li key={at}><button class="link" onClick={() => go({ view: "deviations", item: at, q: "" })}><Tag severity={d.severity} /> <code>{d.what}</code></button></li>;
        })}</ul></>
      ) : null}
      {of.marks.length > 0 ? <><h3>To look at</h3><ul class="none">{of.marks.slice(0, SHOWN).map((m) => <li key={m.mark + m.what}>{m.mark} <span class="path">{m.what}</span> <span class="dim">{m.note}</span></li>)}</ul></> : null}
      {of.flows.length > 0 ? <><h3>Network <small>first used by it</small></h3><ul class="none">{of.flows.slice(0, SHOWN).map((f) => <li key={f.endpoint}>{f.ops.join(", ")} <span class="path">{f.endpoint}</span>{f.out ? <span class="dim"> sent {bytes(f.out)}</span> : null}</li>)}</ul></> : null}
      {children.length > 0 ? <><h3>Started <small>{grouped(children.length)}</small></h3><ul class="none">{children.slice(0, SHOWN).map((c) => <li key={c}><Who id={p.id[c]!} model={model} go={go} /> <code class="dim">{model.command(c).slice(0, 90)}</code></li>)}</ul></> : null}
      {of.files.length > 0 ? (
        <><h3>Files <small>{grouped(of.files.length)} first touched by it</small></h3><ul class="none">
          {of.files.toSorted((a, b) => Number(model.isChanged(b)) - Number(model.isChanged(a))).slice(0, SHOWN).map((f) => (
            <li key={f}><button class="link path" onClick={() => go({ view: "files", item: f, q: "" })}>{model.path(f)}</button> <span class="dim">{model.isChanged(f) ? "changed" : ""}</span></li>
          ))}
        </ul></>
      ) : null}
      {Math.max(children.length, of.files.length) > SHOWN ? <p class="dim">The first {SHOWN} of each are shown; <code>sekisho show --process {id}</code> has all.</p> : null}
    </aside>
  );
}
