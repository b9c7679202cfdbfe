"""Pictures of digits become images like MNIST's."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digits import data, handwriting
from digits.handwriting import (
    PictureError,
    centred,
    find_digits,
    pictures,
    read_digit,
    read_grey,
    readings,
)


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
        grey = read_grey(save(large, tmp_path / "digit.png"))
        found = readings(grey, single=True)[-1][0].image
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


# Paper as people have it.

SIDE = 160


def page(ink=0.15, light=0.9):
    """Write an L on a large sheet: brightness in [0, 1]."""
    sheet = np.full((SIDE, SIDE), light)
    sheet[40:110, 60:70] = ink
    sheet[100:110, 60:95] = ink
    return sheet


def ruled(sheet):
    for row in range(15, SIDE, 30):
        sheet[row : row + 2] = np.minimum(sheet[row : row + 2], 0.5)
    return sheet


def squared(sheet):
    return ruled(ruled(sheet).T).T


def in_a_box(sheet):
    box = np.zeros(sheet.shape, bool)
    box[10:-10, 10:-10] = True
    box[13:-13, 13:-13] = False
    return np.where(box, 0.2, sheet)


def framed(sheet):
    whole = np.full(sheet.shape, 0.2)
    whole[3:-3, 3:-3] = sheet[3:-3, 3:-3]
    return whole


def beside_a_table(sheet):
    sheet[:, -15:] = 0.2
    return sheet


def half_in_shadow(sheet):
    rows, columns = np.indices(sheet.shape)
    return np.where(rows + columns > 180, 0.6, 1) * sheet


def lit(sheet):
    return sheet * np.linspace(1, 0.4, SIDE)


def noisy(sheet):
    return sheet + np.random.default_rng(0).normal(0, 0.04, sheet.shape)


def pale(sheet):
    return 0.9 - (0.9 - sheet) * 0.15


KINDS = (ruled, squared, in_a_box, framed, beside_a_table, half_in_shadow,
         lit, noisy, pale)


@pytest.mark.parametrize("kind", KINDS)
def test_paper_of_any_kind_is_told_from_ink(kind):
    (expected,) = find_digits(page())
    (found,) = find_digits(kind(page()).clip(0, 1))
    assert apart(found.image, expected.image) < 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_empty_paper_of_any_kind_shows_nothing(kind):
    empty = np.full((SIDE, SIDE), 0.9)
    assert find_digits(kind(empty).clip(0, 1)) == []


@given(
    st.integers(1, 3), st.integers(-30, 30), st.integers(-30, 50),
    st.floats(0.6, 1),
)
def test_larger_moved_and_darker_pictures_show_the_same(
    times, down, right, light
):
    moved = np.roll(page(), (down, right), (0, 1))
    found = find_digits(np.kron(moved, np.ones((times, times))) * light)
    (expected,) = find_digits(page())
    assert len(found) == 1
    assert apart(found[0].image, expected.image) < 0.03


def test_what_is_drawn_on_transparency_is_its_alpha(tmp_path):
    (expected,) = find_digits(page(0, 1))
    rgba = np.full((SIDE, SIDE, 4), 255, np.uint8)  # white ink
    rgba[..., 3] = 255 * (page() < 0.5)
    file = save(rgba, tmp_path / "dark_mode.png")
    (found,) = find_digits(read_grey(file))
    assert apart(found.image, expected.image) < 0.01


def test_ink_that_differs_in_colour_alone_is_seen(tmp_path):
    ink = page() < 0.5
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[...] = (60, 150, 60)
    picture[ink] = (230, 70, 60)  # of nearly the same brightness
    (found,) = find_digits(read_grey(save(picture, tmp_path / "colour.png")))
    (expected,) = find_digits(page())
    assert apart(found.image, expected.image) < 0.03


# Several digits.


def test_digits_are_found_in_the_order_of_reading():
    row = np.concatenate([page()[30:120, 40:110]] * 3, axis=1)
    found = find_digits(np.vstack([row, row]))
    assert [digit.line for digit in found] == [0, 0, 0, 1, 1, 1]
    lefts = [digit.box[0] for digit in found]
    assert lefts == [20, 90, 160] * 2
    assert [digit.box[1] for digit in found] == [10] * 3 + [100] * 3


def test_a_single_digit_takes_all_ink():
    row = np.concatenate([page()[30:120, 40:110]] * 2, axis=1)
    (whole,) = find_digits(row, single=True)
    assert whole.box == (20, 10, 125, 80)


def test_pieces_close_together_may_be_one_digit():
    broken = page()
    broken[70:75, 60:70] = 0.9  # across the upright
    counts = {len(digits) for digits in readings(broken)}
    assert 1 in counts


def test_a_tiny_picture_shows_one_digit():
    """Cut out as MNIST's are, pieces are of one, though they stand apart."""
    broken = page()[35:115, 45:105].copy()
    broken[30:45] = 0.9
    small = np.asarray(Image.fromarray(np.uint8(255 * broken)).resize((21, 28)))
    ((whole,),) = readings(small / 255)
    assert whole.box[1] < 5
    assert whole.box[3] > 25
    assert len(readings(np.kron(small, np.ones((3, 3))) / 255)) > 1


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


@pytest.mark.parametrize("form", ["GIF", "WEBP", "BMP", "TIFF"])
def test_other_formats_are_read(tmp_path, form):
    expected = read_digit(save(stroke(), tmp_path / "expected.png"))
    options = {"lossless": True} if form == "WEBP" else {}
    file = save(stroke(), tmp_path / "digit", format=form, **options)
    np.testing.assert_array_equal(read_digit(file), expected)


def test_a_format_that_runs_another_program_is_refused(tmp_path):
    file = save(stroke(), tmp_path / "digit.eps", format="EPS")
    with pytest.raises(PictureError, match="can't be read as PNG"):
        read_digit(file)


def test_heic_is_refused_with_how_to_convert_it(tmp_path):
    file = tmp_path / "photo.heic"
    file.write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(PictureError, match="convert it to JPEG"):
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
    monkeypatch.setattr(pictures, "LARGEST_FILE", 1_000)
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
