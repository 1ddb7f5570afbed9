"""What several feeds say together (normalisation section 8)."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.normalise.said import Said, joined, read

WORDS = st.lists(st.sampled_from("abcde"), max_size=4, unique=True).map(lambda found: tuple(sorted(found)))
SAID = st.builds(
    Said,
    st.just("fed"),
    WORDS,
    st.sampled_from((("unknown",), ("malicious-activity",), ("anomalous-activity", "malicious-activity"))),
    st.none() | st.integers(0, 100),
    st.sampled_from(("", "one", "two")),
    st.lists(
        st.tuples(st.just("Feed"), st.sampled_from(("https://a.example/", "https://b.example/"))),
        max_size=2,
        unique=True,
    ).map(tuple),
)


@given(st.lists(SAID, min_size=1, max_size=3))
def test_no_order_matters_and_nothing_is_counted_twice(sources):
    """However they come, and however often, together they say the same; that can be kept and read again."""
    whole = joined(sources)
    assert read(whole.text()) == whole
    if len(sources) > 1:
        assert {joined(each) for each in permutations(sources)} == {whole}
        assert joined([*sources, sources[0]]) == joined([whole, *sources]) == whole


def test_together():
    """Each label and reference once, the highest confidence and not a sum, the words of who is surest; who knows no kind takes none away."""
    one = Said("fed", ("a", "b"), ("unknown",), 30, "thirty", (("One", "https://one.example/"),))
    two = Said("fed", ("b", "c"), ("malicious-activity",), 70, "", (("Two", "https://two.example/"),))
    assert joined([one, two]) == Said(
        "fed",
        ("a", "b", "c"),
        ("malicious-activity",),
        70,
        "thirty",
        (("One", "https://one.example/"), ("Two", "https://two.example/")),
    )
    assert joined([one]) is one


def test_labels_have_a_limit():
    """Together no more than fifty."""
    many = [Said("fed", tuple(f"{start}{number:02}" for number in range(40))) for start in "ab"]
    assert len(joined(many).labels) == 50
