"""Stable Diffusion 1.5 with random weights, and what each measured part is given."""
import argparse
import time

import diffusers
import torch
import transformers

from measuring import clean_runs, peak_rss_mib, print_line, spread

TOKENS = 77
WIDTH = 768         # of the text states
DOWNSCALE = 8       # pixels for each latent along a side


def unet():
    return diffusers.UNet2DConditionModel(
        sample_size=64, cross_attention_dim=WIDTH, attention_head_dim=8)


def vae():
    return diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512), layers_per_block=2, sample_size=512)


def text_encoder():
    return transformers.CLIPTextModel(transformers.CLIPTextConfig(
        hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=12,
        num_attention_heads=12))


def ids(batch):
    return torch.randint(0, 49000, (batch, TOKENS))


def latents(args, batch):
    return torch.randn(batch, 4, args.height // DOWNSCALE, args.width // DOWNSCALE)


def picture_arguments(description, parts, dtypes):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--part", choices=parts, required=True)
    parser.add_argument("--dtype", choices=dtypes, default=dtypes[0], help=f"({dtypes[0]})")
    parser.add_argument("--width", type=int, default=512, help="pixels (512)")
    parser.add_argument("--height", type=int, default=512, help="pixels (512)")
    parser.add_argument("--batch", type=int, default=1, help="pictures of a tuning step (1)")
    parser.add_argument("--threads", type=int, default=2, help="(2)")
    parser.add_argument("--runs", type=int, default=3, help="timed calls, after one (3)")
    parser.add_argument("--models", help="folder for converted models")
    return parser.parse_args()


def measure_part(args, call, **about):
    """Times call() and prints its JSON line; the first call does not count."""
    def seconds():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    seconds()
    times, how = clean_runs(seconds, args.runs)
    print_line(kind="peer", part=args.part, dtype=args.dtype, width=args.width, height=args.height,
               threads=args.threads, seconds_per_step=spread(times), peak_rss_mib=peak_rss_mib(),
               **about, **how)
