"""SOAP Autodiscover: what GetUserSettings answers."""

from functools import partial

import pytest
from lxml import etree

from ewspush.core.server_version import ServerVersion
from ewspush.endpoint.autodiscover import soap
from ewspush.endpoint.autodiscover.discovered import SETTING_NAMES, Discovered
from support.strict_reader import response_problems

ADDRESS = "user@example.com"
VERSION = ServerVersion()
URL = "https://ews.example.com/EWS/Exchange.asmx"
NAMESPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "a": "http://schemas.microsoft.com/exchange/2010/Autodiscover",
    "wsa": "http://www.w3.org/2005/08/addressing",
}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def envelope(body, header=""):
    declared = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMESPACES.items())
    return (
        f"<s:Envelope {declared}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def get_user_settings(*names, users=(ADDRESS,), header=""):
    settings = "".join(f"<a:Setting>{name}</a:Setting>" for name in names)
    asked = "".join(f"<a:User><a:Mailbox>{user}</a:Mailbox></a:User>" for user in users)
    return envelope(
        f"<a:GetUserSettingsRequestMessage><a:Request><a:Users>{asked}</a:Users>"
        f"<a:RequestedSettings>{settings}</a:RequestedSettings></a:Request>"
        "</a:GetUserSettingsRequestMessage>",
        header,
    )


def discover(address, version=VERSION):
    """One mailbox is known."""
    return Discovered(ADDRESS, URL, version) if address == ADDRESS else None


def ask(request, version=VERSION):
    status, body = soap.answer(request, partial(discover, version=version), version)
    assert status == 200
    assert body.startswith(b"<?xml ")
    return etree.fromstring(body)


def texts(element, path):
    return [each.text for each in element.iterfind(f".//{path}", NAMESPACES)]


def settings(element):
    return dict(
        zip(texts(element, "a:UserSetting/a:Name"), texts(element, "a:UserSetting/a:Value"),
            strict=True)
    )  # fmt: skip


def errors(element):
    return {
        error.findtext("a:SettingName", None, NAMESPACES): error.findtext(
            "a:ErrorCode", None, NAMESPACES
        )
        for error in element.iterfind(".//a:UserSettingError", NAMESPACES)
    }


def response_codes(element):
    """The ErrorCode of the Response, and those of its users."""
    return texts(element, "a:Response/a:ErrorCode") + texts(element, "a:UserResponse/a:ErrorCode")


def test_every_setting_that_makes_sense_here_is_told():
    answer = ask(get_user_settings(*sorted(SETTING_NAMES)))
    assert settings(answer) == {
        "UserDisplayName": "user",
        "AutoDiscoverSMTPAddress": ADDRESS,
        "InternalEwsUrl": URL,
        "ExternalEwsUrl": URL,
        "ExternalEwsVersion": "14.02.0390.003",
        "CasVersion": "14.02.0390.003",
        "EwsSupportedSchemas": (
            "Exchange2007, Exchange2007_SP1, Exchange2010, Exchange2010_SP1, Exchange2010_SP2"
        ),
        "CrossOrganizationSharingEnabled": "False",
        "MapiHttpEnabled": "False",
        "UserMSOnline": "False",
    }
    assert set(errors(answer)) == SETTING_NAMES - set(settings(answer))
    assert set(errors(answer).values()) == {"SettingIsNotAvailable"}
    assert response_codes(answer) == ["NoError", "NoError"]


def test_a_setting_that_there_is_nowhere_is_invalid():
    answer = ask(get_user_settings("ExternalEwsUrl", "Nonsense", "N" * 500))
    assert settings(answer) == {"ExternalEwsUrl": URL}
    assert errors(answer) == {"Nonsense": "InvalidSetting", "N" * 100: "InvalidSetting"}


def test_a_setting_is_told_once_however_often_it_is_asked_for():
    answer = ask(get_user_settings("ExternalEwsUrl", "ExternalEwsUrl", "UserDN", "UserDN"))
    assert texts(answer, "a:UserSetting/a:Name") == ["ExternalEwsUrl"]
    assert texts(answer, "a:UserSettingError/a:SettingName") == ["UserDN"]


@pytest.mark.parametrize("address", ["other@example.com", "", "user"])
def test_of_others_nothing_is_told(address):
    answer = ask(get_user_settings("ExternalEwsUrl", "UserDN", users=[address]))
    assert response_codes(answer) == ["NoError", "InvalidUser"]
    assert (settings(answer), errors(answer)) == ({}, {})


def test_several_users_are_answered_one_by_one_in_their_order():
    users = ["a@example.com", ADDRESS, "b@example.com", ADDRESS]
    answer = ask(get_user_settings("ExternalEwsUrl", users=users))
    assert response_codes(answer) == ["NoError", "InvalidUser", "NoError", "InvalidUser", "NoError"]
    assert texts(answer, "a:Value") == [URL, URL]


@pytest.mark.parametrize(("users", "names"), [(0, 1), (1, 0), (101, 1), (1, 201)], ids=str)
def test_a_request_has_users_and_settings_within_bounds(users, names):
    request = get_user_settings(*["UserDN"] * names, users=[ADDRESS] * users)
    answer = ask(request)
    assert response_codes(answer) == ["InvalidRequest"]
    assert texts(answer, "a:ErrorMessage")[0].startswith("A request names one to")


def test_the_bounds_are_within():
    request = get_user_settings(*["UserDN"] * 200, users=[ADDRESS] * 100)
    assert set(response_codes(ask(request))) == {"NoError"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "<a:RequestedServerVersion>Exchange2007_SP1</a:RequestedServerVersion>",
        "<a:RequestedServerVersion>Exchange2016</a:RequestedServerVersion>",
        '<wsa:Action s:mustUnderstand="1">x</wsa:Action><wsa:To>https://a/</wsa:To>',
    ],
)
def test_headers_change_nothing(header):
    assert settings(ask(get_user_settings("ExternalEwsUrl", header=header)))


def test_the_answer_is_one_for_the_managed_api():
    """Which takes the i:type as text, and the version from child elements."""
    answer = ask(get_user_settings("ExternalEwsUrl"))
    (setting,) = answer.iterfind(".//a:UserSetting", NAMESPACES)
    assert setting.get(f"{XSI}type") == "StringSetting"
    assert setting.nsmap[None] == NAMESPACES["a"]
    (info,) = answer.iterfind("s:Header/a:ServerVersionInfo", NAMESPACES)
    assert [(etree.QName(each).localname, each.text) for each in info] == [
        ("MajorVersion", "14"),
        ("MinorVersion", "2"),
        ("MajorBuildNumber", "390"),
        ("MinorBuildNumber", "3"),
        ("Version", "Exchange2010_SP2"),
    ]
    (user,) = answer.iterfind(".//a:UserResponse", NAMESPACES)
    assert [etree.QName(each).localname for each in user] == [
        "ErrorCode", "ErrorMessage", "RedirectTarget", "UserSettingErrors", "UserSettings",
    ]  # fmt: skip
    assert user.find("a:RedirectTarget", NAMESPACES).get(f"{XSI}nil") == "true"
    assert texts(answer, "wsa:Action") == [
        f"{NAMESPACES['a']}/Autodiscover/GetUserSettingsResponse"
    ]


@pytest.mark.parametrize(
    ("version", "newest"),
    [
        (ServerVersion(8, 1, 0, 0, "Exchange2007_SP1"), "Exchange2007_SP1"),
        (ServerVersion(15, 0, 847, 1, "Exchange2013_SP1"), "Exchange2013_SP1"),
        (ServerVersion(15, 1, 1, 1, "Exchange2016"), "Exchange2016"),
        (ServerVersion(15, 20, 1, 1, "V2018_01_08"), "Exchange2016"),
    ],
)
def test_the_schemas_are_those_up_to_the_servers_version(version, newest):
    answer = ask(get_user_settings("EwsSupportedSchemas"), version)
    assert settings(answer)["EwsSupportedSchemas"].split(", ")[-1] == newest


def test_domains_are_politely_refused():
    answer = ask(envelope("<a:GetDomainSettingsRequestMessage><a:Request/>"
                          "</a:GetDomainSettingsRequestMessage>"))  # fmt: skip
    assert answer.find(".//a:GetDomainSettingsResponseMessage", NAMESPACES) is not None
    assert response_codes(answer) == ["InvalidRequest"]
    assert texts(answer, "a:ErrorMessage") == [
        "There are no settings of domains here: send GetUserSettings."
    ]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"", "ErrorSchemaValidation"),
        (b"<a", "ErrorSchemaValidation"),
        (b"<a/>", "ErrorSchemaValidation"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "ErrorSchemaValidation"),
        (envelope(""), "ErrorSchemaValidation"),
        (envelope("<a:GetFederationInformationRequestMessage/>"), "ErrorInvalidOperation"),
        (envelope("<GetUserSettingsRequestMessage/>"), "ErrorInvalidOperation"),
    ],
)
def test_what_is_no_request_gets_a_fault(request_, code):
    status, body = soap.answer(request_, discover, VERSION)
    assert status == 500
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    assert response_problems(status, headers, body) == []
    assert f"a:{code}<".encode() in body
