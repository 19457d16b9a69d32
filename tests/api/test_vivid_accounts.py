"""Vivid Flow's accounts, sessions and keys, as the account page uses them."""

import collections
import concurrent.futures
import datetime
import re
import secrets
import time

import pytest
import requests
from harness import json_of

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def instance(start_instance):
    """Of its own: sign-ups are limited by address, and all tests have the same."""
    return start_instance(dispatch="no")


class Person:
    """Somebody with an account; every call carries the cookie and, unless told otherwise, the CSRF token."""

    def __init__(self, instance, name=None, path="register"):
        self.api = instance.url + "/api/v1"
        self.name = name or "u" + secrets.token_hex(6)
        self.session = requests.Session()
        answer = self.session.post(
            f"{self.api}/account/{path}", json={"username": self.name, "password": PASSWORD}
        )
        assert answer.status_code in (200, 201), answer.text
        self.first = answer
        self.csrf = answer.json()["csrf_token"]

    def call(self, method, path, csrf=True, **more):
        headers = {**more.pop("headers", {}), **({"X-CSRF-Token": self.csrf} if csrf else {})}
        return self.session.request(method, f"{self.api}/{path}", headers=headers, **more)


@pytest.fixture(scope="module")
def ann(instance):
    return Person(instance)


def raw(instance, path, **more):
    return requests.post(f"{instance.url}/api/v1/account/{path}", **more)


def test_cookie(ann):
    assert ann.first.status_code == 201
    cookie = ann.first.headers["Set-Cookie"]
    assert re.fullmatch(
        r"kinora_session=[0-9a-f]{64}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict", cookie
    )
    assert ann.first.headers["Cache-Control"] == "no-store"


def test_account_tells_name_and_token(ann):
    assert json_of(ann.call("GET", "account"), 200) == {"username": ann.name, "csrf_token": ann.csrf}


def test_nobody(instance):
    for method, path in [("GET", "account"), ("GET", "keys"), ("POST", "keys"), ("POST", "account/logout")]:
        answer = requests.request(method, f"{instance.url}/api/v1/{path}", json={"name": "x"})
        assert answer.status_code == 401, path


def test_name_and_password_rules(instance):
    answers = [
        raw(instance, "register", json=body).json()
        for body in (
            {"username": "ab", "password": PASSWORD},
            {"username": "a b c", "password": PASSWORD},
            {"username": "abcdef", "password": "short"},
            {"username": "abcdef"},
        )
    ]
    assert [answer["details"][0].split()[0] for answer in answers] == ["username", "username", "password", "username"]


def test_name_is_taken_whatever_its_case(instance, ann):
    answer = raw(instance, "register", json={"username": ann.name.upper(), "password": PASSWORD})
    assert json_of(answer, 409)["details"] == "This username is taken"


def test_other_sites_forms_cannot_sign_in(instance, ann):
    body = '{"username":"%s","password":"%s"}' % (ann.name, PASSWORD)
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = raw(instance, "login", data=body, headers={"Content-Type": kind})
        assert answer.status_code == 415
        assert "Set-Cookie" not in answer.headers


def test_unknown_name_and_wrong_password_are_alike(serve):
    instance = serve(dispatch="no")
    known = Person(instance).name
    answers, times = {}, collections.defaultdict(list)
    for _ in range(8):  # in turn: what else the machine does meets both
        for name in (known, "nobody-of-this-name"):
            began = time.monotonic()
            answer = raw(instance, "login", json={"username": name, "password": "wrong password"})
            times[name].append(time.monotonic() - began)
            answers[name] = json_of(answer, 401)
            assert "Set-Cookie" not in answer.headers
    assert answers[known] == answers["nobody-of-this-name"]
    fast, slow = sorted(min(t) for t in times.values())
    assert fast > 0.005 and slow < 3 * fast, times  # both took an argon2id


def test_sign_in_is_limited_by_address(serve):
    instance = serve(dispatch="no")
    statuses = []
    for _ in range(22):
        answer = raw(instance, "login", json={"username": "some", "password": "x"})
        statuses.append(answer.status_code)
    assert statuses == [401] * 20 + [429] * 2
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json()["retry_after"] == int(answer.headers["Retry-After"])


def generate(person, **fields):
    fields = {"prompt": "A", "image_url": "https://storage.googleapis.com/b/p.png", **fields}
    return person.call("POST", "generate", json=fields)


def test_web_limits(serve, one_day):
    """10 enhancements a minute and 500 jobs an hour; what one refuses is not counted by the other."""
    instance = serve(dispatch="no", daily_job_limit=1000)
    person = Person(instance)
    enhance = {"model": "veo3.1", "enhance_prompt": True}
    answers = [generate(person, **enhance) for _ in range(12)]
    assert [a.status_code for a in answers] == [202] * 10 + [429] * 2
    assert list(answers[-1].json()) == ["error", "details", "retry_after"]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = collections.Counter(pool.map(lambda _: generate(person).status_code, range(500)))
    assert statuses == {202: 490, 429: 10}
    answer = generate(person)
    assert json_of(answer, 429)["error"] == "Rate limit exceeded"
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600
    # Looking is not limited by it, and another account has windows of its own.
    assert person.call("GET", "usage").json()["total_jobs"] == 500
    assert generate(Person(instance), **enhance).status_code == 202


def test_unsafe_methods_need_the_token(ann):
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}):
        for method, path in [("POST", "keys"), ("POST", "account/logout"), ("POST", "generate"), ("DELETE", "keys/x")]:
            answer = ann.call(method, path, csrf=False, headers=headers, json={"name": "n"})
            assert answer.status_code == 403, path
    assert ann.call("GET", "usage", csrf=False).status_code == 200


def test_a_token_is_good_for_its_session_alone(instance, ann):
    other = Person(instance, ann.name, "login")
    assert other.csrf != ann.csrf
    assert other.call("POST", "keys", csrf=False, headers={"X-CSRF-Token": ann.csrf}, json={}).status_code == 403


def test_keys(instance, ann):
    key = json_of(ann.call("POST", "keys", json={"name": "käse"}), 201)
    assert re.fullmatch(r"kn_[0-9a-f]{72}", key["key"])
    assert (key["hour_limit"], key["day_limit"]) == (500, 2000)
    assert json_of(ann.call("POST", "keys", json={"name": "käse"}), 409)["details"] == "You have a key of this name"
    usage = lambda: requests.get(f"{instance.url}/api/v1/usage", headers={"X-API-Key": key["key"]}).status_code
    assert usage() == 200
    listed = json_of(ann.call("GET", "keys"), 200)["keys"]
    (mine,) = [k for k in listed if k["name"] == "käse"]
    assert key["key"] not in str(listed) and mine["key"].endswith(key["key"][-4:])
    stranger = Person(instance)
    assert stranger.call("GET", "keys").json() == {"keys": []}
    assert stranger.call("DELETE", f"keys/{key['id']}").status_code == 404
    assert usage() == 200
    assert ann.call("DELETE", f"keys/{key['id']}").status_code == 204
    assert usage() == 401
    assert ann.call("DELETE", f"keys/{key['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"name": ""},
        {"name": " "},
        {"name": "x" * 65},
        {"name": "a\nb"},
        {"name": 5},
        {"name": "n", "expires_in_days": 0},
        {"name": "n", "expires_in_days": 3651},
        {"name": "n", "expires_in_days": "7"},
        {"name": "n", "expires_in_days": 1.5},
    ],
)
def test_keys_that_are_refused(ann, body):
    assert ann.call("POST", "keys", json=body).status_code == 400


def test_how_many_keys(instance):
    carl = Person(instance)
    for n in range(100):
        key = json_of(carl.call("POST", "keys", json={"name": f"k{n}"}), 201)
    refused = json_of(carl.call("POST", "keys", json={"name": "one more"}), 409)
    assert refused["details"] == "You have 100 keys: revoke one of them first"
    assert carl.call("DELETE", f"keys/{key['id']}").status_code == 204
    json_of(carl.call("POST", "keys", json={"name": "one more"}), 201)
    assert len(carl.call("GET", "keys").json()["keys"]) == 100


def test_a_key_that_expires(ann):
    ann.call("POST", "keys", json={"name": "short", "expires_in_days": 7})
    (key,) = [k for k in ann.call("GET", "keys").json()["keys"] if k["name"] == "short"]
    created, expires = (datetime.datetime.fromisoformat(key[name]) for name in ("created_at", "expires_at"))
    assert abs(expires - created - datetime.timedelta(days=7)) <= datetime.timedelta(seconds=1)


def test_a_key_makes_no_keys(instance, ann):
    key = json_of(ann.call("POST", "keys", json={"name": "maker"}), 201)["key"]
    answer = requests.post(f"{instance.url}/api/v1/keys", json={"name": "y"}, headers={"X-API-Key": key})
    assert answer.status_code == 401


def test_sign_out(instance):
    bob = Person(instance)
    cookie = dict(bob.session.cookies)
    assert bob.call("POST", "account/logout").status_code == 204
    assert not bob.session.cookies
    answer = requests.get(f"{instance.url}/api/v1/account", cookies=cookie)
    assert answer.status_code == 401


def test_accounts_survive_a_kill(serve):
    instance = serve(dispatch="no")
    eve = Person(instance)
    key = json_of(eve.call("POST", "keys", json={"name": "k"}), 201)
    instance.kill("kinora-fcgi")
    assert eve.call("GET", "account").status_code == 200
    assert [k["id"] for k in eve.call("GET", "keys").json()["keys"]] == [key["id"]]
    assert Person(instance, eve.name.upper(), "login").first.status_code == 200


def test_the_page(instance):
    for path in ("/account", "/account/", "/account/account.js", "/account/account.css"):
        answer = requests.get(instance.url + path)
        assert answer.status_code == 200, path
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';") and "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-cache"
    page = requests.get(instance.url + "/account").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=|(src|href|action)=.https?:", page)
    assert requests.get(instance.url + "/account/../kinora.conf").status_code == 404
    assert requests.get(instance.url + "/account/nothing").status_code == 404
