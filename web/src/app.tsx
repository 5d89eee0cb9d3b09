import { Suspense, useEffect, useRef } from "react";
import { QueryClientProvider } from "@tanstack/react-query";
import { Redirect, Route, Switch } from "wouter";
import { forgetPerson, queryClient } from "./api/queries";
import { useSession, userOf } from "./api/session";
import { useText } from "./i18n/text";
import { HomePage } from "./shop/home";
import { ProductPage } from "./shop/product";
import { Crash, Frame } from "./ui/frame";
import { NotFound, Skeleton } from "./ui/parts";
import { patient } from "./ui/patient";

// The way to a click on "buy" is in the first load; everything else comes when it is asked for.
const account = () => import("./shop/account");
const LogInPage = patient(() => account().then((m) => m.LogInPage));
const SignUpPage = patient(() => account().then((m) => m.SignUpPage));
const AccountPage = patient(() => account().then((m) => m.AccountPage));
const OrderPage = patient(() => import("./shop/order").then((m) => m.OrderPage));
const OrdersPage = patient(() => import("./shop/orders").then((m) => m.OrdersPage));
const WishesPage = patient(() => import("./shop/wishes").then((m) => m.WishesPage));
const Console = patient(() => import("./console/console").then((m) => m.Console));

// The shop answers these paths, and no others, with this page: src/app/web_pages.cpp and deploy/nginx.
function Pages() {
  return (
    <Switch>
      <Route path="/"><HomePage /></Route>
      <Route path="/products/:id">{({ id }) => <ProductPage key={id} id={id} />}</Route>
      <Route path="/orders"><OrdersPage /></Route>
      <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
      <Route path="/wishlist"><WishesPage /></Route>
      <Route path="/login"><LogInPage /></Route>
      <Route path="/signup"><SignUpPage /></Route>
      <Route path="/account"><AccountPage /></Route>
      <Route path="/console"><Redirect to="/console/live" replace /></Route>
      <Route path="/console/:section/:id?">{({ section, id }) => <Console section={section} id={id} />}</Route>
      <Route><NotFound /></Route>
    </Switch>
  );
}

function Guarded() {
  const t = useText();
  const user = userOf(useSession());
  const last = useRef(user);
  useEffect(() => {
    if (last.current !== null && last.current !== user) forgetPerson();
    last.current = user;
  }, [user]);
  return (
    <Crash title={t.crashed.title} text={t.crashed.text} again={t.reload}>
      <Suspense fallback={<Skeleton />}><Pages /></Suspense>
    </Crash>
  );
}

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Frame><Guarded /></Frame>
    </QueryClientProvider>
  );
}
