"""Amazon SNS messages signed with a chain of our own, for tests only: AWS publishes none that can be verified.

    sns_messages.py                    computes every message again and compares it with the committed file
    sns_messages.py --write            writes integrations/fixtures/sns/messages.toml
    sns_messages.py --certificates     makes new keys and certificates first (then --write is needed)

It signs with Python's `cryptography`, from the canonical string as AWS documents it; it knows nothing of our verifier.
"""

import base64
import datetime as dt
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import sns_certificates
from sns_certificates import FOLDER, key_of

# --- messages --------------------------------------------------------------------------------------------------------

SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]
SENT = dt.datetime(2026, 11, 20, 18, 44, 7, tzinfo=dt.timezone.utc)
NOW = int(SENT.timestamp()) + 2
REGION = "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:111122223333:acme-alarms"
CERTIFICATE = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
ALARM = json.dumps(
    {
        "AlarmName": "shop-5xx",
        "AlarmDescription": "Too many errors at the checkout",
        "AWSAccountId": "111122223333",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:111122223333:alarm:shop-5xx",
        "NewStateValue": "ALARM",
        "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed: 3 datapoints were greater than 5.0",
        "StateChangeTime": "2026-11-20T18:44:06.512+0000",
        "Region": "EU (Frankfurt)",
        "Trigger": {"MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "AWS/ApplicationELB", "Period": 60},
    }
)


def sign(message, key="leaf", version="2"):
    """The message with its signature; `key` names who signs, which need not be who it says it is."""
    text = "".join(f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]] if message.get(name) is not None)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = key_of(key).sign(text.encode(), padding.PKCS1v15(), algorithm)
    return message | {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": message.get("SigningCertURL", CERTIFICATE),
    }


def notification(message=ALARM, **more):
    number = hashlib.sha256(message.encode()).hexdigest()
    return {
        "Type": "Notification",
        "MessageId": f"{number[:8]}-{number[8:12]}-5{number[13:16]}-8{number[17:20]}-{number[20:32]}",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": SENT.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        **more,
    }


def confirmation(kind):
    token = hashlib.sha256(kind.encode()).hexdigest() * 2
    message = f"You have chosen to subscribe to the topic {TOPIC}; invented for tests."
    return notification(message, Type=kind, Token=token) | {
        "SubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
    }


def case(name, message, expect="sns-v2", *, now=NOW, topics=(TOPIC,), leaf="leaf", more=("intermediate",), **rest):
    body = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False, indent=2)
    return {
        "name": name,
        "body": body,
        "now": now,
        "headers": rest.get("headers") or {"x-amz-sns-message-type": json.loads(body)["Type"]},
        "topics": list(topics),
        "certificates": [f"TEST_ONLY_{file}.pem" for file in (leaf, *more)],
        "options": rest.get("options"),
        "expect": expect,
    }


def other(text):
    """The same but for its first hex digit."""
    return f"{int(text[0], 16) ^ 1:x}{text[1:]}"


def good_cases():
    sha1 = {"allow_sha1": True}
    plain, subject = notification(), notification(Subject='ALARM: "shop-5xx" in EU (Frankfurt)')
    text = notification('Zeile eins\nZeile zwei \u2028 "Grüße" \\ 東京 ✓ 🚀\t.', Subject="Prüfung\u00a0fertig ✓")
    yield case("an alarm without a subject", sign(plain))
    yield case("an alarm with a subject", sign(subject))
    yield case("a subject that is null is none", sign(plain) | {"Subject": None})
    yield case("new lines, quotes and text beyond ASCII are signed unescaped", sign(text))
    yield case("the same, escaped in the body", json.dumps(sign(text), ensure_ascii=True))
    yield case("members in another order", dict(reversed(sign(subject).items())))
    yield case("an empty message", sign(notification("")))
    yield case("a subscription", sign(confirmation("SubscriptionConfirmation")))
    yield case("the end of a subscription", sign(confirmation("UnsubscribeConfirmation")))
    yield case("SHA-1, where it is allowed", sign(subject, version="1"), "sns-v1", options=sha1)
    yield case("a subscription, SHA-1", sign(confirmation("SubscriptionConfirmation"), version="1"), "sns-v1", options=sha1)
    yield case("an hour old", sign(plain), now=int(SENT.timestamp()) + 3600)
    yield case("an hour early", sign(plain), now=int(SENT.timestamp()) - 3600)
    yield case("one topic of several", sign(plain), topics=(TOPIC + "-2", TOPIC))


def changed_cases():
    plain, subject = sign(notification()), sign(notification(Subject="ALARM"))
    start = sign(confirmation("SubscriptionConfirmation"))
    yield case("another message", plain | {"Message": ALARM.replace("ALARM", "OK")}, "wrong")
    yield case("another id", plain | {"MessageId": other(plain["MessageId"])}, "wrong")
    yield case("another time", plain | {"Timestamp": "2026-11-20T18:44:08.000Z"}, "wrong")
    yield case("another subject", subject | {"Subject": "OK"}, "wrong")
    yield case("a subject is added", plain | {"Subject": "OK"}, "wrong")
    yield case("the subject is taken away", {k: v for k, v in subject.items() if k != "Subject"}, "wrong")
    yield case("another token", start | {"Token": other(start["Token"])}, "wrong")
    yield case("the address of the subscription", start | {"SubscribeURL": "https://acme.example/"}, "wrong")
    end = sign(confirmation("UnsubscribeConfirmation"))
    yield case("another token at the end of a subscription", end | {"Token": other(end["Token"])}, "wrong")
    yield case("a subscription passed off as its end", start | {"Type": "UnsubscribeConfirmation"}, "wrong")
    yield case("a member written twice", json.dumps(plain)[:-1] + ', "Message": "OK"}', "wrong")
    yield case("no signature", {k: v for k, v in plain.items() if k != "Signature"}, "wrong")
    yield case("an empty signature", plain | {"Signature": ""}, "wrong")
    yield case("signature version 2 read as 1", plain | {"SignatureVersion": "1"}, "wrong", options={"allow_sha1": True})
    yield case("a signature version that there is not", plain | {"SignatureVersion": "3"}, "wrong")
    yield case("SHA-1, where it is not allowed", sign(notification(), version="1"), "wrong")
    yield case("a second too old", plain, "stale", now=int(SENT.timestamp()) + 3601)
    yield case("a second too early", plain, "future", now=int(SENT.timestamp()) - 3601)
    yield case("a topic that is not ours", plain, "wrong", topics=(TOPIC + "-2",))
    other_type = {"x-amz-sns-message-type": "SubscriptionConfirmation"}
    yield case("the header says another type", plain, "wrong", headers=other_type)
    raw = {"x-amz-sns-message-type": "Notification", "x-amz-sns-rawdelivery": "true"}
    yield case("raw delivery has no envelope and no signature", ALARM, "missing", headers=raw)


def certificate_cases():
    plain = sign(notification())
    yield case("another key", sign(notification(), key="other"), "wrong")
    yield case("a certificate that has ended", plain, "wrong", leaf="expired_leaf")
    yield case("a certificate that has not begun", plain, "wrong", leaf="future_leaf")
    yield case("a certificate for another name", sign(notification(), key="other"), "wrong", leaf="other_name_leaf")
    yield case("issued by another authority", sign(notification(), key="other"), "wrong", leaf="other_ca_leaf")
    own = ("other_intermediate",)
    yield case("a chain to another root", sign(notification(), key="other"), "wrong", leaf="other_ca_leaf", more=own)
    brought = ("other_intermediate", "other_root")
    yield case("a chain that brings its root", sign(notification(), key="other"), "wrong", leaf="other_ca_leaf", more=brought)
    bent = ("other_name_leaf", "intermediate")
    yield case("issued by somebody's leaf", plain, "wrong", leaf="leaf_under_leaf", more=bent)
    yield case("the authority itself is no signer", plain, "wrong", leaf="intermediate", more=())


def address_cases():
    file = CERTIFICATE.rsplit("/", 1)[1]
    host = f"sns.{REGION}.amazonaws.com"
    for name, url in {
        "the certificate of another region": f"https://sns.us-east-1.amazonaws.com/{file}",
        "a bucket that is named like SNS": f"https://sns.s3-{REGION}.amazonaws.com/{file}",
        "another service under the name": f"https://sns.execute-api.amazonaws.com/{file}",
        "another host": f"https://sns.{REGION}.amazonaws.com.acme.example/{file}",
        "the host as a user's name": f"https://{host}@acme.example/{file}",
        "a user's name": f"https://acme@{host}/{file}",
        "a port": f"https://{host}:8443/{file}",
        "without encryption": f"http://{host}/{file}",
        "a query": f"https://{host}/{file}?a=b",
        "a fragment": f"https://{host}/{file}#a",
        "another path": f"https://{host}/acme/{file}",
        "a path that climbs": f"https://{host}/SimpleNotificationService-/../{file}",
        "another file": f"https://{host}/acme.pem",
        "no address at all": "",
    }.items():
        yield case(f"the certificate's address: {name}", sign(notification(SigningCertURL=url)), "wrong")


# --- the file --------------------------------------------------------------------------------------------------------

HEAD = """# Messages of Amazon SNS, made by oracles/sns_messages.py with the test-only chain beside this file.
# `certificates`: what the certificate's address gives, then what the caIssuers of each in turn gives. Trusted is
# TEST_ONLY_root.pem alone. `options` and `topics` are the operator's.
"""


def written(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {written(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    # JSON's texts are TOML's, but for one control character that does not occur.
    return json.dumps(value, ensure_ascii=False)


def document():
    cases = [*good_cases(), *changed_cases(), *certificate_cases(), *address_cases()]
    assert len({case["name"] for case in cases}) == len(cases), "two cases have one name"
    entries = ("\n".join(f"{k} = {written(v)}" for k, v in case.items() if v is not None) for case in cases)
    return HEAD + "".join(f"\n[[message]]\n{entry}\n" for entry in entries), len(cases)


def main():
    if "--certificates" in sys.argv:
        sns_certificates.make()
    text, count = document()
    path = FOLDER / "messages.toml"
    if "--write" in sys.argv:
        path.write_text(text)
    elif path.read_text() != text:
        sys.exit(f"{path} is not what this script makes: look at both, then run it with --write")
    print(f"sns_messages: {count} messages are as cryptography signs them")


if __name__ == "__main__":
    main()
