// A list of any length of which only what is seen is in the document.
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** Height of a head line in pixels; it stays in sight. */
const HEAD = 26;

interface Props {
  label: string;
  count: number;
  /** Height of a row in pixels. */
  row?: number;
  /** The row that the keyboard is on. */
  cursor?: number | undefined;
  onCursor?: (at: number) => void;
  /** Enter, or a click. */
  onOpen?: (at: number) => void;
  onKey?: (event: KeyboardEvent, at: number) => void;
  head?: ComponentChildren;
  className?: string;
  role?: "grid" | "treegrid" | "listbox";
  level?: (at: number) => { level: number; expanded?: boolean | undefined };
  children: (at: number) => ComponentChildren;
}

export function VirtualList(props: Props) {
  const { count, row = 28, cursor, role = "grid" } = props;
  const margin = props.head ? HEAD : 0;
  const scroller = useRef<HTMLDivElement>(null);
  const [, changed] = useReducer((n: number) => n + 1, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => row,
    overscan: 12,
    scrollMargin: margin,
    scrollPaddingStart: margin,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => changed(undefined),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  list.setOptions({ ...list.options, ...options });
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => { list._willUpdate(); });
  useEffect(() => { list.measure(); }, [row]);
  useEffect(() => {
    if (cursor !== undefined && cursor >= 0 && cursor < count) list.scrollToIndex(cursor, { align: "auto" });
  }, [cursor, count]);

  function key(event: KeyboardEvent) {
    const at = cursor ?? -1;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / row) - 1);
    const steps: Record<string, number> = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: count - 1,
      j: at + 1, k: at - 1,
    };
    const next = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key];
    if (next !== undefined && count > 0) {
      event.preventDefault();
      props.onCursor?.(Math.min(count - 1, Math.max(0, next)));
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      props.onOpen?.(at);
    } else if (at >= 0) {
      props.onKey?.(event, at);
    }
  }

  const item = role === "listbox" ? "option" : "row";
  return (
    <div class={`list ${props.className ?? ""}`}>
      <div ref={scroller} class="scroller" role={role} aria-label={props.label} aria-rowcount={count} tabIndex={0}
        aria-activedescendant={cursor !== undefined && cursor >= 0 ? `${props.label}-${cursor}`.replaceAll(" ", "-") : undefined}
        onKeyDown={key}>
        {props.head}
        <div class="all" role="presentation" style={{ height: `${list.getTotalSize()}px` }}>
          {list.getVirtualItems().map(({ index, start }) => {
            const place = props.level?.(index);
            return (
              <div key={index} id={`${props.label}-${index}`.replaceAll(" ", "-")} class={`row${index === cursor ? " at" : ""}`}
                role={item} aria-rowindex={item === "row" ? index + 1 : undefined} aria-selected={index === cursor}
                aria-level={place?.level} aria-expanded={place?.expanded}
                style={{ height: `${row}px`, transform: `translateY(${start - margin}px)` }}
                onClick={() => { props.onCursor?.(index); props.onOpen?.(index); }}>
                {index < count ? props.children(index) : null}
              </div>
            );
          })}
        </div>
        {count === 0 ? <p class="none">Nothing here matches.</p> : null}
      </div>
    </div>
  );
}
