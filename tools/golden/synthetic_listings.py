"""Writes tests/data/pictures_synthetic: drawn garments with planted faults and signals, for the funnel of pictures.

    python3 tools/golden/synthetic_listings.py        (Pillow)

All of it is synthetic: the pictures are drawn, the titles and counts are made up. planted.tsv says which filter has to
drop which row.
"""
import json
import random
from pathlib import Path

from PIL import Image, ImageDraw, __version__

SEED = 11
OUT = Path(__file__).resolve().parents[2] / "tests" / "data" / "pictures_synthetic"
COLOURS = {"红色": (190, 25, 30), "蓝色": (60, 110, 200), "黑色": (18, 18, 20), "绿色": (40, 130, 60), "黄色": (240, 210, 60), "紫色": (110, 50, 140)}
SHAPES = ["连衣裙", "T恤", "裤子", "帽子"]


def garment(shape, colour, background, seed, size=(144, 168)):
    """A drawn garment with a little noise, so that no two pictures are alike."""
    rng = random.Random(seed)
    w, h = size
    image = Image.new("RGB", size, background)
    draw = ImageDraw.Draw(image)
    for _ in range(3):  # things in the background, so that pictures of one shape differ
        u, v = rng.choice([rng.randint(0, 20), rng.randint(w - 40, w - 20)]), rng.randrange(h - 30)
        shade = rng.randint(-60, 40)
        draw.rectangle([u, v, u + rng.randint(10, 30), v + rng.randint(15, 60)], fill=tuple(max(0, min(255, c + shade)) for c in background))
    x, y = w // 2 + rng.randint(-14, 14), h // 2 + rng.randint(-14, 14)
    if shape == "连衣裙":
        draw.polygon([(x - 18, y - 55), (x + 18, y - 55), (x + 14, y - 10), (x + 45, y + 60), (x - 45, y + 60), (x - 14, y - 10)], fill=colour)
    elif shape == "T恤":
        draw.rectangle([x - 28, y - 40, x + 28, y + 45], fill=colour)
        draw.polygon([(x - 28, y - 40), (x - 58, y - 10), (x - 46, y + 4), (x - 28, y - 12)], fill=colour)
        draw.polygon([(x + 28, y - 40), (x + 58, y - 10), (x + 46, y + 4), (x + 28, y - 12)], fill=colour)
    elif shape == "裤子":
        draw.rectangle([x - 26, y - 60, x + 26, y - 25], fill=colour)
        draw.rectangle([x - 26, y - 25, x - 5, y + 65], fill=colour)
        draw.rectangle([x + 5, y - 25, x + 26, y + 65], fill=colour)
    else:
        draw.pieslice([x - 40, y - 40, x + 40, y + 40], 180, 360, fill=colour)
        draw.rectangle([x - 55, y, x + 30, y + 10], fill=colour)
    for _ in range(60):  # stitches and dust
        u, v = rng.randrange(w), rng.randrange(h)
        r, g, b = image.getpixel((u, v))
        draw.ellipse([u - 2, v - 2, u + 2, v + 2], fill=(min(255, r + 25), min(255, g + 25), min(255, b + 25)))
    return image


def main():
    (OUT / "images").mkdir(parents=True, exist_ok=True)
    for old in (OUT / "images").iterdir():
        old.unlink()
    rng = random.Random(SEED)
    rows, planted = [], []

    def put(row_id, image, title, attributes, signals, fault=None, quality=80, name=None):
        name = name or f"images/{row_id}.jpg"
        if isinstance(image, bytes):
            (OUT / name).write_bytes(image)
        elif image is not None:
            image.save(OUT / name, quality=quality)
        rows.append({"id": row_id, "标题": title, "图片": name, "属性": attributes, **signals})
        planted.append((row_id, fault or "kept"))

    def signals(reviews=None, favorites=None, sales=None):
        named = {"评论数": reviews, "收藏数": favorites, "销量": sales}
        return {key: value for key, value in named.items() if value is not None}

    backgrounds = [(240, 240, 238), (205, 180, 140), (150, 150, 155)]
    good = []
    for i in range(18):
        shape, colour = SHAPES[i % 4], list(COLOURS)[i % 6]
        image = garment(shape, COLOURS[colour], backgrounds[i % 3], seed=100 + i)
        good.append(image)
        present = [rng.random() < 0.7 for _ in range(3)]
        values = [rng.randint(1, 900) if p else None for p in present]
        kind = {"连衣裙": "裙", "T恤": "上衣", "裤子": "裤"}.get(shape, "帽子")
        put(f"good{i:02}", image, f"{colour}{shape}", f"类型:{kind};颜色:{colour};风格:简约", signals(*values))
    put("exact", None, "另一个标题", "类型:裙", signals(5, 5, 5), "dedupe", name="images/good00.jpg")
    rows[-1]["图片"] = "images/exact.jpg"
    (OUT / "images/exact.jpg").write_bytes((OUT / "images/good00.jpg").read_bytes())
    put("resized", good[1].resize((288, 336)), "放大的图片", "类型:上衣", signals(5, 5, 5), "dedupe", quality=50)
    put("small", garment("帽子", COLOURS["红色"], backgrounds[0], 300).resize((60, 70)), "红色帽子", "颜色:红色", signals(9, 9, 9), "size")
    put("blank", Image.new("RGB", (144, 168), (235, 235, 235)), "白色T恤", "颜色:白色", signals(9, 9, 9), "detail")
    broken = (OUT / "images/good02.jpg").read_bytes()
    put("broken", broken[: len(broken) // 2], "绿色裤子", "颜色:绿色", signals(9, 9, 9), "readable")
    put("no_picture", None, "黑色裤子", "颜色:黑色", signals(9, 9, 9), "import")
    for field, values in {"reviews": (0, 7, 7), "favorites": (7, 0, 7), "sales": (7, 7, 0)}.items():
        colour = {"reviews": "红色", "favorites": "蓝色", "sales": "绿色"}[field]
        image = garment(SHAPES[len(field) % 4], COLOURS[colour], backgrounds[len(field) % 3], 400 + len(field))
        put(f"zero_{field}", image, f"{colour}衣服", f"颜色:{colour}", signals(*values), field)
    put("mismatch", garment("裤子", COLOURS["黄色"], backgrounds[2], 500), "紫色帽子", "类型:帽子;颜色:紫色", signals(8, 8, 8), "clip")
    with open(OUT / "listings.jsonl", "w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    with open(OUT / "planted.tsv", "w", encoding="utf-8") as out:
        out.write("id\tdropped_by\n")
        out.writelines(f"{row_id}\t{fault}\n" for row_id, fault in planted)
    (OUT / "README.md").write_text(
        "# Synthetic listings\n\nDrawn garments with made-up titles and counts, written by tools/golden/synthetic_listings.py "
        f"(Pillow {__version__}, seed {SEED}). Nothing here is a real product. `planted.tsv`: the filter of `curate images` that has to drop each row.\n",
        encoding="utf-8")


main()
