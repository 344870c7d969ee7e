"""Times the parts of Stable Diffusion 1.5 in diffusers and transformers on torch.

    peer_diffusers.py --part unet --dtype bfloat16
"""
import diffusers
import torch

from picture_models import (WIDTH, TOKENS, ids, latents, measure_part, picture_arguments,
                            text_encoder, unet, vae)

GUIDED = 2  # prompt and negative prompt in one batch


def prepared(model, dtype):
    return model.to(dtype).eval().to(memory_format=torch.channels_last)


def inference(args, dtype):
    torch.set_grad_enabled(False)
    if args.part == "text":
        model, rows = text_encoder().to(dtype).eval(), ids(GUIDED)
        return lambda: model(rows)[0]
    if args.part == "vae":
        model, encoded = prepared(vae(), dtype), latents(args, 1).to(dtype)
        return lambda: model.decode(encoded).sample
    model, noisy = prepared(unet(), dtype), latents(args, GUIDED).to(dtype)
    states = torch.randn(GUIDED, TOKENS, WIDTH, dtype=dtype)
    return lambda: model(noisy, 500, states).sample


def tuning(args, dtype):
    """UNet frozen, text encoder trained by AdamW, products in dtype (autocast)."""
    frozen = unet().requires_grad_(False).to(memory_format=torch.channels_last)
    encoder = text_encoder().train()
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=1e-5)
    noisy, noise, rows = latents(args, args.batch), latents(args, args.batch), ids(args.batch)
    timesteps = torch.randint(0, 1000, (args.batch,))

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            predicted = frozen(noisy, timesteps, encoder(rows)[0]).sample
            loss = torch.nn.functional.mse_loss(predicted.float(), noise)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def main():
    args = picture_arguments(__doc__.splitlines()[0], ["text", "unet", "vae", "tune"],
                             ["bfloat16", "float32"])
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    dtype = getattr(torch, args.dtype)
    call = tuning(args, dtype) if args.part == "tune" else inference(args, dtype)
    measure_part(args, call, peer="diffusers", version=diffusers.__version__,
                 torch=torch.__version__)


if __name__ == "__main__":
    main()
