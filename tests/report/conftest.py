"""Bodies whose sides can be told apart, and results made from them."""

import numpy as np
import pytest

# A bright ball to the right, in front and above; nothing else of the kind.
BALL_MM = (28.0, 18.0, 22.0)


@pytest.fixture
def body():
    """Draw a noisy body with a ball at its right, front and top, however stored."""
    from vesalius.volume import Volume  # after the type hook is in place

    def draw(turn, spacing_mm=(2.0, 2.5, 4.0), sides_known=True, units="a.u."):
        affine = np.eye(4)
        affine[:3, :3] = np.asarray(turn, float) * spacing_mm
        extent_mm = np.array([110.0, 100.0, 90.0])
        shape = np.abs(np.asarray(turn, float).T) @ extent_mm / spacing_mm
        shape = tuple(int(n) for n in np.ceil(shape))
        affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
        grid = np.indices(shape).reshape(3, -1)
        x, y, z = (affine[:3, :3] @ grid + affine[:3, 3:]).reshape(3, *shape)
        inside = (x / 48) ** 2 + (y / 42) ** 2 + (z / 38) ** 2 < 1
        distance = [(w - at) ** 2 for w, at in zip((x, y, z), BALL_MM, strict=True)]
        ball = sum(distance) < 14.0**2  # 1 % of the scan: within its window
        voxels = 300.0 * inside + 600.0 * ball
        if units == "HU":
            voxels = np.where(inside, voxels - 300.0, -1000.0)
        voxels += np.random.default_rng(0).normal(0.0, 12.0, shape)
        modality = "CT" if units == "HU" else "MR"
        return Volume(
            voxels.astype(np.float32), affine, units, modality, sides_known=sides_known
        )

    return draw


@pytest.fixture
def denoised():
    """Make a result from a scan, as a task would: any filter will do."""
    from scipy.ndimage import gaussian_filter

    from vesalius.card import Card, DataUse, Figure, Table
    from vesalius.result import Check, Measure, Provenance, Result, Verdict

    def make(scan, outcome="show", reasons=(), summary="Takes noise away."):
        clean = gaussian_filter(scan.voxels, 0.7)
        spread = np.abs(scan.voxels - clean)
        withheld = outcome == "withhold"
        card = Card(
            name="denoise-mr",
            task="denoise",
            summary=summary,
            modalities=("MR",),
            units="a.u.",
            spacing_range_mm=(0.3, 6.0),
            field_of_view_mm=(80.0, 600.0),
            intensity_range=(0.0, 1e6),
            contrasts=(),
            licence="CC BY-NC-SA 4.0",
            limits=("Lesions under 3 mm may fade.",),
            figures=(
                Figure("PSNR gain, 5 % noise", 0.62, 0.41, 0.83, "dB", 21),
                Figure("RMSE at 25 % dose", 31.2, 31.2, 31.2, "HU", 1),
            ),
            tables=(
                Table("Recovered contrast", ("Size", "2 SD"), (("5 mm", "0.74"),)),
            ),
            data=(DataUse("lgg", 66, "CC BY-NC-SA 4.0", "Buda et al. 2019"),),
        )
        return Result(
            picture=None if withheld else scan.with_voxels(clean),
            spread=None if withheld else scan.with_voxels(spread),
            verdict=Verdict(outcome, reasons),
            checks=(
                Check("voxel spacing", "2 x 2.5 x 4 mm", "0.3 to 6 mm", "show"),
                Check("intensities", "odd", "usual", "warn", "They look unusual."),
            ),
            measures=(
                Measure("noise before", 12.0, scan.units, "In the scan."),
                Measure("noise after", 3.0, scan.units, "In the picture."),
            ),
            card=card,
            provenance=Provenance(
                task="denoise",
                model="denoise-mr",
                weights_sha256="ab" * 32,
                input_sha256=scan.sha256,
                seed=7,
                options=(("strength", "auto"), ("look", "faithful")),
                version="0.0.0",
            ),
        )

    return make


@pytest.fixture
def answered():
    """Make the result of a verb that finds or imagines something, by hand."""
    from dataclasses import replace

    from vesalius.card import Card
    from vesalius.result import Provenance, Result, Verdict

    def make(scan, task, **parts):
        card = Card(
            name=f"{task}-drawn",
            task=task,
            summary="Drawn by hand.",
            modalities=(scan.modality,),
            units=scan.units,
            spacing_range_mm=(0.3, 6.0),
            field_of_view_mm=(80.0, 600.0),
            intensity_range=(-3000.0, 1e6),
            contrasts=(),
            licence="CC BY 4.0",
            limits=("Nothing under 4 mm is looked for.",),
        )
        origin = Provenance(
            task=task,
            weights_sha256=None,
            input_sha256=scan.sha256,
            seed=0,
            options=(),
            version="0.0.0",
        )
        whole = Result(
            picture=scan, verdict=Verdict("show"), card=card, provenance=origin
        )
        return replace(whole, **parts)

    return make


@pytest.fixture
def outlined(answered):
    """Outline the ball of a drawn body, with doubt around it."""
    from dataclasses import replace

    from scipy.ndimage import binary_dilation, gaussian_filter

    from vesalius.result import Finding, Measure

    def make(scan, share=1.0):
        ball = gaussian_filter(scan.voxels, 1.0) > 600
        place = replace(scan, units="probability")
        chance = place.with_voxels((share * (0.1 + 0.85 * ball)).astype(np.float32))
        band = binary_dilation(ball, iterations=2) & ~ball
        volume = float(ball.sum() * np.prod(scan.spacing_mm) / 1000)
        found = Finding(BALL_MM, 28.0, 0.95, (0.9, 0.99))
        said = (("tumour volume", 1.0), ("volume, lower end", 0.75))
        measures = [
            Measure(name, volume * part, "ml", "Its volume.")
            for name, part in (*said, ("volume, upper end", 1.25))
        ]
        return answered(
            scan,
            "segment",
            picture=chance,
            spread=place.with_voxels(band.astype(np.float32)),
            findings=(found,) if share > 0.6 else (),
            measures=tuple(measures),
        )

    return make


@pytest.fixture
def nodules(answered):
    """Find some nodules in a drawn body, the ball among them."""
    from vesalius.result import Finding

    def make(scan, count=3):
        found = [
            Finding(BALL_MM, 28.0, 0.9, (0.8, 0.95)),
            Finding((-20.0, -14.0, -18.0), 6.0, 0.95, (0.9, 1.0)),
            *(
                Finding((-30.0 + n, 3.0, -20.0 + n), 5.0, 0.5 - n / 100, (0.2, 0.6))
                for n in range(max(0, count - 2))
            ),
        ]
        return answered(scan, "detect", findings=tuple(found[:count]))

    return make


@pytest.fixture
def translated(answered):
    """Imagine a CT from a drawn MR, or the other way round."""
    from dataclasses import replace

    def make(scan):
        units, modality = ("HU", "CT") if scan.modality == "MR" else ("a.u.", "MR")
        place = replace(scan, units=units, modality=modality)
        picture = place.with_voxels(scan.voxels - 300.0)
        spread = place.with_voxels(np.abs(scan.voxels) / 10)
        return answered(
            scan, "translate", picture=picture, spread=spread, imagined=picture
        )

    return make
