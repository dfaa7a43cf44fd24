// Files by directory, with what was done to each and its digest.
import { useMemo, useState } from "preact/hooks";
import type { Model } from "./model";
import { Chips, Copy, Found, Who, type ViewProps } from "./parts";
import type { Go } from "./route";
import { bytes, count, grouped, time } from "./words";
import { VirtualList } from "./virtual";

type Only = "changed" | "read" | "failed" | "all";
type Line = { dir: number; files: number[]; open: boolean } | { file: number };

/** Directories with no more files than this are unfolded at first. */
const OPEN = 12;

function keeps(model: Model, only: Only, at: number): boolean {
  const f = model.data.files;
  const changed = model.isChanged(at);
  switch (only) {
    case "all": return true;
    case "changed": return changed;
    case "read": return !changed && f.read[at]! > 0;
    case "failed": return f.failed[at]! > 0 && !changed && f.read[at] === 0;
  }
}

export function Files({ model, q, go, item }: ViewProps) {
  const f = model.data.files;
  const [asked, setOnly] = useState<Only>();
  // A search looks at all files, until one says otherwise.
  const only = asked ?? (item !== undefined || q ? "all" : "changed");
  const [turned, setTurned] = useState<ReadonlySet<number>>(new Set());
  const [on, setOn] = useState<number>();
  const sums = useMemo(() => {
    const n: Record<Only, number> = { changed: 0, read: 0, failed: 0, all: f.name.length };
    f.name.forEach((_, at) => { for (const key of ["changed", "read", "failed"] as const) if (keeps(model, key, at)) n[key]++; });
    return n;
  }, [model]);
  const lines = useMemo(() => {
    const groups = new Map<number, number[]>();
    f.name.forEach((name, at) => {
      if (!keeps(model, only, at)) return;
      if (q && !model.path(at).toLowerCase().includes(q) && !(f.sha256[at]!.startsWith(q) && q.length >= 6) && !name.includes(q)) return;
      const list = groups.get(f.dir[at]!);
      if (list) list.push(at); else groups.set(f.dir[at]!, [at]);
    });
    const out: Line[] = [];
    for (const [dir, files] of groups) {
      const open = (files.length <= OPEN || q !== "" || files.includes(item ?? -1)) !== turned.has(dir);
      out.push({ dir, files, open });
      if (open) for (const file of files) out.push({ file });
    }
    return out;
  }, [model, only, q, turned, item]);
  const cursor = item === undefined ? on : lines.findIndex((l) => "file" in l && l.file === item);
  function turn(dir: number) {
    const next = new Set(turned);
    if (!next.delete(dir)) next.add(dir);
    setTurned(next);
  }
  return (
    <>
      <Chips label="Which files" is={only} set={setOnly} of={[
        { key: "changed", text: "changed", n: grouped(sums.changed) }, { key: "read", text: "read", n: grouped(sums.read) },
        { key: "failed", text: "tried in vain", n: grouped(sums.failed) }, { key: "all", text: "all", n: grouped(sums.all) },
      ]} />
      <VirtualList label="files" role="treegrid" className="tall" count={lines.length} cursor={cursor}
        level={(at) => { const l = lines[at]!; return "file" in l ? { level: 2 } : { level: 1, expanded: l.open }; }}
        onCursor={(at) => { const l = lines[at]!; setOn(at); go({ item: "file" in l ? l.file : undefined }, true); }}
        onOpen={(at) => { const l = lines[at]!; if ("dir" in l) turn(l.dir); }}
        head={<div class="heads" aria-hidden="true"><span class="grow">file</span><span class="w10">acts</span><span class="w10">first by</span><span class="n w6">size</span><span class="w8">SHA-256</span></div>}>
        {(at) => {
          const line = lines[at]!;
          if ("dir" in line) {
            return (
              <span class="grow cut" role="gridcell">
                <span class="fold">{line.open ? "▾" : "▸"}</span> <code><Found text={model.data.strings[line.dir] || "/"} q={q} /></code> <span class="dim">{grouped(line.files.length)}</span>
              </span>
            );
          }
          const file = line.file;
          return (
            <>
              <span class="grow cut indent" role="gridcell"><code><Found text={f.name[file]!} q={q} /></code></span>
              <span class="w10 cut" role="gridcell">{acts(model, file)}</span>
              <span class="w10 cut" role="gridcell"><Who id={f.by[file]!} model={model} go={go} /></span>
              <span class="n w6" role="gridcell">{f.size[file]! < 0 ? "" : bytes(f.size[file]!)}</span>
              <span class="w8 dim" role="gridcell"><code>{f.sha256[file]!.slice(0, 12)}</code></span>
            </>
          );
        }}
      </VirtualList>
      {item !== undefined && item < f.name.length ? <One model={model} file={item} go={go} /> : null}
      {model.data.omitted.files > 0 ? <p class="warn">{count(model.data.omitted.files, "act", "acts")} on further paths are too many for this page.</p> : null}
    </>
  );
}

function acts(model: Model, file: number): string {
  const f = model.data.files;
  const all: [number, string][] = [[f.changed[file]!, "changed"], [f.deleted[file]!, "removed"], [f.read[file]!, "read"],
    [f.other[file]!, "looked at"], [f.failed[file]!, "failed"]];
  return all.filter(([n]) => n > 0).map(([n, word]) => (n > 1 ? `${word} ×${grouped(n)}` : word)).join(", ");
}

function One({ model, file, go }: { model: Model; file: number; go: Go }) {
  const f = model.data.files;
  const path = model.path(file);
  return (
    <article class="detail" aria-label="File" aria-live="polite">
      <h3><code>{path}</code> <Copy text={path} label="copy" /></h3>
      <dl class="pairs">
        <dt>Acts</dt><dd>{acts(model, file)}</dd>
        <dt>First</dt><dd>by <Who id={f.by[file]!} model={model} go={go} /> at {time(f.at[file]!)}, event {f.seq[file]}</dd>
        {f.size[file]! >= 0 ? <><dt>Size</dt><dd>{bytes(f.size[file]!)}</dd></> : null}
        {f.sha256[file] ? <><dt>SHA-256</dt><dd><code>{f.sha256[file]}</code> <Copy text={f.sha256[file]!} label="copy" /></dd></> : null}
      </dl>
    </article>
  );
}
