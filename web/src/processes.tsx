// The tree of processes.
import { useMemo, useState } from "preact/hooks";
import type { Model } from "./model";
import { Found, type ViewProps } from "./parts";
import { grouped, time } from "./words";
import { VirtualList } from "./virtual";

/** Trees with no more processes than this stand unfolded at first. */
const SMALL = 400;
const OPEN_DEPTH = 3;
const DEEPEST_INDENT = 40;

function visible(model: Model, folded: (row: number) => boolean, keep: Set<number> | undefined): number[] {
  const out: number[] = [];
  const stack = (model.children.get(-1) ?? []).toReversed();
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    if (keep && !keep.has(row)) continue;
    out.push(row);
    if (!keep && folded(row)) continue;
    const children = model.children.get(row) ?? [];
    for (let at = children.length - 1; at >= 0; at--) stack.push(children[at]!);
  }
  return out;
}

/** What matches, with all that leads to it. */
function found(model: Model, q: string): Set<number> | undefined {
  if (!q) return undefined;
  const keep = new Set<number>();
  model.data.processes.id.forEach((id, at) => {
    if (String(id) === q || model.command(at).toLowerCase().includes(q) || model.program(at).toLowerCase().includes(q)) {
      for (const up of model.ancestry(at)) {
        if (keep.has(up)) break;
        keep.add(up);
      }
    }
  });
  return keep;
}

export function Processes({ model, q, go, process }: ViewProps) {
  const p = model.data.processes;
  const small = p.id.length <= SMALL;
  const [turned, setTurned] = useState<ReadonlySet<number>>(new Set());
  const folded = (row: number) => (!small && model.depth[row]! >= OPEN_DEPTH) !== turned.has(row);
  const rows = useMemo(() => visible(model, folded, found(model, q)), [model, q, turned]);
  const cursor = process === undefined ? undefined : rows.indexOf(model.row.get(process) ?? -1);
  const parent = (row: number) => (model.children.get(row)?.length ?? 0) > 0;
  function turn(row: number) {
    const next = new Set(turned);
    if (!next.delete(row)) next.add(row);
    setTurned(next);
  }
  return (
    <>
      <VirtualList label="processes" role="treegrid" className="tall" count={rows.length} cursor={cursor}
        level={(at) => ({ level: model.depth[rows[at]!]! + 1, expanded: parent(rows[at]!) ? !folded(rows[at]!) : undefined })}
        onCursor={(at) => go({ process: p.id[rows[at]!]! }, true)}
        onKey={(event, at) => {
          const row = rows[at]!;
          if ((event.key === "ArrowRight" && folded(row)) || (event.key === "ArrowLeft" && !folded(row) && parent(row))) turn(row);
        }}
        head={<div class="heads" aria-hidden="true"><span class="grow">process</span><span class="n w5">time</span><span class="n w5">files</span><span class="n w4">net</span><span class="w8">end</span></div>}>
        {(at) => {
          const row = rows[at]!;
          const id = p.id[row]!;
          const deviates = model.deviating.get(id)?.length ?? 0;
          return (
            <>
              <span class="grow cut" role="gridcell" style={{ paddingLeft: `${Math.min(model.depth[row]!, DEEPEST_INDENT) * 14}px` }}>
                {parent(row) ? (
                  <button class="fold" tabIndex={-1} aria-label={folded(row) ? "unfold" : "fold"} onClick={(e) => { e.stopPropagation(); turn(row); }}>{folded(row) && !q ? "▸" : "▾"}</button>
                ) : <span class="fold" />}
                <span class="dim">{id}</span> <code title={model.program(row)}><Found text={model.command(row)} q={q} /></code>
                {deviates > 0 ? <span class="tag high">{deviates}</span> : p.marks[row]! > 0 ? <span class="tag medium">{p.marks[row]}</span> : null}
              </span>
              <span class="n w5" role="gridcell">{time(model.duration(row))}</span>
              <span class="n w5" role="gridcell">{p.files[row] ? grouped(p.files[row]!) : ""}</span>
              <span class="n w4" role="gridcell">{p.net[row] ? grouped(p.net[row]!) : ""}</span>
              <span class="w8 dim cut" role="gridcell">{model.exit(row)}</span>
            </>
          );
        }}
      </VirtualList>
      {model.data.omitted.processes > 0 ? <p class="warn">{grouped(model.data.omitted.processes)} more processes and threads are too many for this page.</p> : null}
    </>
  );
}
