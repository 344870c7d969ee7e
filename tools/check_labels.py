#!/usr/bin/env python3
"""Validates the hand-labelled files of tests/data/checks and prints what they hold.

    tools/check_labels.py [ROOT]   a summary of each file, one line for each fault; exit 1 at a fault
"""
import json
import re
import sys
from collections import Counter
from pathlib import Path

TYPES = ("material function number honour brand origin sales price time patent gift comparison "
         "effect").split()
SPAN_FIELDS = {"begin", "end", "key", "attr"}


def lines_of(file):
    text = file.read_text(encoding="utf-8")
    return text[:-1].split("\n") if text.endswith("\n") else text.split("\n")


def repeated(items):
    return [item for item, count in Counter(items).items() if count > 1]


def check_insertions(file, faults):
    head, *rows = [line.split("\t") for line in lines_of(file)]
    if head != ["type", "term", "fragment"]:
        faults.append(f"{file.name}:1: wrong header")
    for number, row in enumerate(rows, 2):
        if len(row) != 3:
            faults.append(f"{file.name}:{number}: {len(row)} fields, want 3")
        elif row[0] not in TYPES or row[1] not in row[2] or not 6 <= len(row[2]) <= 20:
            faults.append(f"{file.name}:{number}: bad type, term not in fragment, or not 6-20 long")
        elif re.search("[。！？，；]", row[2]):
            faults.append(f"{file.name}:{number}: the fragment holds punctuation of a clause")
    for term in repeated(row[1] for row in rows if len(row) == 3):
        faults.append(f"{file.name}: {term} stands twice")
    counts = Counter(row[0] for row in rows)
    print(f"{file.name}: {len(rows)} rows;", ", ".join(f"{t} {counts[t]}" for t in TYPES))


def check_carriers(file, faults):
    lines = lines_of(file)
    for number, line in enumerate(lines, 1):
        if not 30 <= len(line) <= 80 or not line.endswith("。") or "，" not in line:
            faults.append(f"{file.name}:{number}: want 30-80 characters, two clauses, a last 。")
    faults += [f"{file.name}: twice: {line}" for line in repeated(lines)]
    print(f"{file.name}: {len(lines)} texts")


def span_fault(span, row, keys, last_end):
    values = {a["id"]: a for a in row["attributes"]}
    if set(span) != SPAN_FIELDS:
        return "wrong fields"
    if not last_end <= span["begin"] < span["end"] <= len(row["text"]):
        return "offsets out of range, out of order or overlapping"
    if span["key"] not in keys:
        return f"key {span['key']} is not in the vocabulary"
    if span["attr"] is not None and values.get(span["attr"], {}).get("key") != span["key"]:
        return f"attribute {span['attr']} is missing or has another key"
    return None


def check_row(row, source, keys):
    """The first fault of one labelled sentence, or None."""
    pairs = [tuple(p.split("#", 1)) for p in source["content"].split("*")]
    have = [(a["key"], a["val"]) for a in row["attributes"]]
    ids = [a["id"] for a in row["attributes"]]
    if have != pairs or ids != [f"a{n + 1}" for n in range(len(ids))]:
        return "attributes differ from the source row"
    if row["text"] not in source["summary"]:
        return "text is not in the source summary"
    last_end = 0
    for span in row["spans"]:
        fault = span_fault(span, row, keys, last_end)
        if fault:
            return fault
        last_end = span["end"]
    return None


def is_literal(span, row):
    value = next(a["val"] for a in row["attributes"] if a["id"] == span["attr"])
    return value in row["text"][span["begin"]:span["end"]]


def check_tagger(file, data, faults):
    keys = {line.split("\t")[0] for line in lines_of(data / "attribute_vocab.tsv")[1:]}
    source = [json.loads(line) for line in lines_of(data / "dev.jsonl")]
    rows = [json.loads(line) for line in lines_of(file)]
    before = len(faults)
    for number, row in enumerate(rows, 1):
        fault = check_row(row, source[int(row["id"].split("-")[1]) - 1], keys)
        if fault:
            faults.append(f"{file.name}:{number}: {row['id']}: {fault}")
    faults += [f"{file.name}: {name} stands twice" for name in repeated(r["id"] for r in rows)]
    if len(faults) == before:
        print_tagger(file, rows)


def print_tagger(file, rows):
    spans = [(span, row) for row in rows for span in row["spans"]]
    matched = [(span, row) for span, row in spans if span["attr"]]
    literal = sum(is_literal(span, row) for span, row in matched)
    kinds = Counter(row["attributes"][0]["val"] for row in rows)
    print(f"{file.name}: {len(rows)} sentences", dict(kinds),
          f"{sum(row.get('chosen', False) for row in rows)} chosen,",
          f"{sum(not row['spans'] for row in rows)} without a span;",
          f"{len(spans)} spans: {literal} literal, {len(matched) - literal} in other words,",
          f"{len(spans) - len(matched)} of no attribute")
    by_key = Counter(span["key"] for span, _ in spans).most_common()
    print("  by key:", ", ".join(f"{key} {count}" for key, count in by_key))


def check_benign(file, faults):
    lines = lines_of(file)
    parts = Counter()
    part = "before the first comment"
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            part = line[1:].strip()
        elif not line or line != line.strip() or "<UNK>" in line:
            faults.append(f"{file.name}:{number}: empty, with outer blanks, or with <UNK>")
        else:
            parts[part] += 1
    faults += [f"{file.name}: twice: {x}" for x in repeated(x for x in lines if x[:1] != "#")]
    print(f"{file.name}: {sum(parts.values())} sentences;", dict(parts))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    folder = root / "tests" / "data" / "checks"
    faults = []
    check_insertions(folder / "insertions.tsv", faults)
    check_carriers(folder / "carriers.txt", faults)
    check_tagger(folder / "tagger_sentences.jsonl", root / "data" / "advertisegen", faults)
    check_benign(folder / "benign.txt", faults)
    print("\n".join(faults) if faults else "no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
