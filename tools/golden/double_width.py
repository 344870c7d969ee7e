"""Writes src/text/double_width.cpp: code points that count twice in the length of a Chinese field.

They are East_Asian_Width W, F and A of Unicode 15.0 as Python 3.12 holds it, with the blocks that the
standard reserves as wide for ideographs to come. The table is kept so that lengths do not depend on
the Unicode library of the machine. Needs Python 3.12.

  python3.12 tools/golden/double_width.py > src/text/double_width.cpp
"""

import unicodedata

RESERVED_WIDE = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD)]


def is_double(code):
    if any(first <= code <= last for first, last in RESERVED_WIDE):
        return True
    return unicodedata.east_asian_width(chr(code)) in ("W", "F", "A")


def ranges():
    first = None
    for code in range(0x110001):
        inside = code < 0x110000 and is_double(code)
        if inside and first is None:
            first = code
        if not inside and first is not None:
            yield first, code - 1
            first = None


def main():
    assert unicodedata.unidata_version == "15.0.0", unicodedata.unidata_version
    print("// Made by tools/golden/double_width.py from Unicode 15.0 (Unicode License); do not edit.")
    print('#include "text/graphemes.h"\n\nnamespace vitrine::text::ranges {\nnamespace {\n')
    print("constexpr CodePointRange kDoubleWidth[] = {")
    line = "   "
    for first, last in ranges():
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 98:
            print(line)
            line = "   "
        line += item
    print(line + "\n};\n\n}  // namespace\n")
    print("std::span<const CodePointRange> double_width() noexcept { return kDoubleWidth; }\n")
    print("}  // namespace vitrine::text::ranges")


main()
