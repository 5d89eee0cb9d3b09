import { useEffect } from "react";
import { useLocation } from "wouter";

// In place of a page: another one, without a step for the back button.
export function Navigate({ to }: { to: string }) {
  const [, navigate] = useLocation();
  useEffect(() => navigate(to, { replace: true }), [to, navigate]);
  return null;
}
