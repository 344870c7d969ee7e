"""Writes tests/data/gpt2_tiny/{tied,untied}_decoding.json: what transformers decodes in float32 with the two tiny models
of gpt2_tiny.py: greedy continuations of 200 prompts each, and beam search with its scores.

Run from the source root with a Python that has torch and transformers:  python tools/golden/gpt2_decoding.py
"""
import json
import pathlib

import torch
import transformers
from transformers import GPT2LMHeadModel

DATA = pathlib.Path("tests/data/gpt2_tiny")
SEED = 20250117
PROMPTS = 200
BEAMS = [
    dict(num_beams=3),
    dict(num_beams=3, length_penalty=0.0),
    dict(num_beams=3, length_penalty=2.0, early_stopping="never"),
    dict(num_beams=3, length_penalty=-1.0),
    dict(num_beams=3, early_stopping=True),
    dict(num_beams=1),
    dict(num_beams=8, max_new_tokens=5),
    dict(num_beams=3, repetition_penalty=1.3),
    dict(num_beams=3, no_repeat_ngram_size=2),
    dict(num_beams=3, min_new_tokens=6),
]


def random_prompt(model, generator, room):
    length = int(torch.randint(1, model.config.n_positions - room, (1,), generator=generator))
    return torch.randint(0, model.config.vocab_size, (1, length), generator=generator)


def generate(model, prompt, **settings):
    return model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, **settings)


@torch.no_grad()
def greedy(model):
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for _ in range(PROMPTS):
        prompt = random_prompt(model, generator, 13)
        out = generate(model, prompt, max_new_tokens=12, eos_token_id=-1, pad_token_id=0)
        rows.append(dict(prompt=prompt[0].tolist(), tokens=out[0, prompt.shape[1]:].tolist()))
    return rows


@torch.no_grad()
def beams(model):
    generator = torch.Generator().manual_seed(SEED + 1)
    rows = []
    for i in range(4 * len(BEAMS)):
        settings = dict(max_new_tokens=10) | BEAMS[i % len(BEAMS)]
        prompt = random_prompt(model, generator, 11)
        # An eos that comes in some hypotheses: what the model says after a few tokens.
        likely = generate(model, prompt, max_new_tokens=4, eos_token_id=-1, pad_token_id=0)
        eos = int(likely[0, prompt.shape[1] + i % 4])
        count = settings["num_beams"]
        if count == 1:
            out = generate(model, prompt, eos_token_id=eos, pad_token_id=eos, **settings)
            sequences, scores = out, None
        else:
            out = generate(model, prompt, eos_token_id=eos, pad_token_id=eos, num_return_sequences=count,
                           return_dict_in_generate=True, output_scores=True, **settings)
            sequences, scores = out.sequences, out.sequences_scores.tolist()
        hypotheses = []
        for sequence in sequences[:, prompt.shape[1]:].tolist():
            finished = eos in sequence
            hypotheses.append(dict(tokens=sequence[:sequence.index(eos)] if finished else sequence, finished=finished))
        for hypothesis, score in zip(hypotheses, scores or []):
            hypothesis["score"] = round(score, 6)
        rows.append(dict(prompt=prompt[0].tolist(), eos=eos, settings=settings, hypotheses=hypotheses))
    return rows


for name in ["tied", "untied"]:
    model = GPT2LMHeadModel.from_pretrained(DATA / name, dtype=torch.float32).eval()
    record = dict(made_by="tools/golden/gpt2_decoding.py", transformers=transformers.__version__,
                  torch=torch.__version__, seed=SEED, greedy=greedy(model), beams=beams(model))
    (DATA / f"{name}_decoding.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
