// What the page was given: the JSON that review/src/page/data.rs writes. Every text in it is escaped for one line already;
// it is put into text nodes only.

export interface Head {
  tool: string; format: number; kernel: string; arch: string; command: string; cwd: string; workspace: string;
  step: string | null; uid: number; level: string; mode: string; engine: string; started_s: number;
  profile_sha256: string | null;
}

export interface Ending {
  state: "complete" | "incomplete" | "truncated";
  duration_us?: number; status?: number; root?: string; gaps?: number; lost?: number; toctou?: string; events?: number;
}

export interface Moment { seq: number; at: number; by: number; verb: string; object: string; note: string; times: number }

export type Severity = "high" | "medium" | "low";

export interface Deviation {
  code: string; what: string; severity: Severity; why: string; suggest: string | null; rule: string | null;
  times: number; seq: number[]; argv: string; by: number | null; program: string | null; command: string | null;
  ancestry: string[] | null; evidence: Moment[];
}

export interface Verdict {
  clean: boolean; complete: boolean; profile: string; sha256: string | null; reviewed: string | null; origin: string | null; mode: string;
  events: number; allowed: number; omitted: number; deviations: Deviation[]; unused: string[];
  gaps: { why: string; detail: string; times: number }[];
}

interface Facts { times: number; note: string; by: number; seq: number; at: number; until: number }
export interface Net extends Facts { op: string; endpoint: string }
export interface Mark extends Facts { mark: string; what: string }
export interface Flow extends Facts { program: string; endpoint: string; ops: string[]; out: number; in: number }
export interface Made extends Facts { path: string; writer: number }
export interface Secret {
  path: string; what: string; read: number; changed: number; looked: number; failed: number; by: number; seq: number;
  at: number;
}

export interface Processes {
  id: number[]; parent: number[]; began: number[]; ended: number[]; since: number[]; program: number[];
  command: number[]; sha256: number[]; programs: number[]; threads: number[]; files: number[]; net: number[];
  marks: number[]; exit: number[];
}

export interface Files {
  dir: number[]; name: string[]; read: number[]; changed: number[]; deleted: number[]; other: number[];
  failed: number[]; size: number[]; by: number[]; seq: number[]; at: number[]; sha256: string[];
}

export interface Changes {
  complete: boolean; new: { program: string; what: string }[]; gone: { program: string; what: string }[];
  content: { path: string; before: string | null; after: string | null }[];
  endings: { program: string; how: string; before: number; after: number }[];
  status: [number | null, number | null]; omitted: number;
}

export interface Data {
  version: number; head: Head; ending: Ending;
  claim: { summary: string; asserts: string; not: string[]; refused: string[] };
  counts: Record<string, number>; verdict: Verdict | null; changes: Changes | null; processes: Processes;
  earlier: [number, [number, number][]][]; files: Files; secrets: Secret[]; nets: Net[]; marks: Mark[]; flows: Flow[];
  made: Made[];
  pulse: { span_us: number; reads: number[]; changes: number[]; net: number[]; programs: number[] };
  omitted: { processes: number; files: number; nets: number; marks: number; made: number };
  strings: string[];
}

/** Reads the data block of the page: base64 of gzip of JSON. */
export async function decode(base64: string): Promise<Data> {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text()) as Data;
  if (data.version !== 1) throw new Error(`data of version ${data.version}`);
  return data;
}
