#!/usr/bin/env python3
"""Peak memory of `vitrine import` with --duplicates on large files of distinct rows.

    bench/data/import_memory.py VITRINE [--rows 1000000] [--folder DIR] [--bound-mib 300]

Writes a CSV and a JSONL file of ROWS rows of about 1 KB (clauses of the shipped copy, every hundredth
row nearly an earlier one), imports each, and takes all files away again. One JSON object a line; exit 1
when a run fails or passes the bound.
"""
import argparse
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLAUSES_A_ROW = 20
KEPT_TEXTS = 1000  # that later rows may repeat


def shipped_clauses():
    text = (ROOT / "data/advertisegen/dev.jsonl").read_text(encoding="utf-8")
    summaries = "".join(json.loads(line)["summary"] for line in text.splitlines())
    return sorted({clause for clause in re.split("[，。,.!！]", summaries.replace('"', "").replace("\\", "")) if 6 <= len(clause) <= 40})


def products(rows):
    """(id, title, description) of each row."""
    rng = random.Random(9)
    clauses, earlier = shipped_clauses(), []
    for row in range(rows):
        if row % 100 == 99:
            title, text = rng.choice(earlier)
            at = rng.randrange(len(text))
            text = text[:at] + "换" + text[at + 1:]
        else:
            title, text = "，".join(rng.choices(clauses, k=2)), "，".join(rng.choices(clauses, k=CLAUSES_A_ROW))
        if len(earlier) < KEPT_TEXTS:
            earlier.append((title, text))
        yield f"sku-{row:012d}", title, text


def write_rows(path, rows):
    is_csv = path.suffix == ".csv"
    with open(path, "w", encoding="utf-8") as out:
        if is_csv:
            out.write("商品ID,标题,类目,价格,销量,商品属性,描述\n")
        for key, title, text in products(rows):
            if is_csv:
                out.write(f'{key},"{title}",女装>裙,99.50,12000,材质:棉;颜色:红;风格:简约,"{text}"\n')
            else:
                out.write(f'{{"id":"{key}","标题":"{title}","类目":"女装>裙","价格":99.5,"销量":12000,"属性":"材质:棉;颜色:红;风格:简约","描述":"{text}"}}\n')


def run_import(vitrine, path, output, duplicates):
    """Exit code, peak MiB and seconds of one import."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execv(vitrine, [vitrine, "import", str(path), "--output", str(output), "--duplicates", str(duplicates), "--licence", "generated"])
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, time.monotonic() - begin


def measure(vitrine, path, args):
    write_rows(path, args.rows)
    output, duplicates = path.with_suffix(".products"), path.with_suffix(".duplicates")
    code, peak_mib, seconds = run_import(vitrine, path, output, duplicates)
    found = sum(1 for _ in open(duplicates, encoding="utf-8")) if code == 0 else None
    print(json.dumps({"file": path.name, "rows": args.rows, "mib": path.stat().st_size >> 20, "exit_code": code, "peak_mib": round(peak_mib),
                      "bound_mib": args.bound_mib, "duplicates": found, "seconds": round(seconds, 1)}), flush=True)
    for file in (path, output, duplicates):
        file.unlink(missing_ok=True)
    return code == 0 and peak_mib <= args.bound_mib


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vitrine")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder")
    parser.add_argument("--bound-mib", type=int, default=300)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        return 0 if all([measure(args.vitrine, pathlib.Path(folder) / name, args) for name in ("large.csv", "large.jsonl")]) else 1


if __name__ == "__main__":
    sys.exit(main())
