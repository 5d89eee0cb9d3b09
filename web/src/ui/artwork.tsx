// A picture for every product, drawn from its number: the page asks no other host for anything, so pictures from
// elsewhere are not shown (docs/web.md). One from the shop's own address is.
import { memo } from "react";

interface Props {
  id: number;
  name: string;
  imageUrl?: string | undefined;
}

function numbersFrom(seed: number): () => number {
  let state = (seed * 2654435761 + 97) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}

const inks = [
  ["#1c2b4a", "#f2542d", "#f5dfbb"],
  ["#0e3b2e", "#d9f219", "#e9efe2"],
  ["#5b1a32", "#ff9fb2", "#fbe7dd"],
  ["#2b2d77", "#8fb8ff", "#e6e9f7"],
  ["#3a2a1a", "#e0a458", "#f4ead9"],
  ["#123c44", "#5ad1c5", "#e2f1ee"],
] as const;

function own(url: string | undefined): string | undefined {
  try {
    return url && new URL(url).host === window.location.host ? url : undefined;
  } catch {
    return undefined;
  }
}

export const Artwork = memo(function Artwork({ id, name, imageUrl }: Props) {
  const picture = own(imageUrl);
  if (picture) return <img className="artwork" src={picture} alt="" loading="lazy" />;
  const next = numbersFrom(id);
  const [dark, bright, pale] = inks[Math.floor(next() * inks.length)] ?? inks[0];
  const shape = Math.floor(next() * 4);
  const turn = Math.floor(next() * 4) * 90;
  const x = 90 + next() * 120;
  const letter = Array.from(name.trim())[0]?.toUpperCase() ?? "B";
  return (
    <svg className="artwork" viewBox="0 0 300 300" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="300" height="300" fill={pale} />
      <g transform={`rotate(${turn} 150 150)`}>
        {shape === 0 && <path d="M0 300V120A180 180 0 0 1 180 300Z" fill={bright} />}
        {shape === 1 && <circle cx={x} cy="96" r="86" fill={bright} />}
        {shape === 2 && <path d="M0 300 300 60V300Z" fill={bright} />}
        {shape === 3 && <path d={`M${x - 60} 0h96v300h-96z`} fill={bright} />}
        <g fill={dark} opacity="0.9">
          {Array.from({ length: 7 }, (_, i) => (
            <rect key={i} x={18 + i * 13} y="262" width={i % 3 === 0 ? 7 : 3} height="22" />
          ))}
        </g>
      </g>
      <text x="150" y="232" textAnchor="middle" fontSize="236" fill={dark} className="artwork-letter">
        {letter}
      </text>
    </svg>
  );
});
