// What is around every page: the way back to the shop, the ways elsewhere, language and appearance.
import { Component, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useMe } from "../api/queries";
import { useSession } from "../api/session";
import { chooseLanguage, useLanguage } from "../i18n/language";
import { useText } from "../i18n/text";
import { chooseTheme, theme as themeNow, useTheme, type Theme } from "./hooks";
import { Button, Empty, WaitingLine } from "./parts";

export function Mark() {
  return (
    <svg viewBox="0 0 26 20" className="mark" aria-hidden="true">
      <rect x="1" y="1" width="5" height="18" className="cell-free" />
      <rect x="8" y="1" width="5" height="18" className="cell-free" />
      <rect x="15" y="10" width="5" height="9" className="cell-held" />
    </svg>
  );
}

const after: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function Settings() {
  const t = useText();
  const language = useLanguage();
  const theme = useTheme();
  return (
    <div className="settings">
      <button type="button" lang={language === "ko" ? "en" : "ko"} onClick={() => chooseLanguage(language === "ko" ? "en" : "ko")}>
        {t.settings.language}
      </button>
      <button type="button" onClick={() => chooseTheme(after[themeNow()])} aria-label={`${t.settings.theme}: ${t.settings.themes[theme]}`}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" strokeWidth="2" /><path d={theme === "light" ? "" : theme === "dark" ? "M12 4a8 8 0 0 1 0 16 8 8 0 0 1 0-16z" : "M12 4a8 8 0 0 1 0 16z"} fill="currentColor" /></svg>
      </button>
    </div>
  );
}

function Nav({ href, exact = false, children }: { href: string; exact?: boolean; children: ReactNode }) {
  const [path] = useLocation();
  const here = exact ? path === href : path === href || path.startsWith(`${href}/`);
  return <Link href={href} aria-current={here ? "page" : undefined}>{children}</Link>;
}

export function Frame({ children }: { children: ReactNode }) {
  const t = useText();
  const session = useSession();
  const me = useMe();
  return (
    <>
      <a href="#main" className="skip">{t.skip}</a>
      <header className="bar">
        <Link href="/" className="wordmark"><Mark />BuyMe</Link>
        <nav aria-label={t.nav.main}>
          {session ? (
            <>
              <Nav href="/orders">{t.nav.orders}</Nav>
              <Nav href="/wishlist">{t.nav.wishes}</Nav>
              <Nav href="/account">{t.nav.account}</Nav>
              {me.data?.role === "ADMIN" && <Nav href="/console">{t.nav.console}</Nav>}
            </>
          ) : (
            <Nav href="/login">{t.nav.logIn}</Nav>
          )}
        </nav>
        <Settings />
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      <WaitingLine />
    </>
  );
}

// A page that throws: said, and loaded again on demand. Nothing is sent by itself.
export class Crash extends Component<{ children: ReactNode; title: string; text: string; again: string }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Empty page title={this.props.title} text={this.props.text}>
        <Button onClick={() => window.location.reload()}>{this.props.again}</Button>
      </Empty>
    );
  }
}
