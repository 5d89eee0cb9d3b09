// The merchant's side: a chunk of its own, and each section one of its own again.
import "../styles/console.css";
import { Suspense, type ComponentType } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api } from "../api/client";
import { useMe } from "../api/queries";
import { useSession } from "../api/session";
import { Navigate } from "../shop/navigate";
import { Empty, NotFound, Pending, Skeleton } from "../ui/parts";
import { patient } from "../ui/patient";
import { useConsoleText } from "./text";

type Section = "live" | "products" | "orders" | "returns" | "users" | "attention" | "books" | "rehearsal";
type Page = ComponentType<{ id: string | undefined }>;

const pages: Record<Section, Page> = {
  live: patient<{ id: string | undefined }>(() => import("./live").then((m) => m.LivePage)),
  products: patient<{ id: string | undefined }>(() => import("./products").then((m) => m.ProductsPage)),
  orders: patient<{ id: string | undefined }>(() => import("./orders").then((m) => m.OrdersPage)),
  returns: patient<{ id: string | undefined }>(() => import("./orders").then((m) => m.ReturnsPage)),
  users: patient<{ id: string | undefined }>(() => import("./users").then((m) => m.UsersPage)),
  attention: patient<{ id: string | undefined }>(() => import("./operation").then((m) => m.AttentionPage)),
  books: patient<{ id: string | undefined }>(() => import("./operation").then((m) => m.BooksPage)),
  rehearsal: patient<{ id: string | undefined }>(() => import("./rehearsal").then((m) => m.RehearsalPage)),
};

export const attentionQuery = {
  queryKey: ["console", "attention"],
  queryFn: ({ signal }: { signal: AbortSignal }) => answered(api.GET("/api/admin/attention", { signal })),
  refetchInterval: 10_000,
};

function Tabs({ here }: { here: string }) {
  const t = useConsoleText();
  const attention = useQuery(attentionQuery);
  const waiting = attention.data
    ? attention.data.unknownPayments.length + attention.data.chargedButNotPaid.length + attention.data.refundsToRetry.length
    : 0;
  return (
    <nav className="sections" aria-label={t.title}>
      {(Object.keys(pages) as Section[]).map((section) => (
        <Link key={section} href={`/console/${section}`} aria-current={section === here ? "page" : undefined}>
          {t.sections[section]}
          {section === "attention" && waiting > 0 && <b className="badge">{waiting}</b>}
        </Link>
      ))}
    </nav>
  );
}

export function Console({ section, id }: { section: string; id: string | undefined }) {
  const t = useConsoleText();
  const session = useSession();
  const me = useMe();
  const Shown = Object.hasOwn(pages, section) ? pages[section as Section] : null;
  if (!session) return <Navigate to={`/login?next=/console/${section}${id ? `/${id}` : ""}`} />;
  if (!me.data) return <Pending query={me} />;
  if (me.data.role !== "ADMIN") return <Empty page {...t.denied} />;
  return (
    <div className="console">
      <Tabs here={section} />
      <div className="console-page">
        <Suspense fallback={<Skeleton />}>{Shown ? <Shown key={`${section}/${id ?? ""}`} id={id} /> : <NotFound />}</Suspense>
      </div>
    </div>
  );
}
