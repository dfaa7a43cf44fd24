// Deciding: each question with what would allow it, from narrow to wide; what the decisions change; and saving them.
import { useState } from "preact/hooks";
import { Chips, Copy, Section, Tag, type ViewProps } from "./parts";
import type { Served } from "./reviewing";
import type { Decision, Question } from "./served";
import { VirtualList } from "./virtual";
import { count, grouped } from "./words";

export function Review({ q, go, item, served }: ViewProps) {
  if (!served) return null;
  const { state } = served;
  const decided = new Map(state.decisions.map((d) => [d.question, d]));
  const shown = state.questions.filter((x) => !q || `${x.what} ${x.why} ${x.program} ${x.command}`.toLowerCase().includes(q));
  const cursor = Math.min(item ?? 0, Math.max(0, shown.length - 1));
  const chosen = shown[cursor];
  return (
    <>
      <Bar served={served} />
      {state.questions.length === 0 ? <p class="ok-line">Nothing is left to decide: the profile allows what was done.</p> : (
        <div class="split">
          <VirtualList label="questions" role="listbox" className="questions" count={shown.length} row={52} cursor={cursor}
            onCursor={(at) => go({ item: at }, true)}>
            {(at) => {
              const x = shown[at]!;
              const answer = decided.get(x.key);
              return (
                <div class={`deviation ${x.severity}`}>
                  <div class="cut"><Tag severity={x.severity} /> {answer ? <b>{answer.refused ? "refused " : "accepted "}</b> : null}<code>{x.what}</code></div>
                  <div class="cut dim">{[x.program, ...x.below].filter(Boolean).join(" ← ")} · {seen(x, served)}</div>
                </div>
              );
            }}
          </VirtualList>
          {chosen ? <Ask key={chosen.key} x={chosen} answer={decided.get(chosen.key)} served={served} next={() => go({ item: Math.min(cursor + 1, shown.length - 1) }, true)}
            evidence={(at, place) => { served.look(at); go({ view: "deviations", item: place, q: "" }); }} /> : null}
        </div>
      )}
      <Change served={served} />
    </>
  );
}

function seen(x: Question, served: Served): string {
  const all = served.state.recordings.length;
  const in_ = new Set(x.seen.map((s) => s.recording)).size;
  const times = x.seen.reduce((sum, s) => sum + s.times, 0);
  return all > 1 ? `in ${in_} of ${all} recordings, ${count(times, "time", "times")}` : count(times, "time", "times");
}

function Bar({ served }: { served: Served }) {
  const { state } = served;
  const [link, setLink] = useState("");
  const unsaved = state.decisions.length;
  return (
    <section class="review-bar" aria-label="Review">
      <p><code>{state.profile.path}</code> <span class="dim">{count(state.profile.rules, "rule", "rules")} · reviewed by {state.reviewer}</span></p>
      <Chips label="Recording" is={String(served.recording)} set={(key) => served.look(Number(key))}
        of={state.recordings.map((r, at) => ({ key: String(at), text: `${r.name}${r.open ? " (not ended)" : ""}`, n: r.deviations ? grouped(r.deviations) : "✓" }))} />
      <div class="bar-of-tools">
        <button class="small save" disabled={unsaved === 0 || served.ended} onClick={served.save}>Save {unsaved ? count(unsaved, "decision", "decisions") : ""}</button>
        <button class="small" disabled={served.ended} onClick={() => { served.link().then(setLink, () => setLink("")); }}>Another window</button>
        <button class="small end" disabled={served.ended} onClick={served.end}>End the review</button>
        {link ? <span class="dim">opens once: <code>{link}</code> <Copy text={link} label="copy" /></span> : null}
      </div>
      <p role="status" aria-live="polite" class={served.error || served.ended ? "warn" : "said"}>
        {served.ended ? "The review has ended; what is seen here stays until the window is closed." : served.error || served.said}
      </p>
    </section>
  );
}

function Ask({ x, answer, served, next, evidence }: {
  x: Question; answer: Decision | undefined; served: Served; next: () => void; evidence: (recording: number, item: number) => void;
}) {
  const [offer, setOffer] = useState(0);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const decide = (choice: number | "refuse") => {
    if (!reason.trim()) { setMissing(true); return; }
    served.decide(x.key, choice, reason).then((done) => { if (done) { setReason(""); setMissing(false); next(); } }, () => undefined);
  };
  const chosen = x.offers[offer];
  return (
    <article class={`detail ${x.severity}`} aria-label="Question">
      <h3><Tag severity={x.severity} /> <code>{x.what}</code></h3>
      <p>{x.why}</p>
      <dl class="pairs">
        {x.program ? <><dt>Program</dt><dd><code>{x.program}</code></dd></> : null}
        {x.below.length ? <><dt>Started by</dt><dd>{x.below.join(" ← ")}</dd></> : null}
        {x.command ? <><dt>Arguments</dt><dd><code>{x.command}</code></dd></> : null}
        {x.runs ? <><dt>It ran</dt><dd><code>{x.runs}</code></dd></> : null}
        <dt>Evidence</dt><dd>{x.seen.slice(0, 12).map((s) => (
          <button key={`${s.recording}-${s.item}`} class="small" onClick={() => evidence(s.recording, s.item)}>{served.state.recordings[s.recording]?.name} ×{grouped(s.times)}</button>
        ))}</dd>
      </dl>
      {answer ? <p class="warn">{answer.refused ? "Refused" : "Accepted"}: {answer.says} — {answer.why} <button class="small" onClick={() => served.undo(answer.id)}>undo</button></p> : null}
      {x.offers.length > 0 ? (
        <fieldset><legend>Allow it, from narrow to wide</legend>
          {x.offers.map((o, at) => (
            <label key={o.says}><input type="radio" name="offer" checked={at === offer} onChange={() => setOffer(at)} /> {o.says}</label>
          ))}
        </fieldset>
      ) : <p class="dim">No rule can allow this.</p>}
      {chosen ? <pre>{chosen.toml.trimEnd()}</pre> : null}
      {x.offers.length > 0 || x.refusal ? (
        <>
          <label class="reason">Reason <input type="text" value={reason} aria-invalid={missing} onInput={(e) => setReason(e.currentTarget.value)}
            onKeyDown={(e) => { if (e.key === "Enter" && chosen) decide(offer); }} placeholder="why the build does this" /></label>
          {missing ? <p class="warn">A reason is needed: the next reviewer will ask.</p> : null}
          <div class="bar-of-tools">
            {chosen ? <button class="small accept" onClick={() => decide(offer)}>Accept</button> : null}
            {x.refusal ? <button class="small refuse" onClick={() => decide("refuse")}>Refuse</button> : null}
            <button class="small" onClick={next}>Later</button>
          </div>
        </>
      ) : null}
    </article>
  );
}

function Change({ served }: { served: Served }) {
  const { decisions, change } = served.state;
  if (decisions.length === 0) return null;
  return (
    <Section title="What this changes" note={count(decisions.length, "decision", "decisions")}>
      <ul class="none decisions">{decisions.map((d) => (
        <li key={d.id}><button class="small" onClick={() => served.undo(d.id)}>undo</button> {d.refused ? "refused" : "accepted"} <code>{d.what}</code> <span class="dim">{d.why}</span></li>
      ))}</ul>
      <div class="columns2">
        <div><h3>In meaning</h3><pre class="meaning">{change.meaning.trimEnd()}</pre></div>
        <div><h3>In the file</h3><pre class="change">{change.lines.map(([sign, text], at) => (
          <span key={at} class={sign === "+" ? "added" : sign === "-" ? "gone" : ""}>{sign}{text}{"\n"}</span>
        ))}</pre></div>
      </div>
    </Section>
  );
}
