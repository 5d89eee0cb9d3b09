// The one way to the shop: typed by its description, with the visitor's token and language; answers teach the
// page the shop's time, and failures are Problems.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.gen";
import { language } from "../i18n/language";
import { noteAnswer } from "./busy";
import { Problem, problemOf } from "./problem";
import { isNearlyOver, readSession, renew, type Session } from "./session";
import { learnTime } from "./time";

export type Schemas = components["schemas"];
export type Product = Schemas["Product"];
export type Order = Schemas["Order"];
export type OrderItem = Schemas["OrderItem"];
export type Stock = Schemas["StockLevels"];
export type User = Schemas["User"];
export type Attempt = Schemas["Attempt"];
export type Refund = Schemas["Refund"];

async function send(request: Request): Promise<Response> {
  const sent = performance.now();
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    noteAnswer(0, null);
    throw new Problem(0, {}, null);
  }
  learnTime(response, sent, performance.now());
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  noteAnswer(response.status, Number.isNaN(wait) ? null : wait);
  return response;
}

function refresh(refreshToken: string): Promise<Response> {
  return send(
    new Request("/api/auth/refresh", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refreshToken }),
    }),
  );
}

const withToken = (request: Request, session: Session): Request => {
  const copy = request.clone();
  copy.headers.set("Authorization", `Bearer ${session.accessToken}`);
  return copy;
};

const needsNobody = /\/api\/auth\/(login|signup|refresh)$/;

export async function shopFetch(request: Request): Promise<Response> {
  request.headers.set("Accept-Language", language());
  let session = readSession();
  if (!session || needsNobody.test(new URL(request.url).pathname)) return send(request);
  if (isNearlyOver(session)) session = await renew(session, refresh);
  if (!session) return send(request);
  const response = await send(withToken(request, session));
  if (response.status !== 401 || (await problemOf(response)).code !== "UNAUTHENTICATED") return response;
  const newer = await renew(session, refresh);
  return newer ? send(withToken(request, newer)) : response;
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: shopFetch });

// The body of a success; throws a Problem for everything else.
export async function answered<T>(call: Promise<{ data?: T; response: Response; error?: unknown }>): Promise<T> {
  const { data, response, error } = await call;
  if (response.ok) return data as T;
  throw new Problem(response.status, (error ?? {}) as object, retryAfterOf(response));
}

function retryAfterOf(response: Response): number | null {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(wait) ? null : wait;
}
