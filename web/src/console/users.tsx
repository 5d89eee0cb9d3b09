import { useDeferredValue, useState } from "react";
import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api, type User } from "../api/client";
import { persist } from "../api/persist";
import { useMe } from "../api/queries";
import { moment } from "../i18n/format";
import { Ask } from "../ui/ask";
import { usePage } from "../ui/hooks";
import { Button, Empty, Pending } from "../ui/parts";
import { useConsoleText } from "./text";

type What = "role" | "end";

function Actions({ user }: { user: User }) {
  const t = useConsoleText().users;
  const [asking, ask] = useState<What | null>(null);
  const queries = useQueryClient();
  const role = user.role === "ADMIN" ? "USER" : "ADMIN";
  const act = useMutation({
    mutationFn: async (what: What) => {
      const params = { path: { userId: user.userId } };
      if (what === "role") await persist(() => answered(api.PATCH("/api/users/{userId}", { params, body: { role } })));
      else await persist(() => answered(api.DELETE("/api/users/{userId}", { params })));
    },
    onSuccess: async () => {
      ask(null);
      await queries.invalidateQueries({ queryKey: ["console", "users"] });
    },
  });
  return (
    <span className="row">
      <Button look="quiet" onClick={() => ask("role")}>{role === "ADMIN" ? t.makeAdmin : t.makeUser}</Button>
      <Button look="quiet" onClick={() => ask("end")}>{t.end}</Button>
      <Ask open={asking !== null} danger={asking === "end"} busy={act.isPending} error={act.error?.message ?? null}
        title={(asking === "end" ? t.endTitle : t.roleTitle)(user.userName)} text={asking === "end" ? t.endText : t.roleText}
        yes={asking === "end" ? t.end : role === "ADMIN" ? t.makeAdmin : t.makeUser}
        onYes={() => asking && act.mutate(asking)} onClose={() => { act.reset(); ask(null); }} />
    </span>
  );
}

export function UsersPage() {
  const c = useConsoleText();
  const t = c.users;
  const heading = usePage(t.title);
  const me = useMe();
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim());
  const list = useInfiniteQuery({
    queryKey: ["console", "users", query],
    queryFn: ({ pageParam, signal }) =>
      answered(api.GET("/api/users", { params: { query: { limit: 50, ...(query ? { query } : {}), ...(pageParam ? { cursor: Number(pageParam) } : {}) } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
  const users = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.title}</h1>
      <div className="filters"><input type="search" value={typed} maxLength={200} aria-label={t.search} placeholder={t.search} onChange={(event) => setTyped(event.target.value)} /></div>
      <Pending query={list} />
      {list.data && users.length === 0 && <Empty {...t.empty} />}
      {users.length > 0 && (
        <table className="table">
          <thead><tr><th scope="col">{t.name}</th><th scope="col">{t.email}</th><th scope="col">{t.role}</th><th scope="col">{t.since}</th><th scope="col"><span className="sr-only">{c.title}</span></th></tr></thead>
          <tbody>
            {users.map((user) => (
              <tr key={user.userId}>
                <th scope="row">{user.userName} <small>#{user.userId}</small></th>
                <td data-label={t.email}>{user.userEmail}</td>
                <td data-label={t.role}><span className={`tag ${user.role === "ADMIN" ? "tag-good" : ""}`}>{t.roles[user.role]}</span></td>
                <td data-label={t.since}>{moment(user.createdAt)}</td>
                <td className="row"><Link href={`/console/orders?buyer=${user.userId}`}>{t.orders}</Link>{user.userId !== me.data?.userId && <Actions user={user} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && <p className="more"><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{c.more}</Button></p>}
    </>
  );
}
