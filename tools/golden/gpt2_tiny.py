"""Writes tests/data/gpt2_tiny/: two tiny random GPT-2 directories and what transformers says of them in float32.

Run from the source root with a Python that has torch and transformers:  python tools/golden/gpt2_tiny.py
"""
import json
import pathlib

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

OUT = pathlib.Path("tests/data/gpt2_tiny")
SEED = 20240611
MODELS = {
    "tied": (dict(n_embd=32, n_layer=2, n_head=4, n_positions=48, vocab_size=97), torch.float32),
    "untied": (
        dict(n_embd=24, n_layer=2, n_head=3, n_positions=40, vocab_size=97, n_inner=40, activation_function="gelu",
             tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-3),
        torch.float16,
    ),
}


def make(name, settings, dtype):
    torch.manual_seed(SEED)
    config = GPT2Config(bos_token_id=1, eos_token_id=2, pad_token_id=0, **settings)
    model = GPT2LMHeadModel(config).eval()
    for parameter in model.parameters():  # the usual 0.02 gives flat logits, and biases of 0 would hide errors
        torch.nn.init.normal_(parameter, std=0.25) if parameter.dim() > 1 else parameter.data.add_(torch.randn_like(parameter) * 0.3)
    model.to(dtype).save_pretrained(OUT / name)
    (OUT / name / "generation_config.json").unlink(missing_ok=True)
    return GPT2LMHeadModel.from_pretrained(OUT / name, dtype=torch.float32).eval()


@torch.no_grad()
def cases(model, settings):
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for length, labels_from in [(2, 1), (7, 3), (17, 9), (33, 1), (settings["n_positions"], 20), (5, 5)]:
        ids = torch.randint(0, settings["vocab_size"], (length,), generator=generator)
        logits = model(ids[None]).logits[0].double()
        logprobs = torch.log_softmax(logits, -1)[:-1].gather(-1, ids[1:, None])[:, 0]
        rows.append(dict(input_ids=ids.tolist(), labels_from=labels_from, tokens=length - labels_from,
                         logprob=logprobs[labels_from - 1:].sum().item(), logits_last=[round(v, 6) for v in logits[-1].tolist()]))
    return rows


def greedy(model, settings):
    rows = []
    for prompt in [[5], [11, 3, 96], list(range(3, 20))]:
        new = min(20, settings["n_positions"] - len(prompt))
        out = model.generate(torch.tensor([prompt]), max_new_tokens=new, do_sample=False, eos_token_id=-1, pad_token_id=0)
        rows.append(dict(prompt=prompt, tokens=out[0, len(prompt):].tolist()))
    return rows


for name, (settings, dtype) in MODELS.items():
    model = make(name, settings, dtype)
    record = dict(made_by="tools/golden/gpt2_tiny.py", transformers=transformers.__version__, torch=torch.__version__, seed=SEED,
                  scores=cases(model, settings), greedy=greedy(model, settings))
    (OUT / f"{name}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
