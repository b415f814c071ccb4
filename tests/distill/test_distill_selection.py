"""Which of several near sums of codes is taken: by bands and loudness, each column alone."""

import torch

from distill.models.selection import best_candidate, frame_loudness


def test_the_loudness_of_a_frame_is_that_of_its_power():
    amplitudes = torch.tensor([[3.0, 4.0], [0.6, 0.8]])
    expected = torch.tensor([5.0, 1.0]).log10()
    assert torch.allclose(frame_loudness(amplitudes.log10()), expected, atol=1e-5)
    assert torch.allclose(frame_loudness(amplitudes.T.log10(), bands=0), expected, atol=1e-5)


def test_of_equal_errors_the_one_in_a_faint_band_is_taken():
    wanted = torch.tensor([[[-1.0, -1.1, -3.0, -3.1]]])  # one column of one frame
    loud, faint = wanted.clone(), wanted.clone()
    loud[..., 0] -= 0.3
    faint[..., 2] -= 0.3
    assert best_candidate(wanted, torch.stack([loud, faint], 1)).tolist() == [1]
    assert best_candidate(wanted, torch.stack([faint, loud], 1)).tolist() == [0]


def test_bands_count_as_well_as_loudness():
    """Two bands exchanged are as loud as before, and wrong."""
    wanted = torch.tensor([[[-1.0, -2.0, -3.0, -4.0]]])
    softer = wanted - 0.05
    assert best_candidate(wanted, torch.stack([wanted.flip(-1), softer], 1)).tolist() == [1]


def test_a_column_is_chosen_alone_and_however_many_there_are(tiny, torch_seeded):
    latents = 2.0 * torch.randn(700, 8, generator=torch_seeded)
    together = tiny.model.choose(latents)
    assert together.shape == (700, 4)
    assert torch.equal(torch.cat([tiny.model.choose(part) for part in latents.split(53)]), together)


def test_what_is_chosen_sounds_no_farther_off_than_the_nearest_sum(tiny, torch_seeded):
    """The tiny model's networks are silent, so its decoder is the linear path."""
    latents = 2.0 * torch.randn(60, 8, generator=torch_seeded)

    def frames(rows):
        mel = tiny.model.decode(rows.T[None, :, None])[0, 0]  # (n_mels, 60 * 4)
        return mel.T.unflatten(0, (60, 4))  # (60, 4, n_mels)

    def error(indices):
        off = frames(tiny.model.quantizer.embed(indices)) - frames(latents)
        ours, theirs = (
            torch.pow(10.0, 2 * x).sum(-1).log10() / 2
            for x in (off + frames(latents), frames(latents))
        )
        return off.square().mean((1, 2)) + 0.25 * (ours - theirs).square().mean(1)

    chosen = error(tiny.model.choose(latents))
    nearest = error(tiny.model.quantizer.search(latents, beams=16))
    assert (chosen <= nearest + 1e-5).all()
    assert chosen.mean() < nearest.mean()
