"""Writes tests/data/golden/clip_vocabulary.json: the ids that transformers' CLIPTokenizer gives for vocabularies we trained.

  python tools/golden/clip_vocabulary.py build/release/bin/clip_vocabulary_cli

Run from the source root with a Python that has transformers. The program writes the vocabularies (tests/support/clip_vocabularies.h).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import transformers
from transformers import AutoTokenizer, CLIPTokenizer

OUT = pathlib.Path("tests/data/golden/clip_vocabulary.json")
ODD = ["", " ", "A Photo of a red lace dress", "don't  STOP 100%!!", "红色连衣裙，收腰A字版型", "<|endoftext|>裙<|startoftext|>", "😀👗 café ①½",
       "連衣裙採用純棉面料", "３件套　全棉", "a\u0300\u0301 x</w>", "\t小香风\n外套"]


def texts():
    rows = [json.loads(line) for line in open("data/advertisegen/dev.jsonl", encoding="utf-8")]
    return ODD + [row["summary"] for row in rows[300:312]] + [row["content"] for row in rows[300:306]]


def record(folder):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    auto = AutoTokenizer.from_pretrained(folder)
    rows = []
    for text in texts():
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids == auto(text, add_special_tokens=False)["input_ids"]
        rows.append(dict(text=text, ids=ids))
    framed = tokenizer("红色连衣裙")["input_ids"]
    assert framed[0] == tokenizer.bos_token_id and framed[-1] == tokenizer.eos_token_id
    return dict(size=len(tokenizer), bos=tokenizer.bos_token_id, eos=tokenizer.eos_token_id, pad=tokenizer.pad_token_id,
                model_max_length=tokenizer.model_max_length, rows=rows)


with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], ".", folder], check=True)
    vocabularies = {path.name: record(path) for path in sorted(pathlib.Path(folder).iterdir())}
result = dict(made_by="tools/golden/clip_vocabulary.py", transformers=transformers.__version__, vocabularies=vocabularies)
OUT.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
