# The two commands of the README are `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-backends test-train lint docs format clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/activate:
	@./scripts/system_packages.sh
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "Python 3.11 to 3.13 is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml | $(BIN)/activate
	$(BIN)/pip install --quiet --editable . --group dev
	$(BIN)/epic models get centerface
	@touch $@

demo: $(VENV)/.installed ## Draw a small gallery, extract its features, label it, show one overlay
	@./scripts/system_packages.sh
	@rm -rf demo
	$(BIN)/python -m examples.gallery demo/gallery
	$(BIN)/epic extract demo/gallery -o demo/features.parquet --groups core,cartoon,quality,layout,texture,writing --embed backbones
	@$(BIN)/python -m examples.print_table demo/features.parquet
	$(BIN)/epic classify demo/gallery -o demo/labels.csv --features demo/features.parquet --reasons
	$(BIN)/epic show "$$(ls demo/gallery/ememes/* demo/gallery/fmemes/* 2>/dev/null | head -n 1)" \
		-o demo/overlay.png

test: $(VENV)/.installed ## Run the test suite
	@./scripts/system_packages.sh --with chromium tesseract-ocr-ara
	$(BIN)/python -m pytest

# Each of these two libraries brings another OpenCV distribution, so each gets an environment in which
# there is just one. The package itself is not installed there: it would add the one it depends on.
# PaddleOCR insists on the one that needs libGL.
TEST_PARTS := pytest hypothesis numpy pillow pi-heif onnxruntime shapely platformdirs requests pyarrow pandas simplemma

.venv-retinaface/.installed: pyproject.toml | $(BIN)/activate
	$(PYTHON) -m venv --clear .venv-retinaface
	.venv-retinaface/bin/pip install --quiet retina-face==0.0.19 'onnx>=1.16' $(TEST_PARTS)
	@touch $@

.venv-paddle/.installed: pyproject.toml | $(BIN)/activate
	@./scripts/system_packages.sh libgl1 libglib2.0-0
	$(PYTHON) -m venv --clear .venv-paddle
	.venv-paddle/bin/pip install --quiet paddleocr==3.7.0 $(TEST_PARTS)
	.venv-paddle/bin/pip install --quiet --no-deps rapidocr==3.10.0
	@touch $@

.venv-ray/.installed: pyproject.toml | $(BIN)/activate
	$(PYTHON) -m venv --clear .venv-ray
	.venv-ray/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-ray/bin/pip install --quiet --editable '.[ray]' --group test
	@touch $@

test-backends: .venv-retinaface/.installed .venv-paddle/.installed .venv-ray/.installed ## Test RetinaFace, PaddleOCR and Ray
	.venv-ray/bin/python -m pytest tests/epic_features/engines/test_ray.py
	.venv-retinaface/bin/python -m pytest tests/epic_features/faces/test_retinaface.py
	.venv-paddle/bin/python -m pytest tests/epic_features/text/test_paddle.py

# One version of PyTorch: pip takes the build without CUDA (.8 GB instead of 7) where an index offers it.
.venv-train/.installed: pyproject.toml | $(BIN)/activate
	$(PYTHON) -m venv --clear .venv-train
	.venv-train/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-train/bin/pip install --quiet --editable '.[train,xgboost]' torch==2.13.0 \
		--group test --group arabic-training
	@touch $@

test-train: .venv-train/.installed ## Test the training of networks, with PyTorch
	.venv-train/bin/python -m pytest tests/classifiers/test_cnn.py tests/classifiers/test_boosted.py \
		tests/classifiers/test_experiments.py tests/training

.PHONY: release-check
release-check: ## Build the package and try it in a clean environment of each Python
	./scripts/release_check.sh

lint: $(VENV)/.installed ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(VENV)/.installed ## Build the documentation site into docs/_build/html; warnings are errors
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -c docs . docs/_build/html

format: $(VENV)/.installed ## Format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## Remove everything that was built
	rm -rf $(VENV) .venv-* demo dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
