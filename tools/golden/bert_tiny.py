"""Writes tests/data/bert_tiny/: tiny random BERT directories and what transformers says of them in float32.

Run from the source root with a Python that has torch, transformers and safetensors:  python tools/golden/bert_tiny.py
"""
import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForTokenClassification, BertModel

OUT = pathlib.Path("tests/data/bert_tiny")
SEED = 20240612
SMALL = dict(vocab_size=61, num_hidden_layers=2, max_position_embeddings=40)
MODELS = {
    "gelu": (BertForTokenClassification, dict(hidden_size=32, num_attention_heads=4, intermediate_size=48, num_labels=5)),
    "gelu_new": (
        BertForTokenClassification,
        dict(hidden_size=24, num_attention_heads=3, intermediate_size=40, hidden_act="gelu_new", layer_norm_eps=1e-5, type_vocab_size=3,
             id2label={0: "O", 1: "B-highlight", 2: "I-highlight"}),
    ),
    "bare": (BertModel, dict(hidden_size=24, num_attention_heads=2, intermediate_size=32, hidden_act="relu")),
}


def make(name, kind, settings):
    torch.manual_seed(SEED)
    model = kind(BertConfig(**SMALL, **settings, attn_implementation="eager")).eval()
    for parameter in model.parameters():  # the usual 0.02 gives flat attention, and biases of 0 would hide errors
        torch.nn.init.normal_(parameter, std=0.4) if parameter.dim() > 1 else parameter.data.add_(torch.randn_like(parameter) * 0.3)
    model.save_pretrained(OUT / name)
    return model


def save_with_old_names(name):
    """The first BERT checkpoints: gamma and beta, and the positions as a buffer; here without the prefix too."""
    old = {}
    for key, value in load_file(OUT / name / "model.safetensors").items():
        key = key.removeprefix("bert.").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        old[key] = value
    old["embeddings.position_ids"] = torch.arange(SMALL["max_position_embeddings"])[None]
    folder = OUT / f"{name}_old_names"
    folder.mkdir(exist_ok=True)
    save_file(old, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text((OUT / name / "config.json").read_text())


@torch.no_grad()
def cases(model, settings):
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for length, two_types in [(1, False), (2, True), (17, False), (17, True), (33, True), (SMALL["max_position_embeddings"], False)]:
        ids = torch.randint(0, SMALL["vocab_size"], (length,), generator=generator)
        types = (torch.arange(length) * settings.get("type_vocab_size", 2) // length) * int(two_types)
        out = model(ids[None], token_type_ids=types[None])
        values = (out.logits if "logits" in out else out.last_hidden_state)[0]
        rows.append(dict(input_ids=ids.tolist(), token_type_ids=types.tolist() if two_types else [],
                         values=[float(f"{v:.7g}") for v in values.flatten().tolist()]))
    return rows


for name, (kind, settings) in MODELS.items():
    model = make(name, kind, settings)
    record = dict(made_by="tools/golden/bert_tiny.py", transformers=transformers.__version__, torch=torch.__version__, seed=SEED,
                  cases=cases(model, settings))
    (OUT / f"{name}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
save_with_old_names("gelu")
