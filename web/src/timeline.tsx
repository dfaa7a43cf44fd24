// Processes over time: each a bar in a lane below its parent. Wheel or + and - zoom, dragging or the arrows move.
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { LANE, TOP, colours, draw } from "./draw";
import { firstFrom, lanes as makeLanes } from "./lanes";
import type { ViewProps } from "./parts";
import { count, time } from "./words";

const DEEPEST = 1e6;

export function Timeline({ model, q, go, process }: ViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown> | undefined>(undefined);
  const redraw = useRef<() => void>(() => undefined);
  const [over, setOver] = useState<{ row: number; x: number; y: number }>();
  const [range, setRange] = useState("");
  const lanes = useMemo(() => makeLanes(model), [model]);
  const chosen = process === undefined ? undefined : model.row.get(process);
  const hits = useMemo(() => {
    if (!q) return undefined;
    const found = new Set<number>();
    model.data.processes.id.forEach((id, at) => {
      if (model.command(at).toLowerCase().includes(q) || model.program(at).toLowerCase().includes(q) || String(id) === q) found.add(at);
    });
    return found;
  }, [model, q]);
  const base = () => scaleLinear().domain([0, model.end_us]).range([0, canvas.current?.clientWidth || 1]);
  const scale = () => (canvas.current ? zoomTransform(canvas.current).rescaleX(base()) : base());

  // Draws at most once a frame.
  useEffect(() => {
    let asked = 0;
    const now = () => {
      asked = 0;
      const node = canvas.current;
      const context = node?.getContext("2d");
      if (!node || !context) return;
      const ratio = devicePixelRatio || 1;
      const [width, height] = [node.clientWidth, node.clientHeight];
      if (node.width !== Math.round(width * ratio) || node.height !== Math.round(height * ratio)) {
        node.width = Math.round(width * ratio);
        node.height = Math.round(height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const at = scale();
      const [from, to] = at.domain() as [number, number];
      draw(context, { model, lanes, scale: at, width, height, scroll: scroller.current?.scrollTop ?? 0, chosen, hits, colours: colours(node.parentElement!) });
      setRange(`${time(Math.round(from))} – ${time(Math.round(to))}`);
    };
    redraw.current = () => { asked ||= requestAnimationFrame(now); };
    redraw.current();
    const sized = new ResizeObserver(() => redraw.current());
    sized.observe(canvas.current!);
    const themed = new MutationObserver(() => redraw.current());
    themed.observe(document.documentElement, { attributes: true });
    return () => { cancelAnimationFrame(asked); sized.disconnect(); themed.disconnect(); };
  }, [model, lanes, chosen, hits]);

  useEffect(() => {
    const node = canvas.current!;
    const width = node.clientWidth;
    const made = zoom<HTMLCanvasElement, unknown>().scaleExtent([1, DEEPEST]).extent([[0, 0], [width, 1]])
      .translateExtent([[0, -Infinity], [width, Infinity]])
      .filter((event: Event) => !(event instanceof WheelEvent && event.shiftKey) && !(event instanceof MouseEvent && event.button > 0))
      .on("zoom", (event: D3ZoomEvent<HTMLCanvasElement, unknown>) => {
        const move = event.sourceEvent as MouseEvent | null;
        if (move?.type === "mousemove" && scroller.current) scroller.current.scrollTop -= move.movementY;
        redraw.current();
      });
    behaviour.current = made;
    select(node).call(made).on("dblclick.zoom", null);
    return () => { select(node).on(".zoom", null); };
  }, []);

  // A process that was asked for is brought into sight.
  useEffect(() => {
    if (chosen === undefined || !scroller.current) return;
    const lane = lanes.of[chosen]! * LANE;
    const { scrollTop, clientHeight } = scroller.current;
    if (lane < scrollTop || lane > scrollTop + clientHeight - TOP - LANE) scroller.current.scrollTop = Math.max(0, lane - clientHeight / 3);
    const x = scale()(model.data.processes.began[chosen]!);
    if (x < 0 || x > (canvas.current?.clientWidth ?? 0)) show(model.data.processes.began[chosen]!, model.ended(chosen));
    redraw.current();
  }, [chosen]);

  /** Makes a span of time fill a third of the width. */
  function show(from: number, to: number) {
    const node = canvas.current;
    if (!node || !behaviour.current) return;
    const width = node.clientWidth;
    const k = Math.min(DEEPEST, Math.max(1, model.end_us / (3 * Math.max(to - from, 10))));
    const x = width / 2 - base()((from + to) / 2) * k;
    behaviour.current.transform(select(node), zoomIdentity.translate(x, 0).scale(k));
  }

  function at(event: MouseEvent): number | undefined {
    const box = canvas.current!.getBoundingClientRect();
    const y = event.clientY - box.top - TOP;
    if (y < 0) return undefined;
    const rows = lanes.rows[Math.floor((y + (scroller.current?.scrollTop ?? 0)) / LANE)];
    if (!rows) return undefined;
    const now = scale();
    const us = now.invert(event.clientX - box.left);
    const slack = now.invert(2) - now.invert(0);
    const row = rows[firstFrom(model, rows, us - slack)];
    return row !== undefined && model.data.processes.began[row]! <= us + slack ? row : undefined;
  }

  function key(event: KeyboardEvent) {
    const node = select(canvas.current!);
    const width = canvas.current!.clientWidth;
    const does: Record<string, () => void> = {
      "+": () => behaviour.current?.scaleBy(node, 1.6), "=": () => behaviour.current?.scaleBy(node, 1.6),
      "-": () => behaviour.current?.scaleBy(node, 1 / 1.6), "0": () => behaviour.current?.transform(node, zoomIdentity),
      ArrowLeft: () => behaviour.current?.translateBy(node, (width * 0.15) / zoomTransform(canvas.current!).k, 0),
      ArrowRight: () => behaviour.current?.translateBy(node, (-width * 0.15) / zoomTransform(canvas.current!).k, 0),
      ArrowDown: () => step(1), ArrowUp: () => step(-1), n: () => step(1, hits), p: () => step(-1, hits),
    };
    const act = event.ctrlKey || event.metaKey ? undefined : does[event.key];
    if (act) { event.preventDefault(); act(); }
  }

  /** The next process by number, of those that were found if there are such. */
  function step(by: number, among?: Set<number>) {
    const n = model.data.processes.id.length;
    for (let row = (chosen ?? (by > 0 ? -1 : n)) + by; row >= 0 && row < n; row += by) {
      if (among && !among.has(row)) continue;
      go({ process: model.data.processes.id[row]! }, true);
      return;
    }
  }

  const p = model.data.processes;
  const said = `Timeline of ${count(p.id.length, "process", "processes")} over ${time(model.end_us)}. Arrow up and down choose a process, plus and minus zoom.`;
  return (
    <div class="timeline">
      <div class="bar-of-tools">
        <button class="small" aria-label="Zoom in" onClick={() => behaviour.current?.scaleBy(select(canvas.current!), 1.6)}>+</button>
        <button class="small" aria-label="Zoom out" onClick={() => behaviour.current?.scaleBy(select(canvas.current!), 1 / 1.6)}>−</button>
        <button class="small" onClick={() => behaviour.current?.transform(select(canvas.current!), zoomIdentity)}>whole</button>
        {chosen === undefined ? null : <button class="small" onClick={() => show(p.began[chosen]!, model.ended(chosen))}>to the process</button>}
        <output class="dim range">{range}</output>
        {hits ? <span>{count(hits.size, "process", "processes")} found <button class="small" onClick={() => step(1, hits)}>next</button></span> : null}
        <span class="legend dim"><i class="bad" /> deviates <i class="net" /> network <i class="accent" /> files changed</span>
      </div>
      <div ref={scroller} class="lanes" onScroll={() => redraw.current()}>
        <canvas ref={canvas} tabIndex={0} role="img" aria-label={said} onKeyDown={key}
          onMouseMove={(e) => { const row = at(e); setOver(row === undefined ? undefined : { row, x: e.clientX, y: e.clientY }); }}
          onMouseLeave={() => setOver(undefined)}
          onClick={(e) => { const row = at(e); if (row !== undefined) go({ process: p.id[row]! }); }} />
        <div class="height" style={{ height: `${lanes.rows.length * LANE}px` }} />
      </div>
      <p class="sr" aria-live="polite">{chosen === undefined ? "" : `${model.who(p.id[chosen]!)}, ${time(model.duration(chosen))}, ${model.command(chosen)}`}</p>
      {over ? (
        <div class="tip" style={{ left: `${Math.min(over.x + 12, innerWidth - 440)}px`, top: `${over.y + 16}px` }}>
          <b>{model.who(p.id[over.row]!)}</b> {time(model.duration(over.row))}
          <div class="path cut3">{model.command(over.row)}</div>
          <div class="dim">{count(p.files[over.row]!, "file act", "file acts")}, {count(p.net[over.row]!, "network act", "network acts")}{model.exit(over.row) ? `, ${model.exit(over.row)}` : ""}</div>
        </div>
      ) : null}
    </div>
  );
}
