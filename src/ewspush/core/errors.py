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


class InvalidPullSubscriptionId(EwsError):
    response_code = "ErrorInvalidPullSubscriptionId"
    default_text = "The subscription is a push subscription: its events are sent to its URL."


class ExpiredSubscription(EwsError):
    response_code = "ErrorExpiredSubscription"
    default_text = "The subscription has expired."


class EventNotFound(EwsError):
    response_code = "ErrorEventNotFound"
    default_text = "The events after the watermark are no longer kept."


class ReadEventsFailed(EwsError):
    response_code = "ErrorReadEventsFailed"
    default_text = "The events could not be read."


class ExceededConnectionCount(EwsError):
    response_code = "ErrorExceededConnectionCount"
    default_text = "The mailbox has as many streaming connections as it may have."


class NewEventStreamConnectionOpened(EwsError):
    response_code = "ErrorNewEventStreamConnectionOpened"
    default_text = "Another connection was opened for the subscription."


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


class InvalidSmtpAddress(EwsError):
    response_code = "ErrorInvalidSmtpAddress"
    default_text = "The SMTP address is invalid."


class NameResolutionNoResults(EwsError):
    response_code = "ErrorNameResolutionNoResults"
    default_text = "No results were found."


class NameResolutionMultipleResults(EwsError):
    response_code = "ErrorNameResolutionMultipleResults"
    default_text = "Multiple results were found."


class AccessDenied(EwsError):
    response_code = "ErrorAccessDenied"
    default_text = "Access is denied. Check credentials and try again."


class AccountDisabled(EwsError):
    response_code = "ErrorAccountDisabled"
    default_text = "The mailbox is disabled."


class ImpersonateUserDenied(EwsError):
    response_code = "ErrorImpersonateUserDenied"
    default_text = "The account does not have permission to impersonate the requested user."


class InvalidExchangeImpersonationHeaderData(EwsError):
    response_code = "ErrorInvalidExchangeImpersonationHeaderData"
    default_text = "ExchangeImpersonation does not name a mailbox."


class ItemNotFound(EwsError):
    response_code = "ErrorItemNotFound"
    default_text = "The specified object was not found in the store."


class CannotUseFolderIdForItemId(EwsError):
    response_code = "ErrorCannotUseFolderIdForItemId"
    default_text = "The Id is not that of an item."


class InvalidChangeKey(EwsError):
    response_code = "ErrorInvalidChangeKey"
    default_text = "The change key is invalid."


class ChangeKeyRequired(EwsError):
    response_code = "ErrorChangeKeyRequired"
    default_text = "The change key is required for this operation."


class ChangeKeyRequiredForWriteOperations(EwsError):
    response_code = "ErrorChangeKeyRequiredForWriteOperations"
    default_text = (
        "The change key is required for this operation, unless "
        "ConflictResolution is AlwaysOverwrite."
    )


class IrresolvableConflict(EwsError):
    response_code = "ErrorIrresolvableConflict"
    default_text = "The item was changed after the change key was given out."


class StaleObject(EwsError):
    response_code = "ErrorStaleObject"
    default_text = "The item was changed after the change key was given out."


class InvalidPropertySet(EwsError):
    response_code = "ErrorInvalidPropertySet"
    default_text = "The property cannot be set."


class InvalidPropertyRequest(EwsError):
    response_code = "ErrorInvalidPropertyRequest"
    default_text = "The property is not valid for this object."


class InvalidPropertyAppend(EwsError):
    response_code = "ErrorInvalidPropertyAppend"
    default_text = "The property cannot be appended to."


class InvalidPropertyDelete(EwsError):
    response_code = "ErrorInvalidPropertyDelete"
    default_text = "The property cannot be deleted."


class MimeContentInvalid(EwsError):
    response_code = "ErrorMimeContentInvalid"
    default_text = "The MIME content is invalid."


class MissingRecipients(EwsError):
    response_code = "ErrorMissingRecipients"
    default_text = "The message has no recipients."


class InvalidRecipients(EwsError):
    response_code = "ErrorInvalidRecipients"
    default_text = "A recipient cannot be reached."


class SendAsDenied(EwsError):
    response_code = "ErrorSendAsDenied"
    default_text = "You do not have the permission to send as this sender."


class InvalidItemForOperationSendItem(EwsError):
    response_code = "ErrorInvalidItemForOperationSendItem"
    default_text = "Only messages can be sent."


class CannotCreateCalendarItemInNonCalendarFolder(EwsError):
    response_code = "ErrorCannotCreateCalendarItemInNonCalendarFolder"
    default_text = "A calendar item can be created in a calendar folder only."


class CannotCreateContactInNonContactFolder(EwsError):
    response_code = "ErrorCannotCreateContactInNonContactFolder"
    default_text = "A contact can be created in a contacts folder only."


class CannotCreateTaskInNonTaskFolder(EwsError):
    response_code = "ErrorCannotCreateTaskInNonTaskFolder"
    default_text = "A task can be created in a tasks folder only."


class InvalidAttachmentId(EwsError):
    response_code = "ErrorInvalidAttachmentId"
    default_text = "The specified attachment was not found."


class InvalidSyncStateData(EwsError):
    response_code = "ErrorInvalidSyncStateData"
    default_text = "The synchronization state is invalid: synchronize from none."


class SyncFolderNotFound(EwsError):
    response_code = "ErrorSyncFolderNotFound"
    default_text = "The folder to synchronize was not found."


class FolderExists(EwsError):
    response_code = "ErrorFolderExists"
    default_text = "A folder with this name exists already."


class DeleteDistinguishedFolder(EwsError):
    response_code = "ErrorDeleteDistinguishedFolder"
    default_text = "Distinguished folders cannot be deleted."


class MoveDistinguishedFolder(EwsError):
    response_code = "ErrorMoveDistinguishedFolder"
    default_text = "Distinguished folders cannot be moved."


class MoveCopyFailed(EwsError):
    response_code = "ErrorMoveCopyFailed"
    default_text = "The object cannot be moved or copied there."


class CrossMailboxMoveCopy(EwsError):
    response_code = "ErrorCrossMailboxMoveCopy"
    default_text = "An object cannot be moved or copied to another mailbox."


class UnsupportedPathForQuery(EwsError):
    response_code = "ErrorUnsupportedPathForQuery"
    default_text = "The property cannot be searched for."


class UnsupportedPathForSortGroup(EwsError):
    response_code = "ErrorUnsupportedPathForSortGroup"
    default_text = "The property cannot be sorted by."


class InvalidRestriction(EwsError):
    response_code = "ErrorInvalidRestriction"
    default_text = "The restriction is invalid."


class MissingInformationReferenceItemId(EwsError):
    response_code = "ErrorMissingInformationReferenceItemId"
    default_text = "A response object needs the ReferenceItemId of what it responds to."


class AttachmentNestLevelLimitExceeded(EwsError):
    response_code = "ErrorAttachmentNestLevelLimitExceeded"
    default_text = "Too many items are attached one within another."


class MessageSizeExceeded(EwsError):
    response_code = "ErrorMessageSizeExceeded"
    default_text = "The item would be too large."


class DataSizeLimitExceeded(EwsError):
    response_code = "ErrorDataSizeLimitExceeded"
    default_text = "The request asks for too much at once."


class QuotaExceeded(EwsError):
    response_code = "ErrorQuotaExceeded"
    default_text = "The mailbox holds as much as it may."


class SubmissionQuotaExceeded(EwsError):
    response_code = "ErrorSubmissionQuotaExceeded"
    default_text = "The mailbox has as many messages on their way as it may have."


class CalendarCannotUseIdForOccurrenceId(EwsError):
    response_code = "ErrorCalendarCannotUseIdForOccurrenceId"
    default_text = "Occurrences of a series have no ids of their own on this server."


class MessageDispositionRequired(EwsError):
    response_code = "ErrorMessageDispositionRequired"
    default_text = "MessageDisposition is required for a message."


class SendMeetingInvitationsRequired(EwsError):
    response_code = "ErrorSendMeetingInvitationsRequired"
    default_text = "SendMeetingInvitations is required for a calendar item."


class InvalidOperation(EwsError):
    response_code = "ErrorInvalidOperation"
    default_text = "This server does not do this."


class UpdatePropertyMismatch(EwsError):
    response_code = "ErrorUpdatePropertyMismatch"
    default_text = "The update does not hold the property that it names, alone."


class InvalidExtendedProperty(EwsError):
    response_code = "ErrorInvalidExtendedProperty"
    default_text = "The extended property attribute combination is invalid."


class ParentFolderNotFound(EwsError):
    response_code = "ErrorParentFolderNotFound"
    default_text = "The folder in which to create folders was not found."


class ToFolderNotFound(EwsError):
    response_code = "ErrorToFolderNotFound"
    default_text = "The folder to move or copy to was not found."


class FolderSavePropertyError(EwsError):
    response_code = "ErrorFolderSavePropertyError"
    default_text = "A property of the folder is invalid."


class NoFolderClassOverride(EwsError):
    response_code = "ErrorNoFolderClassOverride"
    default_text = "FolderClass can be set of a Folder only: other kinds have their own."


class ObjectTypeChanged(EwsError):
    response_code = "ErrorObjectTypeChanged"
    default_text = "A folder cannot become one of another kind."


class InvalidFolderTypeForOperation(EwsError):
    response_code = "ErrorInvalidFolderTypeForOperation"
    default_text = "This server has no search folders."


class CannotEmptyFolder(EwsError):
    response_code = "ErrorCannotEmptyFolder"
    default_text = "The folder cannot be emptied: distinguished folders are in it."


class ExceededFindCountLimit(EwsError):
    response_code = "ErrorExceededFindCountLimit"
    default_text = "The answer is too large: search fewer folders at once, or page by page."
