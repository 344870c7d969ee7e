"""Writes tests/data/golden/picture_metadata/: small files whose metadata other programs wrote, and what is in them.

With a Python that has Pillow, and with exiftool on the path, from the source root:
    python tools/golden/picture_metadata.py
expected.json: file -> carrier of its AIGC label ("xmp", "text", "exif", "foreign", "none", "several"), the label's object, the
DigitalSourceType, the texts. A1111 files follow its own writer: PNG text "parameters"; in JPEG and WebP a UserComment
with "UNICODE" and UTF-16 big-endian.
"""
import io
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

import PIL
from PIL import Image, PngImagePlugin

OUT = pathlib.Path("tests/data/golden/picture_metadata")
SPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LABEL = dict(Label="1", ContentProducer="001191310000MA1", ProduceID="A-2026-0001", ReservedCode1="c1 <&'\">", ContentPropagator="001191310000MA1", PropagateID="A-2026-0001", ReservedCode2="")
INNER = json.dumps(LABEL, separators=(",", ":"))
OUTER = json.dumps(dict(AIGC=LABEL), separators=(",", ":"))
PARAMETERS = "一条红色的裙子, studio light\nsecond line\nNegative prompt: blurry, 低质量\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 16x16, Model hash: 6ce0161689, Lora hashes: \"a: 0123, b: 4567\", Version: v1.10.1"
ASCII_PARAMETERS = "a red dress\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 16x16, Model hash: 6ce0161689"
PICTURE = Image.radial_gradient("L").resize((16, 16)).convert("RGB")


def escape(text):
    for a, b in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(a, b)
    return text


def packet(body, attributes=""):
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<r:Description r:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{body}<dc:format>image/x</dc:format></r:Description></r:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


ELEMENT = packet(f'<T:AIGC xmlns:T="{SPACE}">{escape(INNER)}</T:AIGC><i:DigitalSourceType xmlns:i="{IPTC}" r:resource="{TRAINED}"/>')
ATTRIBUTE = packet("", f'xmlns:q="{SPACE}" q:AIGC="{escape(OUTER)}" xmlns:x2="{IPTC}" x2:DigitalSourceType="{TRAINED}"')
CDATA = packet(f'<TC260:AIGC xmlns:TC260="{SPACE}"><![CDATA[{INNER}]]></TC260:AIGC>')
MALFORMED = ELEMENT.replace(b"</r:Description>", b"")
BROKEN_JSON = packet(f'<T:AIGC xmlns:T="{SPACE}">{escape(INNER[:-2])}</T:AIGC>')


def saved(kind, **options):
    buffer = io.BytesIO()
    PICTURE.save(buffer, kind, **options)
    return buffer.getvalue()


def png(texts=(), xmp=None, packed=False):
    info = PngImagePlugin.PngInfo()
    if xmp:
        info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=packed)
    for keyword, text, options in texts:
        (info.add_itxt if "itxt" in options else info.add_text)(keyword, text, zip="zip" in options)
    return saved("PNG", pnginfo=info)


def exif_block(comment, big=True):
    """A TIFF block with orientation, an EXIF folder with exposure time (a value outside), and a UserComment."""
    e = ">" if big else "<"
    head = (b"MM" if big else b"II") + struct.pack(e + "HI", 42, 8)
    ifd = struct.pack(e + "H", 2) + struct.pack(e + "HHIHH", 0x0112, 3, 1, 1, 0) + struct.pack(e + "HHII", 0x8769, 4, 1, 38) + bytes(4)
    at = 38 + 2 + 24 + 4
    sub = struct.pack(e + "H", 2) + struct.pack(e + "HHII", 0x829A, 5, 1, at) + struct.pack(e + "HHII", 0x9286, 7, len(comment), at + 8) + bytes(4)
    return head + ifd + sub + struct.pack(e + "II", 1, 125) + comment


def user_comment(text, how="big"):
    if how == "ascii":
        return b"ASCII\0\0\0" + text.encode()
    return b"UNICODE\0" + text.encode("utf-16-be" if how == "big" else "utf-16-le")


def by_exiftool(kind, compact):
    """A label that exiftool wrote: with its own prefix, in element form, or in attribute form (compact)."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "config"
        config.write_text(
            "%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => { ns1 => { SubDirectory => { TagTable => 'Image::ExifTool::UserDefined::ns1' } } });\n"
            f"%Image::ExifTool::UserDefined::ns1 = (GROUPS => {{ 0 => 'XMP', 1 => 'XMP-ns1', 2 => 'Image' }}, NAMESPACE => {{ 'ns1' => '{SPACE}' }}, WRITABLE => 'string', AIGC => {{}});\n1;\n"
        )
        file = pathlib.Path(folder) / f"a.{kind.lower()}"
        file.write_bytes(saved(kind))
        options = ["-api", "Compact=Shorthand"] if compact else []
        subprocess.run(["exiftool", "-config", config, "-q", *options, f"-XMP-ns1:AIGC={INNER}", f"-XMP-iptcExt:DigitalSourceType={TRAINED}", "-XMP-dc:Creator=someone", file], check=True)
        return file.read_bytes()


def files():
    """name, bytes, carrier, DigitalSourceType, texts"""
    yield "element.png", png(xmp=ELEMENT), "xmp", TRAINED, {}
    yield "attribute.png", png(xmp=ATTRIBUTE), "xmp", TRAINED, {}
    yield "packed_xmp.png", png(xmp=CDATA, packed=True), "xmp", None, {}
    yield "element.jpg", saved("JPEG", xmp=ELEMENT), "xmp", TRAINED, {}
    yield "attribute.jpg", saved("JPEG", xmp=ATTRIBUTE), "xmp", TRAINED, {}
    yield "element.webp", saved("WEBP", xmp=ELEMENT), "xmp", TRAINED, {}
    yield "attribute_lossless.webp", saved("WEBP", xmp=ATTRIBUTE, lossless=True), "xmp", TRAINED, {}
    yield "text.png", png([("AIGC", OUTER, "")]), "text", None, {"AIGC": OUTER}
    yield "international_text.png", png([("AIGC", INNER, "itxt zip")]), "text", None, {"AIGC": INNER}
    yield "comment.jpg", saved("JPEG", exif=b"Exif\0\0" + exif_block(user_comment(OUTER))), "exif", None, {}
    yield "comment_little.jpg", saved("JPEG", exif=b"Exif\0\0" + exif_block(user_comment(INNER, "little"), big=False)), "exif", None, {}
    yield "comment_ascii.webp", saved("WEBP", exif=exif_block(user_comment(OUTER, "ascii"))), "exif", None, {}
    yield "behind_end.jpg", saved("JPEG") + OUTER.encode(), "foreign", None, {}
    yield "behind_end.png", png() + b"\0\0padding" + OUTER.encode() + b"\n", "foreign", None, {}
    yield "behind_end.webp", saved("WEBP") + b"AIGC" + INNER.encode(), "foreign", None, {}
    yield "malformed.png", png(xmp=MALFORMED), "xmp", None, {}
    yield "broken_json.jpg", saved("JPEG", xmp=BROKEN_JSON), "xmp", None, {}
    yield "several.png", png([("AIGC", OUTER, "")], xmp=ELEMENT), "several", TRAINED, {"AIGC": OUTER}
    for kind in ("PNG", "JPEG", "WEBP"):
        yield f"exiftool.{kind.lower()}", by_exiftool(kind, False), "xmp", TRAINED, None
        yield f"exiftool_compact.{kind.lower()}", by_exiftool(kind, True), "xmp", TRAINED, None
    yield "none.png", png([("Comment", "grün", "")]), "none", None, {"Comment": "grün"}
    yield "none.jpg", saved("JPEG", progressive=True), "none", None, {}
    yield "none.webp", saved("WEBP"), "none", None, {}
    yield "a1111.png", png([("parameters", PARAMETERS, "itxt")]), "none", None, {"parameters": PARAMETERS}
    yield "a1111_ascii.png", png([("parameters", ASCII_PARAMETERS, "")]), "none", None, {"parameters": ASCII_PARAMETERS}
    yield "a1111.jpg", saved("JPEG", exif=b"Exif\0\0" + exif_block(user_comment(PARAMETERS))), "none", None, {}
    yield "a1111.webp", saved("WEBP", exif=exif_block(user_comment(PARAMETERS))), "none", None, {}
    yield "comfyui.png", png([("prompt", json.dumps(COMFY), ""), ("workflow", json.dumps(dict(nodes=[])), "")]), "none", None, None


COMFY = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 156680208700286, "steps": 24, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0, "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "v1-5-pruned.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["11", 0], "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark", "clip": ["10", 1]}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "dress.safetensors", "strength_model": 0.8, "strength_clip": 1.0, "model": ["4", 0], "clip": ["4", 1]}},
    "11": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "连衣裙 product photo"}},
}


OUT.mkdir(parents=True, exist_ok=True)
version = subprocess.run(["exiftool", "-ver"], check=True, capture_output=True, text=True).stdout.strip()
record = dict(made_by="tools/golden/picture_metadata.py", pillow=PIL.__version__, exiftool=version, label=LABEL, parameters=PARAMETERS, files={})
for name, data, carrier, source_type, texts in files():
    (OUT / name).write_bytes(data)
    record["files"][name] = dict(carrier=carrier, digital_source_type=source_type, texts=texts)
(OUT / "expected.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
