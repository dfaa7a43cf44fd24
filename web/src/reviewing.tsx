// A served page: the recordings of a review, each as its own page would show it, and what is decided about them.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { App } from "./app";
import { decode } from "./data";
import { Model } from "./model";
import type { Answer, Server, State } from "./served";

export interface Served {
  state: State;
  /** Which recording the other views show. */
  recording: number;
  /** What was not done, and why. */
  error: string;
  /** What was done. */
  said: string;
  ended: boolean;
  look: (recording: number) => void;
  decide: (question: string, choice: number | "refuse", reason: string) => Promise<boolean>;
  undo: (id: number) => void;
  save: () => void;
  link: () => Promise<string>;
  end: () => void;
}

interface Shown { recording: number; version: number; model: Model }

export async function shown(server: Server, recording: number, version: number): Promise<Shown> {
  return { recording, version, model: new Model(await decode(await server.data(recording))) };
}

export function Reviewing({ server, state: begun, first }: { server: Server; state: State; first: Shown }) {
  const [state, setState] = useState(begun);
  const [show, setShow] = useState(first);
  const [error, setError] = useState("");
  const [said, setSaid] = useState("");
  const [ended, setEnded] = useState(false);
  const latest = useRef(begun);

  const take = useCallback((next: State) => {
    if (next.revision < latest.current.revision) return;
    latest.current = next;
    setState(next);
  }, []);

  useEffect(() => {
    const told = (revision: number) => {
      if (revision > latest.current.revision) server.state().then(take, () => undefined);
    };
    server.watch(told).catch(() => undefined).finally(() => setEnded(true));
  }, [server, take]);

  const version = state.recordings[show.recording]?.version ?? 0;
  useEffect(() => {
    let wanted = true;
    if (version > show.version) shown(server, show.recording, version).then((next) => { if (wanted) setShow(next); }, () => undefined);
    return () => { wanted = false; };
  }, [server, version, show]);

  const answered = (answer: Answer, done: string): boolean => {
    if (answer.state) take(answer.state);
    setError(answer.error ?? "");
    setSaid(answer.error === undefined ? done : "");
    return answer.error === undefined;
  };
  const gone = () => { setError("the server does not answer: was the review ended?"); return false; };
  const served: Served = {
    state, recording: show.recording, error, said, ended,
    look: (recording) => { shown(server, recording, state.recordings[recording]?.version ?? 0).then(setShow, gone); },
    decide: (question, choice, reason) =>
      server.change("decide", { question, choice, reason }).then((a) => answered(a, "decided, and not yet saved"), gone),
    undo: (id) => { server.change("undo", { id }).then((a) => answered(a, "taken back"), gone); },
    save: () => { server.change("save", { revision: latest.current.revision }).then((a) => answered(a, "saved"), gone); },
    link: () => server.link(),
    end: () => { server.end().then(() => setEnded(true), gone); },
  };
  return <App model={show.model} served={served} />;
}
