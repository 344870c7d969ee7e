"""Writes tests/data/golden/clip_pixels/: a picture and what transformers' CLIP image processor makes of it.

Run from the source root with a Python that has transformers, numpy and pillow:  python tools/golden/clip_pixels.py
"""
import json
import pathlib

import numpy
import PIL
import transformers
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

OUT = pathlib.Path("tests/data/golden/clip_pixels")
SEED = 20250612
SETTINGS = {
    "smaller": dict(size={"shortest_edge": 12}, crop_size={"height": 12, "width": 12}),
    "larger": dict(size={"shortest_edge": 90}, crop_size={"height": 14, "width": 14}),
    "square": dict(size={"height": 10, "width": 10}, crop_size={"height": 10, "width": 10}),
    "as_it_is": dict(size={"shortest_edge": 37}, crop_size={"height": 11, "width": 11}),
}


def picture():
    """Noise on a slope: every frequency, no symmetry."""
    generator = numpy.random.default_rng(SEED)
    rows, columns = numpy.mgrid[0:53, 0:37]
    slope = numpy.stack([rows * 4, columns * 6, rows + columns * 3], axis=2)
    return Image.fromarray(numpy.clip(slope + generator.integers(-60, 60, slope.shape), 0, 255).astype(numpy.uint8))


OUT.mkdir(parents=True, exist_ok=True)
image = picture()
image.save(OUT / "picture.png", optimize=True)
cases = {}
for name, settings in SETTINGS.items():
    processor = CLIPImageProcessorPil(**settings)
    values = processor(images=image, return_tensors="np")["pixel_values"][0]
    cases[name] = dict(settings=json.loads(processor.to_json_string()), values=[float(f"{v:.7g}") for v in values.flatten().tolist()])
record = dict(made_by="tools/golden/clip_pixels.py", transformers=transformers.__version__, pillow=PIL.__version__, seed=SEED, cases=cases)
(OUT / "expected.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
