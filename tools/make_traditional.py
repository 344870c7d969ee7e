"""Writes rules/checks/traditional.tsv: traditional characters and the simplified ones they stand for.

From TSCharacters.txt of OpenCC (Apache License 2.0) as the Python package opencc-python-reimplemented
0.1.7 ships it. Kept are characters of Big5 that GB 2312 lacks, with a simplified form in GB 2312: the
common ones, and none that simplified texts use themselves (乾, 著, 於).
Usage: python tools/make_traditional.py TSCharacters.txt
"""
import pathlib
import sys

HEAD = """# version\t2026.11.1
# source\tOpenCC TSCharacters.txt, as in opencc-python-reimplemented 0.1.7 (PyPI); Apache License 2.0, Copyright 2010-2020 Carbo Kuo (BYVoid) and contributors
# changes\tthe first simplified form only; characters of Big5 that GB 2312 lacks, with a form in GB 2312 (tools/make_traditional.py)
traditional\tsimplified
"""


def encodable(character, codec):
    try:
        character.encode(codec)
        return True
    except UnicodeEncodeError:
        return False


def main():
    rows = []
    for line in pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        traditional, forms = line.split("\t")
        simplified = forms.split(" ")[0]
        common = encodable(traditional, "big5") and not encodable(traditional, "gb2312")
        if common and simplified != traditional and encodable(simplified, "gb2312"):
            rows.append(f"{traditional}\t{simplified}\n")
    target = pathlib.Path(__file__).resolve().parent.parent / "rules" / "checks" / "traditional.tsv"
    target.write_text(HEAD + "".join(sorted(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
