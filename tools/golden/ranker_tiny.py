"""Writes tests/data/ranker_tiny/: a tiny random ranking model and what transformers says of it in float32.

Run from the source root with a Python that has torch and transformers:  python tools/golden/ranker_tiny.py
"""
import json
import pathlib

import torch
import transformers
from transformers import GPT2Config, GPT2ForSequenceClassification

OUT = pathlib.Path("tests/data/ranker_tiny")
SEED = 20240613
PAD = 0
SETTINGS = dict(n_embd=32, n_layer=2, n_head=4, n_positions=48, vocab_size=97, num_labels=1, bos_token_id=1, eos_token_id=2, pad_token_id=PAD)


def make():
    torch.manual_seed(SEED)
    model = GPT2ForSequenceClassification(GPT2Config(**SETTINGS)).eval()
    for parameter in model.parameters():  # the usual 0.02 gives flat scores, and biases of 0 would hide errors
        torch.nn.init.normal_(parameter, std=0.25) if parameter.dim() > 1 else parameter.data.add_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(OUT / "model")
    return model


@torch.no_grad()
def cases(model):
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for length in [1, 2, 7, 17, 33, SETTINGS["n_positions"]]:
        rows.append(torch.randint(1, SETTINGS["vocab_size"], (length,), generator=generator).tolist())
    rows += [rows[2] + 4 * [PAD], rows[2][:3] + [PAD] + rows[2][3:], 3 * [PAD]]  # at the end, inside, nothing else
    return [dict(input_ids=ids, score=model(torch.tensor([ids])).logits.item()) for ids in rows]


record = dict(made_by="tools/golden/ranker_tiny.py", transformers=transformers.__version__, torch=torch.__version__, seed=SEED, cases=cases(make()))
(OUT / "scores.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
