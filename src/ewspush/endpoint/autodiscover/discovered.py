"""What there is to discover, and its form in user settings."""

from collections.abc import Callable
from dataclasses import dataclass

from ewspush.core import addresses
from ewspush.core.server_version import ServerVersion

# ExchangeServerVersion (EWS Managed API), whose names sort by age.
_SCHEMAS = (
    "Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2",
    "Exchange2013", "Exchange2013_SP1", "Exchange2016",
)  # fmt: skip

# Setting (SOAP), EWS reference: every name in its table.
SETTING_NAMES = frozenset((
    "ActiveDirectoryServer", "AlternateMailboxes", "AutoDiscoverSMTPAddress", "CasVersion",
    "CrossOrganizationSharingEnabled", "EcpDeliveryReportUrlFragment",
    "EcpEmailSubscriptionsUrlFragment", "EcpPublishingUrlFragment",
    "EcpRetentionPolicyTagsUrlFragment", "EcpTextMessagingUrlFragment", "EcpVoicemailUrlFragment",
    "EwsSupportedSchemas", "ExchangeRpcUrl", "ExternalEcpDeliveryReportUrl",
    "ExternalEcpEmailSubscriptionsUrl", "ExternalEcpPublishingUrl",
    "ExternalEcpRetentionPolicyTagsUrl", "ExternalEcpTextMessagingUrl", "ExternalEcpUrl",
    "ExternalEcpVoicemailUrl", "ExternalEwsUrl", "ExternalEwsVersion", "ExternalImap4Connections",
    "ExternalMailboxServer", "ExternalMailboxServerAuthenticationMethods",
    "ExternalMailboxServerRequiresSSL", "ExternalOABUrl", "ExternalPop3Connections",
    "ExternalServerExclusiveConnect", "ExternalSmtpConnections", "ExternalUMUrl",
    "ExternalWebClientUrls", "GroupingInformation", "InternalEcpDeliveryReportUrl",
    "InternalEcpEmailSubscriptionsUrl", "InternalEcpPublishingUrl",
    "InternalEcpRetentionPolicyTagsUrl", "InternalEcpTextMessagingUrl", "InternalEcpUrl",
    "InternalEcpVoicemailUrl", "InternalEwsUrl", "InternalImap4Connections",
    "InternalMailboxServer", "InternalMailboxServerDN", "InternalOABUrl",
    "InternalPop3Connections", "InternalRpcClientServer", "InternalServerExclusiveConnect",
    "InternalSmtpConnections", "InternalUMUrl", "InternalWebClientUrls", "InteropExternalEwsUrl",
    "InteropExternalEwsVersion", "MailboxDN", "MapiHttpEnabled", "MobileMailboxPolicyInterop",
    "PublicFolderServer", "ShowGalAsDefaultView", "UserDN", "UserDeploymentId", "UserDisplayName",
    "UserMSOnline",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a client learns about a mailbox."""

    address: str
    ews_url: str
    version: ServerVersion

    @property
    def display_name(self) -> str:
        return addresses.display_name(self.address)

    def settings(self) -> dict[str, str]:
        """The user settings that make sense here, by their names."""
        major, minor, major_build, minor_build, _ = self.version
        version = f"{major:02}.{minor:02}.{major_build:04}.{minor_build:03}"
        return {
            "UserDisplayName": self.display_name,
            "AutoDiscoverSMTPAddress": self.address,
            "InternalEwsUrl": self.ews_url,
            "ExternalEwsUrl": self.ews_url,
            "ExternalEwsVersion": version,
            "CasVersion": version,
            "EwsSupportedSchemas": ", ".join(_supported_schemas(self.version.version)),
            "CrossOrganizationSharingEnabled": "False",
            "MapiHttpEnabled": "False",
            "UserMSOnline": "False",
        }


Discover = Callable[[str], Discovered | None]
"""What is known of an address; None if the client may not know it."""


def _supported_schemas(newest: str) -> list[str]:
    return [schema for schema in _SCHEMAS if schema <= newest]
