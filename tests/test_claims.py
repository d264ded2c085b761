"""CLAIMS.md: what it says is what the script checks, and what takes seconds holds."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import claims  # noqa: E402


def test_the_page_is_what_the_script_writes():
    assert (ROOT / "CLAIMS.md").read_text() == claims.markdown(), "python docs/claims.py --write"


@pytest.mark.parametrize("name", [name for name, one in claims.CLAIMS.items() if one.seconds <= 5])
def test_a_claim_that_takes_seconds_holds(name):
    one = claims.CLAIMS[name]
    assert one.holds(one.check()), one.text


def test_a_claim_that_does_not_hold_is_said_and_fails_the_run(monkeypatch, capsys):
    wrong = claims.Claim("the moon is green", "nowhere", 1.0, 0.5, 1, lambda: 1.6)
    monkeypatch.setattr(claims, "CLAIMS", {"green": wrong, "right": wrong._replace(check=lambda: 1.5)})
    monkeypatch.setattr(sys, "argv", ["claims.py"])
    assert claims.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("green: 1.6, DOES NOT HOLD: 1 ± 0.5") and said[1].startswith("right: 1.5, holds")
    monkeypatch.setattr(sys, "argv", ["claims.py", "blue"])
    with pytest.raises(SystemExit):
        claims.main()
    assert "no claim is called blue; there are green, right" in capsys.readouterr().err


def test_the_slow_ones_ask_for_tests_that_exist():
    for name, test in {"exact-digits": "test_bit_exact_mnist", "exact-rtl": "test_rtl_sparse"}.items():
        assert name in claims.CLAIMS and (ROOT / "tests" / f"{test}.py").exists()
