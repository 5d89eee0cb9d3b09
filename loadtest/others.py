"""Who used the processors: JMeter, the server, or others, beside whom a measurement says little."""
import os
import time
from pathlib import Path

QUIET = 0.15  # of the processors, used by others


def ticks_of_all():
    """Of all processors since the machine started: in use, and in all."""
    words = [int(word) for word in open("/proc/stat").readline().split()[1:9]]
    return sum(words) - words[3] - words[4], sum(words)


def ticks_below(top):
    """Of this process, of all below it, and of those that ended there."""
    children, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended
        process = int(path.parent.name)
        children.setdefault(int(fields[1]), []).append(process)
        used[process] = sum(map(int, fields[11:15]))
    total, left = 0, [top]
    while left:
        process = left.pop()
        total += used.get(process, 0)
        left += children.get(process, [])
    return total


class Spent:
    """Processor time of one process and all below it since this was made."""

    def __init__(self, process):
        self.process, self.before = process, ticks_below(process)

    def seconds(self):
        return (ticks_below(self.process) - self.before) / os.sysconf("SC_CLK_TCK")


class Others:
    """Their share of the processors since it was made."""

    def __init__(self):
        self.busy, self.all = ticks_of_all()
        self.own = ticks_below(os.getpid())

    def share(self):
        busy, all_ticks = ticks_of_all()
        theirs = busy - self.busy - (ticks_below(os.getpid()) - self.own)
        return max(theirs, 0) / max(all_ticks - self.all, 1)


def wait_for_quiet(patience_seconds):
    """Returns when others use less than QUIET, or when patience is at its end."""
    latest = time.monotonic() + patience_seconds
    while time.monotonic() < latest:
        others = Others()
        time.sleep(2)
        if others.share() <= QUIET:
            return
