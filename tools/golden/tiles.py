"""Writes tests/data/golden/tiles.json: what the tiled decoding and encoding of diffusers make of a function that
tells its tiles apart.

Run from the source root with a Python that has torch and diffusers:  python tools/golden/tiles.py
"""
import json
import pathlib

import diffusers
import torch

OUT = pathlib.Path("tests/data/golden/tiles.json")
SEED = 20240613


class Decoder(torch.nn.Module):
    """Every pixel twice along a side, and the mean of the tile."""

    def forward(self, z):
        return torch.nn.functional.interpolate(z, scale_factor=2) + z.mean()


class Encoder(torch.nn.Module):
    """Every second pixel, and the mean of the tile, as mean and as log variance."""

    def forward(self, x):
        half = x[:, :, ::2, ::2] + x.mean()
        return torch.cat([half, -half], dim=1)


def vae(tile):
    model = diffusers.AutoencoderKL(
        in_channels=1, out_channels=1, latent_channels=1, block_out_channels=(1, 1), norm_num_groups=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        use_quant_conv=False, use_post_quant_conv=False)
    model.encoder, model.decoder = Encoder(), Decoder()
    model.enable_tiling()
    model.tile_latent_min_size, model.tile_sample_min_size = tile, 2 * tile
    return model


def flat(tensor):
    return [float(f"{float(x):.8g}") for x in tensor.flatten()]


@torch.no_grad()
def cases():
    generator = torch.Generator().manual_seed(SEED)
    for tile, height, width in [(4, 9, 7), (8, 8, 15)]:
        model = vae(tile)
        latents = torch.randn((1, 1, height, width), generator=generator)
        pictures = torch.randn((1, 1, 2 * height, 2 * width), generator=generator)
        moments = model.encode(pictures).latent_dist
        yield dict(
            tile=tile, height=height, width=width, latents=flat(latents), decoded=flat(model.decode(latents).sample),
            pictures=flat(pictures), mean=flat(moments.mean), logvar=flat(moments.logvar))


record = dict(made_by="tools/golden/tiles.py", diffusers=diffusers.__version__, torch=torch.__version__, seed=SEED, cases=list(cases()))
OUT.write_text(json.dumps(record, separators=(",", ":")).replace('{"tile"', '\n{"tile"') + "\n")
