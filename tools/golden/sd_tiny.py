#!/usr/bin/env python3
"""Golden values of Stable Diffusion's parts: tiny random models of diffusers, their inputs and outputs.

usage: tools/golden/sd_tiny.py tests/data/golden/sd
Needs torch and diffusers (written with the versions that stand in versions.json). Each case is a folder with config.json,
diffusion_pytorch_model.safetensors as diffusers saves them (bfloat16 values, so the files stay small), and io.safetensors.
"""
import json, pathlib, sys
import diffusers, torch
from safetensors.torch import save_file

out = pathlib.Path(sys.argv[1])
SEED = 17


def randomize(model):
    """Norms and biases too, so that each of them counts; values that bfloat16 holds exactly."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if p.dim() > 1:
                noise *= p[0].numel() ** -0.5
            else:
                noise = noise * 0.2 + (1.0 if name.endswith("weight") else 0.0)
            p.copy_(noise.bfloat16().float())
    return model.eval()


def save(name, model, tensors):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "io.safetensors")


def unet_case(name, size, timesteps, context, **config):
    model = randomize(diffusers.UNet2DConditionModel(**config))
    generator = torch.Generator().manual_seed(SEED + 1)
    latents = torch.randn(len(timesteps), model.config.in_channels, *size, generator=generator)
    states = torch.randn(len(timesteps), context, model.config.cross_attention_dim, generator=generator)
    t = torch.tensor(timesteps)
    cond = None
    if model.config.time_cond_proj_dim:
        cond = torch.randn(len(timesteps), model.config.time_cond_proj_dim, generator=generator)
    with torch.no_grad():
        y = model(latents, t, states, timestep_cond=cond).sample
    tensors = dict(latents=latents, timesteps=t.float(), states=states, sample=y)
    if cond is not None:
        tensors["timestep_cond"] = cond
    save(name, model, tensors)


def vae_case(name, size, old_attention=False, **config):
    model = randomize(diffusers.AutoencoderKL(**config))
    generator = torch.Generator().manual_seed(SEED + 2)
    pictures = torch.rand(2, 3, *size, generator=generator) * 2 - 1
    with torch.no_grad():
        moments = model.encode(pictures).latent_dist
        latents = torch.randn(moments.mean.shape, generator=generator)
        decoded = model.decode(latents).sample
    save(name, model, dict(pictures=pictures, mean=moments.mean, logvar=moments.logvar, latents=latents, decoded=decoded))


small = dict(sample_size=8, norm_num_groups=4, cross_attention_dim=12)
unet_case("unet_sd1", (8, 8), [3, 977], 7, block_out_channels=(8, 16), layers_per_block=2, attention_head_dim=2,
          down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **small)
unet_case("unet_sd2", (12, 8), [500], 5, block_out_channels=(8, 16, 16), layers_per_block=1, attention_head_dim=(1, 2, 4),
          transformer_layers_per_block=(1, 2, 1), use_linear_projection=True,
          down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
          up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), **small)
unet_case("unet_inpaint", (8, 8), [1], 3, in_channels=9, block_out_channels=(8, 8), layers_per_block=1, attention_head_dim=2,
          down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), **small)
unet_case("unet_lcm_odd", (10, 6), [999], 3, time_cond_proj_dim=6, flip_sin_to_cos=False, freq_shift=1, block_out_channels=(8, 16, 16), layers_per_block=(1, 2, 1),
          attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
          up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), **small)
unet_case("unet_text_time", (8, 8), [700, 20], 5, block_out_channels=(8, 16), layers_per_block=1, attention_head_dim=2,
          addition_embed_type="text", addition_embed_type_num_heads=3,
          down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **small)
vae_small = dict(norm_num_groups=4, sample_size=16)
vae_case("vae_sd", (16, 8), block_out_channels=(8, 16), layers_per_block=2, latent_channels=4,
         down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, **vae_small)
vae_case("vae_plain", (16, 16), block_out_channels=(8, 8, 16), layers_per_block=1, latent_channels=8, use_quant_conv=False,
         use_post_quant_conv=False, mid_block_add_attention=False, down_block_types=("DownEncoderBlock2D",) * 3,
         up_block_types=("UpDecoderBlock2D",) * 3, **vae_small)
(out / "versions.json").write_text(json.dumps(dict(torch=torch.__version__, diffusers=diffusers.__version__, seed=SEED)) + "\n")
