#!/usr/bin/env python3
"""Peak memory of `vitrine import` with --duplicates on large files of distinct rows.

    bench/data/import_memory.py VITRINE [--rows 1000000] [--kinds csv,jsonl,taobao,gb18030,xlsx] [--folder DIR] [--bound-mib 300]

Writes files of ROWS rows of about 1 KB (clauses of the shipped copy, every hundredth row an earlier one with one
sign of its text changed), imports each, and takes all files away again: CSV and JSONL in UTF-8, 淘宝助理 in UTF-16LE,
CSV in GB18030, and a workbook (a tenth of the rows, its titles and descriptions as shared strings). One JSON object
a line; exit 1 when a run fails, passes the bound or finds less than 95 % of the planted rows by title or by text.
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
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLAUSES_A_ROW = 20
KEPT_TEXTS = 1000  # that later rows may repeat
PLANTED_EVERY = 100
LEAST_RECALL = 0.95


def shipped_clauses():
    text = (ROOT / "data/advertisegen/dev.jsonl").read_text(encoding="utf-8")
    summaries = "".join(json.loads(line)["summary"] for line in text.splitlines())
    return sorted({clause for clause in re.split("[，。,.!！]", summaries.replace('"', "").replace("\\", "")) if 6 <= len(clause) <= 40})


def is_planted(row):
    return row % PLANTED_EVERY == PLANTED_EVERY - 1


def products(rows):
    """(id, title, description) of each row."""
    rng = random.Random(9)
    clauses, earlier = shipped_clauses(), []
    for row in range(rows):
        if is_planted(row):
            title, text = rng.choice(earlier)
            at = rng.randrange(len(text))
            text = text[:at] + "换" + text[at + 1:]
        else:
            title, text = "，".join(rng.choices(clauses, k=2)), "，".join(rng.choices(clauses, k=CLAUSES_A_ROW))
        if len(earlier) < KEPT_TEXTS:
            earlier.append((title, text))
        yield f"sku-{row:012d}", title, text


def write_table(path, rows, encoding):
    with open(path, "w", encoding=encoding, newline="") as out:
        out.write("商品ID,标题,类目,价格,销量,商品属性,描述\n")
        for key, title, text in products(rows):
            out.write(f'{key},"{title}",女装>裙,99.50,12000,材质:棉;颜色:红;风格:简约,"{text}"\n')


def write_json(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for key, title, text in products(rows):
            out.write(f'{{"id":"{key}","标题":"{title}","类目":"女装>裙","价格":99.5,"销量":12000,"属性":"材质:棉;颜色:红;风格:简约","描述":"{text}"}}\n')


def write_taobao(path, rows):
    with open(path, "w", encoding="utf-16-le", newline="") as out:
        out.write("\ufeffversion 1.00\r\nnum_id\ttitle\tcid\tprice\tnum\tcateProps\tdescription\r\n数字ID\t宝贝名称\t宝贝类目\t宝贝价格\t宝贝数量\t宝贝属性\t宝贝描述\r\n")
        for key, title, text in products(rows):
            out.write(f'{key}\t"{title}"\t162104\t99.50\t10\t20000:29534;\t"<p>{text}</p>"\r\n')


def write_workbook(path, rows):
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", f'<workbook {space} xmlns:r="{types}"><sheets><sheet name="商品" sheetId="1" r:id="r1"/></sheets></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships {packages}><Relationship Id="r1" Type="{types}/worksheet" Target="worksheets/sheet1.xml"/>'
                      f'<Relationship Id="r2" Type="{types}/sharedStrings" Target="sharedStrings.xml"/></Relationships>')
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            strings.write(f"<sst {space}><si><t>标题</t></si><si><t>描述</t></si>".encode())
            for _, title, text in products(rows):
                strings.write(f"<si><t>{title}</t></si><si><t>{text}</t></si>".encode())
            strings.write(b"</sst>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet {space}><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>商品ID</t></is></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'.encode())
            for row, (key, _, _) in enumerate(products(rows), 2):
                sheet.write(f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{key}</t></is></c><c r="B{row}" t="s"><v>{2 * row - 2}</v></c><c r="C{row}" t="s"><v>{2 * row - 1}</v></c></row>'.encode())
            sheet.write(b"</sheetData></worksheet>")


KINDS = {  # name of the file, how it is written, and for how many rows it stands
    "csv": ("large.csv", lambda path, rows: write_table(path, rows, "utf-8"), 1),
    "jsonl": ("large.jsonl", write_json, 1),
    "taobao": ("taobao.csv", write_taobao, 1),
    "gb18030": ("gb18030.csv", lambda path, rows: write_table(path, rows, "gb18030"), 1),
    "xlsx": ("large.xlsx", write_workbook, 10),
}


def run_measured(command):
    """Exit code, peak MiB and seconds of one command."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execv(command[0], [*map(str, command)])
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, time.monotonic() - begin


def planted_recall(duplicates, rows):
    """Share of the planted rows that the report names, by field."""
    named = {"title": set(), "text": set()}
    with open(duplicates, encoding="utf-8") as lines:
        for pair in map(json.loads, lines):
            row = re.search(r"\d{12}", pair["id"])
            if row and is_planted(int(row[0])):
                named[pair["field"]].add(int(row[0]))
    return {field: len(found) / (rows // PLANTED_EVERY) for field, found in named.items()}


def measure(vitrine, folder, kind, args):
    name, write, fewer = KINDS[kind]
    path, rows = folder / name, args.rows // fewer
    write(path, rows)
    output, duplicates = path.with_suffix(".products"), path.with_suffix(".duplicates")
    code, peak_mib, seconds = run_measured([vitrine, "import", path, "--output", output, "--duplicates", duplicates, "--licence", "generated"])
    kept = sum(1 for _ in open(output, encoding="utf-8")) if code == 0 else None
    found = sum(1 for _ in open(duplicates, encoding="utf-8")) if code == 0 else None
    recall = planted_recall(duplicates, rows) if code == 0 else {}
    print(json.dumps({"file": name, "rows": rows, "kept": kept, "mib": path.stat().st_size >> 20, "exit_code": code, "peak_mib": round(peak_mib), "bound_mib": args.bound_mib, "duplicates": found,
                      "planted_recall": recall, "seconds": round(seconds, 1)}), flush=True)
    for file in (path, output, duplicates):
        file.unlink(missing_ok=True)
    return code == 0 and kept == rows and peak_mib <= args.bound_mib and min(recall.values()) >= LEAST_RECALL


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vitrine")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--folder")
    parser.add_argument("--bound-mib", type=int, default=300)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        return 0 if all([measure(args.vitrine, pathlib.Path(folder), kind, args) for kind in args.kinds.split(",")]) else 1


if __name__ == "__main__":
    sys.exit(main())
