"""Writes tests/golden/segment/: how Python jieba 0.42.1 cuts the shipped development texts and some odd ones.

dev_lengths.txt: one line a row of data/advertisegen/dev.jsonl, the lengths of the words in code points.
odd.jsonl: {"text", "words"}. Run with a Python that has jieba: python tools/golden/segment.py
"""
import json
import logging
import pathlib

import jieba

ODD = [
    "", " ", "。", "T恤和t恤是4s店的热销款", "100%纯棉3d立体剪裁,size是v-neck", "a.b 1.5米 2.5% .5 ......", "这款连衣裙\r\n采用了  x领\t设计",
    "C++与c#以及AT&T", "龘靐齉㐀𠀀怪字", "<UNK>的brand不错", "今年流行oversize宽松卫衣ins风", "百搭又时髦の小众款", "１２３ＡＢＣ全角", "他来到了网易杭研大厦",
    "小明硕士毕业于中国科学院计算所", "结婚的和尚未结婚的", "乒乓球拍卖完了", "emoji😀表情", "é法文", "鿕鿖边界",
]


def main():
    jieba.setLogLevel(logging.ERROR)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    target = root / "tests" / "golden" / "segment"
    target.mkdir(parents=True, exist_ok=True)
    with open(root / "data" / "advertisegen" / "dev.jsonl", encoding="utf-8") as rows:
        texts = [json.loads(row)["summary"] for row in rows]
    lines = [" ".join(str(len(word)) for word in jieba.cut(text)) for text in texts]
    (target / "dev_lengths.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    odd = [json.dumps({"text": text, "words": list(jieba.cut(text))}, ensure_ascii=False) for text in ODD]
    (target / "odd.jsonl").write_text("\n".join(odd) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
