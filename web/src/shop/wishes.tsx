import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { answered, api } from "../api/client";
import { useWishes } from "../api/queries";
import { useSession } from "../api/session";
import { useText } from "../i18n/text";
import { usePage, useShopNow } from "../ui/hooks";
import { Button, Empty, Pending, Skeleton } from "../ui/parts";
import { Card } from "./home";
import { Navigate } from "./navigate";

export function WishesPage() {
  const t = useText();
  const heading = usePage(t.wishes.title);
  const session = useSession();
  const wishes = useWishes();
  const now = useShopNow(500);
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (productId: number) => answered(api.DELETE("/api/wishlist/{productId}", { params: { path: { productId } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["wishes"] }),
  });
  if (!session) return <Navigate to="/login?next=/wishlist" />;
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>{t.wishes.title}</h1>
      <Pending query={wishes}><Skeleton tall lines={2} /></Pending>
      {wishes.data?.length === 0 && <Empty {...t.wishes.empty}><Link className="button button-plain" href="/">{t.back}</Link></Empty>}
      <ul className="grid plain-list">
        {wishes.data?.map((wish) => (
          <li key={wish.productId}>
            <Card product={wish.product} now={now} />
            <Button look="quiet" aria-label={`${t.wishes.remove}: ${wish.product.productName}`} onClick={() => remove.mutate(wish.productId)}>{t.wishes.remove}</Button>
          </li>
        ))}
      </ul>
    </>
  );
}
