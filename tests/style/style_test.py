#!/usr/bin/env python3
"""The rules of style that a compiler does not check, over src/, tests/ and the documents.

Each rule is one function that yields offences as (path, line, what). Heuristics are tuned to this tree as
clang-format leaves it: what they cannot see (a macro that hides a call) a reviewer must.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("user", "product", "order", "payment")
MAX_COLUMNS = 110
MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 70

# Call -> the files that own it. Everybody else is handed a Clock, or a Config.
BANNED_CALLS = {
    r"\bsystem_clock::now\b": ("src/core/clock.cpp",),
    r"\bsteady_clock::now\b": ("src/core/clock.cpp",),
    r"\bthis_thread::sleep_(for|until)\b": ("src/db/sql.cpp",),  # on a pool thread
    r"\b(std::)?getenv\s*\(": ("src/app/config.cpp",),
    r"\benviron\b": ("src/app/config.cpp",),
    r"(?<![\w.>:])(std::)?(rand|srand|sprintf|strcpy|strcat|gets)\s*\(": (),
}
SQL = re.compile(r'"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|'
                 r'CREATE\s+(TABLE|INDEX|UNIQUE)|ALTER\s+TABLE|DROP\s+TABLE|BEGIN\b|COMMIT\b|PRAGMA\b)', re.I)
SQL_OWNERS = re.compile(r"src/(db/.*|audit/(store_|snapshot).*|\w+/(store|reads|rows)[^/]*|"
                        r"payment/provider_simulated\.cpp)$")
DRIVERS = re.compile(r'#include <(sqlite3\.h|soci[^>]*|mysql[^>]*|hiredis[^>]*)>')
DRIVER_OWNERS = re.compile(r"src/(db|redis)/|src/\w+/(store|reads|rows)[^/]*$|src/audit/(store_|snapshot)|"
                           r"src/payment/provider_simulated\.cpp$")
BEAST = re.compile(r"#include <boost/beast")
BEAST_OWNERS = re.compile(r"src/(http|drop)/|src/core/(boost_impl\.cpp|precompiled\.hpp)$|tests/")


def sources(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp"):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8").split("\n")


def is_test(name):
    """Tests and what only they include."""
    return name.startswith("tests/") or re.search(r"(_test\.cpp|/test_\w+\.hpp|_fixture\.hpp|/fake_\w+\.hpp)$",
                                                  name) is not None


def without_strings_and_comments(lines):
    """The same lines with literals and comments blanked, so that braces in them do not count."""
    text = "\n".join(lines)
    token = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|'
                       r"(?<![\w])'(?:\\.|[^'\\\n])+'")
    return token.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text).split("\n")


def line_lengths():
    for name, lines in sources("src", "tests"):
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS:
                yield name, number, f"{len(line)} columns, at most {MAX_COLUMNS}"
            if line.rstrip() != line or "\t" in line:
                yield name, number, "trailing blank or tab"


def file_lengths():
    for name, lines in sources("src", "tests"):
        if not is_test(name) and len(lines) - 1 > MAX_FILE_LINES:
            yield name, 1, f"{len(lines) - 1} lines, at most {MAX_FILE_LINES}"


def function_lengths():
    """A function begins on a line that ends in '{' behind a ')', and is not inside another one."""
    opening = re.compile(r"\)\s*(const|noexcept|override|final|mutable|->[^{;]*|:[^;]*|\s)*\{$")
    control = re.compile(r"^\s*(if|for|while|switch|else|\}|catch|do)\b|^\s*\} else")
    for name, lines in sources("src", "tests"):
        depth, inside = 0, None  # inside: (depth, line) of the function under way
        for number, line in enumerate(without_strings_and_comments(lines), 1):
            if inside is None and opening.search(line.rstrip()) and not control.match(line):
                inside = (depth, number)
            depth += line.count("{") - line.count("}")
            if inside and depth <= inside[0] and "}" in line:
                length = number - inside[1] + 1
                if length > MAX_FUNCTION_LINES:
                    yield name, inside[1], f"a function of {length} lines, at most {MAX_FUNCTION_LINES}"
                inside = None


def banned_calls():
    for name, lines in sources("src"):
        for number, line in enumerate(without_strings_and_comments(lines), 1):
            for call, owners in BANNED_CALLS.items():
                if not is_test(name) and name not in owners and re.search(call, line):
                    yield name, number, f"{call} belongs to {' '.join(owners) or 'nobody'}"


def include_rules():
    for name, lines in sources("src"):
        folder = name.split("/")[1]
        for number, line in enumerate(lines, 1):
            found = re.match(r'#include "(\w+)/([\w/.]+)"', line)
            if found and folder != "app":
                other, header = found.groups()
                if other in SERVICES and other != folder and header != "api.hpp":
                    yield name, number, f"{folder}/ may include {other}/api.hpp, nothing else of it"
                if folder in ("core", "http", "db", "stock") and other in SERVICES + ("app", "audit", "drop"):
                    yield name, number, f"{folder}/ knows no service"
                if other == "app" and name != "src/main.cpp":
                    yield name, number, "app/ puts the others together; none of them includes it"
            if DRIVERS.search(line) and not DRIVER_OWNERS.search(name) and not is_test(name):
                yield name, number, "a database driver's header outside db/ and the stores"
            if BEAST.search(line) and not BEAST_OWNERS.search(name):
                yield name, number, "Beast outside http/ and drop/"
            if found is None and re.match(r'#include "', line):
                yield name, number, "own headers are included by folder/name, from src/ or tests/"


def sql_stays_in_stores():
    for name, lines in sources("src"):
        if is_test(name) or SQL_OWNERS.match(name):
            continue
        for number, line in enumerate(lines, 1):
            if SQL.search(line.split(" // ")[0]):
                yield name, number, "SQL outside a store"


def sql_is_what_every_server_has():
    """Functions that MariaDB has and the newest MySQL has not any more: the tests run on MariaDB alone."""
    gone = re.compile(r"\b(SHA1?|MD5|PASSWORD|ENCODE|DECODE|FOUND_ROWS)\s*\(\s*(DATABASE|[a-z:']|\))")
    for name, lines in sources("src"):
        for number, line in enumerate(lines, 1):
            if SQL_OWNERS.match(name) and gone.search(line):
                yield name, number, "MySQL 9 has no such function"


def headers_are_guarded():
    for name, lines in sources("src", "tests"):
        code = [line for line in lines if line and not line.startswith("//")]
        if name.endswith(".hpp") and (not code or code[0] != "#pragma once"):
            yield name, 1, "a header opens with #pragma once, behind its comment"


def nothing_is_left_to_do():
    for name, lines in sources("src", "tests"):
        for number, line in enumerate(lines, 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield name, number, "work that is left belongs into an issue"


def paths_in_documents_exist():
    """Whatever a document writes in backticks, or links to, and looks like a path of this tree."""
    for document in ("README.md", "README.ko.md", "ARCHITECTURE.md", "docs/operations.md",
                     "docs/scaling.md", "docs/performance.md", "docs/web.md", "docs/locks.md"):
        path = ROOT / document
        if not path.exists():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            named = re.findall(r"`([^`\s]+)`", line) + re.findall(r"\]\(([^)#\s]+)[^)]*\)", line)
            for text in named:
                if not is_path(text):
                    continue
                target = text.rstrip("/").split(":")[0]
                known = [ROOT / target, ROOT / "src" / target, path.parent / target]
                if not any(list(k.parent.glob(k.name)) for k in known):
                    yield document, number, f"there is no {text}"


def is_path(text):
    """Of this tree: below one of its folders, or a file in its root or a service's folder."""
    if "://" in text or text.startswith(("/", "build/", "web/dist", "~", "$", "-", "<")) or any(c in text for c in "{}()=,<>"):
        return False
    top = text.split("/")[0]
    if "/" in text:
        folders = [p.name for base in (ROOT, ROOT / "src") for p in base.iterdir() if p.is_dir()]
        return top in folders and top != "build"
    return re.fullmatch(r"[\w.-]+\.(md|cmake|sh|toml|py|html)|Makefile|LICENSE|CMakeLists\.txt", text) is not None


RULES = (line_lengths, file_lengths, function_lengths, banned_calls, include_rules, sql_stays_in_stores,
         sql_is_what_every_server_has,
         headers_are_guarded, nothing_is_left_to_do, paths_in_documents_exist)


def main():
    offences = [(rule.__name__, *offence) for rule in RULES for offence in rule()]
    for rule, name, number, what in offences:
        print(f"{name}:{number}: {what} [{rule}]")
    checked = sum(1 for _ in sources("src", "tests"))
    print(f"{checked} files, {len(offences)} offences")
    return 1 if offences or checked < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
