// Numbers for people, as the text renderings write them.

const GROUPED = new Intl.NumberFormat("en-US");

export function grouped(n: number): string { return GROUPED.format(n); }

export function count(n: number, one: string, many: string): string { return `${grouped(n)} ${n === 1 ? one : many}`; }

/** `812 µs`, `41.2 s`, `3 min 4 s`. */
export function time(us: number): string {
  if (us < 1000) return `${us} µs`;
  if (us < 1_000_000) return `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`;
  const s = us / 1_000_000;
  if (s < 60) return `${s.toFixed(s < 10 ? 2 : 1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) { n /= 1000; unit++; }
  return `${unit === 0 ? n : n.toFixed(1)} ${units[unit]}`;
}

export const MEANING: Record<string, string> = {
  gap: "something was or may have been missed; such a recording is never clean",
  tamper: "aimed at the recorder, or at memory, descriptors or limits of another process",
  denied: "a rule kept it from happening",
  delegated: "somebody outside the step was asked to act; what they did is not seen here",
  refused: "the kernel was not asked, because it would have acted where nobody sees it",
  restrict: "the step limited itself, or changed its view of the system",
  descriptor: "files and sockets that came without an open of the step’s own",
};

export const TITLE: Record<string, string> = {
  gap: "Gaps", tamper: "Tampering", denied: "Denied", delegated: "Delegated", refused: "Refused",
  restrict: "Restrictions", descriptor: "Descriptors",
};
