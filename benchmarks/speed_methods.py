"""What a picture costs, beside what a user would write with the libraries this one is made of.

All methods see the same pictures, one after the other, so that other work on the machine falls on
all alike. Figures are CPU seconds of this process, one thread.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import machine
from benchmarks.sampling import Times, clock, load_words, sample
from epic_features import Extractor, Settings, models
from epic_features.image import Image, decode
from epic_gallery.cascade import load_cascade
from epic_gallery.sorting import CascadeExtractor

Method = Callable[[bytes], Any]

FULL = "full row"
DECODE = "decode only"
_PIXELS = Settings(groups=("shape", "cartoon", "quality", "texture"))
# Runs in an environment of its own; prints the CPU seconds of each picture.
_CLEANVISION = """
import json, sys, time
from cleanvision import Imagelab
lab = Imagelab(data_path=sys.argv[1])
start = time.process_time()
lab.find_issues(n_jobs=1, verbose=False)
seconds = time.process_time() - start
print(json.dumps(seconds))
"""


def rapidocr() -> Callable[[Image], Any]:
    """RapidOCR as its documentation shows it, one thread."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    return lambda image: engine(image.pixels[:, :, ::-1])


def centerface() -> Callable[[Image], Any]:
    """CenterFace in OpenCV on a letterboxed square, which is how it is commonly run."""
    net = cv2.dnn.readNetFromONNX(np.fromfile(models.find("centerface"), np.uint8))

    def detect(image: Image) -> Any:
        canvas = np.zeros((640, 640, 3), np.uint8)
        small = image.fitted(640)
        canvas[: small.shape[0], : small.shape[1]] = small
        net.setInput(cv2.dnn.blobFromImage(canvas))
        return net.forward(("537", "538", "539", "540"))

    return detect


def kmeans(image: Image) -> Any:
    """Five dominant colours by scikit-learn."""
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    return KMeans(5, random_state=0).fit(image.pixels.reshape(-1, 3))


def methods() -> dict[str, Method]:
    """Return everything that is compared, from the bytes of a picture on."""
    settings = Settings()
    cascade = load_cascade("personal")
    sorter = CascadeExtractor(cascade.steps, cascade.settings[-1])
    read, detect = rapidocr(), centerface()

    def parts(*functions: Callable[[Image], Any]) -> Method:
        def run(data: bytes) -> None:
            image = decode(data, settings)
            for function in functions:
                function(image)

        return run

    return {
        DECODE: parts(),
        "RapidOCR, defaults": parts(read),
        "RapidOCR + CenterFace + scikit-learn k-means": parts(read, detect, kmeans),
        FULL: parts(Extractor(settings).row),
        'full row, text="budget:12"': parts(Extractor(Settings(text="budget:12")).row),
        'row, text="counts"': parts(Extractor(Settings(text="counts")).row),
        "pixel tier": parts(Extractor(_PIXELS).row),
        "gallery sorting": parts(sorter.row),
    }


def cleanvision(paths: list[Path], python: Path) -> float:
    """Return the CPU seconds an image of CleanVision's checks, decoding included."""
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(paths):
            (Path(folder) / f"{number:04d}{path.suffix}").symlink_to(path.absolute())
        command = [str(python), "-c", _CLEANVISION, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])) / len(paths)


def measure(paths: list[Path], chosen: dict[str, Method]) -> Times:
    """Return the CPU seconds of every method for every picture."""
    times: Times = defaultdict(list)
    cv2.setNumThreads(1)
    load_words()
    for method in chosen.values():  # Models load on first use.
        for path in (paths[0], paths[-1]):
            method(path.read_bytes())
    for path in paths:
        data = path.read_bytes()
        for name, method in chosen.items():
            with clock(times, name):
                method(data)
        print(path.name, {name: round(v[-1], 3) for name, v in times.items()}, file=sys.stderr)
    return times


def report(shared: Path, per_class: int, peer: Path | None = None) -> str:
    """Measure and return the section as Markdown."""
    paths = sample(shared, per_class)
    times = measure(paths, methods())
    means = {name: statistics.fmean(values) for name, values in times.items()}
    medians = {name: statistics.median(values) for name, values in times.items()}
    if peer is not None:
        means["CleanVision's checks"] = cleanvision(paths, peer)
    rows = [
        (
            name,
            f"{1000 * medians[name]:.1f}" if name in medians else "",
            f"{1000 * mean:.1f}",
            f"{1 / mean:.1f}",
            f"{mean / means[FULL]:.3f}",
            f"{means[DECODE] / mean:.2f}",
        )
        for name, mean in means.items()
    ]
    header = ("what", "median ms", "mean ms", "images/s a core", "of the full row")
    return "\n\n".join(
        [
            "## Beside what a user would write",
            f"{len(paths)} images, {per_class} of each class of the shared data; CPU time of one "
            "thread, from the bytes of the file on; all methods on each picture in turn.",
            machine.table((*header, "of decode-only speed"), rows),
        ]
    )
