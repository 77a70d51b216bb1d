"""Errors for the client, each with its EWS ResponseCode."""

from typing import ClassVar


class EwsError(Exception):
    """An error that a client gets as a response message. `str()` is its MessageText."""

    response_code: ClassVar[str]
    default_text: ClassVar[str]

    def __init__(self, text: str | None = None) -> None:
        super().__init__(text or self.default_text)


class InvalidWatermark(EwsError):
    response_code = "ErrorInvalidWatermark"
    default_text = "The watermark is invalid."


class InvalidPushSubscriptionUrl(EwsError):
    response_code = "ErrorInvalidPushSubscriptionUrl"
    default_text = "The push notification URL is invalid."


class InvalidSubscriptionRequest(EwsError):
    response_code = "ErrorInvalidSubscriptionRequest"
    default_text = "The subscription request is invalid."


class SubscriptionDelegateAccessNotSupported(EwsError):
    response_code = "ErrorSubscriptionDelegateAccessNotSupported"
    default_text = "Subscriptions are not supported for delegate user access."


class ExceededSubscriptionCount(EwsError):
    response_code = "ErrorExceededSubscriptionCount"
    default_text = "The mailbox has as many subscriptions as it may have."


class SubscriptionNotFound(EwsError):
    response_code = "ErrorSubscriptionNotFound"
    default_text = "The specified subscription was not found."


class SubscriptionAccessDenied(EwsError):
    response_code = "ErrorSubscriptionAccessDenied"
    default_text = "Access is denied. Only the subscription owner may access the subscription."


class InvalidSubscription(EwsError):
    response_code = "ErrorInvalidSubscription"
    default_text = "The subscription is invalid."


class FolderNotFound(EwsError):
    response_code = "ErrorFolderNotFound"
    default_text = "The specified folder could not be found in the store."


class CannotUseItemIdForFolderId(EwsError):
    response_code = "ErrorCannotUseItemIdForFolderId"
    default_text = "The Id is not that of a folder."


class InvalidIdMalformed(EwsError):
    response_code = "ErrorInvalidIdMalformed"
    default_text = "The Id is malformed."


class InvalidIdEmpty(EwsError):
    response_code = "ErrorInvalidIdEmpty"
    default_text = "The Id is empty."


class NonExistentMailbox(EwsError):
    response_code = "ErrorNonExistentMailbox"
    default_text = "There is no mailbox with this address on this server."


class AccessDenied(EwsError):
    response_code = "ErrorAccessDenied"
    default_text = "Access is denied. Check credentials and try again."
