"""The signatures that octokit cannot make: Standard Webhooks and an empty body, by Python's own hmac, PyPI
standardwebhooks, slack_sdk and cryptography (Ed25519)."""

import base64
import datetime as dt
import hashlib
import hmac
import os
import sys
import tomllib
from pathlib import Path
from unittest import mock

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from slack_sdk.signature import Clock, SignatureVerifier
from standardwebhooks import webhooks

different = []
counts = {}


def vectors(source):
    with open(Path(os.environ["FIXTURES"], source, "vectors.toml"), "rb") as file:
        found = tomllib.load(file)["vector"]
    return [one | {"source": source, "headers": {k.lower(): v for k, v in one["headers"].items()}} for one in found]


def compare(who, vector, found, expected):
    counts[who] = counts.get(who, 0) + 1
    if found != expected:
        different.append(f"{who}: {vector['source']}: {vector['name']}: {found}, expected {expected}")


def accepts(check):
    try:
        return check() is not False
    except Exception:  # Libraries refuse with errors of many kinds.
        return False


class At(Clock):
    def __init__(self, seconds):
        self.seconds = seconds

    def now(self):
        return float(self.seconds)


# int() and the signed text: it takes what it can read, as long as it is signed.
SLACK_LOOSER = ["a time with a zero before it"]


def slack():
    for one in vectors("slack"):
        time, signature = (one["headers"].get(f"x-slack-{part}") for part in ("request-timestamp", "signature"))
        verifier = SignatureVerifier(one["secret"], At(one["now"]))
        found = accepts(lambda: verifier.is_valid(one["body"], time, signature))
        compare("slack_sdk", one, found, one["expect"] == "slack-v0" or one["name"] in SLACK_LOOSER)
        if one["expect"] == "slack-v0":
            made = verifier.generate_signature(timestamp=time, body=one["body"])
            compare("slack_sdk signs", one, made, signature)


def standard_webhooks():
    for one in vectors("generic") + vectors("gitlab"):
        if not one["secret"].startswith("whsec_") or "webhook-signature" not in one["headers"]:
            continue
        now = dt.datetime.fromtimestamp(one["now"], tz=dt.timezone.utc)
        with mock.patch.object(webhooks, "datetime", mock.Mock(wraps=dt.datetime)) as clock:
            clock.now.side_effect = lambda tz=None: now
            found = accepts(lambda: webhooks.Webhook(one["secret"]).verify(one["body"], one["headers"]))
        compare("PyPI standardwebhooks", one, found, one["expect"] in ("standard-webhooks", "gitlab-standard-webhooks"))


def ed25519_accepts(key, text, signatures):
    for signature in signatures:
        version, _, value = signature.partition(",")
        if version != "v1a":
            continue
        try:
            key.verify(base64.b64decode(value, validate=True), text)
            return True
        except (InvalidSignature, ValueError):
            pass
    return False


def ed25519():
    for one in vectors("generic"):
        prefix, _, written = one["secret"].partition("_")
        if prefix not in ("whpk", "whsk") or one["expect"] == "unconfigured":
            continue
        raw = base64.b64decode(written, validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw[-32:])
        if prefix == "whsk":
            made = Ed25519PrivateKey.from_private_bytes(raw[:32]).public_key().public_bytes_raw()
            compare("Ed25519: the key's halves", one, made, raw[32:])
        headers = one["headers"]
        family = "svix" if "svix-id" in headers else "webhook"
        text = f"{headers[f'{family}-id']}.{headers[f'{family}-timestamp']}.{one['body']}".encode()
        found = ed25519_accepts(key, text, headers[f"{family}-signature"].split(" "))
        right = one["expect"].endswith("ed25519") or one["expect"] in ("stale", "future")
        compare("cryptography Ed25519", one, found, right)


def empty_bodies():
    for one in vectors("sentry"):
        if one["body"] == "":
            made = hmac.new(one["secret"].encode(), b"", hashlib.sha256).hexdigest()
            compare("hmac", one, made, one["headers"]["sentry-app-signature"])


for check in (slack, standard_webhooks, ed25519, empty_bodies):
    check()
for line in different:
    print(line, file=sys.stderr)
for who, count in counts.items():
    print(f"{who}: {count} compared")
sys.exit(1 if different or not counts else 0)
