"""Writes tests/data/clip_tiny/: tiny random CLIP, Chinese-CLIP and text encoder directories and what transformers says of them.

Run from the source root with a Python that has torch, transformers and safetensors:  python tools/golden/clip_tiny.py
"""
import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (BertConfig, BertModel, ChineseCLIPConfig, ChineseCLIPModel, CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel)

OUT = pathlib.Path("tests/data/clip_tiny")
SEED = 20250611
VOCAB, TOKENS = 40, 12
BOS, EOS = 38, 39
TEXT = dict(vocab_size=VOCAB, hidden_size=8, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2, bos_token_id=BOS)
VISION = dict(hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3, image_size=8, patch_size=4)
MODELS = {
    # Older files say 2 for the end token and mean the highest id.
    "clip": (CLIPModel, CLIPConfig(text_config=dict(TEXT, max_position_embeddings=TOKENS, eos_token_id=2), vision_config=VISION, projection_dim=6)),
    "clip_gelu": (CLIPModel, CLIPConfig(text_config=dict(TEXT, max_position_embeddings=TOKENS, eos_token_id=EOS, hidden_act="gelu"),
                                        vision_config=dict(VISION, hidden_act="gelu", patch_size=3), projection_dim=8)),
    "chinese": (ChineseCLIPModel, ChineseCLIPConfig(text_config=dict(TEXT, max_position_embeddings=TOKENS), vision_config=VISION, projection_dim=6)),
}


def randomize(model):
    """The usual 0.02 gives flat attention, and biases of 0 would hide errors."""
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4) if parameter.dim() > 1 else parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return model.eval()


def rounded(tensor):
    return [float(f"{v:.8g}") for v in tensor.flatten().tolist()]


def token_rows(generator):
    """Rows with an end token, filled with it or with 0; the rest is masked in `is_token`."""
    rows = torch.randint(1, BOS, (4, TOKENS), generator=generator)
    rows[:, 0] = BOS
    lengths = [TOKENS, 7, 3, 9]
    for row, length, pad in zip(rows, lengths, [0, EOS, 0, EOS]):
        row[length - 1] = EOS
        row[length:] = pad
    return rows, torch.arange(TOKENS)[None] < torch.tensor(lengths)[:, None]


def feature(output):
    return output if isinstance(output, torch.Tensor) else output.pooler_output


@torch.no_grad()
def clip_record(model):
    generator = torch.Generator().manual_seed(SEED)
    ids, is_token = token_rows(generator)
    side = model.config.vision_config.image_size
    pixels = torch.randn(2, 3, side, side, generator=generator)
    text = model.text_model(input_ids=ids, output_hidden_states=True)
    masked = model.text_model(input_ids=ids, attention_mask=is_token.long()).last_hidden_state
    return dict(input_ids=ids.tolist(), is_token=is_token.long().tolist(), pixels=rounded(pixels), logit_scale=model.logit_scale.item(),
                text_features=rounded(feature(model.get_text_features(input_ids=ids))),
                masked_text_features=rounded(feature(model.get_text_features(input_ids=ids, attention_mask=is_token.long()))),
                image_features=rounded(feature(model.get_image_features(pixel_values=pixels))),
                states=rounded(text.last_hidden_state), masked_states=rounded(masked[is_token]))


@torch.no_grad()
def encoder_record(model):
    ids, _ = token_rows(torch.Generator().manual_seed(SEED))
    out = model(input_ids=ids, output_hidden_states=True)
    inner = getattr(model, "text_model", model)
    before_last = out.hidden_states[-2]
    if hasattr(inner, "final_layer_norm"):
        before_last = inner.final_layer_norm(before_last)
    return dict(input_ids=ids.tolist(), states=rounded(out.last_hidden_state), skip_1=rounded(before_last))


def write_record(name, record):
    record = dict(made_by="tools/golden/clip_tiny.py", transformers=transformers.__version__, torch=torch.__version__, seed=SEED, **record)
    (OUT / f"{name}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


def write_folder(name, tensors, config_of):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text((OUT / config_of / "config.json").read_text())


def resblocks(tensors, own, original):
    """Layers of one side under OpenAI's names: q, k and v in one tensor."""
    named, layers = {}, 1 + max(int(key.split(".layers.")[1].split(".")[0]) for key in tensors if key.startswith(own + "encoder.layers."))
    for i in range(layers):
        layer, block = f"{own}encoder.layers.{i}.", f"{original}transformer.resblocks.{i}."
        for end in ["weight", "bias"]:
            named[f"{block}attn.in_proj_{end}"] = torch.cat([tensors[f"{layer}self_attn.{part}_proj.{end}"] for part in "qkv"])
            for ours, theirs in [("self_attn.out_proj", "attn.out_proj"), ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"),
                                 ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj")]:
                named[f"{block}{theirs}.{end}"] = tensors[f"{layer}{ours}.{end}"]
    return named


def original_vision(tensors):
    vision = {"visual.conv1.weight": "embeddings.patch_embedding.weight", "visual.class_embedding": "embeddings.class_embedding",
              "visual.positional_embedding": "embeddings.position_embedding.weight"}
    for end in ["weight", "bias"]:
        vision |= {f"visual.ln_pre.{end}": f"pre_layrnorm.{end}", f"visual.ln_post.{end}": f"post_layernorm.{end}"}
    named = {theirs: tensors["vision_model." + ours] for theirs, ours in vision.items()}
    return named | resblocks(tensors, "vision_model.", "visual.") | {"visual.proj": tensors["visual_projection.weight"].T}


def original_text(tensors, own="text_model."):
    named = {"token_embedding.weight": tensors[own + "embeddings.token_embedding.weight"],
             "positional_embedding": tensors[own + "embeddings.position_embedding.weight"],
             "ln_final.weight": tensors[own + "final_layer_norm.weight"], "ln_final.bias": tensors[own + "final_layer_norm.bias"]}
    return named | resblocks(tensors, own, "")


def original_clip(tensors):
    named = original_text(tensors) | original_vision(tensors)
    # The settings among the tensors are those of OpenAI's own files.
    return named | {"text_projection": tensors["text_projection.weight"].T, "logit_scale": tensors["logit_scale"],
                    "context_length": torch.tensor(TOKENS), "input_resolution": torch.tensor(8), "vocab_size": torch.tensor(VOCAB)}


def original_chinese(tensors):
    named = {key.replace("text_model.", "bert.", 1): value for key, value in tensors.items() if key.startswith("text_model.")}
    named |= original_vision(tensors) | {"text_projection": tensors["text_projection.weight"].T, "logit_scale": tensors["logit_scale"]}
    old = {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v for key, v in named.items()}
    return {"module." + key: value for key, value in old.items()}


def make_models():
    for name, (kind, config) in MODELS.items():
        torch.manual_seed(SEED)
        model = randomize(kind(config))
        model.save_pretrained(OUT / name)
        write_record(name, clip_record(model))
    write_folder("clip_original", original_clip(load_file(OUT / "clip/model.safetensors")), "clip")
    write_folder("chinese_original", original_chinese(load_file(OUT / "chinese/model.safetensors")), "chinese")


def make_encoders():
    torch.manual_seed(SEED)
    clip = randomize(CLIPTextModel(CLIPTextConfig(**TEXT, max_position_embeddings=TOKENS, eos_token_id=EOS, hidden_act="gelu_new")))
    clip.save_pretrained(OUT / "text_clip")
    write_record("text_clip", encoder_record(clip))
    old = {"text_model." + key.removeprefix("text_model."): v for key, v in load_file(OUT / "text_clip/model.safetensors").items()}
    write_folder("text_clip_old", old | {"text_model.embeddings.position_ids": torch.arange(TOKENS)[None]}, "text_clip")
    bert = randomize(BertModel(BertConfig(**{key: v for key, v in TEXT.items() if key != "bos_token_id"}, max_position_embeddings=TOKENS)))
    bert.save_pretrained(OUT / "text_bert")
    write_record("text_bert", encoder_record(bert))


make_models()
make_encoders()
