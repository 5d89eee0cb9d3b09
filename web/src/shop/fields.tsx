// Fields of forms over react-hook-form: the bounds are the shop's own (rules.gen.ts), and what the shop refuses all
// the same is shown beside the field it names.
import { useId, type InputHTMLAttributes, type ReactNode } from "react";
import type { FieldError, FieldValues, Path, RegisterOptions, UseFormRegisterReturn, UseFormSetError } from "react-hook-form";
import { Problem } from "../api/problem";
import type { ShopText } from "../i18n/shop.en";

export interface Bounds {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

// The shop counts characters as Unicode does.
export function refusalOf(value: string, bounds: Bounds, t: ShopText["account"], badPattern: string): string | true {
  const length = Array.from(value).length;
  if (value.trim() === "" && (bounds.minLength ?? 0) > 0) return t.required;
  if (length < (bounds.minLength ?? 0)) return t.tooShort(bounds.minLength ?? 0);
  if (length > (bounds.maxLength ?? Infinity)) return t.tooLong(bounds.maxLength ?? 0);
  if (bounds.pattern && !new RegExp(bounds.pattern, "u").test(value)) return value === "" ? t.required : badPattern;
  return true;
}

export function ruleOf<T extends FieldValues, N extends Path<T>>(
  bounds: Bounds,
  t: ShopText["account"],
  badPattern = t.bad,
): RegisterOptions<T, N> {
  return { validate: (value: unknown) => refusalOf(String(value ?? ""), bounds, t, badPattern) };
}

// Whether the problem was about fields of this form.
export function showProblem<T extends FieldValues>(error: unknown, fields: readonly Path<T>[], setError: UseFormSetError<T>): boolean {
  if (!(error instanceof Problem) || error.code !== "INVALID") return false;
  let shown = false;
  for (const wrong of error.body.errors ?? []) {
    const field = fields.find((each) => each === wrong.field);
    if (!field) continue;
    setError(field, { message: wrong.detail }, { shouldFocus: !shown });
    shown = true;
  }
  return shown;
}

type Props = Omit<InputHTMLAttributes<HTMLInputElement>, "name"> & {
  label: string;
  hint?: string;
  error?: FieldError | undefined;
  field: UseFormRegisterReturn;
  children?: ReactNode; // instead of an <input>: handed id and aria attributes by the caller
};

export function Field({ label, hint, error, field, ...rest }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...rest} {...field} aria-invalid={error ? true : undefined} aria-describedby={described || undefined} />
      {hint && <small id={`${id}-hint`}>{hint}</small>}
      {error && <small id={`${id}-error`} className="field-error" role="alert">{error.message}</small>}
    </div>
  );
}
