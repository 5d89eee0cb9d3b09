// Every page: axe finds nothing, in both languages and themes, on a phone and on a desk; and what comes over the wire.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { desk, dist, enter, phone, until, visit } from "./support.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };

// In a world of its own, which the policy of the page does not rule: the page itself may not run what is not its own.
async function violations(visitor) {
  const session = await visitor.context.newCDPSession(visitor.page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const run = (expression, awaitPromise = false) => session.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise, returnByValue: true });
  await run(axe);
  const { result, exceptionDetails } = await run(`axe.run(document, ${JSON.stringify(rules)}).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + (n.any[0]?.message ?? "")).join("; ")))`, true);
  await session.detach();
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  return result.value;
}

// One shop in which every kind of thing is there to be seen.
async function furnish(shop) {
  const soon = new Date(Date.now() + 7200_000).toISOString();
  const limited = await shop.register({ productName: "Court Classic 84", productDescription: "Canvas and suede.\nMade once.", productStock: 40, perUserLimit: 1 });
  const opening = await shop.register({ productName: "새벽 러너", productStock: 12, productType: "RESERVED", opensAt: soon });
  const gone = await shop.register({ productName: "Mug", productStock: 2 });
  const kim = await shop.signUp("Kim");
  const lee = await shop.signUp("Lee");
  await shop.order(lee.token, gone.productId, 2);
  const paid = await shop.order(kim.token, limited.productId);
  await shop.call("POST", `/api/orders/${paid.orderId}/attempt-payment`, undefined, kim.token);
  const poster = await shop.register({ productName: "Poster", productStock: 9 });
  const open = await shop.order(kim.token, poster.productId, 2);
  const canceled = await shop.order(lee.token, limited.productId);
  await shop.call("POST", `/api/orders/${canceled.orderId}/cancel`, undefined, lee.token);
  await shop.call("POST", "/api/wishlist", { productId: opening.productId }, kim.token);
  return { limited, opening, gone, kim, paid, open };
}

const settle = async (page) => {
  await page.locator("main h1, main h2").first().waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await page.evaluate(() => document.fonts.ready);
};

export function pageTests(test, world) {
  test("axe finds nothing wrong on any page, in either language and theme", async () => {
    const { browser } = world;
    const shop = await world.anotherShop({});
    const { limited, opening, gone, kim, paid, open } = await furnish(shop);
    const nobody = ["/", `/products/${limited.productId}`, `/products/${opening.productId}`, `/products/${gone.productId}`, "/login", "/signup", "/products/999"];
    const buyer = ["/orders", `/orders/${paid.orderId}`, `/orders/${open.orderId}`, "/wishlist", "/account", `/products/${limited.productId}`];
    const admin = ["/console/live", "/console/products", "/console/products/new", "/console/products/1", "/console/orders", `/console/orders/${paid.orderId}`, "/console/returns", "/console/users", "/console/attention", "/console/books", "/console/rehearsal"];
    const found = [];
    const look = async (locale, colorScheme, device) => {
      for (const [who, pages] of [[null, nobody], [kim.email, buyer], ["admin@example.com", admin]]) {
        const visitor = await visit(browser, shop, { locale, colorScheme, device });
        const { page } = visitor;
        if (who) await enter(page, who);
        for (const path of pages) {
          await page.goto(path);
          await settle(page);
          for (const each of await violations(visitor)) found.push(`${path} ${locale} ${colorScheme}: ${each}`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
          if (wide) found.push(`${path} ${locale}: wider than the screen`);
          assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
        }
        if (who === "admin@example.com") {
          await page.goto("/console/books");
          await page.locator(".console-page .button-strong").click();
          await page.locator(".verdict").waitFor();
          for (const each of await violations(visitor)) found.push(`books, counted: ${each}`);
        }
        if (who === kim.email) {
          await page.goto(`/orders/${open.orderId}`);
          await page.locator(".order-end .button").click();
          await page.getByRole("dialog").waitFor();
          for (const each of await violations(visitor)) found.push(`dialog ${colorScheme}: ${each}`);
        }
        found.push(...visitor.wrongs);
        await visitor.close();
      }
    };
    // One after the other: pages that are not in front are slowed down by the browser. Every page, language, theme and
    // size; each with each takes twice as long.
    await look("ko-KR", "light", phone);
    await look("en-US", "dark", desk);
    if (!process.env.E2E_ALL) return assert.deepEqual(found, []);
    await look("en-US", "light", phone);
    await look("ko-KR", "dark", desk);
    assert.deepEqual(found, []);
  });

  test("language and appearance are switched, and kept", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop, { locale: "ko-KR" });
    const { page } = visitor;
    await page.goto("/login");
    await page.getByRole("heading", { name: "로그인" }).waitFor();
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.getByRole("button", { name: "Appearance: As the device" }).click();
    await page.getByRole("button", { name: "Appearance: Light" }).click();
    await until(async () => (await paper()) !== light, "the page to be dark");
    await page.reload();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await until(async () => (await paper()) !== light, "the page to stay dark");
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("what the shop says of a failure is said in the visitor's language", async () => {
    const { shop, browser } = world;
    const visitor = await visit(browser, shop, { locale: "ko-KR" });
    const { page } = visitor;
    await page.goto("/products/999999");
    await page.getByRole("heading", { name: "여기에는 아무것도 없어요" }).waitFor();
    await visitor.close();
  });

  test("the first load is small, compressed, kept, and from this shop alone", async () => {
    const { shop, browser } = world;
    await shop.register({ productName: "Small" });
    const visitor = await visit(browser, shop);
    const { page } = visitor;
    const scripts = [];
    page.on("response", (response) => {
      if (/\.js$/.test(new URL(response.url()).pathname)) scripts.push(response);
    });
    await page.goto("/");
    await page.locator(".hero").waitFor();
    let bytes = 0;
    for (const response of scripts) {
      const headers = response.headers();
      assert.equal(headers["content-encoding"], "gzip");
      assert.match(headers["cache-control"], /immutable/);
      bytes += Number(headers["content-length"]);
    }
    assert.ok(scripts.length > 0);
    assert.ok(bytes <= 150 * 1024, `the first load is ${bytes} bytes of JavaScript`);
    assert.deepEqual(visitor.wrongs, []);
    await visitor.close();
  });

  test("all of the JavaScript is within its bounds", () => {
    const folder = join(dist, "assets");
    const sizes = readdirSync(folder).filter((name) => name.endsWith(".js")).map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length);
    const all = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(all <= 250 * 1024, `${all} bytes`);
    const html = readFileSync(join(dist, "index.html"), "utf8");
    assert.doesNotMatch(html, /<style|<script(?![^>]*\bsrc=)|style=|https?:\/\//, "nothing inline, nobody else");
  });
}
