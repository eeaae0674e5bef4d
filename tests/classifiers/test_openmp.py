"""LightGBM on a machine without OpenMP, which is made of any Linux by hiding the system's."""

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

_LIBRARIES = Path(importlib.util.find_spec("sklearn").origin).parents[1] / "scikit_learn.libs"

pytestmark = pytest.mark.skipif(
    not list(_LIBRARIES.glob("libgomp-*.so.1*")), reason="this scikit-learn carries no GNU OpenMP"
)

# What LightGBM makes of some numbers with one thread and with two, and with which OpenMP.
TRIAL = """
import hashlib, json
import numpy as np
from classifiers.extras import require_lightgbm

require_lightgbm()
import lightgbm

random = np.random.default_rng(0)
numbers = random.normal(size=(2000, 20))
labels = numbers[:, 0] + numbers[:, 1] ** 2 + random.normal(size=2000) > 1
fixed = {"objective": "binary", "deterministic": True, "force_row_wise": True, "verbosity": -1}
found = []
for threads in 1, 2:
    data = lightgbm.Dataset(numbers, labels)
    trees = lightgbm.train(fixed | {"num_threads": threads}, data, 30)
    found.append(hashlib.sha256(trees.predict(numbers, num_threads=threads).tobytes()).hexdigest())
mapped = {line.split(None, 5)[-1].strip() for line in open("/proc/self/maps")}
ours = [name for name in mapped if name.endswith("(deleted)") and "/openmp-" in name]
print(json.dumps({"found": found, "ours": ours}))
"""

UNPICKLE = """
import pickle, sys
from pathlib import Path
folder = Path(sys.argv[1])
model, table = pickle.loads((folder / "model.pickle").read_bytes())
(folder / "again.pickle").write_bytes(pickle.dumps(model.predict_proba(table)))
"""


def run(script, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | variables,
    )


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    """Variables of a process that can't load the system's OpenMP.

    The loader looks into this folder first, and gives up at a file that is no library.
    """
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "libgomp.so.1").write_text("no library")
    return {"LD_LIBRARY_PATH": str(folder)}


def test_lightgbm_alone_finds_no_openmp(hidden):
    done = run("import lightgbm", **hidden)
    assert done.returncode == 1
    assert "libgomp.so.1" in done.stderr


def test_the_copy_of_scikit_learn_serves_and_leaves_no_file(hidden, tmp_path):
    done = run(TRIAL, TMPDIR=str(tmp_path), **hidden)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["ours"]) == 1
    assert told["ours"][0].startswith(str(tmp_path))
    assert told["found"][0] == told["found"][1]
    assert list(tmp_path.iterdir()) == []


def test_the_system_s_openmp_comes_first_and_gives_the_same_numbers(hidden):
    if run("import lightgbm").returncode:
        pytest.skip("this machine has no OpenMP of its own")
    own, lent = (json.loads(run(TRIAL, **variables).stdout) for variables in ({}, hidden))
    assert own["ours"] == []
    assert own["found"] == lent["found"]


def test_a_new_process_reads_a_pickled_model(model_of_two, two, hidden, tmp_path):
    table, _ = two
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((model_of_two, table)))
    done = run(UNPICKLE, tmp_path, **hidden)
    assert done.returncode == 0, done.stderr
    again = pickle.loads((tmp_path / "again.pickle").read_bytes())
    np.testing.assert_array_equal(again, model_of_two.predict_proba(table))


def test_without_any_openmp_the_user_is_told_what_to_install(hidden, tmp_path):
    # The temporary folder is given, so that no other one is tried.
    script = (
        "import sys, tempfile; tempfile.tempdir = sys.argv.pop();"
        "from epic_gallery.cli import main; main()"
    )
    arguments = ("classify", tmp_path, "-o", tmp_path / "labels.csv")
    done = run(script, *arguments, tmp_path / "missing", **hidden)
    assert done.returncode == 2
    assert "apt install libgomp1" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
