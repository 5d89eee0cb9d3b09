// The merchant's console.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { enter, until, visit } from "./support.mjs";

export function merchantTests(test, world) {
  test("a product is registered, scheduled, edited, stocked, paused and archived", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    await page.goto("/console/products");
    await page.getByRole("link", { name: "New product" }).click();
    await page.getByRole("button", { name: "Register it" }).click();
    await page.getByText("Please fill this in.").first().waitFor();
    await page.getByLabel("Name").fill("Console Shoe");
    await page.getByLabel("Price (KRW)").fill("150000");
    await page.getByLabel("Units for sale").fill("20");
    await page.getByLabel("Opens").fill("2030-03-01T12:00");
    await page.getByText(/here is 2030-03-01 .* UTC/).waitFor(); // the time zone in sight
    await page.getByRole("button", { name: "Register it" }).click();
    await page.waitForURL(/console\/products\/\d+$/);
    const id = Number(page.url().split("/").pop());
    const read = async () => (await shop.call("GET", `/api/products/${id}`)).body;
    assert.equal((await read()).productType, "RESERVED");

    await page.getByLabel("Price (KRW)").fill("140000");
    await page.getByLabel("Opens").fill("");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    assert.equal((await read()).productPrice, 140000);
    assert.equal((await read()).opensAt, undefined);

    // Somebody else edits it meanwhile.
    await shop.call("PATCH", `/api/products/${id}`, { productPrice: 1000 }, shop.admin);
    await page.getByLabel("Price (KRW)").fill("130000");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody else has edited this product meanwhile.").waitFor();
    assert.equal((await read()).productPrice, 1000);
    await page.getByRole("button", { name: "Show what it is now" }).click();
    await until(async () => (await page.getByLabel("Price (KRW)").inputValue()) === "1000", "what it is now");

    await page.getByLabel(/How many more/).fill("-5");
    await page.getByLabel("Why").fill("a box fell");
    await page.getByRole("button", { name: "Change the stock" }).click();
    await page.locator("td", { hasText: "a box fell" }).waitFor();
    assert.equal((await shop.stock(id)).total, 15);
    await page.getByLabel(/How many more/).fill("-500");
    await page.getByLabel("Why").fill("too many");
    await page.getByRole("button", { name: "Change the stock" }).click();
    await page.getByRole("alert").filter({ hasText: "held or sold already" }).waitFor();

    await page.getByRole("button", { name: "Pause the sale" }).click();
    await page.getByText("Paused: nobody can buy.").waitFor();
    assert.equal((await read()).state, "PAUSED");
    await page.getByRole("button", { name: "Go on with the sale" }).click();
    await until(async () => (await read()).state === "ACTIVE", "the sale to go on");
    await page.getByRole("button", { name: "Archive" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
    await until(async () => (await read()).state === "ARCHIVED", "it to be archived");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("spreadsheets go out and come in", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    await page.goto("/console/products");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
    const csv = readFileSync(await download.path(), "utf8");
    assert.match(csv, /^\uFEFFproductId,productName/);
    const file = (text) => ({ name: "products.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.locator("input[type=file]").setInputFiles(file("productName,productDescription,productPrice,productStock,productType\nFrom a sheet,,5000,7,NORMAL\n"));
    await page.getByText("1 created, 0 changed, 0 as before.").waitFor();
    await page.getByRole("link", { name: "From a sheet" }).waitFor();
    await page.locator("input[type=file]").setInputFiles(file("productName,productDescription,productPrice,productStock,productType\nBad,,x,7,NORMAL\n"));
    await page.getByText("Nothing was imported.").waitFor();
    await page.getByText("lines[1].productPrice").or(page.getByText("lines[0].productPrice")).or(page.getByText("lines[2].productPrice")).waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a sale is watched while it runs", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Watched", productStock: 40 });
    const lee = await shop.signUp("lee");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    await page.goto(`/console/live/${product.productId}`);
    const left = page.locator(".figure", { hasText: "left" }).locator("b");
    await until(async () => (await left.textContent()) === "40", "the stock");
    await page.locator(".chart", { hasText: "Answers per second" }).waitFor();
    for (let i = 0; i < 15; ++i) await shop.order(lee.token, product.productId, 2);
    await until(async () => (await left.textContent()) === "10", "the stock to drain");
    await page.locator(".outcomes div", { hasText: "Placed" }).waitFor();
    await until(async () => (await page.locator(".chart", { hasText: "Time to answer" }).locator("path.line").first().getAttribute("d"))?.includes("M"), "the latency to be drawn");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("orders, users, books and what needs a person", async () => {
    const { shop, browser } = world;
    const product = await shop.register({ productName: "Ordered", productStock: 5 });
    const lee = await shop.signUp("Lee Console");
    const order = await shop.order(lee.token, product.productId);
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    await page.goto("/console/orders");
    await page.getByRole("link", { name: `Order ${order.orderId}`, exact: true }).click();
    await page.getByRole("heading", { name: "History" }).waitFor();
    await page.getByRole("button", { name: "Cancel the order" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the order" }).click();
    await page.locator(".head .tag", { hasText: "Canceled" }).waitFor();
    await page.goto("/console/returns");
    await page.getByRole("heading", { name: "Nothing on its way back" }).waitFor();
    await page.goto("/console/users");
    await page.getByLabel("Name or e-mail").fill("Lee Console");
    await page.locator("tr", { hasText: "Lee Console" }).getByRole("button", { name: "Make admin" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Make admin" }).click();
    await page.locator("tr", { hasText: "Lee Console" }).getByText("Admin", { exact: true }).waitFor();
    await page.goto("/console/attention");
    await page.getByRole("heading", { name: "All is well" }).waitFor();
    await page.goto("/console/books");
    await page.getByRole("button", { name: "Recount now" }).click();
    await page.getByRole("heading", { name: "The books add up" }).waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("what needs a person is told apart, and counted where he looks", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    // No fault of the simulated provider lasts a minute, so what the shop would say of one is put in its mouth.
    const attempt = { attemptId: 3, orderId: 8, attemptNumber: 1, amount: 129000, state: "SUCCEEDED", requestedAt: "2026-03-01T03:00:00Z" };
    const refund = { refundId: 4, orderId: 9, attemptId: 5, amount: 5000, state: "RETRY", tries: 7, takenAt: "2026-03-01T03:00:00Z" };
    const body = { unknownPayments: [{ ...attempt, attemptId: 6, state: "UNKNOWN" }], chargedButNotPaid: [attempt], refundsToRetry: [refund] };
    await page.route("**/api/admin/attention", (route) => route.fulfill({ json: body }));
    await page.goto("/console/attention");
    for (const title of ["Charged, and the order is not paid", "Refunds that fail", "Payments without an answer"]) {
      await page.getByRole("heading", { name: title }).waitFor();
    }
    await page.getByText("7 tries").waitFor();
    assert.equal(await page.locator(".sections .badge").textContent(), "3");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("a sale is rehearsed and judged", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, "admin@example.com");
    await page.goto("/console/rehearsal");
    await page.getByLabel("Buyers").fill("200");
    await page.getByLabel("Units").fill("20");
    await page.getByRole("button", { name: "Rehearse the sale" }).click();
    await page.getByRole("heading", { name: "It held" }).waitFor({ timeout: 90_000 });
    await page.locator(".checks li", { hasText: "nothing oversold" }).waitFor();
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("buyers do not see the console", async () => {
    const { shop, browser } = world;
    const kim = await shop.signUp("kim");
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    await enter(page, kim.email);
    await page.goto("/console/users");
    await page.getByRole("heading", { name: "For the shop's admins" }).waitFor();
    await visitor.close();
  });
}
