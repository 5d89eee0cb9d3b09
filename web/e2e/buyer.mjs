// A buyer's way through the shop, and what may go wrong on it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { buyButton, buyme, enter, password, phone, until, visit } from "./support.mjs";

const ordersOf = async (shop, who) => (await shop.call("GET", "/api/orders?limit=100", undefined, who.token)).body.items;
const state = (page, kind) => page.locator(`.buy-button[data-state=${kind}]`).waitFor();

export function buyerTests(test, world) {
  test("from the sign-up over the order to the money back", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Journey", productStock: 3, perUserLimit: 1 });
    const visitor = await visit(browser, shop, { device: phone });
    const { page } = visitor;
    await page.goto("/");
    await page.locator("a", { hasText: "Journey" }).first().click();
    await state(page, "logIn");
    await buyButton(page).click();
    await page.getByRole("link", { name: "Sign up" }).click();
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.getByText("Please fill this in.").first().waitFor();
    await page.getByLabel("Name").fill("Journey Kim");
    await page.getByLabel("E-mail").fill("no address");
    await page.getByLabel("Password").fill("short");
    await page.getByLabel("Phone").fill("010-1234-5678");
    await page.getByText("This does not look like an e-mail address.").waitFor();
    await page.getByText("At least 8 characters, please.").waitFor();
    const email = `journey-${Date.now()}@example.com`;
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Address").fill("Seoul, Mapo");
    await page.getByRole("button", { name: "Sign up" }).click();
    await page.waitForURL(`**/products/${product.productId}`); // back where he came from
    await state(page, "buy");
    await buyButton(page).click();
    await page.waitForURL("**/orders/*");
    await page.getByText("Held for you for").waitFor();
    await page.getByRole("button", { name: /^Pay / }).click();
    await page.getByRole("heading", { name: "It is yours" }).waitFor();
    await page.locator(".timeline li", { hasText: "Paid" }).waitFor();

    await page.goto(`/products/${product.productId}`);
    await state(page, "have");
    await buyButton(page).click(); // leads to the order
    await page.waitForURL("**/orders/*");
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByRole("button", { name: "Cancel it" }).click();
    await page.getByRole("heading", { name: "Canceled" }).waitFor();
    await page.getByText("were given back").waitFor();
    await page.goto("/orders");
    await page.locator(".stub", { hasText: "Canceled" }).waitFor();

    await page.goto(`/products/${product.productId}`);
    await page.getByRole("button", { name: "Save for later" }).click();
    await page.getByRole("button", { name: "Saved" }).waitFor();
    await page.goto("/wishlist");
    await page.getByRole("button", { name: "Remove: Journey" }).click();
    await page.getByRole("heading", { name: "Nothing saved yet" }).waitFor();

    await page.goto("/account");
    await page.getByLabel("Address").fill("Busan");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Delete the account" }).click();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.waitForURL((url) => url.pathname === "/");
    const gone = await shop.call("POST", "/api/auth/login", { userEmail: email, userPassword: password });
    assert.equal(gone.status, 401);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a card is declined, and again, and then taken", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({ "payment.success_rate": "0", "payment.decline_amounts": "5000" });
    await shop.register({ productName: "Declined", productPrice: 5000 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto("/products/1");
    await buyButton(page).click();
    await page.waitForURL("**/orders/*");
    await page.getByRole("button", { name: /^Pay / }).click();
    await page.getByText("Your card was declined. Nothing was charged.").waitFor();
    await page.getByRole("button", { name: /^Try again/ }).click();
    await until(async () => (await shop.call("GET", "/api/orders/1/payments", undefined, kim.token)).body.attempts.length === 2, "a second attempt");
    await page.getByText("Your card was declined. Nothing was charged.").waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a payment whose answer is lost is not paid twice and turns out by itself", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({ "payment.timeout_amounts": "7000", "payment.timeout_ms": "300" });
    await shop.register({ productName: "Unknown", productPrice: 7000 });
    const kim = await shop.signUp("kim");
    const order = await shop.order(kim.token, 1);
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/orders/${order.orderId}`);
    await page.getByRole("button", { name: /^Pay / }).click();
    await page.getByText("We do not know yet whether the payment went through.").waitFor();
    await page.getByRole("heading", { name: "It is yours" }).waitFor();
    const { body } = await shop.call("GET", `/api/orders/${order.orderId}/payments`, undefined, kim.token);
    assert.equal(body.attempts.length, 1);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("time runs out: said, and the unit is for sale again", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({ "order.hold_seconds": "3" });
    await shop.register({ productName: "Expired", productStock: 1, perUserLimit: 1 });
    const kim = await shop.signUp("kim");
    const order = await shop.order(kim.token, 1);
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/orders/${order.orderId}`);
    await page.getByText("It was not paid for in time").waitFor();
    await page.getByRole("link", { name: "Look whether there is one left" }).click();
    await state(page, "buy");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a payment that comes too late is given back, and said so", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({ "order.hold_seconds": "12", "payment.latency_ms": "14000", "payment.timeout_ms": "60000" });
    await shop.register({ productName: "Late", productStock: 1 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto("/products/1");
    await buyButton(page).click();
    await page.waitForURL("**/orders/*");
    await page.getByRole("button", { name: /^Pay / }).click();
    await page.getByRole("button", { name: /^Paying/ }).waitFor();
    await page.getByRole("heading", { name: "Too late, and refunded" }).waitFor({ timeout: 40_000 });
    await page.getByText(/were given back|on their way back to you/).waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("what was delivered goes back, and its money, too", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({});
    await shop.register({ productName: "Returned", productStock: 5 });
    const kim = await shop.signUp("kim");
    const order = await shop.order(kim.token, 1, 2);
    await shop.call("POST", `/api/orders/${order.orderId}/attempt-payment`, undefined, kim.token);
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/orders/${order.orderId}`);
    await page.getByRole("heading", { name: "It is yours" }).waitFor();
    await run("admin", "ship", "--data-dir", shop.directory, "--as-of", new Date(Date.now() + 5 * 86_400_000).toISOString());
    await page.reload();
    await page.getByRole("heading", { name: "Delivered" }).waitFor();
    await page.getByRole("button", { name: "Return" }).click();
    await page.getByLabel("How many").selectOption("1");
    await page.getByLabel(/What is wrong with it/).fill("too small");
    await page.getByRole("button", { name: "Return it" }).click();
    await page.locator(".items .tag", { hasText: "On its way back" }).waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();

    const merchant = await visit(browser, shop);
    await enter(merchant.page, "admin@example.com");
    await merchant.page.goto("/console/returns");
    await merchant.page.getByRole("button", { name: "It has come back" }).click();
    await merchant.page.getByLabel(/Sell it again/).check();
    await merchant.page.getByRole("button", { name: "Give the money back" }).click();
    await merchant.page.getByRole("heading", { name: "Nothing on its way back" }).waitFor();
    await until(async () => (await shop.stock(1)).available === 4, "the unit to be for sale again");
    await until(async () => (await shop.call("GET", `/api/orders/${order.orderId}/payments`, undefined, kim.token)).body.refunds[0]?.state === "DONE", "the refund");
    assert.deepEqual(merchant.wrongs, []);
    await merchant.close();
  });

  test("a sale opens while it is looked at, and stock moves", async () => {
    const { shop, browser } = world;
    const kim = await shop.signUp("kim");
    const lee = await shop.signUp("lee");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
    const opensAt = inSeconds(50);
    const product = await shop.register({ productName: "Opening", productStock: 5, productType: "RESERVED", opensAt, perUserLimit: 2 });
    // The visitor's clock is three hours slow; the countdown is the shop's.
    await page.clock.setSystemTime(Date.now() - 3 * 3600_000);
    await page.goto(`/products/${product.productId}`);
    await state(page, "opens");
    const clock = await page.locator(".buy-button .countdown").textContent();
    assert.match(clock, /^00:[0-5]\d$/);
    // It opens sooner than was said; the page learns of it and opens by itself.
    await shop.call("PATCH", `/api/products/${product.productId}`, { opensAt: inSeconds(1) }, shop.admin);
    await page.locator(".buy-button[data-state=buy]").waitFor({ timeout: 60_000 });
    assert.equal(await page.getByTestId("available").textContent(), "5");
    await shop.order(lee.token, product.productId, 2);
    await page.getByTestId("available").getByText("3", { exact: true }).waitFor();
    await page.locator(".live-stream").waitFor();
    await buyButton(page).click();
    await page.waitForURL("**/orders/*");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("double clicks, reloads and the back button make one order, and who holds one is led to it", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Once", productStock: 9, perUserLimit: 1 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/products/${product.productId}`);
    await state(page, "buy");
    // The answer is lost on its way: the page does not know of the order that was placed.
    let lost = 0;
    await page.route("**/api/orders", async (route) => {
      if (route.request().method() !== "POST" || lost > 0) return route.continue();
      ++lost;
      await route.fetch();
      await route.abort("connectionreset");
    });
    await buyButton(page).dblclick({ delay: 10 });
    await until(() => lost === 1, "the first answer to be lost");
    await page.reload(); // in the middle of it
    await page.waitForURL("**/orders/*"); // goes on by itself, with the same key
    assert.equal((await ordersOf(shop, kim)).length, 1);
    await page.goBack();
    await state(page, "resume");
    await buyButton(page).click();
    await page.waitForURL("**/orders/*");
    assert.equal((await ordersOf(shop, kim)).length, 1);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("who clicks although he holds one elsewhere is led to that order", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Elsewhere", productStock: 9, perUserLimit: 1 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/products/${product.productId}`);
    await state(page, "buy");
    const order = await shop.order(kim.token, product.productId); // by another device; this page does not know
    await buyButton(page).click();
    await page.waitForURL(`**/orders/${order.orderId}`);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a busy shop is waited for as long as it says, saying so", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Busy", productStock: 9 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto(`/products/${product.productId}`);
    await state(page, "buy");
    const asked = [];
    await page.route("**/api/orders", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      asked.push({ at: Date.now(), key: route.request().headers()["idempotency-key"] });
      if (asked.length > 1) return route.continue();
      const body = { type: "/problems/overloaded", title: "", status: 503, detail: "", code: "OVERLOADED" };
      await route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "Retry-After": "2" }, body: JSON.stringify(body) });
    });
    await buyButton(page).click();
    await page.locator(".buy-button[data-state=going]").waitFor();
    await page.getByText("You keep your click; we ask again by ourselves.").waitFor();
    await page.waitForURL("**/orders/*");
    assert.equal(asked.length, 2);
    assert.ok(asked[1].at - asked[0].at >= 1900, "not before Retry-After");
    assert.equal(asked[0].key, asked[1].key);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a stream that cannot be had is replaced by questions", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Polled", productStock: 8 });
    const lee = await shop.signUp("lee");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await page.route("**/stock/stream", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "5" }, body: "" }));
    await page.goto(`/products/${product.productId}`);
    await page.locator(".live-poll").waitFor();
    await shop.order(lee.token, product.productId, 3);
    await page.getByTestId("available").getByText("5", { exact: true }).waitFor();
    await visitor.close();
  });

  test("the shop is killed in mid-purchase and comes back: one order, and it is paid", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({});
    await shop.register({ productName: "Killed", productStock: 4, perUserLimit: 1 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto("/products/1");
    await state(page, "buy");
    // The order is placed; the shop dies before its answer gets to the page.
    let died = false;
    await page.route("**/api/orders", async (route) => {
      if (route.request().method() !== "POST" || died) return route.continue();
      died = true;
      await route.fetch();
      await shop.kill();
      await route.abort("connectionreset");
    });
    await buyButton(page).click();
    await page.getByText("you cannot get two").waitFor();
    await page.locator(".waiting").waitFor();
    await shop.start();
    await page.waitForURL("**/orders/*");
    assert.equal((await ordersOf(shop, kim)).length, 1);
    await page.getByRole("button", { name: /^Pay / }).waitFor();
    await shop.kill();
    await page.getByRole("button", { name: /^Pay / }).click();
    await shop.start();
    await page.getByRole("button", { name: /^Pay |^Paying/ }).waitFor();
    await until(async () => {
      if (await page.getByRole("heading", { name: "It is yours" }).isVisible()) return true;
      const pay = page.getByRole("button", { name: /^Pay / });
      if (await pay.isVisible()) await pay.click({ timeout: 2000 }).catch(() => {});
      return false;
    }, "the order to be paid");
    shop.audit();
    await visitor.close();
  });

  test("two browsers race for the last unit: one wins, the other sees sold out", async () => {
    const { shop, browser } = world;
    const rounds = Number(process.env.E2E_RACES ?? 3);
    const people = await Promise.all(["kim", "lee"].map((name) => shop.signUp(name)));
    const visitors = await Promise.all(people.map(() => visit(browser, shop)));
    let slowest = 0;
    for (const [i, { page }] of visitors.entries()) await enter(page, people[i].email);
    for (let round = 0; round < rounds; ++round) {
      const product = await shop.register({ productName: `Last ${round}`, productStock: 1, perUserLimit: 1 });
      await Promise.all(visitors.map(async ({ page }) => {
        await page.goto(`/products/${product.productId}`);
        await state(page, "buy");
      }));
      await Promise.all(visitors.map(({ page }) => buyButton(page).click()));
      const ends = await Promise.all(visitors.map(({ page }) => Promise.race([
        page.waitForURL("**/orders/*").then(() => ["won", Date.now()]),
        page.locator(".buy-button[data-state=soldOut]").waitFor().then(() => ["lost", Date.now()]),
      ])));
      assert.deepEqual(ends.map(([end]) => end).sort(), ["lost", "won"], `round ${round}`);
      const at = Object.fromEntries(ends);
      slowest = Math.max(slowest, at.lost - at.won);
      const stock = await shop.stock(product.productId);
      assert.deepEqual([stock.available, stock.held], [0, 1]);
    }
    if (process.env.E2E_RACES) console.log(`${rounds} races: the loser saw it at most ${slowest} ms after the winner`);
    for (const visitor of visitors) {
      assert.deepEqual(visitor.wrongs, []);
      await visitor.close();
    }
  });

  test("everything on the way to an order is done with the keyboard", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Keys", productStock: 4 });
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    const tabTo = async (check, what) => {
      for (let i = 0; i < 60; ++i) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(check)) return;
      }
      assert.fail(`the keyboard does not reach ${what}`);
    };
    await page.goto("/login");
    await tabTo(() => document.activeElement?.getAttribute("type") === "email", "the e-mail address");
    await page.keyboard.type(kim.email);
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/");
    await page.goto(`/products/${product.productId}`);
    await state(page, "buy");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
    await tabTo(() => document.activeElement?.classList.contains("buy-button"), "the button");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/orders/*");
    await page.getByRole("button", { name: "Cancel the order" }).waitFor();
    await tabTo(() => document.activeElement?.textContent === "Cancel the order", "the cancel");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await until(() => page.evaluate(() => document.activeElement?.textContent === "Cancel the order"), "the focus to come back");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("open pages see the stock drain as it does, never rise, and end at none", async () => {
    const { shop, browser } = world;
    const pages = Number(process.env.E2E_PAGES ?? 3);
    const buyers = Number(process.env.E2E_BUYERS ?? 300);
    const stock = Math.max(Math.floor(buyers * 0.07), 20);
    const product = await shop.register({ productName: "Crowded", productStock: stock, perUserLimit: 1 });
    const visitors = await Promise.all(Array.from({ length: pages }, () => visit(browser, shop)));
    for (const { page } of visitors) {
      await page.goto(`/products/${product.productId}`);
      await page.locator(".live-stream").waitFor();
      await page.evaluate(() => {
        const shown = document.querySelector("[data-testid=available]");
        window.seen = [];
        const note = () => window.seen.push([Number(shown.textContent.replaceAll(",", "")), Date.now()]);
        new MutationObserver(note).observe(shown, { childList: true, characterData: true, subtree: true });
        note();
      });
    }
    const [tokens, admin] = [`${shop.place}/tokens.csv`, `${shop.place}/admin.token`];
    await run("admin", "tokens", "--data-dir", shop.directory, "--count", String(buyers), "--csv", tokens, "--admin-token", admin);
    const soldOutAt = watchUntilNone(shop, product.productId);
    await run("drop", "--url", shop.url, "--tokens", tokens, "--admin-token", admin, "--buyers", String(buyers), "--product", String(product.productId), "--connections", String(Math.min(buyers, 1000)));
    const end = await soldOutAt;
    let latest = 0;
    for (const { page, wrongs } of visitors) {
      await page.getByTestId("available").getByText("0", { exact: true }).waitFor();
      const seen = await page.evaluate(() => window.seen);
      for (let i = 1; i < seen.length; ++i) assert.ok(seen[i][0] <= seen[i - 1][0], `it rose: ${JSON.stringify(seen)}`);
      assert.equal(seen.at(-1)[0], 0);
      latest = Math.max(latest, seen.at(-1)[1] - end);
      assert.deepEqual(wrongs, []);
    }
    if (process.env.E2E_PAGES) console.log(`${pages} pages, ${buyers} buyers, ${stock} units: the last page showed none ${latest} ms after the shop`);
    for (const visitor of visitors) await visitor.close();
  });
}

// The moment at which the shop itself says that none is left, asked all the time.
async function watchUntilNone(shop, productId) {
  for (;;) {
    if ((await shop.stock(productId)).available === 0) return Date.now();
    await new Promise((done) => setTimeout(done, 5));
  }
}

function run(...words) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BUYME_")));
  const process_ = spawn(buyme, words, { stdio: "ignore", env });
  return new Promise((done, fail) => process_.once("exit", (status) => (status === 0 ? done() : fail(new Error(`${words[0]}: ${status}`)))));
}
