// The server that a served page came from: what it says, and what it is asked. The secret of this window is sent as a header, so that
// no other page can use it; a browser never sends it by itself.

export interface Offer { says: string; toml: string }

export interface Question {
  key: string; what: string; severity: "high" | "medium" | "low"; code: string; why: string; program: string | null; below: string[];
  command: string | null; runs: string; seen: { recording: number; item: number; times: number }[]; offers: Offer[]; refusal: string | null;
}

export interface Decision { id: number; question: string; what: string; refused: boolean; says: string; why: string }

export interface Recording { name: string; clean: boolean; headline: string; deviations: number; open: boolean; version: number }

export interface State {
  version: number; revision: number; profile: { path: string; sha256: string; rules: number }; reviewer: string;
  recordings: Recording[]; questions: Question[]; decisions: Decision[];
  change: { meaning: string; lines: [string, string][] };
}

/** What an answer was: a state, and why something was not done. */
export interface Answer { state?: State; error?: string }

const KEPT = "sekisho-window";

export class Server {
  private constructor(private readonly window: string) {}

  /** By the link that this window was opened with, or as it was before it was loaded again. */
  static async enter(): Promise<Server> {
    const link = /^#link=([0-9a-f]+)$/.exec(location.hash)?.[1];
    if (link !== undefined) {
      history.replaceState(null, "", location.pathname);
      const response = await fetch("/api/enter", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ link }),
      });
      const said = (await response.json()) as { window?: string; error?: string };
      if (said.window === undefined) throw new Error(said.error ?? "the server did not let it in");
      sessionStorage.setItem(KEPT, said.window);
    }
    const window = sessionStorage.getItem(KEPT);
    if (window === null) throw new Error("a review opens by the link that `sekisho review --serve` prints, once");
    return new Server(window);
  }

  private async ask(path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.window}` };
    if (body === undefined) return fetch(path, { headers, cache: "no-store" });
    headers["Content-Type"] = "application/json";
    return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  }

  private async got(path: string): Promise<Response> {
    const response = await this.ask(path);
    if (!response.ok) throw new Error(((await response.json()) as { error?: string }).error ?? response.statusText);
    return response;
  }

  async state(): Promise<State> { return (await (await this.got("/api/state")).json()) as State; }

  async data(recording: number): Promise<string> { return (await this.got(`/api/data/${recording}`)).text(); }

  /** Asks for a change. */
  async change(path: "decide" | "undo" | "save", body: unknown): Promise<Answer> {
    const response = await this.ask(`/api/${path}`, body);
    const said = (await response.json()) as State & { error?: string; state?: State };
    if (response.ok) return { state: said };
    return { error: said.error ?? response.statusText, ...(said.state ? { state: said.state } : {}) };
  }

  async link(): Promise<string> { return ((await (await this.ask("/api/link", {})).json()) as { link: string }).link; }

  async end(): Promise<void> { await this.ask("/api/end", {}); }

  /** Tells each new revision; returns when the server has ended. */
  async watch(told: (revision: number) => void): Promise<void> {
    const body = (await this.got("/api/changes")).body;
    if (!body) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const revision = /^data: ?(\d+)$/.exec(line)?.[1];
        if (revision !== undefined) told(Number(revision));
      }
    }
  }
}
