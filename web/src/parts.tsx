// Small things that every view is made of.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Severity } from "./data";
import type { Model } from "./model";
import type { Served } from "./reviewing";
import type { Go } from "./route";

export interface ViewProps { model: Model; q: string; go: Go; item?: number | undefined; process?: number | undefined; served?: Served | undefined }

/** A process that can be opened. */
export function Who({ id, model, go }: { id: number; model: Model; go: Go }) {
  if (!model.row.has(id)) return <span class="dim">{id === 0 ? "" : id}</span>;
  return <button class="link who" onClick={(e) => { e.stopPropagation(); go({ process: id }); }}>{model.who(id)}</button>;
}

export function Tag({ severity }: { severity: Severity }) { return <span class={`tag ${severity}`}>{severity}</span>; }

/** Text with what was searched for set off. */
export function Found({ text, q }: { text: string; q: string }) {
  const at = q ? text.toLowerCase().indexOf(q) : -1;
  if (at < 0) return <>{text}</>;
  return <>{text.slice(0, at)}<mark>{text.slice(at, at + q.length)}</mark>{text.slice(at + q.length)}</>;
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  }
  return <button class="small" onClick={copy}>{done ? "copied" : label}</button>;
}

export function Section({ id, title, note, children }: { id?: string; title: string; note?: string; children: ComponentChildren }) {
  return <section id={id} aria-label={title}><h2>{title}{note ? <small>{note}</small> : null}</h2>{children}</section>;
}

/** One of several; the pressed one holds. */
export function Chips<T extends string>({ label, of, is, set }: {
  label: string; of: readonly { key: T; text: string; n?: string }[]; is: T; set: (key: T) => void;
}) {
  return (
    <div class="chips" role="group" aria-label={label}>
      {of.map((c) => (
        <button key={c.key} aria-pressed={c.key === is} onClick={() => set(c.key)}>
          {c.text}{c.n === undefined ? null : <small>{c.n}</small>}
        </button>
      ))}
    </div>
  );
}
