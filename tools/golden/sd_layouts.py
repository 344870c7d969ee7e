#!/usr/bin/env python3
"""Golden values of the two layouts of Stable Diffusion: one tiny random model as a single file with LDM names and as a
directory of diffusers, converted by diffusers' own functions.

usage: tools/golden/sd_layouts.py tests/data/golden/sd_layouts tests/data/tokenizers/legacy_clip
The names of the single file are those of CompVis' latent-diffusion (openaimodel.py, model.py), written down here anew.
  sd1        four levels, text encoder with names of transformers, pretrained averages (model_ema.) and schedule buffers
  sd2        three levels, linear projections, text encoder with names of OpenCLIP, one unused layer; diffusers' files
             are of the variant fp16, the UNet in shards
Each folder holds single.safetensors, diffusers/ and io.safetensors (inputs and outputs of diffusers' models, float32).
"""
import json, pathlib, shutil, sys
import diffusers, torch, transformers
from diffusers.loaders import single_file_utils as convert
from safetensors.torch import save_file

out, tokenizer_dir = pathlib.Path(sys.argv[1]), sys.argv[2]
SEED = 23
U, V = "model.diffusion_model.", "first_stage_model."


class Shapes(dict):
    def linear(self, name, o, i, bias=True):
        self[name + ".weight"] = (o, i)
        if bias:
            self[name + ".bias"] = (o,)

    def conv(self, name, o, i, k):
        self[name + ".weight"], self[name + ".bias"] = (o, i, k, k), (o,)

    def norm(self, name, c):
        self[name + ".weight"], self[name + ".bias"] = (c,), (c,)


def unet_resnet(s, name, i, o, time):
    s.norm(name + ".in_layers.0", i), s.conv(name + ".in_layers.2", o, i, 3), s.linear(name + ".emb_layers.1", o, time)
    s.norm(name + ".out_layers.0", o), s.conv(name + ".out_layers.3", o, o, 3)
    if i != o:
        s.conv(name + ".skip_connection", o, i, 1)


def transformer(s, name, c, context, linear):
    s.norm(name + ".norm", c)
    for part in ("proj_in", "proj_out"):
        s.linear(f"{name}.{part}", c, c) if linear else s.conv(f"{name}.{part}", c, c, 1)
    block = name + ".transformer_blocks.0"
    for attention, width in (("attn1", c), ("attn2", context)):
        s.linear(f"{block}.{attention}.to_q", c, c, False), s.linear(f"{block}.{attention}.to_k", c, width, False)
        s.linear(f"{block}.{attention}.to_v", c, width, False), s.linear(f"{block}.{attention}.to_out.0", c, c)
    s.linear(block + ".ff.net.0.proj", 8 * c, c), s.linear(block + ".ff.net.2", c, 4 * c)
    for i in "123":
        s.norm(block + ".norm" + i, c)


def unet(s, widths, layers, context, linear):
    time, skips, b = 4 * widths[0], [widths[0]], 1
    s.linear(U + "time_embed.0", time, widths[0]), s.linear(U + "time_embed.2", time, time)
    s.conv(U + "input_blocks.0.0", widths[0], 4, 3)
    now = widths[0]
    for level, c in enumerate(widths):
        last = level == len(widths) - 1
        for _ in range(layers):
            unet_resnet(s, U + f"input_blocks.{b}.0", now, c, time)
            if not last:
                transformer(s, U + f"input_blocks.{b}.1", c, context, linear)
            now, b = c, b + 1
            skips.append(c)
        if not last:
            s.conv(U + f"input_blocks.{b}.0.op", c, c, 3)
            b += 1
            skips.append(c)
    unet_resnet(s, U + "middle_block.0", now, now, time), transformer(s, U + "middle_block.1", now, context, linear)
    unet_resnet(s, U + "middle_block.2", now, now, time)
    b = 0
    for level in reversed(range(len(widths))):
        c, last = widths[level], level == len(widths) - 1
        for j in range(layers + 1):
            unet_resnet(s, U + f"output_blocks.{b}.0", now + skips.pop(), c, time)
            if not last:
                transformer(s, U + f"output_blocks.{b}.1", c, context, linear)
            if j == layers and level > 0:
                s.conv(U + f"output_blocks.{b}.{1 if last else 2}.conv", c, c, 3)
            now, b = c, b + 1
    s.norm(U + "out.0", now), s.conv(U + "out.2", 4, now, 3)


def vae_resnet(s, name, i, o):
    s.norm(name + ".norm1", i), s.conv(name + ".conv1", o, i, 3), s.norm(name + ".norm2", o), s.conv(name + ".conv2", o, o, 3)
    if i != o:
        s.conv(name + ".nin_shortcut", o, i, 1)


def vae(s, widths, layers):
    now = widths[0]
    s.conv(V + "encoder.conv_in", now, 3, 3)
    for level, c in enumerate(widths):
        for j in range(layers):
            vae_resnet(s, V + f"encoder.down.{level}.block.{j}", now, c)
            now = c
        if level + 1 < len(widths):
            s.conv(V + f"encoder.down.{level}.downsample.conv", c, c, 3)
    for side in ("encoder", "decoder"):
        vae_resnet(s, V + side + ".mid.block_1", now, now), vae_resnet(s, V + side + ".mid.block_2", now, now)
        s.norm(V + side + ".mid.attn_1.norm", now)
        for part in ("q", "k", "v", "proj_out"):
            s.conv(V + side + ".mid.attn_1." + part, now, now, 1)
    s.norm(V + "encoder.norm_out", now), s.conv(V + "encoder.conv_out", 8, now, 3), s.conv(V + "decoder.conv_in", now, 4, 3)
    for level in reversed(range(len(widths))):
        for j in range(layers + 1):
            vae_resnet(s, V + f"decoder.up.{level}.block.{j}", now, widths[level])
            now = widths[level]
        if level > 0:
            s.conv(V + f"decoder.up.{level}.upsample.conv", now, now, 3)
    s.norm(V + "decoder.norm_out", now), s.conv(V + "decoder.conv_out", 3, now, 3)
    s.conv(V + "quant_conv", 8, 8, 1), s.conv(V + "post_quant_conv", 4, 4, 1)


def clip(s, vocab, tokens, c, layers):
    p = "cond_stage_model.transformer.text_model."
    s[p + "embeddings.token_embedding.weight"], s[p + "embeddings.position_embedding.weight"] = (vocab, c), (tokens, c)
    for i in range(layers):
        layer = f"{p}encoder.layers.{i}."
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            s.linear(layer + "self_attn." + part, c, c)
        s.norm(layer + "layer_norm1", c), s.norm(layer + "layer_norm2", c)
        s.linear(layer + "mlp.fc1", 4 * c, c), s.linear(layer + "mlp.fc2", c, 4 * c)
    s.norm(p + "final_layer_norm", c)


def open_clip(s, vocab, tokens, c, layers):
    p = "cond_stage_model.model."
    s[p + "token_embedding.weight"], s[p + "positional_embedding"], s[p + "text_projection"] = (vocab, c), (tokens, c), (c, c)
    for i in range(layers):
        layer = f"{p}transformer.resblocks.{i}."
        s[layer + "attn.in_proj_weight"], s[layer + "attn.in_proj_bias"] = (3 * c, c), (3 * c,)
        s.linear(layer + "attn.out_proj", c, c), s.norm(layer + "ln_1", c), s.norm(layer + "ln_2", c)
        s.linear(layer + "mlp.c_fc", 4 * c, c), s.linear(layer + "mlp.c_proj", c, 4 * c)
    s.norm(p + "ln_final", c)


def random_tensors(shapes, seed):
    """Values that float16 and bfloat16 both hold exactly."""
    generator, tensors = torch.Generator().manual_seed(seed), {}
    for name, shape in shapes.items():
        noise = torch.randn(shape, generator=generator)
        if len(shape) > 1:
            noise *= noise[0].numel() ** -0.5
        else:
            noise = noise * 0.2 + (1.0 if name.endswith("weight") else 0.0)
        tensors[name] = noise.bfloat16().half().bfloat16().half()
    return tensors


def averages(tensors, seed):
    shapes = {"model_ema." + k.split(".", 1)[1].replace(".", ""): v.shape for k, v in tensors.items() if k.startswith(U)}
    return random_tensors(shapes, seed) | {"model_ema.decay": torch.tensor(0.99), "model_ema.num_updates": torch.tensor(7, dtype=torch.int32)}


def loaded(model, state):
    model.load_state_dict({k: v.float() for k, v in state.items()}, strict=True)
    return model.eval()


def case(name, widths, layers, context, linear, vae_widths, text_layers, extra, save_options, scheduler):
    vocab, tokens = len(transformers.CLIPTokenizer.from_pretrained(tokenizer_dir)), 16
    s = Shapes()
    unet(s, widths, layers, context, linear), vae(s, vae_widths, 1)
    (open_clip if linear else clip)(s, vocab, tokens, context, text_layers)
    tensors = random_tensors(s, SEED)

    n = len(widths)
    unet_config = dict(sample_size=8, block_out_channels=widths, layers_per_block=layers, norm_num_groups=2, cross_attention_dim=context,
                       attention_head_dim=tuple(w // 4 for w in widths) if linear else 2, use_linear_projection=linear,
                       down_block_types=("CrossAttnDownBlock2D",) * (n - 1) + ("DownBlock2D",),
                       up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (n - 1))
    vae_config = dict(sample_size=16, block_out_channels=vae_widths, layers_per_block=1, norm_num_groups=2, latent_channels=4,
                      down_block_types=("DownEncoderBlock2D",) * len(vae_widths), up_block_types=("UpDecoderBlock2D",) * len(vae_widths))
    text_config = transformers.CLIPTextConfig(vocab_size=vocab, hidden_size=context, intermediate_size=4 * context, projection_dim=context,
                                              num_hidden_layers=text_layers - linear, num_attention_heads=2, max_position_embeddings=tokens,
                                              hidden_act="gelu" if linear else "quick_gelu", bos_token_id=vocab - 2, eos_token_id=vocab - 1,
                                              pad_token_id=0 if linear else vocab - 1)
    the_unet = diffusers.UNet2DConditionModel(**unet_config)
    the_unet = loaded(the_unet, convert.convert_ldm_unet_checkpoint(dict(tensors), the_unet.config))
    the_vae = diffusers.AutoencoderKL(**vae_config)
    the_vae = loaded(the_vae, convert.convert_ldm_vae_checkpoint(dict(tensors), the_vae.config))
    the_text = transformers.CLIPTextModel(text_config)
    if linear:
        # diffusers drops layer 23 of 24 by its name; here the last one is named so for the conversion
        renamed = {k.replace(f"resblocks.{text_layers - 1}.", "resblocks.23."): v for k, v in tensors.items()}
        state = convert.convert_open_clip_checkpoint(the_text, renamed)
        state = {k: v for k, v in state.items() if k != "text_projection.weight" and "layers.23." not in k}
    else:
        state = convert.convert_ldm_clip_checkpoint(tensors)
    keys = set(the_text.state_dict())
    state = {k if k in keys else k.removeprefix("text_model."): v for k, v in state.items()}
    the_text = loaded(the_text, state)

    generator = torch.Generator().manual_seed(SEED + 1)
    ids = torch.randint(0, vocab - 2, (2, tokens), generator=generator)
    latents = torch.randn(2, 4, 8, 8, generator=generator)
    pictures = torch.rand(1, 3, 16, 16, generator=generator) * 2 - 1
    with torch.no_grad():
        states = the_text(ids).last_hidden_state
        sample = the_unet(latents, torch.tensor([5, 900]), states).sample
        moments = the_vae.encode(pictures).latent_dist
        decoded = the_vae.decode(latents[:1]).sample
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tensors_io = dict(ids=ids.int(), states=states, latents=latents, sample=sample, pictures=pictures, mean=moments.mean, decoded=decoded)
    save_file({k: v.contiguous() for k, v in tensors_io.items()}, folder / "io.safetensors")
    save_file(tensors | extra(tensors), folder / "single.safetensors", metadata={"format": "pt"})
    pipeline = diffusers.StableDiffusionPipeline(
        vae=the_vae.half(), text_encoder=the_text.half(), tokenizer=transformers.CLIPTokenizer.from_pretrained(tokenizer_dir),
        unet=the_unet.half(), scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipeline.save_pretrained(folder / "diffusers", **save_options)


def schedule_buffers(tensors):
    return {"betas": torch.linspace(0.1, 0.2, 4), "alphas_cumprod": torch.linspace(0.9, 0.1, 4), "logvar": torch.zeros(4)}


def sd1_extra(tensors):
    text = "cond_stage_model.transformer.text_model.embeddings.position_ids"
    return schedule_buffers(tensors) | averages(tensors, SEED + 2) | {text: torch.arange(16)[None]}


def sd2_extra(tensors):
    return {"cond_stage_model.model.logit_scale": torch.tensor(2.6), "cond_stage_model.model.attn_mask": torch.zeros(16, 16)}


betas = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, set_alpha_to_one=False)
case("sd1", (4, 4, 8, 8), 2, 8, False, (4, 4, 8, 8), 2, sd1_extra, {},
     diffusers.PNDMScheduler(skip_prk_steps=True, **betas))
case("sd2", (4, 8, 8), 1, 8, True, (4, 8), 3, sd2_extra, dict(variant="fp16", max_shard_size="30KB"),
     diffusers.DDIMScheduler(prediction_type="v_prediction", clip_sample=False, **betas))
versions = dict(torch=torch.__version__, diffusers=diffusers.__version__, transformers=transformers.__version__, seed=SEED)
(out / "versions.json").write_text(json.dumps(versions) + "\n")
