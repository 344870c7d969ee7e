#!/usr/bin/env python3
"""Peak memory and rows a second of `vitrine import`, `export` and a catalogue run on a large table.

    bench/data/export_memory.py VITRINE [--rows 1000000] [--kinds csv,jsonl] [--folder DIR] [--bound-mib 300]

Writes a table of ROWS rows of about 1 KB (clauses of the shipped copy; every hundredth row has no copy of its
own), then: imports it; exports it without texts, which must give the same bytes; exports it with a text for
every hundredth row; lets `write TABLE --output TABLE2` fill the empty cells of a CSV table (templates, no
model). Takes all files away again. One JSON object a line; exit 1 when a run fails, gives other bytes than it
should, or passes the bound.
"""
import argparse
import filecmp
import json
import pathlib
import sys
import tempfile

from import_memory import products, run_measured

EVERY = 100  # rows of which one has no copy
COPY = "店家自己写的文案，不用改动。"
TEXT = "这款裙子简约百搭，日常穿着舒适。"
LABEL = "（本文由AI生成）"


def write_csv(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write("商品ID,标题,类目,价格,商品属性,描述,文案\n")
        for row, (key, title, text) in enumerate(products(rows)):
            copy = "" if row % EVERY == 0 else COPY
            out.write(f'{key},"{title}",女装>裙,99.50,类型:裙;颜色:红;风格:简约,"{text}",{copy}\n')


def write_jsonl(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for row, (key, title, text) in enumerate(products(rows)):
            copy = "" if row % EVERY == 0 else COPY
            out.write(f'{{"id":"{key}","标题":"{title}","类目":"女装>裙","价格":99.5,"属性":"类型:裙;颜色:红;风格:简约","描述":"{text}","文案":"{copy}"}}\n')


WRITERS = {"csv": write_csv, "jsonl": write_jsonl}


def write_texts(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for row in range(0, rows, EVERY):
            out.write(f'{{"id":"sku-{row:012d}","text":"{TEXT}"}}\n')


class Runs:
    def __init__(self, args, kind, source):
        self.args, self.kind, self.source, self.good = args, kind, source, True

    def run(self, name, command, is_right):
        """One command under measure; is_right says what must hold behind it."""
        code, peak_mib, seconds = run_measured([self.args.vitrine, *command])
        right = code == 0 and is_right()
        self.good = self.good and right and peak_mib <= self.args.bound_mib
        print(json.dumps({"kind": self.kind, "run": name, "rows": self.args.rows, "mib": self.source.stat().st_size >> 20, "exit_code": code, "right": right, "peak_mib": round(peak_mib),
                          "bound_mib": self.args.bound_mib, "seconds": round(seconds, 1), "rows_a_second": round(self.args.rows / seconds)}), flush=True)


def size_with_texts(source, texts):
    return source.stat().st_size + texts * len((TEXT + LABEL).encode())


def measure(args, folder, kind):
    source, output, texts, none = folder / f"large.{kind}", folder / f"out.{kind}", folder / "texts.txt", folder / "none.txt"
    WRITERS[kind](source, args.rows)
    write_texts(texts, args.rows)
    none.write_text("")
    labels = ["--producer", "bench", "--log", folder / "labels.log", "--settings", folder / "labels.json", "--licence", "generated"]
    (folder / "labels.json").write_text("{}")
    runs, count = Runs(args, kind, source), -(-args.rows // EVERY)
    runs.run("import", ["import", source, "--output", folder / "p.jsonl", "--licence", "generated"], lambda: True)
    (folder / "p.jsonl").unlink(missing_ok=True)
    runs.run("export unchanged", ["export", source, "--texts", none, "--output", output, *labels], lambda: filecmp.cmp(source, output, shallow=False))
    runs.run("export 1 % texts", ["export", source, "--texts", texts, "--output", output, *labels], lambda: output.stat().st_size == size_with_texts(source, count))
    if kind == "csv":
        runs.run("catalogue run", ["write", source, "--output", output, "--baseline", "template", "-n", "2", "--fields", "description", *labels], lambda: output.stat().st_size > source.stat().st_size)
    return runs.good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vitrine")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kinds", default=",".join(WRITERS))
    parser.add_argument("--folder")
    parser.add_argument("--bound-mib", type=int, default=300)
    args = parser.parse_args()
    results = []
    for kind in args.kinds.split(","):
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            results.append(measure(args, pathlib.Path(folder), kind))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
