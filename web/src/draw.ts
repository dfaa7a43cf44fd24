// The timeline as pixels.
import type { ScaleLinear } from "d3-scale";
import type { Lanes } from "./lanes";
import { firstFrom } from "./lanes";
import type { Model } from "./model";
import { time } from "./words";

export const LANE = 18;
export const TOP = 62;
const PULSE = 40;

export interface Scene {
  model: Model; lanes: Lanes; scale: ScaleLinear<number, number>; width: number; height: number; scroll: number;
  chosen: number | undefined; hits: Set<number> | undefined; colours: Colours;
}

export interface Colours { ink: string; dim: string; line: string; bad: string; net: string; accent: string; page: string; dark: boolean }

/** Reads the colours in force, which follow the theme. */
export function colours(of: HTMLElement): Colours {
  const probe = document.createElement("i");
  of.append(probe);
  const read = (name: string) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  const page = read("bg");
  const out = {
    ink: read("fg"), dim: read("dim"), line: read("line"), bad: read("bad"), net: read("net"), accent: read("accent"), page,
    dark: Number((/\d+/.exec(page) ?? ["255"])[0]) < 128,
  };
  probe.remove();
  return out;
}

/** The same program has the same colour. */
export function tint(name: string, dark: boolean): string {
  let hash = 2166136261;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  const hue = (hash >>> 0) % 360;
  return dark ? `hsl(${hue} 32% 34%)` : `hsl(${hue} 46% 82%)`;
}

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { width, height, colours: c } = scene;
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "middle";
  bars(context, scene);
  context.fillStyle = c.page;
  context.fillRect(0, 0, width, TOP);
  pulse(context, scene);
  axis(context, scene);
}

function axis(context: CanvasRenderingContext2D, { scale, width, height, colours: c }: Scene): void {
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 110)));
  context.textAlign = "left";
  for (const tick of ticks) {
    const x = Math.round(scale(tick)) + 0.5;
    context.strokeStyle = c.line;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.globalAlpha = 0.5;
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = c.dim;
    context.fillText(time(Math.round(tick)), x + 3, TOP - 9);
  }
  context.strokeStyle = c.line;
  context.beginPath();
  context.moveTo(0, TOP - 0.5);
  context.lineTo(width, TOP - 0.5);
  context.stroke();
}

/** How much happened: reads, changes on top, the network in front. */
function pulse(context: CanvasRenderingContext2D, { model, scale, width, colours: c }: Scene): void {
  const { span_us: span, reads, changes, net } = model.data.pulse;
  const n = Math.max(reads.length, changes.length, net.length);
  let most = 1;
  for (let at = 0; at < n; at++) most = Math.max(most, (reads[at] ?? 0) + (changes[at] ?? 0));
  const tall = (value: number) => (value <= 0 ? 0 : Math.max(1, (PULSE * Math.log1p(value)) / Math.log1p(most)));
  for (let at = 0; at < n; at++) {
    const left = scale(at * span);
    const right = scale((at + 1) * span);
    if (right < 0 || left > width) continue;
    const wide = Math.max(1, right - left - 0.5);
    const all = tall((reads[at] ?? 0) + (changes[at] ?? 0));
    const changed = tall(changes[at] ?? 0);
    context.fillStyle = c.line;
    context.fillRect(left, PULSE - all, wide, all);
    context.fillStyle = c.accent;
    context.globalAlpha = 0.6;
    context.fillRect(left, PULSE - Math.min(all, changed), wide, Math.min(all, changed));
    context.globalAlpha = 1;
    if ((net[at] ?? 0) > 0) { context.fillStyle = c.net; context.fillRect(left, PULSE - 3, wide, 3); }
  }
}

function bars(context: CanvasRenderingContext2D, scene: Scene): void {
  const { model, lanes, scale, height, scroll } = scene;
  const first = Math.max(0, Math.floor(scroll / LANE));
  const last = Math.min(lanes.rows.length, Math.ceil((scroll + height - TOP) / LANE));
  const from = scale.invert(0);
  for (let lane = first; lane < last; lane++) {
    const rows = lanes.rows[lane]!;
    const y = TOP + lane * LANE - scroll;
    let filled = -1;
    for (let at = firstFrom(model, rows, from); at < rows.length; at++) {
      const row = rows[at]!;
      const left = scale(model.data.processes.began[row]!);
      if (left > scene.width) break;
      const right = scale(model.ended(row));
      const special = row === scene.chosen || scene.hits?.has(row) || model.deviating.has(model.data.processes.id[row]!);
      // What would be drawn over the pixel that is filled already is not drawn.
      if (right <= filled + 0.6 && !special) continue;
      bar(context, scene, row, Math.max(left, -2), Math.min(Math.max(right, left + 1), scene.width + 2), y);
      filled = Math.max(filled, right);
    }
  }
}

function bar(context: CanvasRenderingContext2D, scene: Scene, row: number, left: number, right: number, y: number): void {
  const { model, colours: c } = scene;
  const name = model.name(row);
  const wide = right - left;
  const faded = scene.hits !== undefined && !scene.hits.has(row);
  context.globalAlpha = faded ? 0.25 : 1;
  context.fillStyle = tint(name, c.dark);
  context.fillRect(left, y + 1, Math.max(1, wide - 0.5), LANE - 3);
  if (wide > 24) {
    context.save();
    context.beginPath();
    context.rect(left, y, wide - 2, LANE);
    context.clip();
    context.fillStyle = c.ink;
    context.textAlign = "left";
    context.fillText(wide > 160 ? model.command(row) : name, left + 4, y + LANE / 2);
    context.restore();
  }
  context.globalAlpha = 1;
  const p = model.data.processes;
  if (p.net[row]! > 0) { context.fillStyle = c.net; context.fillRect(left, y + LANE - 4, Math.max(2, wide - 0.5), 2); }
  if (model.deviating.has(p.id[row]!)) {
    context.fillStyle = c.bad;
    context.fillRect(left, y + 1, Math.max(2, wide - 0.5), 3);
  }
  if (row === scene.chosen) {
    context.strokeStyle = c.accent;
    context.lineWidth = 2;
    context.strokeRect(left, y + 1, Math.max(3, wide - 1), LANE - 3);
    context.lineWidth = 1;
  }
}
