"""One scenario drawn: orders answered over time, and how long the answers took, as an SVG of its own."""
import math

from results import REQUESTS, SHARES

WIDTH, HEIGHT = 900, 400
LEFT, TOP, BOTTOM = 60, 66, 44
GRAPH = 430                 # width of the left one
RIGHT = LEFT + GRAPH + 90   # where the right one begins
COLOURS = ("#8a8a8a", "#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by the colour-blind, too
PUBLISHED = "founding project, as published"
PUBLISHED_PER_SECOND = {"create order": 363, "attempt payment": 259}
PUBLISHED_MEAN_MS = {"create order": 3_400, "attempt payment": 4_700}
INK = "#222222"
STEPS = 120


def text(x, y, what, size=12, anchor="start", colour=INK, more=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" {more}>'
            f"{what}</text>")


def line(x1, y1, x2, y2, colour="#dddddd", width=1, more=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}" {more}/>')


def draw(found, noop):
    """The scenario that comes first in `found`; its last round."""
    (users, ramp), by_server = next(iter(found.items()))
    runs = {name: rounds[-1] for name, rounds in by_server.items()}
    colours = dict(zip(runs, COLOURS))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" role="img" '
        f'aria-label="{users:,} users in {ramp} s: orders answered over time, and latencies">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 24, f"{users:,} users of JMeter in {ramp} s", 16, more='font-weight="bold"'),
        *legend(colours), *progress(users, ramp, runs, colours), *latencies(runs, colours), "</svg>\n"]
    return "\n".join(parts)


def legend(colours):
    x = LEFT
    for name, colour in [*colours.items(), (PUBLISHED, INK)]:
        dash = 'stroke-dasharray="5 4"' if name == PUBLISHED else ""
        yield line(x, 43, x + 22, 43, colour, 3, dash)
        yield text(x + 28, 47, name)
        x += 28 + 7 * len(name) + 24


def progress(users, ramp, runs, colours):
    """Answers to `create order` that had come, by second."""
    longest = max((run.requests["create order"].ends[-1] - run.requests["create order"].start) / 1000
                  for run in runs.values())
    published = PUBLISHED_PER_SECOND["create order"]
    seconds = max(longest, min(users / published, 3 * longest), ramp) * 1.02

    def at(second, orders):
        return LEFT + GRAPH * second / seconds, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * orders / users

    for share in range(0, 101, 25):
        _, y = at(0, users * share / 100)
        yield line(LEFT, y, LEFT + GRAPH, y)
        yield text(LEFT - 6, y + 4, f"{users * share // 100:,}", anchor="end")
    step = next(width for width in (1, 2, 5, 10, 20, 50, 100, 1000) if seconds / width <= 8)
    for second in range(0, int(seconds) + 1, step):
        yield text(at(second, 0)[0], HEIGHT - BOTTOM + 17, second, anchor="middle")
    yield text(LEFT + GRAPH / 2, HEIGHT - 8, "seconds: orders answered", anchor="middle")
    yield line(*at(0, 0), *at(min(seconds, users / published), min(users, published * seconds)), INK, 2,
               'stroke-dasharray="5 4"')
    for name, run in runs.items():
        orders = run.requests["create order"]
        last = (orders.ends[-1] - orders.start) / 1000
        points, done = [], 0
        for number in range(STEPS + 1):
            second = last * number / STEPS
            while done < orders.count and orders.ends[done] <= orders.start + second * 1000:
                done += 1
            x, y = at(second, done)
            points.append(f"{x:.1f},{y:.1f}")
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{colours[name]}" stroke-width="2.5"/>'


def latencies(runs, colours):
    """Bars from the median to p99 with a mark at p95, on a logarithmic scale; the published means as marks."""
    low, high = 1, 10_000
    width, height = WIDTH - RIGHT - 24, HEIGHT - BOTTOM - TOP

    def y_of(milliseconds):
        part = math.log10(max(milliseconds, low) / low) / math.log10(high / low)
        return HEIGHT - BOTTOM - height * min(part, 1)

    for power in range(5):
        y = y_of(10 ** power)
        yield line(RIGHT, y, RIGHT + width, y)
        yield text(RIGHT - 6, y + 4, f"{10 ** power:,} ms", anchor="end")
    for number, request in enumerate(REQUESTS):
        middle = RIGHT + width * (number + 0.5) / len(REQUESTS)
        yield text(middle, HEIGHT - BOTTOM + 17, request, anchor="middle")
        for place, (name, run) in enumerate(runs.items()):
            x = middle + 18 * (place - (len(runs) - 1) / 2)
            p50, p95, p99 = (y_of(run.requests[request].percentile(share)) for share in SHARES)
            yield line(x, p50 + 1, x, p99 - 1, colours[name], 9)
            yield line(x - 7, p95, x + 7, p95, colours[name], 3)
        if request in PUBLISHED_MEAN_MS:
            y = y_of(PUBLISHED_MEAN_MS[request])
            yield line(middle - 34, y, middle + 34, y, INK, 2, 'stroke-dasharray="5 4"')
    yield text(RIGHT + width / 2, HEIGHT - 8, "latency: p50 to p99, mark at p95; dashed: mean", anchor="middle")
