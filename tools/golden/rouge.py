"""Writes tests/golden/rouge/dev_pairs.tsv: ROUGE-1/2/L F of rouge_chinese 1.0.3 on words of jieba 0.42.1.

Line i compares summary i (hypothesis) with summary i + 1 (reference) of data/advertisegen/dev.jsonl.
Run with a Python that has both packages: python tools/golden/rouge.py
"""
import json
import logging
import pathlib

import jieba
from rouge_chinese import Rouge


def main():
    jieba.setLogLevel(logging.ERROR)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    target = root / "tests" / "golden" / "rouge"
    target.mkdir(parents=True, exist_ok=True)
    with open(root / "data" / "advertisegen" / "dev.jsonl", encoding="utf-8") as rows:
        texts = [" ".join(jieba.cut(json.loads(row)["summary"])) for row in rows]
    lines = []
    for hypothesis, reference in list(zip(texts, texts[1:]))[:120]:
        scores = Rouge().get_scores([hypothesis], [reference])[0]
        lines.append("\t".join(repr(scores[name]["f"]) for name in ("rouge-1", "rouge-2", "rouge-l")))
    (target / "dev_pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
