// Which program spoke with whom, and when.
import { sankey, sankeyLinkHorizontal, type SankeyGraph } from "d3-sankey";
import { useMemo, useState } from "preact/hooks";
import type { Flow } from "./data";
import { tint } from "./draw";
import { Chips, Found, Section, Who, type ViewProps } from "./parts";
import { bytes, count, grouped, time } from "./words";
import { VirtualList } from "./virtual";

/** Endpoints that the picture shows; the list has all. */
const DRAWN = 30;
const WIDTH = 860;

interface Place { id: string; text: string; side: "program" | "endpoint" }
interface Way { flow: Flow }
type Only = "all" | "outside" | "local";

function isLocal(endpoint: string): boolean { return /^(unix|netlink)/.test(endpoint) || / (127\.|\[::1\])/.test(endpoint); }

function graph(flows: Flow[]): { picture: SankeyGraph<Place, Way>; height: number } | undefined {
  const sums = new Map<string, number>();
  for (const f of flows) sums.set(f.endpoint, (sums.get(f.endpoint) ?? 0) + f.times);
  const top = new Set([...sums].sort((a, b) => b[1] - a[1]).slice(0, DRAWN).map(([name]) => name));
  const drawn = flows.filter((f) => top.has(f.endpoint));
  if (drawn.length === 0) return undefined;
  const nodes = new Map<string, Place>();
  const links = drawn.map((flow) => {
    const [source, target] = [`p ${flow.program}`, `e ${flow.endpoint}`];
    nodes.set(source, { id: source, text: flow.program, side: "program" });
    nodes.set(target, { id: target, text: flow.endpoint, side: "endpoint" });
    return { source, target, value: 1 + Math.log2(1 + flow.times), flow };
  });
  const height = Math.max(60, Math.max(top.size, nodes.size - top.size) * 26);
  const lay = sankey<Place, Way>().nodeId((n) => n.id).nodeWidth(8).nodePadding(10).extent([[140, 6], [WIDTH - 360, height - 6]]);
  return { picture: lay({ nodes: [...nodes.values()], links }), height };
}

export function Network({ model, q, go }: ViewProps) {
  const [only, setOnly] = useState<Only>("all");
  const flows = model.data.flows;
  const shown = useMemo(() => flows
    .filter((f) => (only === "all" || isLocal(f.endpoint) === (only === "local")) && (!q || `${f.program} ${f.endpoint} ${f.ops.join(" ")}`.toLowerCase().includes(q)))
    .toSorted((a, b) => Number(isLocal(a.endpoint)) - Number(isLocal(b.endpoint)) || b.times - a.times), [flows, only, q]);
  const drawn = useMemo(() => graph(shown), [shown]);
  if (flows.length === 0) return <p>No act on the network.</p>;
  const n = (local: boolean) => grouped(flows.filter((f) => isLocal(f.endpoint) === local).length);
  return (
    <>
      <Chips label="Which endpoints" is={only} set={setOnly} of={[
        { key: "all", text: "all", n: grouped(flows.length) }, { key: "outside", text: "beyond this machine", n: n(false) },
        { key: "local", text: "on this machine", n: n(true) },
      ]} />
      {drawn ? (
        <div class="sankey">
          <svg viewBox={`0 0 ${WIDTH} ${drawn.height}`} width={WIDTH} height={drawn.height} role="img"
            aria-label={`${count(drawn.picture.nodes.filter((x) => x.side === "program").length, "program", "programs")} and the endpoints that each used; the list below says the same`}>
            {drawn.picture.links.map((l, at) => (
              <path key={at} d={sankeyLinkHorizontal()(l) ?? ""} class={isLocal(l.flow.endpoint) ? "way" : "way out"} stroke-width={Math.max(1.5, l.width ?? 1)}>
                <title>{`${l.flow.program} → ${l.flow.endpoint}: ${l.flow.ops.join(", ")}, ${count(l.flow.times, "act", "acts")}`}</title>
              </path>
            ))}
            {drawn.picture.nodes.map((node) => {
              const { x0 = 0, x1 = 0, y0 = 0, y1 = 0 } = node;
              const left = node.side === "program";
              return (
                <g key={node.id}>
                  <rect x={x0} y={y0} width={x1 - x0} height={Math.max(2, y1 - y0)} fill={left ? tint(node.text, false) : "currentColor"} />
                  <text x={left ? x0 - 6 : x1 + 6} y={(y0 + y1) / 2} text-anchor={left ? "end" : "start"} dominant-baseline="middle">
                    {node.text.length > 58 ? `${node.text.slice(0, 57)}…` : node.text}
                  </text>
                </g>
              );
            })}
          </svg>
        </div>
      ) : null}
      <VirtualList label="network" className="half" count={shown.length}
        head={<div class="heads" aria-hidden="true"><span class="w8">program</span><span class="grow">endpoint</span><span class="w10">acts</span><span class="n w4">times</span><span class="n w6">sent</span><span class="n w6">received</span><span class="w10">when</span><span class="w8">first by</span></div>}>
        {(at) => {
          const f = shown[at]!;
          const left = (100 * f.at) / model.end_us;
          return (
            <>
              <span class="w8 cut" role="gridcell"><Found text={f.program} q={q} /></span>
              <span class="grow cut" role="gridcell" title={f.endpoint}><code><Found text={f.endpoint} q={q} /></code>{f.note ? <span class="dim"> {f.note}</span> : null}</span>
              <span class="w10 cut dim" role="gridcell">{f.ops.join(", ")}</span>
              <span class="n w4" role="gridcell">{grouped(f.times)}</span>
              <span class="n w6" role="gridcell">{f.out ? bytes(f.out) : ""}</span>
              <span class="n w6" role="gridcell">{f.in ? bytes(f.in) : ""}</span>
              <span class="w10" role="gridcell" title={`${time(f.at)} – ${time(f.until)}`}>
                <span class="span"><i style={{ left: `${left}%`, width: `${Math.max(1.5, (100 * (f.until - f.at)) / model.end_us)}%` }} /></span>
              </span>
              <span class="w8 cut" role="gridcell"><Who id={f.by} model={model} go={go} /></span>
            </>
          );
        }}
      </VirtualList>
      <Section title="Every kind of act" note={grouped(model.data.nets.length)}>
        <table><tbody>
          {model.data.nets.filter((x) => !q || `${x.op} ${x.endpoint}`.toLowerCase().includes(q)).slice(0, 300).map((x) => (
            <tr key={`${x.op} ${x.endpoint}`}>
              <td>{x.op}</td><td class="path">{x.endpoint}</td><td class="dim">{x.note}</td><td><Who id={x.by} model={model} go={go} /></td>
              <td class="n">{grouped(x.times)}</td><td class="n dim">event {x.seq}</td>
            </tr>
          ))}
        </tbody></table>
      </Section>
      {model.data.omitted.nets > 0 ? <p class="warn">{count(model.data.omitted.nets, "act", "acts")} more are too many for this page.</p> : null}
    </>
  );
}
