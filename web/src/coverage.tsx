// What was watched, what was not, what stood in the way.
import { Found, Section, Who, type ViewProps } from "./parts";
import { MEANING, TITLE, count, grouped, time } from "./words";

export function Coverage({ model, q, go }: ViewProps) {
  const { claim, marks, head, ending, verdict, omitted } = model.data;
  const kinds = Object.keys(TITLE).filter((kind) => marks.some((m) => m.mark === kind));
  return (
    <>
      <Section title="What this recording asserts"><p>{claim.asserts}</p></Section>
      {verdict && verdict.gaps.length > 0 ? (
        <Section title="What was missed" note="a recording with a gap is never clean">
          <ul class="plain">{verdict.gaps.map((g) => <li key={g.why + g.detail}><b>{g.why}</b> {g.detail}{g.times > 1 ? ` ×${grouped(g.times)}` : ""}</li>)}</ul>
        </Section>
      ) : null}
      {kinds.length === 0 ? <p>No gap, nothing denied, refused, delegated or aimed at another process.</p> : null}
      {kinds.map((kind) => (
        <Section key={kind} title={TITLE[kind]!} note={MEANING[kind]!}>
          <table><tbody>
            {marks.filter((m) => m.mark === kind && (!q || `${m.what} ${m.note}`.toLowerCase().includes(q))).slice(0, 500).map((m) => (
              <tr key={m.what}>
                <td class="path"><Found text={m.what} q={q} /></td><td class="dim">{m.note}</td><td><Who id={m.by} model={model} go={go} /></td>
                <td class="n">{m.times > 1 ? `×${grouped(m.times)}` : ""}</td><td class="n dim">{time(m.at)}, event {m.seq}</td>
              </tr>
            ))}
          </tbody></table>
        </Section>
      ))}
      {omitted.marks > 0 ? <p class="warn">{count(omitted.marks, "act", "acts")} more are too many for this page.</p> : null}
      <Section title="It does not assert"><ul class="plain">{claim.not.map((text) => <li key={text}>{text}</li>)}</ul></Section>
      <Section title="Calls that it refuses outright" note={grouped(claim.refused.length)}>
        <ul class="plain columns">{claim.refused.map((call) => <li key={call} class="path">{call}</li>)}</ul>
      </Section>
      <Section title="How it was made">
        <dl class="pairs">
          <dt>Recorder</dt><dd>{head.tool}, engine {head.engine}, level {head.level}, recording format {head.format}</dd>
          <dt>System</dt><dd>Linux {head.kernel} {head.arch}, uid {head.uid}</dd>
          <dt>Directory</dt><dd><code>{head.cwd}</code>, workspace <code>{head.workspace}</code></dd>
          <dt>Arguments</dt><dd>{ending.toctou === "verified" ? "every name was confirmed by its result, or could not change while it was read" : ending.toctou ? "some names could be changed while they were read; they are marked" : "not known"}</dd>
          <dt>Root</dt><dd>{ending.root ? <code>{ending.root}</code> : "none: the recording is cut"}</dd>
          {head.profile_sha256 ? <><dt>In force</dt><dd>profile <code>{head.profile_sha256}</code></dd></> : null}
        </dl>
      </Section>
    </>
  );
}
