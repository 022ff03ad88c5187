"""A key that too many share is asked no more, and that is told."""

from hub.matching import default_model
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.matching.document import written
from hub.matching.numbers import check_digit
from tests.replay.people import SU, Site


def namesake(index):
    """One of many of one name who were born on one day of the year, each with a number of its own."""
    born = f"{1920 + index % 100}0808"
    body = f"990101{born}{2 * (index // 100) + 1:03}"
    number = {
        "公民身份号码": body + check_digit(body),
        "出生日期": born,
        "地址代码": f"9901011{index % 50 + 10}201",
    }
    return str(index), SU | number


def test_keys_too_common_to_compare_under_are_told_of(tmp_path):
    site = Site(tmp_path)

    def told():
        return site.ask(lambda queries: queries.status())["keys_too_common"]

    site.publish(*map(namesake, range(BLOCK_PROFILES_MAX)))
    assert told() == {}
    site.publish(*map(namesake, range(BLOCK_PROFILES_MAX, BLOCK_PROFILES_MAX + 3)))
    found = told()
    assert found == {"name + month day": {"keys": 1, "profiles_max": BLOCK_PROFILES_MAX + 3}}
    assert len(site.people()) == BLOCK_PROFILES_MAX + 3
    # The same after a rebuild, and counted anew under another model.
    site.check()
    assert told() == found
    site.hub.adopt(written(default_model().document), "the same keys")
    site.run()
    assert told() == found
    site.check()
    site.hub.close()
