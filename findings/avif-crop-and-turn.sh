#!/usr/bin/env bash
# One AVIF file, five answers: which part of the picture, which way round, and how large.
#
# Run: Pillow 13.0.0, opencv-python-headless 5.0.0.93, imagecodecs 2026.3.6, pyvips 3.2.0 (pyvips-binary 8.18.7),
# sharp 0.35.5, image-size 2.1.0, probe-image-size 7.5.0, on a picture that Pillow wrote and whose item then got the
# properties `clap` (its red top left quarter) and `irot` 1, both marked essential.
# One would expect the 32x48 red picture: ISO/IEC 23008-12 (HEIF, which AVIF builds on) has transformative properties
# make the output image in the order of their association, and an essential property is one that a reader may not skip.
# What happens: pyvips and sharp give 32x48. Pillow gives 96x64, the whole picture, the turn as EXIF orientation 8,
# and no trace of the crop. OpenCV and imagecodecs give 96x64, without a turn. image-size says 95x64 and
# probe-image-size 96x64 with orientation 6, which is the other way round.
# Who meets it: shops whose pictures were cropped by a property alone, as avifenc --crop does: what was cut off comes
# back in the thumbnails, and a size check by one library means little to another.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pillow==13.0.0 opencv-python-headless==5.0.0.93 \
    imagecodecs==2026.3.6 pyvips==3.2.0 pyvips-binary==8.18.7
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund sharp@0.35.5 image-size@2.1.0 probe-image-size@7.5.0
cat > make.py <<'PY'
import io
import struct

from PIL import Image


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def children(body):
    at = 0
    while at < len(body):
        size, kind = struct.unpack_from(">I4s", body, at)
        yield kind, body[at + 8 : at + size]
        at += size


def with_properties(avif, added):
    """The file with these boxes as essential properties of its first item."""
    (ftyp_kind, ftyp), (_, meta), *rest = children(avif)
    old = dict(children(dict(children(meta[4:]))[b"iprp"]))
    count = sum(1 for _ in children(old[b"ipco"]))
    entries, at = b"", 8
    for _ in range(struct.unpack_from(">I", old[b"ipma"], 4)[0]):
        item, uses = struct.unpack_from(">HB", old[b"ipma"], at)
        links = old[b"ipma"][at + 3 : at + 3 + uses]
        at += 3 + uses
        if item == 1:
            links += bytes(0x80 | (count + 1 + n) for n in range(len(added)))
        entries += struct.pack(">HB", item, len(links)) + links
    properties = box(b"ipco", old[b"ipco"] + b"".join(added)) + box(b"ipma", old[b"ipma"][:8] + entries)
    grown = len(properties) - len(dict(children(meta[4:]))[b"iprp"])
    new_meta = meta[:4]
    for kind, body in children(meta[4:]):
        if kind == b"iprp":
            body = properties
        if kind == b"iloc":
            assert body[0] == 0 and body[4:6] == b"\x44\x00", "offsets and lengths of four bytes, no base"
            moved, at = bytearray(body), 8
            for _ in range(struct.unpack_from(">H", body, 6)[0]):
                extents = struct.unpack_from(">H", body, at + 4)[0]
                at += 6
                for _ in range(extents):
                    struct.pack_into(">I", moved, at, struct.unpack_from(">I", body, at)[0] + grown)
                    at += 8
            body = bytes(moved)
        new_meta += box(kind, body)
    return box(ftyp_kind, ftyp) + box(b"meta", new_meta) + b"".join(box(*other) for other in rest)


picture = Image.new("RGB", (96, 64), "white")
picture.paste("red", (0, 0, 48, 32))
picture.paste("blue", (0, 32, 48, 64))
plain = io.BytesIO()
picture.save(plain, "AVIF", quality=95, subsampling="4:4:4")
clap = box(b"clap", struct.pack(">IIIIiIiI", 48, 1, 32, 1, -24, 1, -16, 1))
irot = box(b"irot", b"\x01")
with open("plain.avif", "wb") as file:
    file.write(plain.getvalue())
with open("turned.avif", "wb") as file:
    file.write(with_properties(plain.getvalue(), [clap, irot]))
PY
cat > look.py <<'PY'
import sys

import cv2
import imagecodecs
import numpy
import pyvips
from PIL import Image


def of(pixels):
    """Size, and the colours of the corners from top left to bottom right."""
    height, width = pixels.shape[:2]
    corners = [pixels[y, x, :3] > 127 for y in (4, height - 5) for x in (4, width - 5)]
    letters = {4: "R", 1: "B", 7: "W"}
    return f"{width}x{height} " + "".join(letters[int(r) * 4 + int(g) * 2 + int(b)] for r, g, b in corners)


path = sys.argv[1]
with Image.open(path) as image:
    print("Pillow", of(numpy.asarray(image.convert("RGB"))), "orientation", image.getexif().get(274))
print("OpenCV", of(cv2.imread(path)[..., ::-1]))
with open(path, "rb") as file:
    print("imagecodecs", of(imagecodecs.avif_decode(file.read())))
print("pyvips", of(pyvips.Image.new_from_file(path).numpy()))
PY
cat > look.mjs <<'JS'
import fs from "node:fs";
import { imageSize } from "image-size";
import probe from "probe-image-size";
import sharp from "sharp";

const bytes = fs.readFileSync(process.argv[2]);
const { info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
console.log(`sharp ${info.width}x${info.height}`);
const size = imageSize(bytes);
console.log(`image-size ${size.width}x${size.height}`);
const probed = probe.sync(bytes);
console.log(`probe-image-size ${probed.width}x${probed.height} orientation ${probed.orientation}`);
JS
venv/bin/python make.py
for file in plain turned; do
    { venv/bin/python look.py "$file.avif"; node look.mjs "$file.avif"; } | tee "$file.seen"
    echo
done
diff plain.seen - <<'WANTED'
Pillow 96x64 RWBW orientation None
OpenCV 96x64 RWBW
imagecodecs 96x64 RWBW
pyvips 96x64 RWBW
sharp 96x64
image-size 96x64
probe-image-size 96x64 orientation undefined
WANTED
diff turned.seen - <<'WANTED'
Pillow 96x64 RWBW orientation 8
OpenCV 96x64 RWBW
imagecodecs 96x64 RWBW
pyvips 32x48 RRRR
sharp 32x48
image-size 95x64
probe-image-size 96x64 orientation 6
WANTED
echo "as found: five answers for one picture"
