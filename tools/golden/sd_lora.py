#!/usr/bin/env python3
"""Golden values of LoRA adapters: one adapter of a tiny Stable Diffusion in each dialect, and what diffusers and PEFT compute with it.

usage: tools/golden/sd_lora.py tests/data/golden/sd_layouts/sd1/diffusers tests/data/golden/sd_lora
Needs torch, diffusers, transformers and peft (versions.json). Written are
  first/unet, first/text_encoder   PEFT (PeftModel.save_pretrained), ranks and alphas that differ between modules
  first.safetensors                diffusers' current dialect, alphas in the metadata (save_lora_weights)
  first_kohya.safetensors          kohya (diffusers' convert_state_dict_to_kohya, with the alphas)
  first_older.safetensors          diffusers' older dialect (convert_state_dict_to_diffusers), without alphas
  first_oldest.safetensors         its oldest one (attention processors), without alphas
  second                           PEFT, UNet alone, rsLoRA
  io.safetensors                   inputs; outputs with first at 0.7, with first at 0.7 and second at -0.5, and of older at 1
"""
import json, pathlib, shutil, sys
import diffusers, peft, torch, transformers
from diffusers.utils import state_dict_utils as names
from safetensors.torch import load_file, save_file

model_dir, out = sys.argv[1], pathlib.Path(sys.argv[2])
SEED = 29


def base():
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(model_dir, safety_checker=None, torch_dtype=torch.float32)
    return pipeline.unet.float().eval(), pipeline.text_encoder.float().eval()


def randomize(model, seed):
    """Values that bfloat16 holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_((torch.randn(p.shape, generator=generator) * p[0].numel() ** -0.5).bfloat16().float())


def adapted(model, config, seed, name="default"):
    wrapped = peft.get_peft_model(model, config, adapter_name=name)
    randomize(wrapped, seed)
    return wrapped


MODULES = [f"{block}.transformer_blocks.0.{module}" for block in ("down_blocks.1.attentions.0", "mid_block.attentions.0", "up_blocks.2.attentions.2")
           for module in ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_k", "ff.net.2")]
MODULES += ["mid_block.attentions.0.proj_in", "down_blocks.2.resnets.0.conv1", "down_blocks.2.resnets.0.conv_shortcut", "mid_block.resnets.1.time_emb_proj",
            "down_blocks.1.downsamplers.0.conv", "up_blocks.0.upsamplers.0.conv", "conv_in", "conv_out"]
UNET = peft.LoraConfig(r=2, lora_alpha=3, target_modules=MODULES, rank_pattern={"mid_block.attentions.0.proj_in": 1, "conv_in": 3},
                       alpha_pattern={"conv_in": 0.5, "to_q": 4})
TEXT = peft.LoraConfig(r=2, lora_alpha=1, target_modules=["q_proj", "v_proj", "out_proj", "fc1"], alpha_pattern={"fc1": 5})
SECOND = peft.LoraConfig(r=4, lora_alpha=2, use_rslora=True, target_modules=["mid_block.resnets.0.conv2", "attn2.to_v"])


def scale_all(model, weights):
    """Strength of each adapter; what a pipeline's set_adapters does."""
    for module in model.modules():
        if isinstance(module, peft.tuners.lora.LoraLayer):
            for name, weight in weights.items():
                if name in module.lora_A:
                    module.set_scale(name, weight)


def run(unet, text):
    with torch.no_grad():
        states = text(ids).last_hidden_state
        return states, unet(latents, torch.tensor([5, 900]), golden_states).sample


def plain(model):
    """Tensors of the first adapter by module, without prefix."""
    state = peft.get_peft_model_state_dict(model)
    return {k.removeprefix("base_model.model."): v.contiguous() for k, v in state.items()}


def with_text_model(tensors):
    """The names of text encoders in files, which transformers 5 does not have any more."""
    return {k if k.startswith("text_model.") else "text_model." + k: v for k, v in tensors.items()}


def settings(model):
    config = model.peft_config["default"].to_dict()
    config["target_modules"] = sorted(config["target_modules"])
    return {k: config[k] for k in ("r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules", "use_rslora", "use_dora", "lora_bias")}


def alphas(model):
    """By module, as PEFT has them."""
    return {name.removeprefix("base_model.model."): float(module.lora_alpha["default"]) for name, module in model.named_modules()
            if isinstance(module, peft.tuners.lora.LoraLayer)}


shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
generator = torch.Generator().manual_seed(SEED)
golden = load_file(pathlib.Path(model_dir).parent / "io.safetensors")
ids, latents, golden_states = golden["ids"].long(), golden["latents"], golden["states"]

unet, text = base()
unet, text = adapted(unet, UNET, SEED), adapted(text, TEXT, SEED + 1)
unet.save_pretrained(out / "first/unet"), text.save_pretrained(out / "first/text_encoder")
unet_tensors, text_tensors = plain(unet), with_text_model(plain(text))
diffusers.StableDiffusionPipeline.save_lora_weights(out, unet_lora_layers=unet_tensors, text_encoder_lora_layers=text_tensors, weight_name="first.safetensors",
                                                    unet_lora_adapter_metadata=settings(unet), text_encoder_lora_adapter_metadata=settings(text))
both = {"unet." + k: v for k, v in unet_tensors.items()} | {"text_encoder." + k: v for k, v in text_tensors.items()}

kohya = names.convert_state_dict_to_kohya(dict(both))
kohya = {k.replace("lora_te1_", "lora_te_"): v for k, v in kohya.items()}
for prefix, model in (("lora_unet_", unet), ("lora_te_text_model_", text)):
    for module, alpha in alphas(model).items():
        kohya[prefix + module.removeprefix("text_model.").replace(".", "_") + ".alpha"] = torch.tensor(alpha)
save_file({k: v.contiguous() for k, v in kohya.items()}, out / "first_kohya.safetensors", metadata={"ss_new_sd_model_hash": "0" * 64})

older = names.convert_state_dict_to_diffusers({k: v for k, v in both.items() if k.startswith("text_encoder.")}, original_type=names.StateDictType.PEFT)
older |= {k.replace(".lora_A.", ".lora.down.").replace(".lora_B.", ".lora.up."): v for k, v in both.items() if k.startswith("unet.")}
older = {k.replace(".lora_A.", ".lora_linear_layer.down.").replace(".lora_B.", ".lora_linear_layer.up."): v for k, v in older.items()}
save_file(older, out / "first_older.safetensors")
oldest = {}
for k, v in both.items():
    for new, old in ((".to_q.", ".processor.to_q_lora."), (".to_k.", ".processor.to_k_lora."), (".to_v.", ".processor.to_v_lora."),
                     (".to_out.0.", ".processor.to_out_lora.")):
        if k.startswith("unet.") and new in k:
            oldest[k.removeprefix("unet.").replace(new, old).replace("lora_A", "down").replace("lora_B", "up")] = v
save_file(oldest, out / "first_oldest.safetensors")

result = dict(ids=ids.int(), latents=latents, states=golden_states)
scale_all(unet, dict(default=0.7)), scale_all(text, dict(default=0.7))
result["states_first"], result["sample_first"] = run(unet, text)

unet.add_adapter("second", SECOND)
generator = torch.Generator().manual_seed(SEED + 2)
with torch.no_grad():
    for name, p in unet.named_parameters():
        if ".second." in name:
            p.copy_((torch.randn(p.shape, generator=generator) * p[0].numel() ** -0.5).bfloat16().float())
unet.base_model.set_adapter(["default", "second"])
scale_all(unet, dict(default=0.7, second=-0.5))
_, result["sample_both"] = run(unet, text)
unet.save_pretrained(out / "second_all", selected_adapters=["second"])
shutil.move(out / "second_all/second", out / "second")
shutil.rmtree(out / "second_all")

# Without alphas every scale is 1.
for module in list(unet.modules()) + list(text.modules()):
    if isinstance(module, peft.tuners.lora.LoraLayer) and "default" in module.r:
        module.lora_alpha["default"] = module.r["default"]
unet.base_model.set_adapter("default")
scale_all(unet, dict(default=1.0)), scale_all(text, dict(default=1.0))
result["states_older"], result["sample_older"] = run(unet, text)
save_file({k: v.contiguous() for k, v in result.items()}, out / "io.safetensors")

for path in out.rglob("README.md"):
    path.unlink()
versions = dict(torch=torch.__version__, diffusers=diffusers.__version__, transformers=transformers.__version__, peft=peft.__version__, seed=SEED)
(out / "versions.json").write_text(json.dumps(versions) + "\n")
