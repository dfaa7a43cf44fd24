// Which lane each process is drawn in: below its parent, and beside nobody who lives at the same time.
import type { Model } from "./model";

export interface Lanes {
  /** Lane of each row. */
  readonly of: Int32Array;
  /** Rows of each lane, by time. */
  readonly rows: number[][];
}

export function lanes(model: Model): Lanes {
  const p = model.data.processes;
  const of = new Int32Array(p.id.length);
  const rows: number[][] = [];
  const free: number[] = [];
  // By number, which is the order of creation.
  for (let at = 0; at < p.id.length; at++) {
    const parent = model.row.get(p.parent[at]!);
    let lane = parent === undefined ? 0 : of[parent]! + 1;
    while ((free[lane] ?? -1) > p.began[at]!) lane++;
    of[at] = lane;
    for (let gap = free.length; gap <= lane; gap++) { free.push(-1); rows.push([]); }
    free[lane] = model.ended(at);
    rows[lane]!.push(at);
  }
  return { of, rows };
}

/** First place in a lane whose process ends at or after `us`. */
export function firstFrom(model: Model, lane: number[], us: number): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (model.ended(lane[middle]!) < us) low = middle + 1; else high = middle;
  }
  return low;
}
