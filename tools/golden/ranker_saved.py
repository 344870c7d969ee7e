"""Writes tests/data/ranker_tiny/saved_scores.json: what transformers says of a directory that our training module saved.

First, from the source root:  VITRINE_GOLDEN_OUT=tests/data/ranker_tiny/saved build/release/bin/ranker_module_golden_test
Then, with a Python that has torch and transformers:  python tools/golden/ranker_saved.py
"""
import json
import pathlib

import torch
import transformers
from transformers import AutoModelForSequenceClassification

DATA = pathlib.Path("tests/data/ranker_tiny")


@torch.no_grad()
def cases(model):
    rows = [case["input_ids"] for case in json.loads((DATA / "scores.json").read_text())["cases"]]
    return [dict(input_ids=ids, score=model(torch.tensor([ids])).logits.item()) for ids in rows]


model, report = AutoModelForSequenceClassification.from_pretrained(DATA / "saved", output_loading_info=True)
assert type(model).__name__ == "GPT2ForSequenceClassification" and model.config.num_labels == 1, model.config
assert not any(report[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
record = dict(made_by="tools/golden/ranker_saved.py", transformers=transformers.__version__, torch=torch.__version__, cases=cases(model.eval()))
(DATA / "saved_scores.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
