"""Writes tests/data/golden/workbooks/: one table as three programs write it as XLSX, and what is in it.

With a Python that has openpyxl and xlsxwriter, and with LibreOffice's soffice on the path, from the source root:
    python tools/golden/workbooks.py
openpyxl.xlsx, openpyxl_1904.xlsx, xlsxwriter.xlsx, xlsxwriter_1904.xlsx; libreoffice.xlsx and libreoffice_1904.xlsx are xlsxwriter's files
opened and saved anew. All have: a merged title above the header, shared strings, rich text, spaces at both ends, line ends, escapes
(_x000D_), dates in built-in and own formats, a number with an own format, a boolean, a formula with its value, an error, a sheet that is
hidden, a hidden column, a defined name, a filter, a link, a picture, a comment (not openpyxl). xlsxwriter's file gets readings (<rPh>), a
second string table entry in runs, and a calcChain as Excel writes them: no library does.
rows.json: the rows that `import` should see, from the source data and not from the files. Versions: openpyxl 3.1.5, xlsxwriter 3.3.1,
LibreOffice 7.4.7.
"""
import datetime
import io
import json
import pathlib
import shutil
import struct
import subprocess
import tempfile
import zipfile
import zlib

import openpyxl
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904

OUT = pathlib.Path("tests/data/golden/workbooks")
HEADERS = ["商品ID", "标题", "价格", "上架时间", "到货日期", "商品属性", "折扣", "现货", "库存", "备注", "文案"]
RICH = ("红色", "连衣裙", " 新款")  # the middle run is bold
ROWS = [
    ["A-001", RICH, 199.9, datetime.datetime(2024, 2, 29, 13, 30, 15), datetime.date(2024, 1, 1), "材质:棉;风格:简约", 0.85, True, "=100+23", "  两边有空格  ", ""],
    [6901234567892, "阔腿裤 <女> & \"宽\"", 89, datetime.datetime(1999, 12, 31), datetime.date(2030, 6, 1), "版型:宽松\n颜色:藏青", 0.1 + 0.2, False, "=1/0", "第一行\n第二行", "一条好裤子"],
    ["A-003", "😀 T恤", 12345678.25, None, datetime.date(1905, 3, 4), None, None, None, None, "_x000D_", ""],
]
FORMULAS = {"=100+23": "123", "=1/0": ""}  # what is stored beside them
PNG = (b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in
       [(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress((b"\0" + b"\x80" * 8) * 8)), (b"IEND", b"")]))


def shown(value):
    """A cell as import shows it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        value = "".join(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, (int, float)):
        return f"{value:.15g}"
    return FORMULAS.get(value, value.strip())


def write_openpyxl(path, since_1904):
    book = openpyxl.Workbook()
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.title = "商品 & <表>"
    sheet["A1"] = "春季商品清单"
    sheet.merge_cells("A1:K1")
    for column, header in enumerate(HEADERS, 1):
        sheet.cell(2, column, header).font = Font(bold=True)
    for at, row in enumerate(ROWS, 3):
        for column, value in enumerate(row, 1):
            if isinstance(value, tuple):
                value = CellRichText(value[0], TextBlock(InlineFont(b=True), value[1]), value[2])
            if value == "_x000D_":
                value = "_x005F_x000D_"  # its writer does not escape what looks like an escape
            cell = sheet.cell(at, column, value)
            if isinstance(value, datetime.datetime):
                cell.number_format = "yyyy\\年m\\月d\\日 hh:mm:ss"
            if isinstance(value, float) and value < 1:
                cell.number_format = "0%"
    sheet["A3"].hyperlink = "https://shop.example/a?b=1&c=2"
    sheet.column_dimensions["G"].hidden = True
    sheet.auto_filter.ref = "A2:K5"
    sheet.add_image(openpyxl.drawing.image.Image(io.BytesIO(PNG)), "M2")
    hidden = book.create_sheet("隐藏", 0)
    hidden.sheet_state = "hidden"
    hidden["A1"] = "不是商品"
    book.move_sheet(hidden, 1)
    book.defined_names["清单"] = openpyxl.workbook.defined_name.DefinedName("清单", attr_text="'商品 & <表>'!$A$2:$K$5")
    book.save(path)


def write_xlsxwriter(path, since_1904):
    book = xlsxwriter.Workbook(str(path), {"date_1904": since_1904, "remove_timezone": True})
    sheet, hidden = book.add_worksheet("商品 & <表>"), book.add_worksheet("隐藏")
    bold, time, day, percent = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy\"年\"m\"月\"d\"日\" hh:mm:ss"}), book.add_format({"num_format": 14}), book.add_format({"num_format": "0%"})
    sheet.merge_range("A1:K1", "春季商品清单", bold)
    sheet.write_row(1, 0, HEADERS, bold)
    for at, row in enumerate(ROWS, 2):
        for column, value in enumerate(row):
            if isinstance(value, tuple):
                sheet.write_rich_string(at, column, value[0], bold, value[1], value[2])
            elif isinstance(value, str) and value.startswith("="):
                sheet.write_formula(at, column, value, None, {"=100+23": 123, "=1/0": "#DIV/0!"}[value])
            elif isinstance(value, datetime.datetime):
                sheet.write_datetime(at, column, value, time)
            elif isinstance(value, datetime.date):
                sheet.write_datetime(at, column, value, day)
            elif value not in (None, ""):
                sheet.write(at, column, value, percent if column == 6 else None)
    sheet.write_url(2, 0, "https://shop.example/a?b=1&c=2", string="A-001")
    sheet.set_column("G:G", None, None, {"hidden": True})
    sheet.autofilter("A2:K5")
    sheet.write_comment("B3", "改过")
    sheet.insert_image("M2", "a.png", {"image_data": io.BytesIO(PNG)})
    hidden.write(0, 0, "不是商品")
    hidden.hide()
    book.define_name("清单", "='商品 & <表>'!$A$2:$K$5")
    book.close()
    as_excel_does(path)


def as_excel_does(path):
    """Readings in shared strings and a calculation chain, with the tags of ECMA-376 part 1, 18.4.6 and 18.6."""
    parts, source = [], zipfile.ZipFile(path)
    for info in source.infolist():
        data = source.read(info)
        if info.filename == "xl/sharedStrings.xml":
            data = data.replace("<t>标题</t>".encode(), '<t>标题</t><rPh sb="0" eb="2"><t>ひょうだい</t></rPh><phoneticPr fontId="1" type="noConversion"/>'.encode())
        if info.filename == "xl/_rels/workbook.xml.rels":
            data = data.replace(b"</Relationships>", b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain" Target="calcChain.xml"/></Relationships>')
        if info.filename == "[Content_Types].xml":
            data = data.replace(b"</Types>", b'<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml"/></Types>')
        parts.append((info, data))
    source.close()
    chain = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="I3" i="1"/><c r="I4" i="1"/></calcChain>'
    parts.append((zipfile.ZipInfo("xl/calcChain.xml", (2026, 1, 1, 0, 0, 0)), chain))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for info, data in parts:
            info.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(info, data)


def resave(source, target):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", folder, str(source)], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(pathlib.Path(folder) / source.name, target)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for ending, since_1904 in (("", False), ("_1904", True)):
        write_openpyxl(OUT / f"openpyxl{ending}.xlsx", since_1904)
        write_xlsxwriter(OUT / f"xlsxwriter{ending}.xlsx", since_1904)
        resave(OUT / f"xlsxwriter{ending}.xlsx", OUT / f"libreoffice{ending}.xlsx")
    rows = [dict(zip(HEADERS, map(shown, row))) for row in ROWS]
    (OUT / "rows.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
