#!/usr/bin/env python3
"""Takes each rule out of a copy of the sources and lets the simulation find out.

  tools/mutants.py                 every patch of tests/simulation/mutants
  tools/mutants.py rule07          those whose name begins so
  tools/mutants.py --check         only whether each patch still applies
  tools/mutants.py --write FILE    puts the table between the marks of FILE

Exit 1 when a patch does not apply or a mutant survives. The product carries no switch: what is patched is a copy
in build/mutants.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATCHES = ROOT / "tests/simulation/mutants"
COPY = ROOT / "build/mutants/tree"
BEGIN, END = "<!-- mutants: begin -->", "<!-- mutants: end -->"


def run(*command, cwd=COPY, timeout=1800):
    return subprocess.run(command, cwd=cwd, timeout=timeout, capture_output=True, text=True)


def title_of(patch):
    return patch.read_text(encoding="utf-8").split("\n")[0]


def applies(patch, tree, *flags):
    return run("patch", "-p1", "--quiet", "--force", "--fuzz=2", *flags, "-i", str(patch), cwd=tree)


def check():
    patches = sorted(PATCHES.glob("*.patch"))
    stale = []
    for patch in patches:
        result = applies(patch, ROOT, "--dry-run")
        if result.returncode != 0:
            stale.append(patch.name)
            print(f"{patch.name} does not apply any more:\n{result.stdout}{result.stderr}")
    print(f"{len(patches) - len(stale)} passed, {len(stale)} failed")
    return 1 if stale or not patches else 0


def copy_sources():
    """Only what has changed is written, so that a build of yesterday is used again."""
    COPY.mkdir(parents=True, exist_ok=True)
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.split("\n")
    for name in filter(None, listed):
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    configured = run("cmake", "--preset", "release", "-DBUYME_TESTS=OFF")
    if configured.returncode != 0:
        sys.exit(configured.stdout + configured.stderr)


def build():
    return run("cmake", "--build", "--preset", "release", "-j", str(os.cpu_count()), "--target", "simulate")


def seeds_needed(output, first):
    """The number of sales until the first that failed, and what was wrong with it."""
    failed = re.search(r"^seed (\d+) FAILED.*\n((?:  - .*\n)+)", output, re.M)
    if not failed:
        return None
    symptom = failed.group(2).split("\n")[0][4:]
    return int(failed.group(1)) - first + 1, symptom


def live(seeds, first):
    """Runs the sales of a mutant; it may crash or hang, which is being found as well."""
    command = ["build/release/simulate", "--from", str(first), "--seeds", str(seeds), "--brief", "--quiet"]
    try:
        result = run(*command, timeout=900)
    except subprocess.TimeoutExpired:
        return None, "it hangs"
    found = seeds_needed(result.stdout, first)
    if found:
        return found
    if result.returncode < 0:
        return None, f"it ends by signal {-result.returncode}"
    return None, None


def judge(patch, seeds, first):
    if applies(patch, COPY).returncode != 0:
        return None, "DOES NOT APPLY"
    try:
        built = build()
        if built.returncode != 0:
            return None, "DOES NOT BUILD: " + built.stdout[-600:]
        return live(seeds, first)
    finally:
        applies(patch, COPY, "--reverse")


def table(rows):
    lines = ["| what is taken out | sales needed | first symptom |", "|---|---|---|"]
    for title, needed, symptom in rows:
        text = (symptom or "NOT FOUND").replace("|", "\\|")
        lines.append(f"| {title} | {needed if needed else '-'} | {text[:160]} |")
    return "\n".join(lines)


def write(path, rows, seeds):
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    path.write_text(f"{head}{BEGIN}\n{table(rows)}\n{END}{tail}", encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("names", nargs="*", help="only patches whose name begins so")
    arguments.add_argument("--check", action="store_true", help="only whether each patch still applies")
    arguments.add_argument("--seeds", type=int, default=10_000, help="sales until a mutant counts as not found")
    arguments.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    arguments.add_argument("--write", type=Path, help="put the table into this document")
    given = arguments.parse_args()
    if given.check:
        return check()
    patches = [p for p in sorted(PATCHES.glob("*.patch"))
               if not given.names or p.name.startswith(tuple(given.names))]
    copy_sources()
    built = build()
    if built.returncode != 0:
        sys.exit(built.stdout)
    rows, survivors = [], 0
    for number, patch in enumerate(patches, 1):
        needed, symptom = judge(patch, given.seeds, given.first)
        # it is not found when nothing was wrong, and no proof of anything when it was never run
        lost = symptom is None or symptom.startswith("DOES NOT")
        survivors += lost
        rows.append((title_of(patch), needed, symptom))
        print(f"[{number}/{len(patches)}] {patch.stem}: "
              f"{'SURVIVES' if symptom is None else symptom if needed is None else f'seed {needed}: {symptom}'}", flush=True)
    if given.write:
        write(given.write, rows, given.seeds)
    print(f"{len(patches) - survivors} passed, {survivors} failed")
    return 1 if survivors or not patches else 0


if __name__ == "__main__":
    sys.exit(main())
