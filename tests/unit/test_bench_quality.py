"""A setting is worse only where its scores say so beyond the noise of seeds and of counting."""

from bench.quality.verdict import SettingScores, deltas, worse


def scores(*values: float) -> SettingScores:
    return SettingScores(seeds=[{"share": value} for value in values], cpu=1.0)


def test_what_seeds_differ_by_is_no_difference() -> None:
    reference = scores(0.90, 0.88, 0.92)
    assert worse(scores(0.89, 0.87, 0.91), reference, pictures={}) == []
    assert worse(scores(0.80, 0.78, 0.82), reference, pictures={}) == ["share"]
    assert worse(scores(0.99, 0.99, 0.99), reference, pictures={}) == []
    assert deltas(scores(0.80, 0.78, 0.82), reference) == {"share": -0.1}


def test_one_picture_of_a_seed_is_no_difference_where_hits_are_counted() -> None:
    reference = scores(1.0, 1.0, 1.0)
    assert worse(scores(0.98, 0.98, 0.98), reference, pictures={}) == ["share"]
    assert worse(scores(0.98, 0.98, 0.98), reference, pictures={"share": 48}) == []
