# Every target needs only Python 3.11+, make and a network: uv is fetched into .uv/ where it is missing.
# `make` alone lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTEST = $(UV) run --locked pytest

.PHONY: help setup explorer scene distill format lint test test-explorer test-scene test-distill e2e scene-models bench bench-peers faults docs

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

setup: $(UV) ## install everything (about 7 GB on Linux, nearly all of it PyTorch's CUDA libraries)
	$(UV) sync --locked

explorer: $(UV) ## train a residual-quantised VAE live in the browser
	$(UV) run --locked --package rq-vae-explorer rq-vae-explorer

scene: $(UV) ## draw a pixel-art background: make scene PROMPT="a castle on a hill at sunset"
	$(UV) run --locked --package scene generate "$(or $(PROMPT),a castle on a hill at sunset)"

SCENE_RUNS ?= runs/scene
TRAIN = $(UV) run --locked --package scene
CONFIGS = apps/scene/configs
# A further run of the transformer that draws by layouts, on the finer patches.
GO_ON = $(TRAIN) train-transformer --config $(CONFIGS)/transformer-patches.yaml --data $(SCENE_RUNS)/more/images --captions $(SCENE_RUNS)/more/captions.jsonl --vqgan $(SCENE_RUNS)/shipped/tokenizer --labels $(SCENE_RUNS)/shipped/labels --layouts $(SCENE_RUNS)/more/layouts --context-dropout 0.05 --context-noise 0.05

scene-models: $(UV) ## train the models that ship with scene again, 30 hours or so
	$(TRAIN) make-scenes --count 5000 --seed 0 --out $(SCENE_RUNS)/pictures
	$(TRAIN) train-vqgan --config $(CONFIGS)/vqgan-small.yaml --data $(SCENE_RUNS)/pictures/images --steps 18000 --out $(SCENE_RUNS)/vqgan
	$(TRAIN) make-scenes --count 10000 --seed 0 --layouts --out $(SCENE_RUNS)/scenes
	$(TRAIN) scene learn-patches --data $(SCENE_RUNS)/scenes/images --captions $(SCENE_RUNS)/scenes/captions.jsonl --out $(SCENE_RUNS)/small-tree
	$(TRAIN) train-transformer --config $(CONFIGS)/transformer-patches.yaml --data $(SCENE_RUNS)/scenes/images --captions $(SCENE_RUNS)/scenes/captions.jsonl --vqgan $(SCENE_RUNS)/small-tree --steps 7400 --out $(SCENE_RUNS)/first
	$(TRAIN) scene learn-labels --data $(SCENE_RUNS)/scenes/layouts --out $(SCENE_RUNS)/shipped/labels
	$(TRAIN) train-transformer --config $(CONFIGS)/layout.yaml --data $(SCENE_RUNS)/scenes/layouts --captions $(SCENE_RUNS)/scenes/captions.jsonl --vqgan $(SCENE_RUNS)/shipped/labels --steps 4600 --out $(SCENE_RUNS)/first-layout
	$(TRAIN) make-scenes --count 40000 --seed 0 --layouts --out $(SCENE_RUNS)/more
	$(TRAIN) train-transformer --config $(CONFIGS)/layout.yaml --data $(SCENE_RUNS)/more/layouts --captions $(SCENE_RUNS)/more/captions.jsonl --vqgan $(SCENE_RUNS)/shipped/labels --start-from $(SCENE_RUNS)/first-layout/best --context-dropout 0 --context-noise 0 --learning-rate 1e-3 --steps 14600 --out $(SCENE_RUNS)/layout
	$(TRAIN) train-transformer --config $(CONFIGS)/layout.yaml --data $(SCENE_RUNS)/more/layouts --captions $(SCENE_RUNS)/more/captions.jsonl --vqgan $(SCENE_RUNS)/shipped/labels --start-from $(SCENE_RUNS)/layout/best --context-dropout 0 --context-noise 0 --learning-rate 1e-3 --steps 6000 --out $(SCENE_RUNS)/surer-layout
	$(TRAIN) train-transformer --config $(CONFIGS)/transformer-patches.yaml --data $(SCENE_RUNS)/scenes/images --captions $(SCENE_RUNS)/scenes/captions.jsonl --vqgan $(SCENE_RUNS)/small-tree --labels $(SCENE_RUNS)/shipped/labels --layouts $(SCENE_RUNS)/scenes/layouts --start-from $(SCENE_RUNS)/first/best --learning-rate 1e-3 --steps 4800 --out $(SCENE_RUNS)/by-layouts
	$(TRAIN) train-transformer --config $(CONFIGS)/transformer-patches.yaml --data $(SCENE_RUNS)/scenes/images --captions $(SCENE_RUNS)/scenes/captions.jsonl --vqgan $(SCENE_RUNS)/small-tree --labels $(SCENE_RUNS)/shipped/labels --layouts $(SCENE_RUNS)/scenes/layouts --start-from $(SCENE_RUNS)/by-layouts/best --context-dropout 0.05 --context-noise 0.05 --learning-rate 1e-3 --steps 11300 --out $(SCENE_RUNS)/trusting
	$(TRAIN) train-transformer --config $(CONFIGS)/transformer-patches.yaml --data $(SCENE_RUNS)/more/images --captions $(SCENE_RUNS)/more/captions.jsonl --vqgan $(SCENE_RUNS)/small-tree --labels $(SCENE_RUNS)/shipped/labels --layouts $(SCENE_RUNS)/more/layouts --start-from $(SCENE_RUNS)/trusting/best --context-dropout 0.05 --context-noise 0.05 --learning-rate 1e-3 --steps 13800 --out $(SCENE_RUNS)/transformer
	$(TRAIN) scene learn-patches --data $(SCENE_RUNS)/more/images --grow $(SCENE_RUNS)/small-tree --out $(SCENE_RUNS)/shipped/tokenizer
	$(GO_ON) --start-from $(SCENE_RUNS)/transformer/best --learning-rate 7e-4 --steps 3600 --out $(SCENE_RUNS)/finer
	$(GO_ON) --start-from $(SCENE_RUNS)/finer/best --learning-rate 1e-3 --steps 4600 --out $(SCENE_RUNS)/finest
	$(GO_ON) --start-from $(SCENE_RUNS)/finest/best --learning-rate 1e-3 --steps 4000 --out $(SCENE_RUNS)/surest
	$(GO_ON) --start-from $(SCENE_RUNS)/surest/best --learning-rate 1e-3 --steps 3600 --out $(SCENE_RUNS)/whole
	$(GO_ON) --start-from $(SCENE_RUNS)/whole/best --learning-rate 1e-3 --steps 3400 --out $(SCENE_RUNS)/longer
	$(GO_ON) --start-from $(SCENE_RUNS)/longer/best --learning-rate 4e-4 --first-weight 20 --steps 550 --out $(SCENE_RUNS)/begun
	$(GO_ON) --start-from $(SCENE_RUNS)/begun/best --learning-rate 1e-3 --first-weight 20 --steps 3600 --out $(SCENE_RUNS)/longest
	$(GO_ON) --start-from $(SCENE_RUNS)/longest/best --learning-rate 1e-3 --first-weight 20 --steps 3600 --out $(SCENE_RUNS)/closer
	$(TRAIN) scene train-judge --data $(SCENE_RUNS)/scenes --steps 1800 --out $(SCENE_RUNS)/judge
	$(TRAIN) scene export $(SCENE_RUNS)/vqgan/best $(SCENE_RUNS)/shipped/vqgan
	$(TRAIN) scene export $(SCENE_RUNS)/surer-layout/best $(SCENE_RUNS)/shipped/layout
	$(TRAIN) scene export $(SCENE_RUNS)/closer/best $(SCENE_RUNS)/shipped/transformer

distill: $(UV) ## see, hear and edit the codes of a sound in the browser
	$(UV) run --locked --package distill distill

format: $(UV) ## format the code and mend what ruff can mend
	$(UV) run --locked ruff format
	$(UV) run --locked ruff check --fix

lint: $(UV) ## format check, ruff, types, import boundaries
	$(UV) run --locked ruff format --check
	$(UV) run --locked ruff check
	$(UV) run --locked pyrefly check
	$(UV) run --locked lint-imports

test: $(UV) ## run every test
	$(PYTEST)

test-explorer: $(UV) ## tests of the RQ-VAE Explorer without its page
	$(PYTEST) tests/explorer

test-scene: $(UV) ## tests of scene
	$(PYTEST) tests/scene

test-distill: $(UV) ## tests of distill without its page
	$(PYTEST) tests/distill

e2e: $(UV) ## tests of the pages in headless Chromium
	$(PYTEST) tests/e2e

bench: $(UV) ## speeds as ratios against a baseline of the same run, and the tables of docs/benchmarks.md anew
	$(UV) run --locked python benchmarks/explorer.py --publish
	$(UV) run --locked python benchmarks/scene.py --publish
	$(UV) run --locked python benchmarks/distill.py --publish

bench-peers: $(UV) ## the apps beside their peers, and the table of docs/benchmarks.md anew
	$(UV) run --locked --group peers python benchmarks/peers.py --publish

faults: $(UV) ## what was tried against the apps, and the table of docs/reliability.md anew
	$(UV) run --locked python -m faults

docs: $(UV) ## build the documentation into site/ (warnings are errors)
	$(UV) run --locked --isolated --only-group docs sphinx-build -W --keep-going -q -c docs . site
