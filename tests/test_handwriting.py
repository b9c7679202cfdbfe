"""Pictures of digits become images like MNIST's."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digits import data, handwriting
from digits.handwriting import PictureError, centred, read_digit


def save(array, path, **options):
    Image.fromarray(np.asarray(array, np.uint8)).save(path, **options)
    return path


def stroke(height=60, width=40, paper=255, ink=0):
    """Draw an L, which is not symmetric, on paper with a margin."""
    picture = np.full((height + 40, width + 40), paper)
    picture[20:-20, 20:30] = ink
    picture[-30:-20, 20:-20] = ink
    return picture


def centre_of_mass(image):
    grey = image[..., 0]
    rows, columns = np.mgrid[:28, :28]
    return (grey * rows).sum() / grey.sum(), (grey * columns).sum() / grey.sum()


def apart(one, other):
    """Say how far images are apart, but for a pixel of rounding each way."""
    steps = (-1, 0, 1)
    return min(
        np.abs(np.roll(one, (row, column), (0, 1)) - other).mean()
        for row in steps for column in steps
    )


def check_form(image):
    assert image.shape == (28, 28, 1)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1
    rows = np.flatnonzero(image.any((1, 2)))
    columns = np.flatnonzero(image.any((0, 2)))
    assert rows[-1] - rows[0] < 20
    assert columns[-1] - columns[0] < 20
    return len(range(rows[0], rows[-1] + 1)), len(
        range(columns[0], columns[-1] + 1)
    )


def test_a_digit_fills_the_box_and_keeps_its_proportions(tmp_path):
    image = read_digit(save(stroke(), tmp_path / "l.png"))
    height, width = check_form(image)
    assert height == 20
    assert width == pytest.approx(20 * 40 / 60, abs=1)
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize("form", ["png", "jpg"])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (180, 90)])
def test_paper_and_ink_may_be_of_any_grey(tmp_path, form, paper, ink):
    expected = read_digit(save(stroke(), tmp_path / "expected.png"))
    found = read_digit(
        save(stroke(paper=paper, ink=ink), tmp_path / f"l.{form}")
    )
    assert apart(found, expected) < 0.03


def test_size_place_and_light_matter_little(tmp_path):
    expected = read_digit(save(stroke(), tmp_path / "expected.png"))
    photo = np.full((900, 1_200), 210.0)
    large = np.kron(stroke(paper=210, ink=40), np.ones((5, 5)))
    photo[200:700, 500:900] = large
    photo += np.linspace(-15, 15, 1_200) + np.random.default_rng(0).normal(
        0, 3, photo.shape
    )
    found = read_digit(save(photo.clip(0, 255), tmp_path / "photo.jpg"))
    check_form(found)
    assert apart(found, expected) < 0.06


def test_what_is_transparent_is_paper(tmp_path):
    ink = 255 - stroke()
    rgba = np.zeros((*ink.shape, 4), np.uint8)
    rgba[..., 3] = ink
    found = read_digit(save(rgba, tmp_path / "clear.png"))
    expected = read_digit(save(stroke(), tmp_path / "expected.png"))
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_photo_is_turned_upright(tmp_path):
    picture = Image.fromarray(np.uint8(stroke())).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise to view
    picture.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    found = read_digit(tmp_path / "turned.jpg")
    expected = read_digit(save(stroke(), tmp_path / "expected.png"))
    assert apart(found, expected) < 0.03


def test_mnist_comes_back_as_it_was(tmp_path, mnist_file):
    """MNIST's own images, enlarged, are what they were before."""
    images = data.read_file(mnist_file)["x_test"][:50]
    exact, rounded = [], []
    for image in images:
        large = np.kron(255 - image, np.ones((8, 8)))
        found = read_digit(save(large, tmp_path / "digit.png"))
        exact.append(np.abs(found[..., 0] - image / 255).mean())
        rounded.append(apart(found[..., 0], image / 255))
    assert np.median(exact) < 0.03
    assert max(rounded) < 0.03


@given(
    st.integers(1, 60), st.integers(1, 60),
    st.integers(0, 2**32 - 1),
)
def test_any_ink_takes_the_form(height, width, seed):
    ink = np.random.default_rng(seed).random((height, width)) + 0.01
    height, width = check_form(centred(ink))
    assert max(height, width) == 20


def test_without_ink_there_is_nothing_to_centre():
    with pytest.raises(ValueError, match="no ink"):
        centred(np.zeros((5, 5)))


# What is no picture of a digit.


@pytest.mark.parametrize("content", [
    b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(100),
    b"GIF89a" + bytes(100), b"\xff\xd8\xff\xe0" + bytes(100),
])
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "file.png"
    file.write_bytes(content)
    with pytest.raises(PictureError, match=r"file\.png can't be read as PNG"):
        read_digit(file)


def test_another_format_is_refused(tmp_path):
    file = save(stroke(), tmp_path / "digit.png", format="GIF")
    with pytest.raises(PictureError, match="PNG or JPEG"):
        read_digit(file)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_torn_pictures_are_refused(tmp_path, share):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200))
    file = save(noise, tmp_path / "torn.png")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PictureError, match=r"torn\.png"):
        read_digit(file)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(PictureError, match="No such file"):
        read_digit(tmp_path / "absent.png")
    with pytest.raises(PictureError, match="can't be read"):
        read_digit(tmp_path)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_empty_pictures_are_refused(tmp_path, grey):
    file = save(np.full((50, 50), grey), tmp_path / "empty.png")
    with pytest.raises(PictureError, match="nothing that stands out"):
        read_digit(file)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    file = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(file)
    assert os.path.getsize(file) < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("loaded"))
    with pytest.raises(PictureError, match="pixels"):
        read_digit(file)


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(handwriting, "LARGEST_FILE", 1_000)
    file = tmp_path / "large.png"
    file.write_bytes(bytes(1_001))
    with pytest.raises(PictureError, match="1001 bytes, more than the 1000"):
        read_digit(file)


# Otsu's threshold.


def test_the_threshold_lies_between_two_groups():
    values = np.concatenate([np.full(900, 0.1), np.full(100, 0.8)])
    assert 0.1 < handwriting.otsu_threshold(values) <= 0.8


def test_the_threshold_is_the_best_of_all():
    generator = np.random.default_rng(3)
    values = np.concatenate(
        [generator.normal(0.2, 0.05, 500), generator.normal(0.7, 0.1, 300)]
    ).clip(0, 1)

    def between(threshold):
        low, high = values[values < threshold], values[values >= threshold]
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    found = between(handwriting.otsu_threshold(values))
    best = max(between(t) for t in np.linspace(0.1, 0.9, 400))
    assert found >= 0.999 * best
