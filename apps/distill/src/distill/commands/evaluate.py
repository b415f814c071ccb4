"""`distill evaluate`: the measured quality of a model, in a table and as JSON."""

import argparse
import json
from pathlib import Path

import torch
from tqdm import tqdm

from distill.atomic import replacing
from distill.commands.checks import check_output, open_model
from distill.evaluation.evaluate import Report, evaluate
from distill.evaluation.opus import OPUS_KBITS
from distill.labels import get_level_labels
from distill.training.export import health_in_words

_WORST = 5


def run(args: argparse.Namespace) -> int:
    """Measure, print, and write JSON where asked."""
    torch.set_num_threads(1)
    if args.json:
        check_output(args.json)
    loaded = open_model(args.model)
    report = evaluate(
        Path(args.data), loaded, args.held_out, lambda paths: tqdm(paths, unit="file", leave=False)
    )
    labels = get_level_labels(loaded.model.num_quantizers, loaded.metadata.level_labels)
    print("\n".join(describe(report, labels)))
    if args.json:
        with replacing(args.json) as temporary:
            temporary.write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    return 0


def describe(report: Report, labels: list[str]) -> list[str]:
    """The report in lines."""
    judged, seen = report.judged, sum(f.seen for f in report.files)
    of = "files the model never trained on" if not judged[0].seen else "files it was TRAINED on"
    lines = [*report.skipped]
    lines += [
        f"{len(judged)} {of}"
        + (f" ({seen} trained on are left out)" if judged != report.files else "")
    ]
    lines += ["", f"{'medians':28}{'mel':>8}{'LSD dB':>9}{'envelope':>10}{'SI-SDR':>9}  kbit/s"]
    rate = report.bits_per_second / 1000
    lines.append(
        _row(report, f"codes, {report.synthesis.replace('_', '-')}", False) + f"{rate:8.2f}"
    )
    if any(f.tonal for f in judged):
        count = sum(f.tonal for f in judged)
        lines.append(_row(report, f"  the {count} tonal ones", True) + f"{rate:8.2f}")
    lines += _opus_rows(report)
    lines += ["", "what each level buys (median mel distance with the levels so far)"]
    for level, label in enumerate(labels):
        distance = report.median(lambda f, k=level: f.by_levels[k])
        lines.append(f"  {label:26}{distance:8.3f}")
    level = report.median(lambda f: f.figures.level_db and abs(f.figures.level_db))
    speed = report.real_time_factors()
    lines += ["", *health_in_words(report.health, report.columns)]
    lines += ["", f"loudness off by {level:.2f} dB (median)"]
    lines += [f"real-time factor: encode {speed['encode']:.4f}, decode {speed['decode']:.4f}"]
    worst = sorted(judged, key=lambda f: -f.figures.mel)[:_WORST]
    lines += ["farthest off: " + ", ".join(f"{f.name} {f.figures.mel:.3f}" for f in worst)]
    return lines


def _row(report: Report, name: str, tonal: bool) -> str:
    mel = report.median(lambda f: f.figures.mel, tonal)
    lsd = report.median(lambda f: f.figures.lsd_db, tonal)
    envelope = report.median(lambda f: f.figures.envelope, tonal)
    # A vocoder invents the phase: SI-SDR would compare what nobody hears.
    return f"{name:28}{mel:8.3f}{lsd:9.2f}{envelope:10.3f}{'-':>9}"


def _opus_rows(report: Report) -> list[str]:
    rows = []
    for kbits in OPUS_KBITS:
        if not all(kbits in f.opus for f in report.judged):
            continue
        values = [
            report.median(lambda f, n=name, k=kbits: getattr(f.opus[k], n))
            for name in ("mel", "lsd_db", "envelope", "si_sdr_db")
        ]
        name = f"Opus, {kbits} kbit/s asked"
        rows.append("{:28}{:8.3f}{:9.2f}{:10.3f}{:9.1f}".format(name, *values) + f"{kbits:8.2f}")
    return rows or ["Opus rows need opus-tools (opusenc, opusdec) and files not trained on"]
