// Signing up, logging in, the profile and the end of an account: a chunk of its own, with the form library.
import { useState } from "react";
import { useForm } from "react-hook-form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation, useSearch } from "wouter";
import { answered, api, type Schemas, type User } from "../api/client";
import { persist } from "../api/persist";
import { Problem } from "../api/problem";
import { useMe } from "../api/queries";
import { rules } from "../api/rules.gen";
import { keepTokens, useSession, writeSession } from "../api/session";
import { useText } from "../i18n/text";
import { Ask } from "../ui/ask";
import { usePage } from "../ui/hooks";
import { Button, Notice, Pending } from "../ui/parts";
import { Field, ruleOf, showProblem } from "./fields";
import { Navigate } from "./navigate";

// Only ever a page of this shop.
export function nextPage(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

async function logIn(body: Schemas["Credentials"]): Promise<void> {
  keepTokens(await persist(() => answered(api.POST("/api/auth/login", { body }))));
}

export function LogInPage() {
  const t = useText();
  const a = t.account;
  const heading = usePage(a.logIn);
  const search = useSearch();
  const next = nextPage(search);
  const [, navigate] = useLocation();
  const session = useSession();
  const queries = useQueryClient();
  const form = useForm<Schemas["Credentials"]>({ defaultValues: { userEmail: "", userPassword: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      await logIn(values);
      queries.removeQueries({ queryKey: ["me"] });
      navigate(next, { replace: true });
    } catch (error) {
      const wrong = error instanceof Problem && error.code === "WRONG_CREDENTIALS";
      form.setError("root", { message: wrong ? a.wrong : (error as Error).message });
    }
  });
  if (session && !isSubmitting) return <Navigate to={next} />;
  return (
    <form className="form" onSubmit={submit} noValidate>
      <h1 ref={heading} tabIndex={-1}>{a.logIn}</h1>
      <p className="form-text">{a.logInText}</p>
      <Field label={a.email} type="email" autoComplete="username" inputMode="email" error={errors.userEmail}
        field={form.register("userEmail", ruleOf({ minLength: 1, maxLength: 254 }, a))} />
      <Field label={a.password} type="password" autoComplete="current-password" error={errors.userPassword}
        field={form.register("userPassword", ruleOf({ minLength: 1, maxLength: 128 }, a))} />
      {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
      <Button type="submit" look="strong" busy={isSubmitting}>{a.logIn}</Button>
      <p>{a.noAccount} <Link href={`/signup${search ? `?${search}` : ""}`}>{a.signUp}</Link></p>
    </form>
  );
}

const signUpFields = ["userName", "userEmail", "userPassword", "userPhoneNumber", "address"] as const;

function usePersonFields() {
  const t = useText();
  const a = t.account;
  return {
    userName: ruleOf(rules.SignUp.userName, a),
    userEmail: ruleOf({ ...rules.SignUp.userEmail, minLength: 1, pattern: "^[^@\\s]+@[^@\\s]+$" }, a, a.badEmail),
    userPassword: ruleOf(rules.SignUp.userPassword, a),
    userPhoneNumber: ruleOf(rules.SignUp.userPhoneNumber, a, a.badPhone),
    address: ruleOf(rules.SignUp.address, a),
  };
}

export function SignUpPage() {
  const t = useText();
  const a = t.account;
  const heading = usePage(a.signUp);
  const search = useSearch();
  const [, navigate] = useLocation();
  const rule = usePersonFields();
  const form = useForm<Schemas["SignUp"]>({ mode: "onTouched" });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      try {
        await persist(() => answered(api.POST("/api/auth/signup", { body: values })));
      } catch (error) {
        // Perhaps our own, repeated after a lost answer: then the log-in succeeds.
        if (!(error instanceof Problem) || error.code !== "EMAIL_TAKEN") throw error;
        const { userEmail, userPassword } = values;
        await logIn({ userEmail, userPassword }).catch(() => Promise.reject(error));
        return navigate(nextPage(search), { replace: true });
      }
      await logIn({ userEmail: values.userEmail, userPassword: values.userPassword });
      navigate(nextPage(search), { replace: true });
    } catch (error) {
      if (error instanceof Problem && error.code === "EMAIL_TAKEN") form.setError("userEmail", { message: a.taken }, { shouldFocus: true });
      else if (!showProblem(error, signUpFields, form.setError)) form.setError("root", { message: (error as Error).message });
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      <h1 ref={heading} tabIndex={-1}>{a.signUp}</h1>
      <p className="form-text">{a.signUpText}</p>
      <Field label={a.name} autoComplete="name" error={errors.userName} field={form.register("userName", rule.userName as object)} />
      <Field label={a.email} type="email" inputMode="email" autoComplete="username" error={errors.userEmail} field={form.register("userEmail", rule.userEmail as object)} />
      <Field label={a.password} hint={a.passwordHint} type="password" autoComplete="new-password" error={errors.userPassword} field={form.register("userPassword", rule.userPassword as object)} />
      <Field label={a.phone} hint={a.phoneHint} type="tel" autoComplete="tel" error={errors.userPhoneNumber} field={form.register("userPhoneNumber", rule.userPhoneNumber as object)} />
      <Field label={a.address} hint={a.addressHint} autoComplete="street-address" error={errors.address} field={form.register("address", rule.address as object)} />
      {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
      <Button type="submit" look="strong" busy={isSubmitting}>{a.signUp}</Button>
      <p>{a.hasAccount} <Link href={`/login${search ? `?${search}` : ""}`}>{a.logIn}</Link></p>
    </form>
  );
}

type Person = Omit<Schemas["SignUp"], "userPassword">;

function Profile({ me }: { me: User }) {
  const t = useText();
  const a = t.account;
  const rule = usePersonFields();
  const queries = useQueryClient();
  const [saved, setSaved] = useState(false);
  const form = useForm<Person>({ values: { userName: me.userName, userEmail: me.userEmail, userPhoneNumber: me.userPhoneNumber, address: me.address } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    setSaved(false);
    try {
      const user = await persist(() => answered(api.PATCH("/api/users/me", { body: values })));
      queries.setQueryData(["me", String(user.userId)], user);
      setSaved(true);
    } catch (error) {
      if (error instanceof Problem && error.code === "EMAIL_TAKEN") form.setError("userEmail", { message: a.taken }, { shouldFocus: true });
      else if (!showProblem(error, ["userName", "userEmail", "userPhoneNumber", "address"], form.setError)) form.setError("root", { message: (error as Error).message });
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      <Field label={a.name} autoComplete="name" error={errors.userName} field={form.register("userName", rule.userName as object)} />
      <Field label={a.email} type="email" autoComplete="email" error={errors.userEmail} field={form.register("userEmail", rule.userEmail as object)} />
      <Field label={a.phone} type="tel" autoComplete="tel" error={errors.userPhoneNumber} field={form.register("userPhoneNumber", rule.userPhoneNumber as object)} />
      <Field label={a.address} autoComplete="street-address" error={errors.address} field={form.register("address", rule.address as object)} />
      {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
      {saved && <Notice tone="good">{a.saved}</Notice>}
      <Button type="submit" look="strong" busy={isSubmitting}>{a.save}</Button>
    </form>
  );
}

function Password() {
  const t = useText();
  const a = t.account;
  const [done, setDone] = useState(false);
  const form = useForm({ defaultValues: { currentPassword: "", newPassword: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (body) => {
    setDone(false);
    try {
      await answered(api.POST("/api/users/me/password", { body }));
      form.reset();
      setDone(true);
    } catch (error) {
      const wrong = error instanceof Problem && error.code === "WRONG_CREDENTIALS";
      if (wrong) form.setError("currentPassword", { message: a.wrongCurrent }, { shouldFocus: true });
      else form.setError("root", { message: (error as Error).message });
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      <h2>{a.change}</h2>
      <Field label={a.current} type="password" autoComplete="current-password" error={errors.currentPassword}
        field={form.register("currentPassword", ruleOf({ minLength: 1, maxLength: 128 }, a))} />
      <Field label={a.fresh} hint={a.passwordHint} type="password" autoComplete="new-password" error={errors.newPassword}
        field={form.register("newPassword", ruleOf(rules.SignUp.userPassword, a))} />
      {errors.root && <Notice tone="bad">{errors.root.message}</Notice>}
      {done && <Notice tone="good">{a.changed}</Notice>}
      <Button type="submit" busy={isSubmitting}>{a.change}</Button>
    </form>
  );
}

function End() {
  const t = useText();
  const a = t.account;
  const [open, setOpen] = useState(false);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const leave = () => {
    writeSession(null);
    queries.clear();
    navigate("/", { replace: true });
  };
  const out = useMutation({
    mutationFn: () => answered(api.POST("/api/auth/logout", {})),
    onSettled: leave, // a shop that cannot be reached keeps nobody logged in here
  });
  const end = useMutation({ mutationFn: () => answered(api.DELETE("/api/users/me", {})), onSuccess: leave });
  return (
    <div className="account-end">
      <Button busy={out.isPending} onClick={() => out.mutate()}>{a.logOut}</Button>
      <Button look="quiet" onClick={() => setOpen(true)}>{a.end}</Button>
      <Ask open={open} title={a.endTitle} text={a.endText} yes={a.endYes} danger busy={end.isPending}
        error={end.error?.message ?? null} onYes={() => end.mutate()} onClose={() => setOpen(false)} />
    </div>
  );
}

export function AccountPage() {
  const t = useText();
  const heading = usePage(t.account.profile);
  const session = useSession();
  const me = useMe();
  if (!session) return <Navigate to="/login?next=/account" />;
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.account.profile}</h1>
      <Pending query={me} />
      {me.data && (
        <div className="account">
          <Profile me={me.data} />
          <div>
            <Password />
            <End />
          </div>
        </div>
      )}
    </>
  );
}
