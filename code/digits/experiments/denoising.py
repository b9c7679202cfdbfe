"""Question 4A to 4C: the denoising auto-encoder, and what it does.

The question: up to which noise does the notebook's auto-encoder, trained at
one level, give back the digits, and does denoising help a classifier that has
never seen noise? Then what does better: a denoiser that has seen all levels,
one of convolutions, and a classifier that has seen noise itself.

Replicate i has noise draw i, auto-encoder i and classifier i, so that the
spread of the replicates has all three sources in it.
"""


import pandas as pd

from digits.experiments import convolution, convolution_search, influences
from digits.experiments.findings.denoising import DenoisingResult
from digits.kept import compute
from digits.networks.autoencoders import (
    ConvolutionalAutoencoder,
    DenseAutoencoder,
)
from digits.tasks.classifier import train_with_loss
from digits.tasks.denoiser import DenoiserTraining, train_denoiser
from digits.tasks.evaluation.quality import QualityConfig, score_quality
from digits.tasks.evaluation.seasoned import (
    ExamplesConfig,
    NoiseConfig,
    score_noise,
    show_denoising,
)
from larder import Run, varied
from larder.looking.frames import table_frame

NAME = "denoising"
SEEDS = range(5)
EXTENSION_SEEDS = range(3)

# The first test images of four classes, at which levels they are shown.
EXAMPLES = (0, 1, 4, 18)
LEVELS = tuple(level / 10 for level in range(11))

# Every level is in the training of these. The convolutions take longer, and
# so are trained for fewer epochs, with one seed.
ALL_LEVELS = DenoiserTraining(DenseAutoencoder(), noise_levels=(0.0, 1.0))
CONVOLUTIONAL = varied(
    ALL_LEVELS, network=ConvolutionalAutoencoder(), epochs=8
)


def runs() -> list[Run]:
    """List the runs: denoisers, their quality, and accuracies."""
    return [
        *notebook_runs(), *_extension_runs(), *_quality_runs(),
        *_accuracy_runs().values(), _examples_run(),
    ]


def notebook_runs() -> list[Run]:
    """List the trainings of the notebook's auto-encoder."""
    return [
        _denoiser(f"notebook_seed-{seed}",
                  DenoiserTraining(DenseAutoencoder(), seed=seed))
        for seed in SEEDS
    ]


def _denoiser(name: str, config: DenoiserTraining) -> Run:
    return Run(NAME, name, train_denoiser, config)


def _all_levels_runs() -> list[Run]:
    return [
        _denoiser(f"all-levels_seed-{seed}",
                  varied(ALL_LEVELS, seed=seed))
        for seed in EXTENSION_SEEDS
    ]


def _convolutional_run() -> Run:
    return _denoiser("convolutional_seed-0", CONVOLUTIONAL)


def _seasoned_run() -> Run:
    """Give the classifier that has seen all levels, otherwise as in 3A."""
    config = varied(
        convolution.final_runs()[0].config,
        epochs=convolution_search.BASE.schedule.epochs, noise=1.0,
    )
    return Run(NAME, "classifier_seed-0", train_with_loss, config)


def _extension_runs() -> list[Run]:
    return [*_all_levels_runs(), _convolutional_run(), _seasoned_run()]


def _quality_runs() -> list[Run]:
    return [
        Run(NAME, f"quality_{run.name}", score_quality,
            QualityConfig(run.config, noise_seed=seed), {"trained": run})
        for seed, run in zip(SEEDS, notebook_runs(), strict=True)
    ]


def _accuracy_runs() -> dict[tuple[str, str, int], Run]:
    """Give the noise curves by classifier, denoiser and seed."""
    classifiers = {
        "convolutional": convolution.final_runs(),
        "dense": influences.final_runs(),
        "seasoned": [_seasoned_run()],
    }
    nobody = [None] * len(SEEDS)
    notebook = notebook_runs()
    compared = {
        ("convolutional", "none"): nobody,
        ("convolutional", "notebook"): notebook,
        ("dense", "none"): nobody,
        ("dense", "notebook"): notebook,
        ("convolutional", "all-levels"): _all_levels_runs(),
        ("convolutional", "convolutional"): [_convolutional_run()],
        ("seasoned", "none"): nobody[:1],
    }
    found = {}
    for (classifier, denoiser), helpers in compared.items():
        for seed, helper in enumerate(helpers):
            network = classifiers[classifier][seed]
            config = NoiseConfig(
                network.config, helper and helper.config, noise_seed=seed
            )
            found[classifier, denoiser, seed] = Run(
                NAME, f"accuracy_{classifier}_{denoiser}_seed-{seed}",
                score_noise, config,
                {"classifier": network}
                | ({"denoiser": helper} if helper else {}),
            )
    return found


def _examples_run() -> Run:
    denoiser, classifier = notebook_runs()[0], convolution.final_runs()[0]
    config = ExamplesConfig(
        denoiser.config, classifier.config, EXAMPLES, LEVELS
    )
    return Run(NAME, "examples_seed-0", show_denoising, config,
               {"denoiser": denoiser, "classifier": classifier})


def result() -> DenoisingResult:
    """Give curves of losses, quality and accuracy, and examples."""
    stored = {
        run: item for run, item in zip(runs(), compute(runs()), strict=True)
    }

    def table(needed: list[Run]) -> pd.DataFrame:
        frame = table_frame(needed, [stored[n] for n in needed])
        return frame.assign(
            seed=frame["run"].str.rpartition("-")[2].astype(int)
        )

    notebook, quality = notebook_runs(), _quality_runs()
    accuracy = _accuracy_runs()
    curves = pd.concat([
        pd.DataFrame(stored[run].result.table).assign(
            run=run.name, classifier=classifier, denoiser=denoiser, seed=seed
        )
        for (classifier, denoiser, seed), run in accuracy.items()
    ], ignore_index=True)
    metrics = stored[quality[0]].result.metrics
    return DenoisingResult(
        epochs=table(notebook),
        least_loss=stored[notebook[0]].result.metrics["least_loss"],
        quality=table(quality),
        mean_image={name: metrics[f"{name}_mean"] for name in ("psnr", "ssim")},
        accuracy=curves,
        confusion={
            key: stored[run].result.arrays["confusion"]
            for key, run in accuracy.items()
        },
        examples=stored[_examples_run()].result,
    )
