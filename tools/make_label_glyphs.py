#!/usr/bin/env python3
"""Writes rules/labels/glyphs/glyphs.tsv, the outlines of the few characters that labels of pictures are made of, and size_labels.tsv,
those of 概念图, 缩略图 and 可上架 on contact sheets. Files of their own: a label cannot be redrawn once the bytes of its file change.

    tools/make_label_glyphs.py FONT.ttc     a font collection of Noto Sans CJK (Debian package fonts-noto-cjk)

Needs fontTools. Curves become polygons of integer points, so that labels are drawn alike on every machine; the letters
A and I are enlarged to the height of the Chinese characters, so that all of a label is as high as the rule asks.
The outlines are under the licence of the font, SIL Open Font License 1.1 (rules/labels/glyphs/OFL.txt).
"""
import hashlib
import sys
from pathlib import Path

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTCollection

FILES = {"glyphs.tsv": "AI人工智能生成合", "size_labels.tsv": "概念图缩略可上架"}
FAMILY = "Noto Sans CJK SC"
UNITS = 8000  # an em in the file
TOLERANCE = 2.0  # of a curve from its polygon, in these units: 1/4000 em
OUT = Path(__file__).resolve().parent.parent / "rules/labels/glyphs"


class Polygons(BasePen):
    """Contours as lists of points in UNITS, y down from the top of the em box; curves flattened."""

    def __init__(self, glyphs, scale, top):
        super().__init__(glyphs)
        self.contours, self.scale, self.top = [], scale, top

    def at(self, point):
        return (point[0] * self.scale, (self.top - point[1]) * self.scale)

    def _moveTo(self, point):
        self.contours.append([self.at(point)])

    def _lineTo(self, point):
        self.contours[-1].append(self.at(point))

    def _curveToOne(self, b, c, d):
        a = self.contours[-1][-1]
        b, c, d = self.at(b), self.at(c), self.at(d)
        bend = max(abs(a[i] - 2 * b[i] + c[i]) + abs(b[i] - 2 * c[i] + d[i]) for i in (0, 1))
        steps = max(1, int((bend * 0.75 / TOLERANCE) ** 0.5 + 0.999))
        for k in range(1, steps + 1):
            t = k / steps
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            self.contours[-1].append(tuple(sum(wi * p[i] for wi, p in zip(w, (a, b, c, d))) for i in (0, 1)))

    def _closePath(self):
        pass


def outline(font, character):
    name = font.getBestCmap()[ord(character)]
    glyphs = font.getGlyphSet()
    scale = UNITS / font["head"].unitsPerEm
    pen = Polygons(glyphs, scale, font["OS/2"].sTypoAscender)
    glyphs[name].draw(pen)
    return pen.contours, glyphs[name].width * scale


def extent(contours, axis):
    values = [point[axis] for contour in contours for point in contour]
    return min(values), max(values)


def fitted(contours, advance, top, bottom):
    """Enlarged so that the ink stands between top and bottom."""
    low, high = extent(contours, 1)
    factor = (bottom - top) / (high - low)
    return [[(x * factor, top + (y - low) * factor) for x, y in contour] for contour in contours], advance * factor


def rounded(contour):
    points = [(round(x), round(y)) for x, y in contour]
    kept = [p for i, p in enumerate(points) if p != points[i - 1]]
    return kept


def row(font, character, top, bottom):
    contours, advance = outline(font, character)
    if character.isascii():
        contours, advance = fitted(contours, advance, top, bottom)
    text = " / ".join(" ".join(f"{x},{y}" for x, y in rounded(contour)) for contour in contours)
    return f"{character}\t{round(advance)}\t{text}"


def write(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    path = Path(sys.argv[1])
    fonts = TTCollection(path).fonts
    font = next(f for f in fonts if f["name"].getDebugName(1) == FAMILY or f["name"].getDebugName(16) == FAMILY)
    name = font["name"]
    top, bottom = extent(outline(font, "生")[0], 1)
    lines = [
        f"# version\t{name.getDebugName(5)}",
        f"# source\t{name.getDebugName(4)}, {path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}",
        f"# copyright\t{name.getDebugName(0)}",
        "# licence\tSIL Open Font License 1.1, OFL.txt beside this file",
        "# made by\ttools/make_label_glyphs.py; changes: curves as polygons, A and I as high as the other characters",
        f"# units\t{UNITS} to the em; x to the right, y down from the top; nonzero winding; contours parted by /",
        "glyph\tadvance\tcontours",
    ]
    for file, characters in FILES.items():
        write(OUT / file, lines + [row(font, character, top, bottom) for character in characters])


main()
