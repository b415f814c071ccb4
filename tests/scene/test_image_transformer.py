"""The image transformer: causality, cache, masks, guidance, sampling."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from scene.training.transformer import mistaken, nll, weighted_nll
from scene.transformer import ImageTransformer, TextEncoder, drawing
from scene.transformer.around import NEAR, Around
from scene.transformer.attention import Norm
from scene.transformer.depth import GOES_ON
from scene.transformer.edges import NOTHING
from scene.transformer.sampling import Sampler, likely

K, WIDTH, N = 11, 4, 12


def model(levels=2, **options):
    mx.random.seed(0)
    settings = {"dropout": 0.0, "text_embed_dim": 16, "text_layers": 1, "text_heads": 2}
    net = ImageTransformer(
        K,
        30,
        N,
        16,
        2,
        2,
        num_levels=levels,
        grid_width=WIDTH,
        depth_layers=1,
        max_text_len=8,
        **(settings | options),
    )
    net.eval()
    return net


def seeing(**options):
    """A model for codes that name patches."""
    net = model(view_dims=6, pick_dims=4, **options)
    rng = np.random.default_rng(5)
    points = rng.normal(size=(K, K, 8)).astype(np.float32)
    near, far = rng.integers(0, 3, (2, K, K, 32)).astype(np.uint8)
    palette = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
    seen = (points[..., :6], points[..., :4], near, far, palette)
    net.look_at(*map(mx.array, seen))
    return net


def looking_around(**options):
    """A model whose view of its neighbours is not silent as at the start."""
    net = model(around=True, **options)
    net.around.outer.weight = 0.3 * mx.random.normal(net.around.outer.weight.shape)
    return net


def text(*rows):
    return mx.array(rows or [[3, 4, 0], [5, 6, 7]])


def tokens(levels=2, batch=2, seed=1):
    shape = (batch, N) if levels == 1 else (batch, N, levels)
    return mx.array(np.random.default_rng(seed).integers(0, K, shape).astype(np.int32))


@pytest.mark.parametrize("levels", [1, 3])
def test_logits_have_a_row_per_token(levels):
    logits = model(levels)(text(), tokens(levels))
    assert logits.shape == ((2, N, K) if levels == 1 else (2, N, levels, K))


def test_plain_signature_of_the_plan():
    net = ImageTransformer(
        vocab_size=8, text_vocab_size=20, max_seq_len=6, embed_dim=16, num_heads=2, num_layers=1
    )
    assert net(mx.zeros((2, 3), mx.int32), mx.zeros((2, 6), mx.int32)).shape == (2, 6, 8)


@pytest.mark.parametrize("make", [model, seeing, looking_around])
@pytest.mark.parametrize("changed", [0, 3, 7, N - 1])
def test_a_token_changes_only_what_comes_after_it(changed, make):
    net, before = make(), tokens()
    after = np.array(before)
    after[:, changed, 1] = (after[:, changed, 1] + 1) % K
    a, b = net(text(), before), net(text(), mx.array(after))
    difference = np.asarray(mx.abs(a - b).max(axis=-1))  # (B, N, L)
    assert difference[:, :changed].max(initial=0) < 1e-6
    assert difference[:, changed].max() < 1e-6  # the last level of a position has no successor
    if changed + 1 < N:
        assert difference[:, changed + 1 :].max() > 1e-5


def test_first_level_is_seen_by_the_second_of_the_same_position():
    net, before = model(), tokens()
    after = np.array(before)
    after[:, 5, 0] = (after[:, 5, 0] + 1) % K
    difference = mx.abs(net(text(), before) - net(text(), mx.array(after))).max(axis=-1)
    assert difference[:, 5, 0].max().item() < 1e-6
    assert difference[:, 5, 1].min().item() > 1e-6


@pytest.mark.parametrize("levels", [1, 3])
def test_cached_steps_give_the_logits_of_the_full_forward(levels):
    net, codes = model(levels), tokens(levels)
    full = net(text(), codes)
    grid = codes[..., None] if levels == 1 else codes
    prompt, caches = net.remember(text()), net.new_cache(2)
    embedded, places = net.embed_codes(grid), net.places(prompt)
    for position in range(N):
        left = embedded[:, position - 1] if position else None
        above = embedded[:, position - WIDTH] if position >= WIDTH else None
        x = net.step(places[position], left, above, prompt, caches)
        logits = (
            net.head(x)
            if levels == 1
            else net.depth(x[:, None], grid[:, position : position + 1])[:, 0]
        )
        assert mx.abs(logits - full[:, position]).max().item() < 1e-4


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_settled_model_says_the_same(levels):
    net, codes = seeing() if levels == 2 else model(levels), tokens(levels)
    for layer in net.modules():
        if isinstance(layer, Norm):
            layer.weight = mx.random.uniform(0.5, 2.0, layer.weight.shape)
    before = net(text(), codes)
    net.settle()
    assert "weight" not in net.norm
    assert mx.allclose(before, net(text(), codes), atol=1e-4)


def test_the_training_loss_with_all_positions_and_equal_weights_is_the_mean_over_all_codes():
    net, codes = model(3), tokens(3)
    every = mx.arange(N)
    plain = nll(net, text(), codes).item()
    assert weighted_nll(net, text(), codes, every, 1.0).item() == pytest.approx(plain, rel=1e-5)
    by_level = nn.losses.cross_entropy(net(text(), codes), codes).mean(axis=(0, 1)).tolist()
    expected = (by_level[0] + 0.5 * by_level[1] + 0.25 * by_level[2]) / 1.75
    assert weighted_nll(net, text(), codes, every, 0.5).item() == pytest.approx(expected, rel=1e-5)


def test_the_first_position_weighs_as_much_as_it_is_told():
    net, codes, some = model(2), tokens(2), mx.array([0, 2, 5])
    each = nn.losses.cross_entropy(net(text(), codes), codes).mean(axis=0)  # (N, 2)
    first = (each.sum(axis=0) + 3 * each[0])[0] / (N + 3)
    second = (each[some].sum(axis=0) + 3 * each[0])[1] / (3 + 3)
    found = weighted_nll(net, text(), codes, some, 1.0, first_weight=4.0).item()
    assert found == pytest.approx(((first + second) / 2).item(), rel=1e-5)
    one = model(1)
    each = nn.losses.cross_entropy(one(text(), tokens(1)), tokens(1)).mean(axis=0)  # (N,)
    found = weighted_nll(one, text(), tokens(1), mx.arange(N), 1.0, first_weight=4.0).item()
    assert found == pytest.approx(((each.sum() + 3 * each[0]) / (N + 3)).item(), rel=1e-5)


def test_mistakes_are_looked_back_at_but_never_learned():
    net, codes = model(2), tokens(2)
    every, last = mx.arange(N), N - 1
    wrong = np.array(codes)
    wrong[:, last] = (wrong[:, last] + 1) % K
    same = weighted_nll(net, text(), codes, every, 1.0, None, mx.array(wrong)).item()
    assert same == pytest.approx(weighted_nll(net, text(), codes, every, 1.0).item(), rel=1e-5)
    wrong[:, 0] = (wrong[:, 0] + 1) % K
    other = weighted_nll(net, text(), codes, every, 1.0, None, mx.array(wrong)).item()
    assert other != pytest.approx(same, rel=1e-5)


def test_mistakes_are_another_pictures_codes_at_the_same_place():
    rng = np.random.default_rng(0)
    codes = mx.array(np.arange(40 * 100 * 2).reshape(40, 100, 2))
    assert mistaken(codes, 0.0, rng) is codes
    seen = np.asarray(mistaken(codes, 0.5, rng))
    wrong = seen != np.asarray(codes)
    assert np.array_equal(wrong[..., 0], wrong[..., 1])
    assert np.array_equal(seen[wrong], np.roll(np.asarray(codes), 1, axis=0)[wrong])
    shares = wrong[..., 0].mean(axis=1)
    assert 10 < (shares > 0).sum() < 30
    assert shares.max() < 0.7


def test_padding_does_not_change_anything():
    net, codes = model(), tokens(batch=1)
    short, long = text([3, 4]), text([3, 4, 0, 0, 0, 0])
    assert mx.abs(net(short, codes) - net(long, codes)).max().item() < 1e-5


def test_words_and_their_order_matter():
    net, codes = model(), tokens(batch=1)
    first = net(text([3, 4]), codes)
    assert mx.abs(first - net(text([3, 5]), codes)).max().item() > 1e-5
    assert mx.abs(first - net(text([4, 3]), codes)).max().item() > 1e-5


def test_an_empty_caption_is_legal():
    assert mx.isfinite(model()(text([0, 0]), tokens(batch=1))).all().item()


def test_too_long_inputs_are_refused():
    net = model()
    with pytest.raises(ValueError, match="at most 8"):
        TextEncoder(30, 16, 2, 1, 8)(mx.ones((1, 9), mx.int32))
    with pytest.raises(ValueError, match="at most 12"):
        net(text(), mx.zeros((2, N + 1, 2), mx.int32))


def test_dropout_works_in_training_only():
    net, codes = model(dropout=0.5), tokens()
    assert mx.array_equal(net(text(), codes), net(text(), codes))
    net.train()
    assert not mx.array_equal(net(text(), codes), net(text(), codes))


@pytest.mark.parametrize("make", [model, seeing, looking_around])
def test_generate_draws_what_its_own_cache_free_model_would_draw(make):
    """Greedy sampling by the cache equals greedy sampling by the whole prefix."""
    net = make()
    drawn = net.generate(text(), temperature=0)
    codes = np.zeros((2, N, 2), np.int32)
    for position in range(N):
        for level in range(2):
            logits = net(text(), mx.array(codes))
            codes[:, position, level] = np.asarray(mx.argmax(logits[:, position, level], -1))
    assert np.array_equal(np.asarray(drawn), codes)


def test_patches_are_seen_by_their_neighbours_and_chosen_by_their_look():
    net, codes = seeing(), tokens()
    before = net(text(), codes)
    views, picks = np.array(net._views), np.array(net.depth._picks)
    first, second = (int(code) for code in codes[0, 3])
    views[first, second] += 1
    picks[first, second] += 1
    edges = (net.depth._near, net.edges._far, net.edges._colours[:3])
    net.look_at(mx.array(views), mx.array(picks), *edges)
    difference = np.asarray(mx.abs(net(text(), codes) - before)[0])  # (N, L, K)
    assert difference[3, 0].max() < 1e-6  # its own first code does not know it yet
    assert np.flatnonzero(difference[3, 1] > 1e-6).tolist() == [second]
    assert difference[4].max() > 1e-5


def test_a_patch_is_likelier_the_more_of_its_pixels_go_on_across_its_edges():
    net, codes = seeing(), tokens()
    before, near = net(text(), codes), np.array(net.depth._near)
    position = WIDTH + 1
    left, above = (np.asarray(codes[0, position - back]) for back in (1, WIDTH))
    far = np.asarray(net.edges._far)
    first, second = (int(code) for code in codes[0, position])
    touching = np.concatenate([far[tuple(left)][:16], far[tuple(above)][16:]])
    missing = (near[first, second] != touching).sum()
    assert missing > 0
    near[first, second] = touching
    net.depth.look_at(net.depth._picks, mx.array(near))
    difference = np.asarray(net(text(), codes) - before)[0, position]  # (L, K)
    assert np.flatnonzero(np.abs(difference[1]) > 1e-5).tolist() == [second]
    assert difference[1, second] == pytest.approx(GOES_ON * missing, abs=1e-4)


def test_a_pull_decides_the_second_code_by_the_first(monkeypatch):
    monkeypatch.setattr(drawing, "PLAUSIBLE", 1e3)
    wanted = np.random.default_rng(6).normal(size=(2, K, K)).astype(np.float32)
    pull = mx.array(1e4 * wanted)
    for guidance in (1.0, 3.0):
        drawn = seeing().generate(text(), guidance=guidance, seeds=[1, 2], pull=pull)
        for codes, best in zip(np.asarray(drawn), wanted.argmax(-1), strict=True):
            assert np.array_equal(codes[:, 1], best[codes[:, 0]])


def test_a_pull_of_nothing_changes_nothing():
    net = seeing()
    plain = net.generate(text(), seeds=[1, 2], guidance=2.0)
    none = net.generate(text(), seeds=[1, 2], guidance=2.0, pull=mx.zeros((2, K, K)))
    assert mx.array_equal(plain, none)


def test_the_view_around_holds_the_cells_near_and_stops_at_the_rim():
    mx.random.seed(0)
    view, width, count = Around(16, 5), 5, 20
    view.outer.weight = mx.random.normal((16, 16))
    codes = np.random.default_rng(7).normal(size=(1, count, 16)).astype(np.float32)
    before = np.asarray(view.grid(mx.array(codes)))
    for changed in range(count):
        other = codes.copy()
        other[0, changed] += 1
        moved = np.abs(np.asarray(view.grid(mx.array(other))) - before)[0].max(axis=-1) > 1e-6
        row, column = divmod(changed, width)
        seen = {(row - down, column - right) for down, right in NEAR}
        expected = {r * width + c for r, c in seen if r * width < count and 0 <= c < width}
        assert set(np.flatnonzero(moved)) == expected
    drawn = [mx.array(codes[:, position]) for position in range(count)]
    for position in range(count):
        assert np.allclose(view.beside(drawn[:position], 1), before[:, position], atol=1e-5)


def test_nothing_touches_the_first_row_and_the_first_column_from_outside():
    touching = np.asarray(seeing().touching(tokens()))  # (B, N, 32)
    assert (touching[:, :WIDTH, 16:] == NOTHING).all()
    assert (touching[:, ::WIDTH, :16] == NOTHING).all()
    rest = touching.reshape(2, -1, WIDTH, 32)[:, 1:, 1:]
    assert (rest < 3).all()


def test_hidden_codes_have_no_edges():
    known = mx.array(np.arange(2 * N).reshape(2, N) % 3 > 0)
    net = seeing()
    touching = np.asarray(net.touching(tokens(), known))
    hidden = ~np.asarray(known)
    assert (touching[:, 1:, :16][hidden[:, :-1]] == NOTHING).all()
    assert (touching[:, WIDTH:, 16:][hidden[:, :-WIDTH]] == NOTHING).all()


def test_a_model_that_looks_at_no_patches_holds_no_weights_for_it():
    assert "view" not in model()
    assert "pick" not in model().depth
    assert "_patches" not in seeing().parameters()


def test_generate_restores_the_mode_of_the_model():
    net = model(dropout=0.5)
    for training in (True, False):
        net.train(training)
        net.generate(text())
        assert net.training is training
        assert net.blocks[0].dropout.training is training


def test_same_seed_same_picture_whatever_the_batch():
    net = model()
    both = net.generate(text(), seeds=[7, 8])
    assert mx.array_equal(both, net.generate(text(), seeds=[7, 8]))
    assert mx.array_equal(both[1:], net.generate(text([5, 6, 7]), seeds=[8]))
    assert not mx.array_equal(both, net.generate(text(), seeds=[9, 10]))


def test_neighbouring_seeds_share_no_noise():
    logits = np.zeros((2, 1000))
    sampler = Sampler(1.0, None, None, 1.0, [4, 5], 2, 3)
    rows = [sampler.draw(logits) for _ in range(3)]
    assert len(np.unique(np.stack(rows))) == 6


def test_codes_are_drawn_by_their_probability():
    """Logits go in, not probabilities: with p = 0.9 the first code comes up nine times in ten."""
    logits = np.log([[0.9, 0.06, 0.04]])
    sampler = Sampler(1.0, None, None, 1.0, [0], 1, 4000)
    drawn = np.array([sampler.draw(logits).item() for _ in range(4000)])
    assert (drawn == 0).mean() == pytest.approx(0.9, abs=0.02)


def test_temperature_sharpens():
    logits = np.log([[0.6, 0.4]])
    sampler = Sampler(0.25, None, None, 1.0, [0], 1, 2000)
    drawn = np.array([sampler.draw(logits).item() for _ in range(2000)])
    assert (drawn == 0).mean() == pytest.approx(0.6**4 / (0.6**4 + 0.4**4), abs=0.03)


def test_top_k_keeps_the_k_largest():
    kept = likely(np.array([[0.1, 3.0, 2.0, -1.0]]), 2, None) > 0
    assert kept.tolist() == [[False, True, True, False]]
    assert (likely(np.zeros((2, 3)), 100, None) > 0).all()


def test_top_p_keeps_the_nucleus_and_always_one():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    for p, count in ((0.01, 1), (0.5, 1), (0.6, 2), (0.9, 3), (0.99, 4)):
        assert (likely(logits, None, p) > 0).sum() == count


def test_the_nucleus_is_one_of_the_k_largest():
    logits = np.log([[0.05, 0.3, 0.15, 0.5]])
    for p, count in ((0.6, 1), (0.63, 2), (0.99, 2)):  # of two, the likeliest has 5/8
        assert (likely(logits, 2, p) > 0).sum() == count


def test_drafts_are_spread_over_what_is_likely():
    """Of four drafts two take each of two codes that are as likely; each by itself is random."""
    sampler = Sampler(1.0, None, None, 1.0, [3], 1, 500, drafts=4)
    logits = np.broadcast_to(np.log([0.5, 0.5]), (4, 2))
    drawn = np.stack([sampler.draw(logits) for _ in range(500)])
    assert (drawn.sum(axis=1) == 2).all()
    assert drawn.mean(axis=0) == pytest.approx(0.5, abs=0.1)


def test_guidance_moves_away_from_the_null_caption():
    sampler = Sampler(0, None, None, 3.0, [0], 1, 1)
    conditional, free = [1.0, 1.2, 0.0], [0.0, 1.0, 0.0]
    assert sampler.draw(sampler.guide(mx.array([conditional, free]))).item() == 0
    net = model()
    assert net.generate(text(), guidance=3.0, seeds=[1, 2]).shape == (2, N, 2)


def test_wrong_number_of_seeds_is_refused():
    with pytest.raises(ValueError, match="1 seeds for 2"):
        model().generate(text(), seeds=[1])


def test_hidden_codes_tell_nothing_to_the_positions_after_them():
    net, before = model(), tokens()
    after = np.array(before)
    after[:, 3] = (after[:, 3] + 1) % K
    known = mx.array(np.arange(N)[None] != 3) & mx.ones((2, 1), dtype=mx.bool_)
    seen = net.hidden(text(), before, known)
    assert np.allclose(seen, net.hidden(text(), mx.array(after), known), atol=1e-6)
    assert not np.allclose(seen, net.hidden(text(), before), atol=1e-3)


def test_knowing_all_codes_is_the_plain_forward_pass():
    net = model()
    everything = mx.ones((2, N), dtype=mx.bool_)
    plain = net.hidden(text(), tokens())
    assert np.allclose(net.hidden(text(), tokens(), everything), plain, atol=1e-6)
