// One screen: the verdict and why, then what a reviewer would ask first.
import type { ComponentChildren } from "preact";
import { SIGN, lines } from "./changes";
import type { Data } from "./data";
import type { Model } from "./model";
import { Section, Tag, Who, type ViewProps } from "./parts";
import type { Go } from "./route";
import { MEANING, TITLE, bytes, count, grouped, time } from "./words";

const SHOWN = 8;

export function Banner({ data, go }: { data: Data; go: Go }) {
  const { verdict, ending } = data;
  if (!verdict) {
    const words = {
      complete: ["ok", "Complete", "No profile was given: nothing was judged."],
      incomplete: ["warn", "Not complete", `${count(ending.gaps ?? 0, "gap", "gaps")}: something was or may have been missed.`],
      truncated: ["bad", "Truncated", `The recording ends behind event ${grouped(ending.events ?? 0)}, without a trailer.`],
    }[ending.state];
    return <section class={`verdict ${words[0]}`} role="status"><strong>{words[1]}</strong><p>{words[2]}</p></section>;
  }
  const all = verdict.deviations;
  const of = (severity: string) => all.filter((d) => d.severity === severity).length;
  const title = all.length > 0 ? count(all.length, "deviation", "deviations") : verdict.clean ? "Clean" : "Not clean";
  const parts = (["high", "medium", "low"] as const).filter((s) => of(s) > 0);
  return (
    <section class={`verdict ${verdict.clean ? "ok" : "bad"}`} role="status">
      <strong>{title}</strong>
      {parts.length > 0 ? (
        <p class="severities">{parts.map((s) => (
          <button key={s} class="link" onClick={() => go({ view: "deviations", q: "" })}><Tag severity={s} /> {grouped(of(s))}</button>
        ))}</p>
      ) : null}
      <p>
        {grouped(verdict.allowed)} of {grouped(verdict.events)} events are as <code>{verdict.profile}</code> allows
        {verdict.sha256 ? <> <code title={verdict.sha256}>{verdict.sha256.slice(0, 12)}</code></> : null}
        {verdict.reviewed ? <>, reviewed {verdict.reviewed}</> : null}{verdict.origin ? <>, {verdict.origin}</> : null}; mode {verdict.mode}; the recording
        is {verdict.complete ? "complete" : <b>not complete, and so never clean</b>}.
      </p>
    </section>
  );
}

export function Overview({ model, go }: ViewProps) {
  const { data } = model;
  return (
    <>
      <Banner data={data} go={go} />
      <FactsList data={data} model={model} />
      <div class="columns2">
        <div>
          <TopDeviations model={model} go={go} />
          <Since data={data} go={go} />
          <LookAt data={data} go={go} />
          <Secrets model={model} go={go} />
          <MadeThenRun model={model} go={go} />
        </div>
        <div>
          <Ranking model={model} go={go} title="Longest processes" by={(at) => model.duration(at)} show={time} />
          <Ranking model={model} go={go} title="Busiest processes" by={(at) => model.data.processes.files[at]! + model.data.processes.net[at]!}
            show={(n) => count(n, "act", "acts")} />
          <Endpoints data={data} go={go} />
          <Written model={model} go={go} />
        </div>
      </div>
    </>
  );
}

function FactsList({ data, model }: { data: Data; model: Model }) {
  const programs = data.processes.programs.reduce((a, b) => a + b, 0);
  const facts: [string, string][] = [
    ["Processes", grouped(data.processes.id.length + data.omitted.processes)],
    ["Programs run", grouped(programs)],
    ["File acts", grouped(data.counts["file"] ?? 0)],
    ["Network acts", grouped(data.counts["net"] ?? 0)],
    ["Time", time(model.end_us)],
    ...(data.ending.status === undefined ? [] : [["Status", String(data.ending.status)] as [string, string]]),
    ["Watched", `level ${data.head.level}`],
    // Otherwise the verdict has it.
    ...(data.verdict ? [] : [["Mode", data.head.mode] as [string, string]]),
    ["Began", new Date(data.head.started_s * 1000).toISOString().replace("T", " ").slice(0, 16) + " UTC"],
  ];
  return <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function TopDeviations({ model, go }: { model: Model; go: Go }) {
  const verdict = model.data.verdict;
  if (!verdict || verdict.deviations.length === 0) return null;
  const more = verdict.deviations.length - SHOWN;
  return (
    <Section title="Deviations" note="what matters most first">
      <ol class="cards">
        {verdict.deviations.slice(0, SHOWN).map((d, at) => (
          <li key={at} class={d.severity}>
            <button class="link" onClick={() => go({ view: "deviations", item: at, q: "" })}><Tag severity={d.severity} /> <code>{d.what}</code></button>
            <p class="dim">{d.ancestry?.length ? <>by {d.ancestry.toReversed().join(" ← ")} · </> : null}{d.why}</p>
          </li>
        ))}
      </ol>
      {more > 0 ? <p><button class="link" onClick={() => go({ view: "deviations" })}>{grouped(more)} more</button></p> : null}
    </Section>
  );
}

/** What is new is what a reviewer of a second build asks first. */
function Since({ data, go }: { data: Data; go: Go }) {
  const { changes } = data;
  if (!changes) return null;
  const all = lines(data);
  return (
    <Section title="Since the recording before" note={all.length === 0 ? "it does the same" : count(all.length, "change", "changes")}>
      {changes.complete ? null : <p class="warn">One of the two is not complete: what is missing there may differ too.</p>}
      <Rows>
        {all.slice(0, SHOWN).map((l, at) => (
          <tr key={at}><td class={l.kind === "new" ? "added" : l.kind === "gone" ? "gone" : "dim"}>{SIGN[l.kind]}</td><td class="path">{l.what}</td><td class="dim">{l.by}</td></tr>
        ))}
      </Rows>
      {all.length > 0 ? <p><button class="link" onClick={() => go({ view: "changes", q: "" })}>{all.length > SHOWN ? `${grouped(all.length - SHOWN)} more` : "show them"}</button></p> : null}
    </Section>
  );
}

function LookAt({ data, go }: { data: Data; go: Go }) {
  const sums = new Map<string, number>();
  for (const m of data.marks) sums.set(m.mark, (sums.get(m.mark) ?? 0) + m.times);
  return (
    <Section title="To look at">
      {sums.size === 0 ? <p>No gap, nothing denied, refused, delegated or aimed at another process.</p> : (
        <Rows>
          {[...sums].map(([mark, n]) => (
            <tr key={mark}>
              <td class="nowrap"><button class={`link ${mark === "gap" || mark === "tamper" ? "bad" : ""}`} onClick={() => go({ view: "coverage", q: "" })}>{TITLE[mark]}</button></td>
              <td class="n">{grouped(n)}</td><td class="dim">{MEANING[mark]}</td>
            </tr>
          ))}
        </Rows>
      )}
    </Section>
  );
}

function Secrets({ model, go }: { model: Model; go: Go }) {
  const { secrets } = model.data;
  if (secrets.length === 0) return <Section title="Secrets touched"><p>None of the places where secrets are usually kept.</p></Section>;
  return (
    <Section title="Secrets touched" note={grouped(secrets.length)}>
      <Rows>
        {secrets.slice(0, 40).map((s) => (
          <tr key={s.path}>
            <td class="path"><button class="link" onClick={() => go({ view: "files", q: s.path.toLowerCase() })}>{s.path}</button></td>
            <td>{s.what}</td>
            <td>{[s.read && "read", s.changed && "changed", s.looked && "looked at", s.failed && "tried in vain"].filter(Boolean).join(", ")}</td>
            <td><Who id={s.by} model={model} go={go} /></td>
          </tr>
        ))}
      </Rows>
    </Section>
  );
}

function MadeThenRun({ model, go }: { model: Model; go: Go }) {
  const { made, omitted } = model.data;
  if (made.length === 0) return <Section title="Made, then run"><p>No program was written in this step and then run in it.</p></Section>;
  return (
    <Section title="Made, then run" note={grouped(made.length)}>
      <Rows>
        {made.slice(0, 40).map((m) => (
          <tr key={m.path}>
            <td class="path">{m.path}</td><td>by <Who id={m.writer} model={model} go={go} /></td>
            <td>run by <Who id={m.by} model={model} go={go} /></td><td class="n">{m.times > 1 ? `×${grouped(m.times)}` : ""}</td>
          </tr>
        ))}
      </Rows>
      {made.length > 40 || omitted.made > 0 ? <p class="dim">{grouped(made.length - Math.min(40, made.length) + omitted.made)} more</p> : null}
    </Section>
  );
}

function Ranking({ model, go, title, by, show }: {
  model: Model; go: Go; title: string; by: (at: number) => number; show: (n: number) => string;
}) {
  const rows = model.data.processes.id.map((_, at) => at).sort((a, b) => by(b) - by(a)).slice(0, SHOWN);
  const most = Math.max(1, ...rows.map(by));
  return (
    <Section title={title}>
      <Rows>
        {rows.map((at) => (
          <tr key={at}>
            <td><Who id={model.data.processes.id[at]!} model={model} go={go} /></td>
            <td class="wide"><code class="cut" title={model.command(at)}>{model.command(at)}</code><span class="bar" style={{ width: `${(100 * by(at)) / most}%` }} /></td>
            <td class="n">{show(by(at))}</td>
          </tr>
        ))}
      </Rows>
    </Section>
  );
}

function Endpoints({ data, go }: { data: Data; go: Go }) {
  const flows = data.flows.filter((f) => f.ops.some((op) => op !== "pair"));
  if (flows.length === 0) return <Section title="Network"><p>None.</p></Section>;
  const outside = flows.toSorted((a, b) => rank(a.endpoint) - rank(b.endpoint) || b.times - a.times);
  return (
    <Section title="Network" note={count(flows.length, "pair of program and endpoint", "pairs of program and endpoint")}>
      <Rows>
        {outside.slice(0, SHOWN).map((f) => (
          <tr key={`${f.program} ${f.endpoint}`}>
            <td>{f.program}</td>
            <td class="path"><button class="link" onClick={() => go({ view: "network", q: "" })}>{f.endpoint}</button></td>
            <td class="dim">{f.ops.join(", ")}</td><td class="n">{f.out ? bytes(f.out) : ""}</td>
          </tr>
        ))}
      </Rows>
    </Section>
  );
}

/** What leaves the machine comes first. */
function rank(endpoint: string): number {
  if (/^(unix|netlink)/.test(endpoint)) return 2;
  return / (127\.|\[::1\])/.test(endpoint) ? 1 : 0;
}

function Written({ model, go }: { model: Model; go: Go }) {
  const dirs = new Map<string, number>();
  model.data.files.name.forEach((_, at) => {
    if (!model.isChanged(at)) return;
    const dir = model.data.strings[model.data.files.dir[at]!]!;
    dirs.set(dir, (dirs.get(dir) ?? 0) + 1);
  });
  const top = [...dirs].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return (
    <Section title="Written" note={count(dirs.size, "directory", "directories")}>
      <Rows>
        {top.map(([dir, n]) => (
          <tr key={dir}><td class="path"><button class="link" onClick={() => go({ view: "files", q: dir.toLowerCase() })}>{dir || "/"}</button></td><td class="n">{count(n, "file", "files")}</td></tr>
        ))}
      </Rows>
    </Section>
  );
}

function Rows({ children }: { children: ComponentChildren }) { return <table><tbody>{children}</tbody></table>; }
