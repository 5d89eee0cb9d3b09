// One product: registered, edited, scheduled; its stock and the history of that; the switch that pauses its sale.
import { useId, useRef, useState, type TextareaHTMLAttributes } from "react";
import { useForm, useWatch, type Control, type FieldError, type UseFormRegisterReturn } from "react-hook-form";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { answered, api, type Product } from "../api/client";
import { persist } from "../api/persist";
import { Problem, problemOf } from "../api/problem";
import { rules } from "../api/rules.gen";
import { count, moment, momentWithSeconds } from "../i18n/format";
import { Field, showProblem, type Bounds } from "../shop/fields";
import { Ask } from "../ui/ask";
import { usePage } from "../ui/hooks";
import { Button, NotFound, Notice, Pending } from "../ui/parts";
import { bodyOf, draftOf, emptyDraft, wrongOf, type Draft } from "./draft";
import { PauseSwitch } from "./live";
import { useConsoleText } from "./text";

const fields = Object.keys(emptyDraft) as (keyof Draft)[];
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

function Area({ label, error, field, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string; error?: FieldError | undefined; field: UseFormRegisterReturn }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} {...rest} {...field} aria-invalid={error ? true : undefined} aria-describedby={error ? `${id}-error` : undefined} />
      {error && <small id={`${id}-error`} className="field-error" role="alert">{error.message}</small>}
    </div>
  );
}

// What a time of this device is for everybody: a sale that opens an hour off is a sale lost.
function Meaning({ control }: { control: Control<Draft> }) {
  const t = useConsoleText().product;
  const [opensAt, closesAt] = useWatch({ control, name: ["opensAt", "closesAt"] });
  const utc = (local: string) => new Date(local).toISOString().slice(0, 16).replace("T", " ");
  return (
    <small className="meaning">
      {t.zone(zone)}
      {[opensAt, closesAt].filter((each) => each && !Number.isNaN(Date.parse(each))).map((each) => <span key={each}> {t.meaning(moment(new Date(each).getTime()), utc(each))}</span>)}
    </small>
  );
}

function useDraft(values: Draft) {
  const t = useConsoleText().product;
  const form = useForm<Draft>({ values, mode: "onTouched", resetOptions: { keepDirtyValues: true } });
  const register = (field: keyof Draft) =>
    form.register(field, {
      validate: (_, draft) => {
        const wrong = wrongOf(field, draft);
        if (wrong === null) return true;
        const bounds: Bounds = rules.ProductDraft[field];
        return wrong === "range" ? t.range(count(bounds.minimum ?? 0), count(bounds.maximum ?? 0)) : t[wrong];
      },
    });
  return { form, register };
}

interface FormProps {
  values: Draft;
  submit: string;
  onSubmit: (draft: Draft) => Promise<void>;
  saved?: boolean;
}

function ProductForm({ values, submit, onSubmit, saved = false }: FormProps) {
  const t = useConsoleText().product;
  const { form, register } = useDraft(values);
  const { errors, isSubmitting } = form.formState;
  const send = form.handleSubmit(async (draft) => {
    try {
      await onSubmit(draft);
      form.reset(draft);
    } catch (error) {
      const committed = error instanceof Problem ? error.body.committed : undefined;
      if (committed !== undefined) form.setError("productStock", { message: t.committed(count(committed)) }, { shouldFocus: true });
      else if (!showProblem(error, fields, form.setError)) form.setError("root", { message: (error as Error).message });
    }
  });
  return (
    <form className="form form-wide" onSubmit={send} noValidate>
      <Field label={t.name} error={errors.productName} field={register("productName")} />
      <Area label={t.description} rows={4} error={errors.productDescription} field={register("productDescription")} />
      <div className="pair">
        <Field label={t.price} inputMode="numeric" error={errors.productPrice} field={register("productPrice")} />
        <Field label={t.stock} hint={t.stockHint} inputMode="numeric" error={errors.productStock} field={register("productStock")} />
      </div>
      <fieldset>
        <legend>{t.schedule}</legend>
        <div className="pair">
          <Field label={t.opensAt} hint={t.opensHint} type="datetime-local" step="1" error={errors.opensAt} field={register("opensAt")} />
          <Field label={t.closesAt} type="datetime-local" step="1" error={errors.closesAt} field={register("closesAt")} />
        </div>
        <Meaning control={form.control} />
      </fieldset>
      <div className="pair">
        <Field label={t.limit} hint={t.limitHint} inputMode="numeric" error={errors.perUserLimit} field={register("perUserLimit")} />
        <Field label={t.image} hint={t.imageHint} inputMode="url" error={errors.imageUrl} field={register("imageUrl")} />
      </div>
      {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
      {saved && <Notice tone="good">{t.saved}</Notice>}
      <Button type="submit" look="strong" busy={isSubmitting}>{submit}</Button>
    </form>
  );
}

function Create() {
  const t = useConsoleText().product;
  const heading = usePage(t.new);
  const [, navigate] = useLocation();
  const sent = useRef({ text: "", key: "" });
  const submit = async (draft: Draft) => {
    // The same product again is the same registration; a changed one is another.
    const text = JSON.stringify(draft);
    if (sent.current.text !== text) sent.current = { text, key: `product-${Date.now()}-${Math.random().toString(36).slice(2)}` };
    const header = { "Idempotency-Key": sent.current.key };
    const made = await persist(() => answered(api.POST("/api/products", { params: { header }, body: bodyOf(draft) })));
    navigate(`/console/products/${made.productId}`, { replace: true });
  };
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.new}</h1>
      <ProductForm values={emptyDraft} submit={t.create} onSubmit={submit} />
    </>
  );
}

interface Tagged {
  product: Product;
  tag: string;
}

async function read(productId: number, signal: AbortSignal): Promise<Tagged> {
  const { data, response } = await api.GET("/api/products/{productId}", { params: { path: { productId } }, signal });
  if (!response.ok || !data) throw await problemOf(response);
  return { product: data, tag: response.headers.get("ETag") ?? "" };
}

function Stock({ product, onChange }: { product: Product; onChange: () => void }) {
  const c = useConsoleText();
  const t = c.product;
  const { productId } = product;
  const form = useForm({ defaultValues: { delta: "", reason: "" } });
  const [done, setDone] = useState(false);
  const { errors, isSubmitting } = form.formState;
  const history = useInfiniteQuery({
    queryKey: ["console", "product", productId, "history"],
    queryFn: ({ pageParam, signal }) =>
      answered(api.GET("/api/products/{productId}/stock/history", { params: { path: { productId }, query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
  });
  const send = form.handleSubmit(async ({ delta, reason }) => {
    setDone(false);
    const header = { "Idempotency-Key": `stock-${productId}-${Date.now()}` };
    try {
      await persist(() =>
        answered(api.POST("/api/products/{productId}/stock/adjust", { params: { path: { productId }, header }, body: { delta: Number(delta), reason: reason.trim() } })),
      );
      form.reset();
      setDone(true);
      void history.refetch();
      onChange();
    } catch (error) {
      const committed = error instanceof Problem ? error.body.committed : undefined;
      form.setError("root", { message: committed === undefined ? (error as Error).message : t.committed(count(committed)) });
    }
  });
  const whole = (value: string) => (/^[+-]?\d{1,10}$/.test(value.trim()) ? Number(value) !== 0 || t.notZero : t.number);
  const steps = history.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="panel">
      <h2>{t.adjust}</h2>
      <form className="form" onSubmit={send} noValidate>
        <Field label={t.delta} error={errors.delta} field={form.register("delta", { validate: whole })} />
        <Field label={t.reason} hint={t.reasonHint} maxLength={200} error={errors.reason} field={form.register("reason", { validate: (value) => value.trim() !== "" || t.required })} />
        {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
        {done && <Notice tone="good">{t.adjusted}</Notice>}
        <Button type="submit" busy={isSubmitting}>{t.adjustYes}</Button>
      </form>
      <h2>{t.history}</h2>
      <table className="table">
        <thead><tr><th scope="col">{t.when}</th><th scope="col">{t.change}</th><th scope="col">{t.total}</th><th scope="col">{t.who}</th><th scope="col">{t.reason}</th></tr></thead>
        <tbody>
          {steps.map((step, i) => (
            <tr key={i}>
              <td data-label={t.when}>{momentWithSeconds(step.at)}</td>
              <td data-label={t.change} className="number">{step.newTotal >= step.oldTotal ? "+" : "−"}{count(Math.abs(step.newTotal - step.oldTotal))}</td>
              <td data-label={t.total} className="number">{count(step.newTotal)}</td>
              <td data-label={t.who}>{c.by(step.actor)}</td>
              <td data-label={t.reason}>{step.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {history.hasNextPage && <Button onClick={() => void history.fetchNextPage()}>{c.more}</Button>}
    </section>
  );
}

function Archive({ product, onChange }: { product: Product; onChange: () => void }) {
  const t = useConsoleText().product;
  const [open, setOpen] = useState(false);
  const archive = useMutation({
    mutationFn: () => persist(() => answered(api.DELETE("/api/products/{productId}", { params: { path: { productId: product.productId } } }))),
    onSuccess: () => {
      setOpen(false);
      onChange();
    },
  });
  if (product.state === "ARCHIVED") return null;
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>{t.archive}</Button>
      <Ask open={open} title={t.archiveTitle} text={t.archiveText} yes={t.archive} danger busy={archive.isPending}
        error={archive.error?.message ?? null} onYes={() => archive.mutate()} onClose={() => setOpen(false)} />
    </>
  );
}

function Edit({ id }: { id: number }) {
  const t = useConsoleText().product;
  const queries = useQueryClient();
  const name = ["console", "product", id];
  const tagged = useQuery({ queryKey: name, queryFn: ({ signal }) => read(id, signal), staleTime: Infinity });
  const product = tagged.data?.product;
  const heading = usePage(product?.productName ?? t.edit(""));
  const [saved, setSaved] = useState(false);
  const [conflict, setConflict] = useState(false);
  const look = () => Promise.all([tagged.refetch(), queries.invalidateQueries({ queryKey: ["products"] }), queries.invalidateQueries({ queryKey: ["product", id] })]);
  const submit = async (draft: Draft) => {
    setSaved(false);
    setConflict(false);
    const header = { "If-Match": tagged.data?.tag ?? "" };
    try {
      await persist(() => answered(api.PUT("/api/products/{productId}", { params: { path: { productId: id }, header }, body: bodyOf(draft) })));
    } catch (error) {
      // Perhaps our own edit, repeated after a lost answer: then the product is what was asked for.
      if (!(error instanceof Problem) || error.code !== "PRECONDITION_FAILED") throw error;
      const now = await read(id, new AbortController().signal);
      if (JSON.stringify(bodyOf(draftOf(now.product))) !== JSON.stringify(bodyOf(draft))) return setConflict(true);
    }
    await look();
    setSaved(true);
  };
  if (!product) return <Pending query={tagged} />;
  return (
    <>
      <div className="head">
        <h1 ref={heading} tabIndex={-1}>{product.productName}</h1>
        <span className={`tag ${product.state === "ACTIVE" ? "tag-good" : ""}`}>{t.state[product.state]}</span>
        <Link href={`/products/${id}`}>{t.see}</Link>
        <PauseSwitch product={product} />
      </div>
      {conflict && (
        <Notice tone="bad">
          {t.conflict} <Button look="quiet" onClick={() => { setConflict(false); void look(); }}>{t.lookNow}</Button>
        </Notice>
      )}
      <div className="editor">
        <ProductForm key={tagged.data?.tag} values={draftOf(product)} submit={t.save} onSubmit={submit} saved={saved} />
        <Stock product={product} onChange={() => void look()} />
      </div>
      <Archive product={product} onChange={() => void look()} />
    </>
  );
}

export function ProductPage({ id }: { id: string }) {
  if (id === "new") return <Create />;
  return /^[1-9]\d{0,15}$/.test(id) ? <Edit id={Number(id)} /> : <NotFound />;
}
