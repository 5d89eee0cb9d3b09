// Small parts that all pages share.
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";
import { useWaiting } from "../api/busy";
import { Problem } from "../api/problem";
import { useText } from "../i18n/text";
import { useSecondsUntil } from "./hooks";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: "plain" | "strong" | "quiet" | "danger"; busy?: boolean };

// A button that cannot be pressed right now stays where the keyboard finds it.
export function Button({ look = "plain", busy = false, disabled = false, onClick, className = "", ...rest }: ButtonProps) {
  const off = disabled || busy;
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${look} ${className}`}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}

export function Notice({ tone = "info", children }: { tone?: "info" | "good" | "bad"; children: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Skeleton({ lines = 3, tall = false }: { lines?: number; tall?: boolean }) {
  const t = useText();
  return (
    <div className="skeleton" role="status">
      <span className="sr-only">{t.loading}</span>
      {tall && <i className="skeleton-block" />}
      {Array.from({ length: lines }, (_, i) => (
        <i key={i} className="skeleton-line" />
      ))}
    </div>
  );
}

// `page`: it is all that the page has, so its words are the page's heading.
export function Empty({ title, text, page = false, children }: { title: string; text: string; page?: boolean; children?: ReactNode }) {
  const Heading = page ? "h1" : "h2";
  return (
    <div className="empty">
      <svg viewBox="0 0 80 40" aria-hidden="true" className="empty-mark">
        {[0, 1, 2, 3, 4, 5].map((i) => (
          <rect key={i} x={i * 14 + 1} y="1" width="8" height="38" className="cell-sold" />
        ))}
      </svg>
      <Heading>{title}</Heading>
      <p>{text}</p>
      {children}
    </div>
  );
}

export function Failed({ error, retry }: { error: Error; retry: () => void }) {
  const t = useText();
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  const offline = error instanceof Problem && error.status === 0;
  return (
    <Empty page title={t.failed.title} text={offline ? t.failed.offline : error.message}>
      <Button onClick={retry}>{t.again}</Button>
    </Empty>
  );
}

export function NotFound() {
  const t = useText();
  return (
    <Empty page title={t.notFound.title} text={t.notFound.text}>
      <Link href="/" className="button button-plain">
        {t.back}
      </Link>
    </Empty>
  );
}

// What a query is while it has no data; null once it has some.
export function Pending({ query, children }: {
  query: { isPending: boolean; error: Error | null; data: unknown; refetch: () => unknown };
  children?: ReactNode;
}) {
  if (query.data !== undefined) return null;
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return children ?? <Skeleton />;
}

// One line at the foot of the page while the shop keeps visitors waiting.
export function WaitingLine() {
  const t = useText();
  const { trouble, until } = useWaiting();
  const seconds = useSecondsUntil(trouble === "none" ? null : until);
  return (
    <div role="status" className="waiting-place">
      {trouble !== "none" && (
        <p className="waiting">
          <span className="spinner" aria-hidden="true" />
          <span>{trouble === "busy" ? t.busy : t.offline}</span>
          <span aria-hidden="true" className="waiting-seconds">{t.inSeconds(seconds)}</span>
        </p>
      )}
    </div>
  );
}
