from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.config import (
    ConfigError,
    apply_overrides,
    describe,
    experiment_names,
    from_dict,
    load_config,
    to_dict,
)
from tracker.settings import Config


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", experiment_names())
def test_experiments_load_and_return(name: str) -> None:
    config = load_config(name)
    assert config.name == name and config.description
    assert from_dict(to_dict(config)) == config


def test_the_four_experiments() -> None:
    assert {"siamsa_r50", "siampw_rbo_r50", "siamban_r50", "siamsa_r18"} <= set(experiment_names())
    paper, baseline = load_config("siamsa_r50"), load_config("siampw_rbo_r50")
    assert (paper.model.attention.name, baseline.model.attention.name) == ("self_attention", "identity")
    changed = apply_overrides(baseline, ["model.attention.name=self_attention"])
    assert changed.model == paper.model and changed.train == paper.train  # "the same without attention"


def test_constants_of_the_method() -> None:
    tracking = from_dict({}).tracking
    assert (tracking.penalty_k, tracking.window_influence, tracking.lr) == (0.14, 0.45, 0.30)
    assert (tracking.exemplar_size, tracking.instance_size, tracking.stride) == (127, 255, 8)


def test_base_is_merged_below(tmp_path: Path) -> None:
    write(tmp_path, "low.yaml", "name: low\nmodel: {width: 64, attention: {name: self_attention, reduction: 4}}\n")
    high = write(tmp_path, "high.yaml", "base: low.yaml\nmodel: {attention: {reduction: 2}}\n")
    config = load_config(high, ["model.width=96"])
    assert (config.name, config.model.width) == ("low", 96)
    assert (config.model.attention.name, config.model.attention.reduction) == ("self_attention", 2)


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("5", 5.0), ("2.5E+2", 250.0), (".5", 0.5)])
def test_numbers_are_read_as_numbers(tmp_path: Path, text: str, value: float) -> None:
    path = write(tmp_path, "c.yaml", f"train: {{lr: {text}}}\n")
    assert load_config(path).train.lr == value
    assert apply_overrides(Config(), [f"train.lr={text}"]).train.lr == value
    assert isinstance(load_config(path).train.lr, float)


def test_integers_and_null() -> None:
    config = apply_overrides(Config(), ["train.pairs=2e6", "model.attention.alpha=0.5"])
    assert config.train.pairs == 2_000_000 and isinstance(config.train.pairs, int)
    assert config.model.attention.alpha == 0.5
    assert apply_overrides(config, ["model.attention.alpha=null"]).model.attention.alpha is None


def test_one_override_need_not_be_in_a_list() -> None:
    assert apply_overrides(Config(), "tracking.lr=0.4").tracking.lr == 0.4
    assert load_config("siamsa_r18", "tracking.lr=0.4").tracking.lr == 0.4


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("tracking.window_influense=0.4", "did you mean tracking.window_influence?"),
        ("trakcing.lr=1", "did you mean tracking?"),
        ("tracking.lr=fast", "tracking.lr: expected float, got 'fast'"),
        ("tracking.lr=true", "tracking.lr: expected float"),
        ("model.width=1.5", "model.width: expected int"),
        ("model.levels=3", "model.levels: expected a list"),
        ("model.levels=[2, x]", "model.levels[1]: expected int"),
        ("model=3", "model: expected settings"),
        ("data.sources=[{pat: a}]", "did you mean data.sources[0].path?"),
        ("tracking.lr", "expected key=value"),
        ("=3", "expected key=value"),
        ("tracking.lr=[", "the value is not YAML"),
    ],
)
def test_overrides_that_cannot_be_used(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apply_overrides(Config(), [override])
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modle: {}\n", "did you mean model?"),
        ("- a\n- b\n", "expected `key: value`"),
        ("a: [\n", "c.yaml"),
        ("base: 3\n", "base must be the path"),
        ("base: nowhere.yaml\n", "'nowhere.yaml' is not a file"),
        ("base: c.yaml\n", "leads back to itself"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "c.yaml", text))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_unknown_experiment_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'siamsa_r18'"):
        load_config("siamsa_r81")
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.yaml")


def test_every_setting_has_a_meaning() -> None:
    rows = describe(load_config("siamsa_r18"))
    assert {"tracking.penalty_k", "model.attention.alpha", "train.loss.cls"} <= {key for key, _, _ in rows}
    assert not [key for key, _, doc in rows if not doc]


@given(st.floats(0, allow_nan=False), st.integers(0, 10**9), st.booleans())
def test_any_value_survives_the_command_line(number: float, whole: int, flag: bool) -> None:
    texts = [f"tracking.penalty_k={number!r}".replace("inf", ".inf"), f"train.seed={whole}"]
    config = apply_overrides(Config(), [*texts, f"data.sources=[{{path: a, tight: {str(flag).lower()}}}]"])
    assert (config.tracking.penalty_k, config.train.seed, config.data.sources[0].tight) == (number, whole, flag)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train.batch=0", "train.batch: must be 1 or more, got 0"),
        ("tracking.window_influence=1.5", "tracking.window_influence: must be 1 or less"),
        ("train.lr=.nan", "train.lr: must be 0 or more"),
        ("tracking.geometry=odd", "tracking.geometry: expected one of pysot, exact, got 'odd'"),
        ("data.sources=[{path: a, weight: -1}]", r"data.sources\[0\].weight: must be 0 or more"),
    ],
)
def test_values_out_of_range_are_refused_with_their_path(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        apply_overrides(Config(), [text])
