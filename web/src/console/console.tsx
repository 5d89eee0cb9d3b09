export function Console({ section }: { section: string; id: string | undefined }) {
  return <h1>{section}</h1>;
}
