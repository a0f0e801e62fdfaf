"""Whether an ID token is what the provider said, to us, just now. mozilla-django-oidc leaves audience, issuer and more unchecked."""

import secrets
from collections.abc import Callable
from typing import Any

import jwt

from .failures import TokenRefused
from .kept import fresh, keep
from .provider import ask, json_of

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
LEEWAY = 60  # seconds that two clocks may differ
KEYS_FRESH = 3600
BECAUSE = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.InvalidAudienceError, "wrong_audience"),
    (jwt.InvalidIssuerError, "wrong_issuer"),
    (jwt.InvalidSignatureError, "wrong_signature"),
    (jwt.MissingRequiredClaimError, "claim_missing"),
    (jwt.ImmatureSignatureError, "not_yet_valid"),
)


def verified(token: object, *, key: Callable[[str | None], jwt.PyJWK], algorithm: str, client_id: str, issuer: str) -> dict[str, Any]:
    """The claims. `key` finds the provider's key by its id. Raises TokenRefused with the word for what is wrong."""
    if not isinstance(token, str):
        raise TokenRefused("no_token")
    try:
        header = jwt.get_unverified_header(token)
        if algorithm not in ALGORITHMS or header.get("alg") != algorithm:
            raise TokenRefused("wrong_algorithm")
        claims: dict[str, Any] = jwt.decode(
            token,
            key(header.get("kid")),
            algorithms=[algorithm],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(next((word for kind, word in BECAUSE if isinstance(error, kind)), "malformed")) from error
    _meant_for_us(claims, client_id)
    if not claims["sub"] or len(claims["sub"]) > 255:
        raise TokenRefused("wrong_subject")
    return claims


def require_nonce(claims: dict[str, Any], nonce: str | None) -> None:
    found = claims.get("nonce")
    if not nonce or not isinstance(found, str) or not secrets.compare_digest(found.encode(), nonce.encode()):
        raise TokenRefused("wrong_nonce")


def key_of(jwks_uri: str, algorithm: str) -> Callable[[str | None], jwt.PyJWK]:
    """Finds a key at `jwks_uri`; asks once more for a key it does not know, because providers change theirs."""

    def fetched() -> list[Any]:
        keys = json_of(ask("GET", jwks_uri)).get("keys")
        found = keys if isinstance(keys, list) else []
        keep(jwks_uri, found, seconds=KEYS_FRESH)
        return found

    def find(kid: str | None) -> jwt.PyJWK:
        fitting = _fitting(fresh(jwks_uri) or [], kid, algorithm) or _fitting(fetched(), kid, algorithm)
        if len(fitting) != 1:
            raise TokenRefused("unknown_key")
        return jwt.PyJWK(fitting[0], algorithm=algorithm)

    return find


def _meant_for_us(claims: dict[str, Any], client_id: str) -> None:
    """A token for several parties names the one that asked for it (OpenID Connect Core 3.1.3.7)."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise TokenRefused("wrong_party")


def _fitting(keys: list[Any], kid: str | None, algorithm: str) -> list[dict[str, Any]]:
    """Without a key id in the token every key of the kind fits, so it is taken only when there is one."""
    return [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]
