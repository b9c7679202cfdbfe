"""What is like MNIST's digits is kept, and what is not is refused."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digits import data
from digits.handwriting import find_digits, recognition
from digits.networks.convolutional import ConvolutionalNetwork

FONTS = matplotlib.get_data_path() + "/fonts/ttf/"


def letter(character):
    """Print a letter: an image (28, 28, 1), as the networks see it."""
    picture = Image.new("L", (200, 200), 245)
    ImageDraw.Draw(picture).text(
        (100, 100), character, fill=40, anchor="mm",
        font=ImageFont.truetype(FONTS + "DejaVuSerif.ttf", 120),
    )
    (found, *_) = find_digits(np.asarray(picture) / 255)
    return found.image


@pytest.fixture
def seen():
    """Make up what five networks make of seven images."""
    generator = np.random.default_rng(0)
    return recognition.Outputs(*(
        generator.normal(size=(5, 7, size)) for size in (192, 10, 720)
    ))


def test_which_digit_it_is_does_not_tell_whether_it_is_one(seen):
    found = recognition.evidence(seen)
    assert found.shape == (5, 7, 922)
    shuffled = np.random.default_rng(1).permuted(seen.logits, axis=-1)
    np.testing.assert_array_equal(
        recognition.evidence(replace(seen, logits=shuffled)), found
    )


def test_a_score_is_a_hidden_layer_s(seen):
    generator = np.random.default_rng(2)
    score = recognition.Score(
        generator.normal(size=(5, 922, 3)), np.array([1.0, -2.0, 0.5]),
        np.array([1.0, 2.0, -3.0]), 0.25,
    )
    evidence = recognition.evidence(seen)
    for number, found in enumerate(score.of(seen)):
        inner = score.inner_bias + sum(
            evidence[k, number] @ score.inner[k] for k in range(5)
        )
        expected = 0.25 + sum(
            factor * max(value, 0)
            for factor, value in zip(score.outer, inner, strict=True)
        )
        assert found == pytest.approx(expected)


def test_channels_are_told_by_their_mean_and_largest_value():
    import keras

    network = ConvolutionalNetwork(2, ((3,),), last_convolution=4).build()
    images = np.random.default_rng(3).random((5, 28, 28, 1), np.float32)
    found = np.asarray(recognition._with_channels(network)(images))
    maps = [
        np.asarray(keras.Model(network.input, layer.output)(images))
        for layer in network.layers if isinstance(layer, keras.layers.ReLU)
    ]
    assert [part.shape[-1] for part in maps] == [2, 3, 4]
    np.testing.assert_allclose(found, np.concatenate([
        maps[2][:, 0, 0],
        *(part.mean((1, 2)) for part in maps[:2]),
        *(part.max((1, 2)) for part in maps[:2]),
    ], axis=1), rtol=1e-5, atol=1e-6)


def test_a_score_of_other_networks_is_refused(monkeypatch):
    monkeypatch.setattr(recognition, "networks_digest", lambda: "others")
    with pytest.raises(ValueError, match="learned with other networks"):
        recognition.learned_score.__wrapped__()


def test_a_missing_score_says_how_to_learn_it(monkeypatch, tmp_path):
    monkeypatch.setattr(
        recognition, "doubt_path", lambda: tmp_path / "doubt.json"
    )
    with pytest.raises(ValueError, match=r"python benchmarks/doubt\.py"):
        recognition.learned_score.__wrapped__()


def test_digits_are_kept(mnist_file):
    part = data.load_mnist().test
    shares, scores = recognition.judge(part.images[5_000:6_000])
    assert np.mean(scores >= recognition.LEAST_SCORE) > 0.98
    right = shares.argmax(1) == part.labels[5_000:6_000]
    assert right.mean() > 0.99


def test_letters_are_refused():
    images = np.stack([letter(name) for name in "ACEFGHJKMNPRTUVWXY"])
    _, scores = recognition.judge(images)
    assert np.mean(scores < recognition.LEAST_SCORE) > 0.8
