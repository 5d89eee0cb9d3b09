// What the browser tests share: a real shop in a directory of its own, its people and products, and a browser.
//
//   BUYME           the program (build/release/buyme)
//   E2E_CHROMIUM  the browser (chromium)
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const buyme = process.env.BUYME ?? join(root, "build/release/buyme");
export const dist = join(root, "web/dist");
export const password = "correct horse battery";

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// One server over one directory; start() after kill() is the same shop at the same address.
export class Shop {
  constructor(settings = {}) {
    this.place = mkdtempSync(join(tmpdir(), "buyme-web-"));
    this.settings = { "payment.success_rate": "1", "log.level": "warn", "server.web": dist, "order.payment_grace_seconds": "0", ...settings };
    this.log = "";
  }

  get directory() {
    return join(this.place, "shop");
  }

  async open() {
    this.port = await freePort();
    await this.start();
    const made = spawnSync(buyme, ["admin", "create", "--data-dir", this.directory, "--email", "admin@example.com", "--password-stdin"], { input: password, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`no admin: ${made.stderr}`);
    this.admin = await this.logIn("admin@example.com");
    return this;
  }

  async start() {
    const words = ["serve", "--port", String(this.port), "--data-dir", this.directory];
    for (const [path, value] of Object.entries(this.settings)) words.push("--set", `${path}=${value}`);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BUYME_")));
    this.process = spawn(buyme, words, { stdio: ["ignore", "pipe", "pipe"], env });
    this.process.stderr.on("data", (text) => (this.log += text));
    this.ended = new Promise((done) => this.process.once("exit", done));
    await new Promise((done, fail) => {
      this.process.stdout.once("data", done);
      this.process.once("exit", () => fail(new Error(`the shop did not start: ${this.log}`)));
    });
    this.url = `http://127.0.0.1:${this.port}`;
  }

  async kill(signal = "SIGKILL") {
    this.process.kill(signal);
    await this.ended;
  }

  async close() {
    try {
      await this.kill("SIGTERM");
    } finally {
      rmSync(this.place, { recursive: true, force: true });
    }
  }

  // The books of the shop must add up whenever a test ends.
  audit() {
    const audit = spawnSync(buyme, ["audit", "--data-dir", this.directory], { encoding: "utf8" });
    if (audit.status !== 0) throw new Error(audit.stdout + audit.stderr);
  }

  async call(method, path, body, token, headers = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  async logIn(userEmail) {
    const { body } = await this.call("POST", "/api/auth/login", { userEmail, userPassword: password });
    return body.accessToken;
  }

  async signUp(name) {
    const userEmail = `${name.replaceAll(" ", ".")}-${Math.random().toString(36).slice(2, 8)}@example.com`;
    const person = { userName: name, userEmail, userPassword: password, userPhoneNumber: "010-1234-5678", address: "Seoul" };
    const made = await this.call("POST", "/api/auth/signup", person);
    if (made.status !== 201) throw new Error(JSON.stringify(made));
    return { email: userEmail, id: made.body.userId, token: await this.logIn(userEmail) };
  }

  async register(draft) {
    const whole = { productName: "Sneaker", productDescription: "", productPrice: 129000, productStock: 10, productType: "NORMAL", ...draft };
    const made = await this.call("POST", "/api/products", whole, this.admin);
    if (made.status !== 201) throw new Error(JSON.stringify(made));
    return made.body;
  }

  async order(token, productId, quantity = 1) {
    const made = await this.call("POST", "/api/orders", { orderItems: [{ productId, quantity }] }, token);
    if (made.status !== 201) throw new Error(JSON.stringify(made));
    return made.body;
  }

  async stock(productId) {
    return (await this.call("GET", `/api/products/${productId}/stock`)).body;
  }
}

export function launch() {
  const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = process.env.E2E_CHROMIUM ?? known.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium: tools/setup.sh web-test");
  const args = ["--disable-dev-shm-usage", "--disable-gpu", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath, args });
}

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const desk = { viewport: { width: 1280, height: 860 } };

// A visitor with a browser of his own. Whatever a page asks of another host, breaks by, or is refused by the content
// policy is an error of the test: `visitor.wrongs`.
export async function visit(browser, shop, { locale = "en-US", colorScheme = "light", device = desk, reducedMotion = "reduce" } = {}) {
  const context = await browser.newContext({ ...device, locale, colorScheme, reducedMotion, baseURL: shop.url });
  context.setDefaultTimeout(40_000);
  const wrongs = [];
  const page = await context.newPage();
  page.on("pageerror", (error) => wrongs.push(String(error)));
  page.on("console", (message) => {
    const expected = /Failed to load resource|net::ERR_/.test(message.text());
    if (message.type() === "error" && !expected) wrongs.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!/^(data|blob|about):$/.test(url.protocol) && url.origin !== shop.url) wrongs.push(`asked ${url.origin}`);
  });
  return { context, page, wrongs, close: () => context.close() };
}

export async function enter(page, email) {
  await page.goto("/login");
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.waitForURL((url) => url.pathname !== "/login");
}

export const buyButton = (page) => page.locator(".buy-button");

export async function until(check, what, patience = 15_000) {
  for (const end = Date.now() + patience; ; ) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
