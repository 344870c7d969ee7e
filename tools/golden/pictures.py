"""Writes tests/data/golden/pictures/: small files of every kind that the picture reader meets, and what Pillow reads.

With a Python that has Pillow (LittleCMS, WebP), from the source root:  python tools/golden/pictures.py
Each picture shows four blocks of one colour; expected.json has the colours in their middles, left to right and top to
bottom, as Pillow (and its LittleCMS for profiles) gives them in sRGB. CMYK is expected only roughly: Pillow has no
profile for it, its own formula is taken, and the tolerance is wide.
"""
import io
import json
import pathlib
import struct
import zlib

import PIL
from PIL import Image, ImageCms

OUT = pathlib.Path("tests/data/golden/pictures")
COLOURS = [(200, 40, 30), (30, 160, 60), (40, 60, 210), (250, 240, 230)]
WIDTH, HEIGHT = 24, 16


def blocks(mode="RGB", colours=COLOURS):
    picture = Image.new(mode, (WIDTH, HEIGHT))
    for i, colour in enumerate(colours):
        x, y = i % 2 * WIDTH // 2, i // 2 * HEIGHT // 2
        picture.paste(colour, (x, y, x + WIDTH // 2, y + HEIGHT // 2))
    return picture


def middles(picture):
    w, h = picture.size
    return [list(picture.getpixel((w * (1 + 2 * (i % 2)) // 4, h * (1 + 2 * (i // 2)) // 4))) for i in range(4)]


def on_white(picture):
    whole = Image.new("RGBA", picture.size, "white")
    whole.alpha_composite(picture.convert("RGBA"))
    return whole.convert("RGB")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour_type, rows):
    """rows: the bytes of each row, without filter byte."""
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png16(picture, colour_type, low_byte=0x55):
    bands = len(picture.getbands())
    rows, raw = [], picture.tobytes()
    for y in range(HEIGHT):
        row = raw[y * WIDTH * bands : (y + 1) * WIDTH * bands]
        rows.append(b"".join(bytes((value, low_byte)) for value in row))
    return png(WIDTH, HEIGHT, 16, colour_type, rows)


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(blocks(), kind, exif=exif, **(dict(quality=95, subsampling=0) if kind == "JPEG" else {}))


def swapped_profile():
    """A profile whose red and green stand in each other's place: sRGB with two tags exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    at = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    profile[at[b"rXYZ"] : at[b"rXYZ"] + 4], profile[at[b"gXYZ"] : at[b"gXYZ"] + 4] = b"gXYZ", b"rXYZ"
    profile[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)  # its date, so that the file comes out alike each time
    return bytes(profile)


def through_profile(picture, profile):
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))


def good_files():
    """name -> (bytes, picture as it must look, tolerance)"""
    rgb, grey = blocks(), blocks("L", [10, 90, 180, 250])
    rgba = blocks("RGBA", [(200, 40, 30, 255), (30, 160, 60, 128), (40, 60, 210, 0), (250, 240, 230, 64)])
    palette = rgb.quantize(8)
    clear = Image.new("P", (WIDTH, HEIGHT))
    clear.putpalette([0, 0, 0, 200, 40, 30, 30, 160, 60, 40, 60, 210])
    clear.paste(blocks("L", [0, 1, 2, 3]))
    profile = swapped_profile()
    cmyk = blocks("CMYK", [(0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 255, 0), (0, 0, 0, 255)])
    second = blocks(colours=COLOURS[::-1])
    yield "rgb.png", saved(rgb, "PNG"), rgb, 0
    yield "rgb.jpg", saved(rgb, "JPEG", quality=95, subsampling=0), rgb, 4
    yield "rgb.webp", saved(rgb, "WEBP", lossless=True), rgb, 0
    yield "grey.png", saved(grey, "PNG"), grey.convert("RGB"), 0
    yield "grey.jpg", saved(grey, "JPEG", quality=95), grey.convert("RGB"), 4
    yield "grey_alpha.png", saved(rgba.convert("LA"), "PNG"), on_white(rgba.convert("LA")), 1
    yield "one_bit.png", saved(blocks("1", [0, 1, 1, 0]), "PNG"), blocks("1", [0, 1, 1, 0]).convert("RGB"), 0
    yield "palette.png", saved(palette, "PNG"), palette.convert("RGB"), 0
    yield "palette_clear.png", saved(clear, "PNG", transparency=0), blocks(colours=[(255, 255, 255), *COLOURS[:3]]), 0
    yield "rgba.png", saved(rgba, "PNG"), on_white(rgba), 1
    yield "rgba.webp", saved(rgba, "WEBP", lossless=True, exact=True), on_white(rgba), 1
    yield "rgb16.png", png16(rgb, 2), rgb, 1
    yield "rgba16.png", png16(rgba, 6, 0), on_white(rgba), 1
    yield "grey16.png", png16(grey, 0), grey.convert("RGB"), 1
    yield "profile.png", saved(rgb, "PNG", icc_profile=profile), through_profile(rgb, profile), 2
    yield "profile.jpg", saved(rgb, "JPEG", quality=95, subsampling=0, icc_profile=profile), through_profile(rgb, profile), 8
    yield "broken_profile.png", saved(rgb, "PNG", icc_profile=b"no profile" * 20), rgb, 0
    yield "cmyk.jpg", saved(cmyk, "JPEG", quality=95), cmyk.convert("RGB"), 75
    yield "animated.gif", saved(rgb, "GIF", save_all=True, append_images=[second, rgb]), rgb, 1
    yield "animated.webp", saved(rgb, "WEBP", save_all=True, append_images=[second], lossless=True), rgb, 0
    large = rgb.resize((192, 160), Image.Resampling.NEAREST)  # one that holds a label
    yield "large.png", saved(large, "PNG"), large, 0
    yield "large.jpg", saved(large, "JPEG", quality=95), large, 4
    yield "large.webp", saved(large, "WEBP", quality=90), large, 6
    turned = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}
    for orientation, how in turned.items():
        yield f"turned{orientation}.jpg", with_orientation("JPEG", orientation), rgb.transpose(how), 4
    yield "turned6.png", with_orientation("PNG", 6), rgb.transpose(turned[6]), 0


def bad_files():
    noisy = Image.effect_noise((96, 96), 80).convert("RGB")
    for kind, ending in (("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")):
        whole = saved(noisy.resize((32, 32)), kind)
        yield f"truncated.{ending}", whole[: len(whole) * 3 // 5]
    side = 8000  # 64 megapixels, all black
    yield "megapixels64.png", png(side, side, 1, 0, [bytes(side // 8)] * side)
    damaged = bytearray(saved(noisy.resize((32, 32)), "PNG"))
    damaged[len(damaged) // 2] ^= 0xFF
    yield "bad_crc.png", bytes(damaged)
    yield "empty.png", b""
    yield "text.jpg", "这不是图片\n".encode()
    yield "head_only.jpg", b"\xff\xd8\xff\xe0"


OUT.mkdir(parents=True, exist_ok=True)
record = dict(made_by="tools/golden/pictures.py", pillow=PIL.__version__, files={})
for name, data, looks, tolerance in good_files():
    (OUT / name).write_bytes(data)
    record["files"][name] = dict(width=looks.width, height=looks.height, middles=middles(looks), tolerance=tolerance)
for name, data in bad_files():
    (OUT / name).write_bytes(data)
(OUT / "expected.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
