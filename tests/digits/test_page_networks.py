"""The networks in the page: what Chromium computes beside what Keras does."""

import numpy as np
import pytest

from digits import data, handwriting
from digits.experiments import page as experiment
from digits.kept import compute
from digits.noise import salt_and_pepper
from digits.stating import benchmarks
from digits.tasks import trained
from live import (
    CHROMIUM,
    chromium,
    keras_outputs,
    load,
    open_scripts,
    open_worker,
    outputs,
    packed,
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium on PATH"
)
# How far the page's logits may lie from Keras's: 8 bits a weight cost so much.
# Logits of clean images are about 10 apart.
LOGIT_TOLERANCE = {"dense": 0.1, "convolutional": 0.2}
PIXEL_TOLERANCE = 0.1
NAMES = ("dense", "convolutional", "autoencoder")


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def arrays():
    return experiment.result().result.arrays


@pytest.fixture(scope="module")
def page(browser, arrays, tmp_path_factory):
    page = open_scripts(
        browser, tmp_path_factory.mktemp("page"),
        "unpack.js", "networks.js", "form.js",
    )
    load(page, arrays)
    return page


@pytest.fixture(scope="module")
def asking(browser, arrays, tmp_path_factory):
    """Open a page that has a worker, with the networks, to ask."""
    return open_worker(browser, tmp_path_factory.mktemp("ask"), arrays)


@pytest.fixture(scope="module")
def ask(asking):
    """Give a function that asks the worker, as the page does."""

    def ask(task, **fields):
        """Ask; arrays go over and come back as lists of numbers."""
        fields = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in fields.items()
        }
        return asking.evaluate("""async ([task, fields]) => {
            for (const name of ["image", "code", "ink"]) {
              if (fields[name]) fields[name] = Float32Array.from(fields[name]);
            }
            const answer = await ask(task, fields);
            return Object.fromEntries(Object.entries(answer).map(([k, v]) =>
              [k, ArrayBuffer.isView(v) ? Array.from(v) : v]));
        }""", [task, fields])

    return ask


@pytest.fixture(scope="module")
def images(mnist_file):
    """Give 200 test images, half of them seasoned at several levels."""
    images = data.read_arrays()["x_test"][:200].copy()
    levels = np.linspace(0.1, 0.9, 100, dtype=np.float32)[:, None, None]
    images[100:] = np.round(
        255 * salt_and_pepper(images[100:] / np.float32(255), levels, 0)
    )
    return images


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_a_network_in_the_page_agrees_with_keras(number, page, images, keras):
    run = experiment.runs()[0].needs[number]
    (stored,) = compute([run])
    network = trained.restore(run.config.network, stored.result.weights)
    expected = keras_outputs(network, images)
    found = outputs(page, NAMES[number], images)
    allowed = LOGIT_TOLERANCE.get(NAMES[number], PIXEL_TOLERANCE)
    np.testing.assert_allclose(found, expected, atol=allowed, rtol=0)
    if number < 2:
        same = found.argmax(axis=1) == expected.argmax(axis=1)
        assert same[:100].all()
        assert same.mean() >= 0.98


def test_arrays_come_out_of_the_page_as_they_went_in(page):
    generator = np.random.default_rng(0)
    sent = {
        "whole": generator.integers(-128, 128, (3, 5), np.int8),
        "pixels": generator.integers(0, 256, 7, np.uint8),
        "numbers": generator.normal(size=(2, 1, 3)).astype(np.float32),
    }
    found = page.evaluate(
        "async (text) => Object.entries(await unpack(JSON.parse(text))).map("
        "([name, { shape, values }]) => [name, shape, Array.from(values)])",
        packed(sent),
    )
    assert {name for name, _, _ in found} == set(sent)
    for name, shape, values in found:
        np.testing.assert_array_equal(
            np.array(values).reshape(shape), sent[name]
        )


# MNIST's form.


def drawing(seed: int) -> np.ndarray:
    """Draw a thick curve with smooth edges: uint8 (140, 140), ink high."""
    generator = np.random.default_rng(seed)
    ends = generator.uniform(20, 120, (3, 2))
    share = np.linspace(0, 1, 200)[:, None]
    curve = (
        (1 - share) ** 2 * ends[0]
        + 2 * share * (1 - share) * ends[1]
        + share**2 * ends[2]
    )
    places = np.stack(np.mgrid[:140, :140], axis=-1)[:, :, None]
    distance = np.linalg.norm(places - curve, axis=-1).min(axis=-1)
    return np.uint8(np.round(255 * np.clip(7 - distance, 0, 1)))


@pytest.mark.parametrize("seed", range(6))
def test_a_drawing_is_brought_into_the_form_that_predict_gives(seed, page):
    ink = drawing(seed)
    found = np.array(page.evaluate(
        "([ink, side]) => Array.from(mnistForm(Uint8Array.from(ink), side))",
        [ink.ravel().tolist(), len(ink)],
    )).reshape(28, 28)
    expected = handwriting.centred(np.where(ink > 64, ink / 255, 0))[..., 0]
    # Pillow rounds between the two directions: a grey value or two.
    np.testing.assert_allclose(found, expected, atol=2.1 / 255)


@pytest.mark.parametrize("seed", range(6))
def test_a_drawing_saved_as_a_picture_is_read_the_same(seed, page, tmp_path):
    from PIL import Image

    ink = drawing(seed)
    Image.fromarray(255 - ink).save(tmp_path / "drawing.png")
    expected = handwriting.read_digit(tmp_path / "drawing.png")
    found = np.array(page.evaluate(
        "([ink, side]) => Array.from(mnistForm(Uint8Array.from(ink), side))",
        [ink.ravel().tolist(), len(ink)],
    ))
    pixels = outputs(page, "convolutional", np.stack([
        np.uint8(np.round(255 * image.reshape(28, 28)))
        for image in (found, expected)
    ]))
    assert np.abs(found - expected.ravel()).mean() < 0.01
    assert pixels[0].argmax() == pixels[1].argmax()


def test_an_empty_drawing_has_no_form(page):
    assert page.evaluate("mnistForm(new Uint8Array(100), 10)") is None


# The worker.


def test_the_worker_reads_an_image(ask, arrays):
    image = arrays["images"][7].ravel() / 255
    answer = ask("read", image=image)
    for name in ("dense", "convolutional"):
        assert sum(answer[name]) == pytest.approx(1, abs=1e-5)
        assert np.argmax(answer[name]) == arrays["labels"][7]


def test_seasoning_is_that_of_the_report(ask):
    image = np.full(784, 0.5)
    same = np.array(ask("season", image=image, level=0, seed=1)["image"])
    np.testing.assert_array_equal(same, image)
    half = np.array(ask("season", image=image, level=0.4, seed=1)["image"])
    again = np.array(ask("season", image=image, level=0.4, seed=1)["image"])
    np.testing.assert_array_equal(half, again)
    counts = [np.mean(half == value) for value in (0, 0.5, 1)]
    # Three standard errors of 784 draws.
    np.testing.assert_allclose(counts, [0.2, 0.6, 0.2], atol=0.055)
    whole = np.array(ask("season", image=image, level=1, seed=1)["image"])
    assert set(whole) == {0, 1}
    other = np.array(ask("season", image=image, level=1, seed=2)["image"])
    assert (whole != other).any()


def test_denoising_takes_noise_away(ask, arrays):
    image = arrays["images"][3].ravel() / 255
    noisy = np.array(ask("season", image=image, level=0.4, seed=0)["image"])
    clean = np.array(ask("denoise", image=noisy)["image"])
    assert np.mean((clean - image) ** 2) < np.mean((noisy - image) ** 2) / 3


def test_generated_digits_are_those_asked_for(ask):
    """As often as the report says: nine of ten, and each class most times."""
    right = np.zeros(10)
    for digit in range(10):
        for seed in range(20):
            made = ask("generate", digit=digit, seed=seed)
            assert min(made["code"]) >= 0
            read = ask("read", image=np.array(made["image"]))
            right[digit] += np.argmax(read["convolutional"]) == digit
    assert right.min() >= 14
    assert right.sum() >= 180


def test_a_code_is_decoded_to_its_image(ask):
    made = ask("generate", digit=3, seed=5)
    again = ask("decode", code=np.array(made["code"]))
    np.testing.assert_array_equal(again["image"], made["image"])


def test_drawn_codes_have_the_mixtures_mean(ask, arrays):
    """The mean of draws, before codes are cut off at 0, is the mixture's."""
    weights = arrays["mixture_weights"][4][:, None]
    means = arrays["mixture_means"][4]
    codes = np.array([
        ask("generate", digit=4, seed=seed)["code"] for seed in range(300)
    ])[:, arrays["alive"]]
    expected = (weights * means).sum(axis=0)
    # Where a number is nearly always above 0, cutting off changes nothing.
    high = np.quantile(codes, 0.02, axis=0) > 0
    assert high.any()
    error = codes[:, high].std(axis=0) / np.sqrt(len(codes))
    assert (np.abs(codes[:, high].mean(axis=0) - expected[high])
            < 4.5 * error).all()


def test_the_first_layers_maps_are_those_of_keras(ask, images, keras):
    run = experiment.runs()[0].needs[1]
    (stored,) = compute([run])
    network = trained.restore(run.config.network, stored.result.weights)
    first = next(layer for layer in network.layers
                 if isinstance(layer, keras.layers.ReLU))
    expected = keras.Model(network.input, first.output)(
        data.scale(images[:1]), training=False
    ).numpy()[0]
    found = ask("maps", image=images[0].ravel() / 255)
    assert (found["side"], found["channels"]) == expected.shape[1:]
    np.testing.assert_allclose(
        found["maps"], expected.ravel(), atol=0.02 * expected.max()
    )


def test_covering_says_which_pixels_matter(ask, page, arrays):
    image = arrays["images"][7]
    answer = ask("occlude", image=image.ravel() / 255)
    assert answer["read"] == arrays["labels"][7]
    corners = [(top, left) for top in range(0, 25, 2)
               for left in range(0, 25, 2)]
    covered = np.repeat(image[None], len(corners), axis=0)
    for each, (top, left) in zip(covered, corners, strict=True):
        each[top : top + 4, left : left + 4] = 0
    logits = outputs(page, "convolutional", np.stack([image, *covered]))
    others = np.delete(logits, answer["read"], axis=1).max(axis=1)
    leads = logits[:, answer["read"]] - others
    losses, counts = np.zeros((2, 28, 28))
    for lead, (top, left) in zip(leads[1:], corners, strict=True):
        losses[top : top + 4, left : left + 4] += leads[0] - lead
        counts[top : top + 4, left : left + 4] += 1
    np.testing.assert_allclose(
        answer["losses"], (losses / counts).ravel(), atol=1e-3
    )
    assert losses.max() > 0


def test_a_newer_occlusion_ends_the_one_before(asking, arrays):
    first, second = asking.evaluate(
        """(numbers) => {
          const image = Float32Array.from(numbers, (v) => v / 255);
          return Promise.all([ask("occlude", { image }),
            ask("occlude", { image })]).then((answers) =>
            answers.map(({ losses }) => losses && losses.length));
        }""",
        arrays["images"][0].ravel().tolist(),
    )
    assert (first, second) == (None, 784)


def test_an_unknown_task_is_an_error(ask):
    with pytest.raises(Exception, match="not a function"):
        ask("fly")


# What benchmarks/page.py measured.


def test_the_stored_measurement_is_of_the_stored_networks():
    found = benchmarks.load_page()
    assert found.outcome == experiment.result().outcome
    assert set(found.networks.index) == set(NAMES)


def test_the_page_reads_as_well_and_as_quickly_as_is_asked():
    measured = benchmarks.load_page()
    networks = measured.networks
    for name in ("dense", "convolutional"):
        row = networks.loc[name]
        # Two of 10,000 images: 0.02 percentage points.
        assert abs(row.accuracy - row.stored_accuracy) < 0.00021
        assert row.difference <= LOGIT_TOLERANCE[name]
    assert networks["milliseconds"].max() <= 10
    assert measured.move_milliseconds <= 16  # a frame
