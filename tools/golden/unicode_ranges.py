"""Writes src/text/unicode_ranges.cpp: the character classes the reference tokenizers use.

The `tokenizers` library mixes tables of several Unicode versions (BERT's punctuation is older than
the letters of the GPT-2 pattern), so the classes are read off the library itself, one code point at
a time. Needs a Python that has `tokenizers`; made with tokenizers 0.23.3.

  python tools/golden/unicode_ranges.py > src/text/unicode_ranges.cpp
"""

from tokenizers import __version__, normalizers, pre_tokenizers

CLEAN = normalizers.BertNormalizer(
    clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
)
ACCENTS = normalizers.BertNormalizer(
    clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
)
BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False)
BERT = pre_tokenizers.BertPreTokenizer()


def pieces(pre_tokenizer, text):
    return len(pre_tokenizer.pre_tokenize_str(text))


def is_letter(c):
    return pieces(BYTE_LEVEL, "a" + c) == 1


def is_number(c):
    return pieces(BYTE_LEVEL, "1" + c) == 1


def is_space(c):
    return not is_letter(c) and not is_number(c) and pieces(BYTE_LEVEL, "!" + c) == 2


def is_removed(c):
    return CLEAN.normalize_str(c) == ""


def is_punctuation(c):
    return pieces(BERT, "a" + c + "a") == 3


def is_nonspacing_mark(c):
    return ACCENTS.normalize_str("a" + c) == "a"


CLASSES = [
    ("kLetters", is_letter),
    ("kNumbers", is_number),
    ("kSpaces", is_space),
    ("kRemoved", is_removed),
    ("kPunctuation", is_punctuation),
    ("kNonspacingMarks", is_nonspacing_mark),
]


def ranges(test):
    found = []
    for value in range(1, 0x110000):
        if 0xD800 <= value < 0xE000 or not test(chr(value)):
            continue
        if found and found[-1][1] == value - 1:
            found[-1][1] = value
        else:
            found.append([value, value])
    return found


def main():
    print("// Made by tools/golden/unicode_ranges.py with tokenizers " + __version__ + "; do not edit.")
    print('#include "text/unicode_ranges.h"\n\nnamespace vitrine::text::ranges {\nnamespace {')
    for name, test in CLASSES:
        print(f"\nconstexpr CodePointRange {name}[] = {{")
        line = "   "
        for first, last in ranges(test):
            item = f" {{0x{first:X}, 0x{last:X}}},"
            if len(line) + len(item) > 100:
                print(line)
                line = "   "
            line += item
        print(line + "\n};")
    print("\n}  // namespace\n")
    for name, _ in CLASSES:
        function = {"kLetters": "letters", "kNumbers": "numbers", "kSpaces": "spaces", "kRemoved": "removed",
                    "kPunctuation": "punctuation", "kNonspacingMarks": "nonspacing_marks"}[name]
        print(f"std::span<const CodePointRange> {function}() noexcept {{ return {name}; }}")
    print("\n}  // namespace vitrine::text::ranges")


if __name__ == "__main__":
    main()
