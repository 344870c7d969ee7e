"""Writes tests/data/sd_tiny/: a tiny random Stable Diffusion directory, and the latents that the pipelines of diffusers
make with it.

Run from the source root with a Python that has torch, transformers and diffusers:  python tools/golden/sd_pipeline.py
Values are those of bfloat16, so that the files stay small; the pipelines compute in float32.
"""
import json
import pathlib

import diffusers
import torch
import transformers
from safetensors.torch import save_file

OUT = pathlib.Path("tests/data/sd_tiny")
TOKENIZER = "tests/data/tokenizers/clip"
INPAINT_UNET = "tests/data/golden/sd/unet_inpaint"  # 9 channels; written by sd_tiny.py
SEED = 20240613
WIDTH, HEIGHT, STEPS, GUIDANCE = 24, 32, 5, 3.0
PROMPT, NEGATIVE = "a red dress", "blurred"
TOKENS = 16
SCHEDULER = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
torch.set_num_threads(1)
KINDS = dict(
    ddim=diffusers.DDIMScheduler(**SCHEDULER, clip_sample=False, set_alpha_to_one=False),
    pndm=diffusers.PNDMScheduler(**SCHEDULER, skip_prk_steps=True),
    euler=diffusers.EulerDiscreteScheduler(**SCHEDULER, timestep_spacing="leading"),
    dpmpp_2m=diffusers.DPMSolverMultistepScheduler(**SCHEDULER, timestep_spacing="leading"),
)


def randomize(model, generator):
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            noise = noise * p[0].numel() ** -0.5 if p.dim() > 1 else noise * 0.2 + (1.0 if name.endswith("weight") else 0.0)
            p.copy_(noise.bfloat16().float())
    return model.eval()


def parts():
    generator = torch.Generator().manual_seed(SEED)
    unet = diffusers.UNet2DConditionModel(
        sample_size=16, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=12, attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4, sample_size=32,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(TOKENIZER, model_max_length=TOKENS)
    text = transformers.CLIPTextModel(transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=12, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=TOKENS, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id))
    return dict(
        vae=randomize(vae, generator), text_encoder=randomize(text, generator), tokenizer=tokenizer, unet=randomize(unet, generator),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)


parts = parts()
diffusers.StableDiffusionPipeline(**parts, scheduler=KINDS["pndm"]).to(torch.bfloat16).save_pretrained(OUT / "model")
for name in ("vae", "text_encoder", "unet"):
    parts[name].float()

generator = torch.Generator().manual_seed(SEED + 1)
noise = torch.randn((2, 4, HEIGHT // 2, WIDTH // 2), generator=generator)
picture = torch.rand((1, 3, HEIGHT, WIDTH), generator=generator)
mask = torch.zeros((1, 1, HEIGHT, WIDTH))
mask[..., HEIGHT // 3 :, : WIDTH // 2] = 1
tensors = dict(noise=noise, picture=picture * 2 - 1, mask=mask)

# Random numbers of the pipelines are `noise`; the encoding of the VAE is its mean.
stable_diffusion = diffusers.pipelines.stable_diffusion
for module in (stable_diffusion.pipeline_stable_diffusion, stable_diffusion.pipeline_stable_diffusion_img2img, stable_diffusion.pipeline_stable_diffusion_inpaint):
    module.randn_tensor = lambda shape, **settings: noise.clone()
diffusers.models.autoencoders.vae.randn_tensor = lambda shape, **settings: torch.zeros(shape)


@torch.no_grad()
def run(name, pipeline, kind, unet=None, output="latent", **settings):
    components = {**parts, **(dict(unet=unet) if unet else {})}
    pipe = pipeline(**components, scheduler=KINDS[kind])
    pipe.set_progress_bar_config(disable=True)
    tensors[name] = pipe(
        prompt=PROMPT, negative_prompt=NEGATIVE, num_images_per_prompt=2, num_inference_steps=STEPS, guidance_scale=GUIDANCE,
        output_type=output, **settings).images


size = dict(width=WIDTH, height=HEIGHT)
for kind in KINDS:
    run(f"text.{kind}", diffusers.StableDiffusionPipeline, kind, **size)
    run(f"picture.{kind}", diffusers.StableDiffusionImg2ImgPipeline, kind, image=picture, strength=0.6)
for kind in ("ddim", "euler"):
    for strength in (1.0, 0.6):
        run(f"inpaint.{kind}.{strength}", diffusers.StableDiffusionInpaintPipeline, kind, image=picture, mask_image=mask, strength=strength, **size)
run("inpaint_unet.ddim.1.0", diffusers.StableDiffusionInpaintPipeline, "ddim", unet=diffusers.UNet2DConditionModel.from_pretrained(INPAINT_UNET).float(),
    image=picture, mask_image=mask, strength=1.0, **size)
run("decoded.ddim", diffusers.StableDiffusionPipeline, "ddim", output="pt", **size)  # 0 to 1

save_file({name: tensor.contiguous().float() for name, tensor in tensors.items()}, OUT / "runs.safetensors")
record = dict(
    made_by="tools/golden/sd_pipeline.py", diffusers=diffusers.__version__, transformers=transformers.__version__, torch=torch.__version__, seed=SEED,
    width=WIDTH, height=HEIGHT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, prompt=PROMPT, negative_prompt=NEGATIVE,
    schedulers={kind: {key: value for key, value in scheduler.config.items() if not key.startswith("_") and value not in (None, float("-inf"))} for kind, scheduler in KINDS.items()})
(OUT / "runs.json").write_text(json.dumps(record, indent=1) + "\n")
