"""`WWW-Authenticate` as servers write it."""

import pytest

from reconciler.authorization.challenge import Challenge, bearer_challenge


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (
            'Bearer resource_metadata="https://a/b, c", scope="x y", error=invalid',
            Challenge(resource_metadata="https://a/b, c", scope="x y", error="invalid"),
        ),
        (r'Basic realm="Bearer scope=\"no\"", Bearer scope="a"', Challenge(scope="a")),
        (r'BEARER scope="a\"b"', Challenge(scope='a"b')),
        ('DPoP algs="ES256", bearer', Challenge()),
        ("Basic abc==, Bearer scope=a", Challenge(scope="a")),
        ('Bearer scope="a", Basic scope="b"', Challenge(scope="a")),
        ("Negotiate", None),
        ("", None),
    ],
)
def test_the_bearer_challenge_is_found_among_others(
    header: str, challenge: Challenge | None
) -> None:
    assert bearer_challenge(header) == challenge
