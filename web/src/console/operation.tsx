// What needs a person, and the books recounted.
import type { ReactNode } from "react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api, type Attempt, type Refund, type Schemas } from "../api/client";
import { count, money, momentWithSeconds } from "../i18n/format";
import { usePage } from "../ui/hooks";
import { Button, Empty, Notice, Pending } from "../ui/parts";
import { attentionQuery } from "./console";
import { useConsoleText } from "./text";

function Worry({ title, text, children }: { title: string; text: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <section className="panel panel-bad">
      <h2>{title} <b className="badge">{count(children.length)}</b></h2>
      <p>{text}</p>
      <ul className="rows">{children}</ul>
    </section>
  );
}

export function AttentionPage() {
  const c = useConsoleText();
  const t = c.attention;
  const heading = usePage(t.title);
  const attention = useQuery(attentionQuery);
  const order = (id: number) => <Link href={`/console/orders/${id}`}>{c.orders.one(id)}</Link>;
  const attempt = (each: Attempt) => (
    <li key={each.attemptId}>{order(each.orderId)}<span>{money(each.amount)}</span><span className="tag">{each.state}</span><time>{momentWithSeconds(each.requestedAt)}</time></li>
  );
  const refund = (each: Refund) => (
    <li key={each.refundId}>{order(each.orderId)}<span>{money(each.amount)}</span><span>{c.orders.tries(each.tries)}</span><time>{momentWithSeconds(each.takenAt)}</time></li>
  );
  const all = attention.data;
  const calm = all && all.unknownPayments.length + all.chargedButNotPaid.length + all.refundsToRetry.length === 0;
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
      <p>{t.text}</p>
      <Pending query={attention} />
      {calm && <Empty {...t.calm} />}
      <Worry title={t.chargedButNotPaid} text={t.chargedText}>{(all?.chargedButNotPaid ?? []).map(attempt)}</Worry>
      <Worry title={t.refundsToRetry} text={t.refundsText}>{(all?.refundsToRetry ?? []).map(refund)}</Worry>
      <Worry title={t.unknownPayments} text={t.unknownText}>{(all?.unknownPayments ?? []).map(attempt)}</Worry>
    </>
  );
}

function Verdict({ audit }: { audit: Schemas["Audit"] }) {
  const t = useConsoleText().books;
  return (
    <>
      <div className={`verdict ${audit.passed ? "verdict-good" : "verdict-bad"}`} role="status">
        <h2>{audit.passed ? t.green : t.red}</h2>
        <p>{t.read(count(audit.orders), momentWithSeconds(audit.readAt))}</p>
      </div>
      {audit.findings.map((finding, i) => (
        <Notice key={i} tone={finding.kind === "fault" ? "bad" : "info"}>
          <strong>{finding.kind === "fault" ? t.fault : t.note}: {finding.check} ({count(finding.count)})</strong> {finding.detail}
        </Notice>
      ))}
      <table className="table">
        <thead><tr>{[t.product, t.total, t.free, t.held, t.sold, t.canceled, t.expired, t.returned].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {audit.products.map((product) => (
            <tr key={product.productId}>
              <th scope="row"><Link href={`/console/products/${product.productId}`}>#{product.productId}</Link></th>
              {(["total", "free", "held", "sold", "canceled", "expired", "returned"] as const).map((name) => <td key={name} data-label={t[name]} className="number">{count(product[name])}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

export function BooksPage() {
  const t = useConsoleText().books;
  const heading = usePage(t.title);
  const audit = useMutation({ mutationFn: () => answered(api.GET("/api/admin/audit")) });
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
      <p>{t.text}</p>
      <p><Button look="strong" busy={audit.isPending} onClick={() => audit.mutate()}>{audit.isPending ? t.counting : t.audit}</Button></p>
      {audit.error && <Notice tone="bad">{audit.error.message}</Notice>}
      {audit.data && <Verdict audit={audit.data} />}
    </>
  );
}
