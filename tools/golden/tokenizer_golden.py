"""Writes what the reference tokenizers give, for tests/golden/tokenizers_test.cpp.

  HF_HUB_OFFLINE=1 python tools/golden/tokenizer_golden.py

Run in the root of the repository with a Python that has transformers (made with 5.23). Reads
data/vocab and data/advertisegen; the seed below fixes the strings. Writes

  tests/data/golden/tokenizers.jsonl.gz  line 1: versions, seed, columns; then one string a line with the
                                         ids of each column, and for every eighth string what decode gives; then rows
                                         of random ids (no text) and what decode gives
  tests/data/golden/bpe_trainer_merges.txt
                                         what the reference's trainer learns on the summaries of dev.jsonl
  tests/data/tokenizers/<name>/          small tokenizers as save_pretrained writes them, and legacy_* with
                                         the separate files of older versions; each with cases.jsonl:
                                         strings, ids, decoded text. trained/ holds what our
                                         save_bpe_tokenizer wrote (tests/golden/tokenizers_test.cpp says of
                                         what); here it only gets its cases.jsonl
"""

import gzip
import json
import random
import shutil
import tempfile
from pathlib import Path

import tokenizers
import transformers
from tokenizers import pre_tokenizers
from transformers import AddedToken, AutoTokenizer, BertTokenizer, CLIPTokenizer, GPT2Tokenizer

SEED = 20240611
DATA = Path("data/advertisegen")
VOCAB = Path("data/vocab")
GOLDEN = Path("tests/data/golden/tokenizers.jsonl.gz")
SMALL = Path("tests/data/tokenizers")

TRADITIONAL = "這件連衣裙採用純棉面料製作，親膚透氣，優雅的領口設計與蕾絲拼接，讓您盡顯氣質與風範，繁體字測試龍鳳鬱臺灣體驗舊廣場"
EMOJI = ["😀", "👗", "👍🏽", "👨‍👩‍👧", "🇨🇳", "❤️", "✨", "🔥", "⭐", "☀", "🧵", "🫶", "1️⃣", "😍😍", "🛍️", "💃🏻"]
WORDS = ("the Dress don't it's we're I'll they've you'd A-line V neck vintage hello World cotton 100% 2019 3XL size-M "
         "e.g. www.example.com price:99.5 OK'S 'twas rock'n'roll café").split()
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u3000", "\u00a0", "\u2003", "\u2028", "\u200a", "\u1680", "\v", "\f", "\x85", "   "]
CONTROLS = ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x1c", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\u00ad", "\u200b",
            "\u200c", "\u200d", "\u200e", "\u202e", "\u2060", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U000e0041", "\u0600"]
SPECIAL = ["[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "<|endoftext|>", "<|startoftext|>", "[mask]", "<|ENDOFTEXT|>", "<|endoftext", "##a", "</w>",
           "<|STARTOFTEXT|>"]
MARKS = [chr(c) for c in (0x300, 0x301, 0x302, 0x303, 0x308, 0x30A, 0x323, 0x327, 0x328, 0x345, 0x3099, 0x309A, 0x5B0, 0x64B, 0x93C, 0xE38)]
ACCENTED = "àéîõüçñåøßÀÉÎÕÜÇÑÅØİıŁłŐőŽžǅǈΆΈΩάέώЙйЁёがぱガパヴ각힣ﬁﬀ①½²ªº"


def summaries():
    rows = [json.loads(line) for line in open(DATA / "train.jsonl", encoding="utf-8")]
    return [row["summary"] for row in rows], [row["content"] for row in rows]


def random_code_point(rng):
    while True:
        bound = rng.choice([0x80, 0x250, 0x800, 0x3000, 0x10000, 0x20000, 0x30000, 0x110000])
        value = rng.randrange(bound)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def cut(rng, text, longest):
    start = rng.randrange(max(1, len(text) - 8))
    return text[start : start + rng.randint(4, longest)]


def mixed(rng, parts, least, most, separators=("",)):
    return "".join(rng.choice(parts) + rng.choice(separators) for _ in range(rng.randint(least, most)))


def make_strings(rng):
    texts, contents = summaries()
    chinese = lambda: cut(rng, rng.choice(texts), 9)
    makers = [
        (1400, lambda: cut(rng, rng.choice(texts), 60)),
        (150, lambda: rng.choice(texts)),
        (300, lambda: cut(rng, rng.choice(contents), 50)),
        (500, lambda: mixed(rng, [chinese(), rng.choice(WORDS), rng.choice(WORDS), str(rng.randrange(10**6))], 2, 6, ["", " "])),
        (300, lambda: mixed(rng, EMOJI + [chinese()], 1, 5, ["", " "])),
        (250, lambda: cut(rng, TRADITIONAL, 14) + mixed(rng, ["，", "龍", "abc", "體"], 0, 2)),
        (250, lambda: "".join(chr(rng.randrange(0xFF01, 0xFFEF)) for _ in range(rng.randint(1, 8))) + chinese()),
        (350, lambda: mixed(rng, CONTROLS + ["a", "裙", " ", "B1"], 2, 8)),
        (40, lambda: mixed(rng, ["a", "dress", "裙", "é", "9", "A"], 85, 130)),
        (20, lambda: rng.choice("aé裙7ǅ") * rng.randint(95, 300)),
        (900, lambda: "".join(random_code_point(rng) for _ in range(rng.randint(1, 10)))),
        (400, lambda: mixed(rng, list(ACCENTED) + MARKS + MARKS + ["e", "o", " "], 2, 10)),
        (350, lambda: mixed(rng, SPACES + [rng.choice(WORDS), chinese()[:2], "!", "'s"], 2, 8)),
        (350, lambda: mixed(rng, SPECIAL + [" ", chinese()[:3], rng.choice(WORDS)], 1, 5, ["", "", " "])),
        (300, lambda: mixed(rng, WORDS, 1, 8, [" ", "  ", "-", ""])),
    ]
    strings = ["", " ", "'", "''s", "\n", "##", "[UNK]", "\u0130", "\ufeff"]
    for count, make in makers:
        strings += [make() for _ in range(count)]
    return strings


def clip_directory(folder):
    """vocab.json and merges.txt from the list of merges, as the HF layout has them."""
    lines = gzip.open(VOCAB / "clip/bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf-8").read().split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + [c + "</w>" for c in alphabet] + ["".join(m.split()) for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    return folder


def reference_tokenizers(folder):
    bert = VOCAB / "bert-chinese"
    return {
        "bert": BertTokenizer.from_pretrained(bert),
        "bert_cased": BertTokenizer.from_pretrained(bert, do_lower_case=False, tokenize_chinese_chars=False),
        "gpt2": GPT2Tokenizer.from_pretrained(VOCAB / "gpt2"),
        "clip": CLIPTokenizer.from_pretrained(clip_directory(folder)),
    }


def encode(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False)


def decode(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def random_ids(rng, size):
    return [rng.choice([rng.randrange(256), rng.randrange(size)]) for _ in range(rng.randint(1, 8))]


def write_golden(rng, strings):
    with tempfile.TemporaryDirectory() as folder:
        reference = reference_tokenizers(Path(folder))
    header = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "seed": SEED, "columns": list(reference)}
    lines = [json.dumps(header)]
    for i, text in enumerate(strings):
        ids = [encode(t, text) for t in reference.values()]
        row = {"text": text, "ids": ids}
        if i % 8 == 0:
            row["decoded"] = [decode(t, x) for t, x in zip(reference.values(), ids)]
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    for _ in range(300):
        ids = [random_ids(rng, len(t)) for t in reference.values()]
        row = {"ids": ids, "decoded": [decode(t, x) for t, x in zip(reference.values(), ids)]}
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(("\n".join(lines) + "\n").encode("utf-8"), compresslevel=9, mtime=0)
    GOLDEN.write_bytes(packed)
    print(f"{GOLDEN}: {len(strings)} strings, {len(packed)} bytes")


def write_trainer_merges():
    texts = [json.loads(line)["summary"] for line in open(DATA / "dev.jsonl", encoding="utf-8")]
    trained = tokenizers.Tokenizer(tokenizers.models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(texts, tokenizers.trainers.BpeTrainer(
        vocab_size=1500, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    merges = json.loads(trained.to_str())["model"]["merges"]
    (GOLDEN.parent / "bpe_trainer_merges.txt").write_text("".join(" ".join(m) + "\n" for m in merges), encoding="utf-8")


SMALL_WORDPIECE = (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("连衣裙红色棉abcdefghijklmnopqrstuvwxyz0123456789,.!?'-") +
                   ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"] + ["dress", "##ess", "dr", "##衣", "é", "D", "red"])
SMALL_BPE_WORDS = ["the", "dress", "red", "cotton", "co", "cheap", "ss", "连衣裙", "红色", "棉", "领口", "，", " the", " dress", " red", "  ", "'s", "re", "es"]


def byte_symbols(word):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    printable = [b for b in range(256) if chr(b) in alphabet]
    moved = [b for b in range(256) if chr(b) not in alphabet]
    symbols = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(moved)}
    return [symbols[b] for b in word.encode("utf-8")]


def small_merges(suffix):
    """Merges that build each word from the left; the second half of the words is built from the right."""
    merges = []
    for i, word in enumerate(SMALL_BPE_WORDS):
        parts = byte_symbols(word)
        parts[-1] += suffix
        while len(parts) > 1:
            at = 0 if i % 2 == 0 else len(parts) - 2
            if tuple(parts[at : at + 2]) not in merges:
                merges.append(tuple(parts[at : at + 2]))
            parts[at : at + 2] = ["".join(parts[at : at + 2])]
    return merges


def small_bpe(folder, suffix):
    merges = small_merges(suffix)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = alphabet + ([c + suffix for c in alphabet] if suffix else [])
    tokens += dict.fromkeys("".join(m) for m in merges)
    tokens += ["<|startoftext|>"] * bool(suffix) + ["<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({t: i for i, t in enumerate(tokens)}), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in merges), encoding="utf-8")


def small_wordpiece(folder):
    (folder / "vocab.txt").write_text("\n".join(SMALL_WORDPIECE) + "\n", encoding="utf-8")


def with_added_tokens(tokenizer):
    """One token for each flag, special and not."""
    tokenizer.add_tokens(["连衣裙", "阔腿裤", "cottON", "V领"])
    tokenizer.add_tokens([
        AddedToken("<left>", lstrip=True), AddedToken("<right>", rstrip=True), AddedToken("slot", single_word=True, normalized=False),
        AddedToken("<Both>", lstrip=True, rstrip=True, normalized=False), AddedToken("领口", normalized=False), AddedToken("Étoile"),
    ])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<slot:1>", "<slot:1>x"]})
    return tokenizer


def small_tokenizers():
    def make(build, cls, added=False, **settings):
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder))
            tokenizer = cls.from_pretrained(folder, **settings)
        return with_added_tokens(tokenizer) if added else tokenizer

    gpt2 = lambda folder: small_bpe(folder, "")
    clip = lambda folder: small_bpe(folder, "</w>")
    return {
        "wordpiece": make(small_wordpiece, BertTokenizer),
        "wordpiece_cased": make(small_wordpiece, BertTokenizer, do_lower_case=False, tokenize_chinese_chars=False),
        "wordpiece_accents": make(small_wordpiece, BertTokenizer, strip_accents=False),
        "wordpiece_added": make(small_wordpiece, BertTokenizer, added=True),
        "bpe": make(gpt2, GPT2Tokenizer),
        "bpe_added": make(gpt2, GPT2Tokenizer, added=True, pad_token="<pad>"),
        "bpe_prefix": make(gpt2, GPT2Tokenizer, added=True, add_prefix_space=True),
        "clip": make(clip, CLIPTokenizer),
        "clip_added": make(clip, CLIPTokenizer, added=True),
    }


SMALL_PARTS = ["连衣裙", "阔腿裤", "红色", "棉", "cottON", "cotton", "COTTON", "V领", "领口", "<left>", "<right>", "slot", "slots", "a_slot", "<Both>",
               "<both>", "Étoile", "étoile", "etoile", "<slot:1>", "<slot:1>x", " ", "  ", "\n", "，", ".", "dress", "The red dress", "isn't", "[MASK]",
               "<|endoftext|>", "é", "e\u0301", "\u3000", "İ", "①", "1", "'s", "[UNK]"]


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


FLAGS = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False}


def legacy_wordpiece(folder):
    """added_tokens.json and special_tokens_map.json, as transformers 2 to 4 wrote them."""
    small_wordpiece(folder)
    base = len(SMALL_WORDPIECE)
    write_json(folder / "added_tokens.json", {"连衣裙": base, "cottON": base + 1, "<slot:1>": base + 2, "<pad>": base + 3})
    write_json(folder / "special_tokens_map.json", {
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": {"content": "<pad>", **FLAGS}, "cls_token": "[CLS]", "mask_token": "[MASK]",
        "additional_special_tokens": ["<slot:1>"]})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": None,
                                                  "tokenize_chinese_chars": True})


def legacy_bpe(folder):
    """added_tokens_decoder, as transformers 4.34 and later wrote it."""
    small_bpe(folder, "")
    base = len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
    added = {str(base - 1): {"content": "<|endoftext|>", **FLAGS, "special": True},
             str(base): {"content": "连衣裙", **FLAGS, "special": False},
             str(base + 1): {"content": "<left>", **FLAGS, "lstrip": True, "special": False},
             str(base + 2): {"content": "slot", **FLAGS, "single_word": True, "normalized": True, "special": False},
             str(base + 3): {"content": "<pad>", **FLAGS, "special": True}}
    write_json(folder / "added_tokens.json", {v["content"]: int(k) for k, v in added.items() if int(k) >= base})
    write_json(folder / "tokenizer_config.json", {
        "added_tokens_decoder": added, "add_prefix_space": True, "tokenizer_class": "GPT2Tokenizer", "bos_token": "<|endoftext|>",
        "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<pad>"})


def legacy_clip(folder):
    small_bpe(folder, "</w>")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer"})


def write_cases(rng, folder):
    loaded = AutoTokenizer.from_pretrained(folder)
    texts = SMALL_PARTS + ["".join(rng.choice(SMALL_PARTS) for _ in range(rng.randint(2, 7))) for _ in range(160)]
    with open(folder / "cases.jsonl", "w", encoding="utf-8") as out:
        for text in texts:
            ids = encode(loaded, text)
            out.write(json.dumps({"text": text, "ids": ids, "decoded": decode(loaded, ids)}, ensure_ascii=False) + "\n")


def write_legacy(rng):
    for build in (legacy_wordpiece, legacy_bpe, legacy_clip):
        folder = SMALL / build.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        build(folder)
        write_cases(rng, folder)


def write_small(rng):
    for name, tokenizer in small_tokenizers().items():
        folder = SMALL / name
        shutil.rmtree(folder, ignore_errors=True)
        tokenizer.save_pretrained(folder)
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        for key in ("is_local", "local_files_only"):
            settings.pop(key, None)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        write_cases(rng, folder)
        compact = json.dumps(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
        (folder / "tokenizer.json").write_text(compact + "\n", encoding="utf-8")


def main():
    rng = random.Random(SEED)
    write_golden(random.Random(SEED + 1), make_strings(rng))
    write_trainer_merges()
    write_small(rng)
    write_legacy(rng)
    write_cases(rng, SMALL / "trained")


if __name__ == "__main__":
    main()
