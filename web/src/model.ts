// Indexes over the data: who is whose child, what stands where. Made once.
import type { Data } from "./data";

/** An exit of at least this much is a signal. */
const BY_SIGNAL = 1000;

export class Model {
  /** Row of a process by its number. */
  readonly row = new Map<number, number>();
  /** Rows of the children of a row; -1 for the roots. */
  readonly children = new Map<number, number[]>();
  readonly depth: Int32Array;
  /** When the last thing happened. */
  readonly end_us: number;
  /** Deviations of a process, by its number. */
  readonly deviating = new Map<number, number[]>();
  readonly earlier: Map<number, [number, number][]>;

  constructor(readonly data: Data) {
    const p = data.processes;
    this.depth = new Int32Array(p.id.length);
    let end = data.ending.duration_us ?? 0;
    p.id.forEach((id, at) => {
      this.row.set(id, at);
      const parent = this.row.get(p.parent[at]!) ?? -1;
      this.depth[at] = parent < 0 ? 0 : this.depth[parent]! + 1;
      const list = this.children.get(parent);
      if (list) list.push(at); else this.children.set(parent, [at]);
      end = Math.max(end, p.ended[at]!, p.began[at]!);
    });
    this.end_us = Math.max(end, 1);
    this.earlier = new Map(data.earlier);
    data.verdict?.deviations.forEach((d, at) => {
      if (d.by === null) return;
      const list = this.deviating.get(d.by);
      if (list) list.push(at); else this.deviating.set(d.by, [at]);
    });
  }

  program(row: number): string { return this.data.strings[this.data.processes.program[row]!] ?? ""; }

  /** File name of the program. */
  name(row: number): string {
    const path = this.program(row);
    return path.slice(path.lastIndexOf("/") + 1) || "(step)";
  }

  command(row: number): string {
    const command = this.data.strings[this.data.processes.command[row]!] || "(step)";
    return this.data.processes.programs[row] === 0 ? `${command} (forked)` : command;
  }

  /** `7 curl` for the number of a process. */
  who(id: number): string {
    const row = this.row.get(id);
    return row === undefined ? (id === 0 ? "" : String(id)) : `${id} ${this.name(row)}`;
  }

  ended(row: number): number {
    const ended = this.data.processes.ended[row]!;
    return ended < 0 ? this.end_us : ended;
  }

  duration(row: number): number { return Math.max(0, this.ended(row) - this.data.processes.began[row]!); }

  /** How it ended, if that is worth a word. */
  exit(row: number): string {
    const exit = this.data.processes.exit[row]!;
    if (exit < 0) return "no end seen";
    return exit >= BY_SIGNAL ? `signal ${exit - BY_SIGNAL}` : exit > 0 ? `status ${exit}` : "";
  }

  /** From the process to the outermost. */
  ancestry(row: number): number[] {
    const line: number[] = [];
    for (let at: number | undefined = row; at !== undefined; at = this.row.get(this.data.processes.parent[at]!)) {
      line.push(at);
    }
    return line;
  }

  path(file: number): string {
    return (this.data.strings[this.data.files.dir[file]!] ?? "") + this.data.files.name[file]!;
  }

  isChanged(file: number): boolean {
    return this.data.files.changed[file]! + this.data.files.deleted[file]! > 0;
  }

  /** Where the event with this number, or the nearest that is listed before it, is shown. */
  find(seq: number): { view: string; item?: number; process?: number; exact: boolean } {
    const { verdict, files, nets, marks } = this.data;
    const deviation = verdict?.deviations.findIndex((d) => d.seq.includes(seq)) ?? -1;
    if (deviation >= 0) return { view: "deviations", item: deviation, exact: true };
    const mark = marks.find((m) => m.seq === seq);
    if (mark) return { view: "coverage", process: mark.by, exact: true };
    const net = nets.find((n) => n.seq === seq);
    if (net) return { view: "network", process: net.by, exact: true };
    const file = files.seq.indexOf(seq);
    if (file >= 0) return { view: "files", item: file, exact: true };
    for (const d of verdict?.deviations ?? []) {
      const moment = d.evidence.find((m) => m.seq === seq);
      if (moment) return { view: "timeline", process: moment.by, exact: true };
    }
    let best = -1;
    files.seq.forEach((at, i) => { if (at <= seq && (best < 0 || at > files.seq[best]!)) best = i; });
    const process = best < 0 ? undefined : files.by[best]!;
    return process === undefined ? { view: "timeline", exact: false } : { view: "timeline", process, exact: false };
  }
}
