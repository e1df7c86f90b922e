"""Without pairs: patients are never the same, and every net is taught."""

import numpy as np
import pytest
import torch
from PIL import Image

from vesalius.anatomy.head_slice import Place, mr_channels, outline_slice
from vesalius.anatomy.head_slice_ct import ct_windows
from vesalius.errors import ConfigError
from vesalius.nets import Translator
from vesalius.train.course import Objective
from vesalius.train.courses import course_of
from vesalius.train.pairs_unpaired import UnpairedSource, unpaired_source
from vesalius.train.recipe import Recipe
from vesalius.train.translating_unpaired import Cycle, ct_look, mr_look, unpaired

SIDE = 32


@pytest.fixture(scope="module")
def source(paired_heads):
    return unpaired_source(paired_heads)


@pytest.fixture
def cycle():
    torch.manual_seed(0)
    return Cycle(Translator(9, (8, 8)), Translator(10, (8, 8)))


def test_a_batch_is_replayable_and_of_different_patients(source):
    one, two = (source.draw(2, SIDE, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(one.mr, two.mr)
    assert np.array_equal(one.ct, two.ct)
    assert one.mr.shape == (2, 9, SIDE, SIDE)
    assert one.ct.shape == (2, 10, SIDE, SIDE)
    rng = np.random.default_rng(2)
    for mr, ct in (source.pick(rng) for _ in range(50)):
        assert mr.patient != ct.patient
        assert mr.plane == ct.plane


def test_one_patient_alone_is_refused(source):
    rng = np.random.default_rng(0)
    mr, _ = source.pick(rng)
    with pytest.raises(ConfigError, match="two patients"):
        UnpairedSource([mr], [mr])


def test_slices_of_ones_own_will_do(tmp_path):
    for folder, soft in (("mr", 150), ("ct", 90)):
        (tmp_path / folder).mkdir()
        for number in range(2):
            y, x = np.indices((60, 50))
            inside = np.hypot(y - 30, x - 25) < 20
            picture = Image.fromarray(np.where(inside, soft, 0).astype(np.uint8))
            picture.save(tmp_path / folder / f"{folder}{number}_coronal.png")
    drawn = unpaired_source(tmp_path).draw(1, SIDE, np.random.default_rng(0))
    assert drawn.ct[0, 0].max() == pytest.approx(1.06, abs=0.1)  # soft tissue
    assert drawn.mr[0, -3:].mean(axis=(1, 2)).tolist() == [0, 1, 0]
    plan = Recipe(name="own", modality="MR", objective="unpaired", steps=1, card=CARD)
    course = course_of(plan)
    assert course.patients(plan, tmp_path) == {}
    card = plan.card_of()
    assert course.measured(card, {}, plan, tmp_path) is card


CARD = {
    "task": "translate",
    "summary": "A trial.",
    "units": "a.u.",
    "spacing_range_mm": (0.2, 12.0),
    "field_of_view_mm": (40.0, 550.0),
    "intensity_range": (-1.0, 1e9),
    "contrasts": (),
    "licence": "Apache-2.0",
    "limits": ("a trial",),
}


def test_every_net_is_taught_and_the_loss_goes_down(source, cycle):
    batch = source.draw(2, SIDE, np.random.default_rng(4))
    descent = torch.optim.Adam(cycle.parameters(), 2e-3)
    losses = []
    for _ in range(25):
        descent.zero_grad()
        torch.manual_seed(0)
        loss = unpaired(cycle, batch)
        loss.backward()
        descent.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    for part in (cycle.there, cycle.back, *cycle.critic.values()):
        assert all(p.grad.any() for p in list(part.parameters())[:2])
    assert torch.all((cycle.right > 0) & (cycle.right < 1))


def test_a_made_picture_is_looked_at_as_a_scan_is(source):
    kilo = torch.rand(1, 1, 8, 8) * 3
    wanted = np.stack(ct_windows(kilo[0, 0].numpy()))
    np.testing.assert_allclose(ct_look(kilo)[0].numpy(), wanted, atol=1e-5)
    slice_ = np.random.default_rng(0).random((40, 40), np.float32)
    seen = mr_channels(slice_, outline_slice(slice_), Place("axial"))
    value = torch.from_numpy(seen[None, :1])
    np.testing.assert_allclose(mr_look(value)[0].numpy(), seen[:2], atol=1e-2)


def test_only_the_translator_from_mr_ships(cycle):
    plan = Recipe(name="own", modality="MR", objective="unpaired", steps=1, card=CARD)
    objective: Objective = course_of(plan).objectives["unpaired"]
    kept = {
        name.removeprefix(objective.kept)
        for name in cycle.state_dict()
        if name.startswith(objective.kept)
    }
    assert kept == set(cycle.there.state_dict())
