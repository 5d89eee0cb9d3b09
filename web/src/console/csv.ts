// Files for and from spreadsheets.
import { answered, api, shopFetch, type Schemas } from "../api/client";
import { problemOf } from "../api/problem";

// The whole export: it comes in parts, each with the line of columns, continued behind a Link.
export async function exportOf(path: string): Promise<string> {
  let whole = "";
  for (let next: string | null = path; next !== null; ) {
    const response: Response = await shopFetch(new Request(next));
    if (!response.ok) throw await problemOf(response);
    const part = (await response.text()).replace(/^\uFEFF/, "");
    whole += whole === "" ? part : part.slice(part.indexOf("\n") + 1);
    next = nextOf(response.headers.get("Link"));
  }
  return `\uFEFF${whole}`;
}

export function nextOf(link: string | null): string | null {
  return /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1] ?? null;
}

export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function importProducts(text: string, key: string): Promise<Schemas["Import"]> {
  return answered(
    api.POST("/api/admin/products/import", {
      params: { header: { "Idempotency-Key": key } },
      headers: { "Content-Type": "text/csv" },
      body: text,
      bodySerializer: (body) => body,
    }),
  );
}
