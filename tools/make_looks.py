#!/usr/bin/env python3
"""Prints rules/checks/looks.tsv: words for how a product looks, by attribute key.

Made from the attribute values of data/advertisegen/attribute_vocab.tsv and the spellings of
rules/normalization/values.tsv; words with another common meaning are left out.
Run from the project's folder: tools/make_looks.py > rules/checks/looks.tsv
"""
VERSION = "2026.11.2"
# Keys that are no look, or whose words are praise.
SKIPPED_KEYS = set(
    "风格 类型 材质 弹力 厚薄 适用季节 适用性别 尺码 户型 朝向 设施 床型 景观 停车 早餐 宠物 key".split()
)
# Words with another common meaning in copy.
AMBIGUOUS = set(
    "h 复古 标准 自然 常规 普通 创意 对称 环保 蛋糕 形状 音乐 电影 植物 动物 人物 建筑 文字 线条 抽象 风景 绘画 "
    "fit loose slim regular 合身 大 花色 深色 浅色 收口 立体装饰 纯色 收腰 显瘦 口袋 衫 蕾丝 层次 半身 肤色 条状 "
    "暗色 彩色 松紧 贴身 多层 圆形 波浪 垂感 垂坠 百搭 束腰".split()
)
# Phrases in which such a word is none.
EXCEPTIONS = (
    "白色系 颜色 黑白分明 绿色环保 绿色健康 红色经典 粉色系少女 短款外套 格子衫 金色年华 红毯 蓝天 白云 百搭色 贴合体 提高腰线 拔高腰线".split()
)


def spellings():
    with open("data/advertisegen/attribute_vocab.tsv", encoding="utf-8") as rows:
        for line in rows:
            cells = line.rstrip("\n").split("\t")
            if len(cells) > 1:
                yield cells[0], cells[1], cells[1]
    with open("rules/normalization/values.tsv", encoding="utf-8") as rows:
        for line in rows:
            if line.startswith(("#", "key\t")):
                continue
            cells = line.rstrip("\n").split("\t")
            others = cells[2].split("|") if len(cells) > 2 and cells[2] else []
            for word in [cells[1], *others]:
                yield cells[0].split("|")[0], word, cells[1]


def main():
    looks = {}
    for key, word, canonical in spellings():
        if key not in SKIPPED_KEYS:
            looks.setdefault(word.lower(), (key, canonical))
    print(f"# version\t{VERSION}")
    print(
        "# source\tmade by tools/make_looks.py from data/advertisegen/attribute_vocab.tsv and "
        "rules/normalization/values.tsv, words with another common meaning left out"
    )
    print("# words for how a product looks, by attribute key; key pass = no such word")
    print("term\tkey\tcanonical")
    for word, (key, canonical) in sorted(looks.items()):
        if len(word) > 1 and word not in AMBIGUOUS:
            print(f"{word}\t{key}\t{canonical}")
    for phrase in EXCEPTIONS:
        print(f"{phrase}\tpass\t")


if __name__ == "__main__":
    main()
