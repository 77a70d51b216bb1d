"""The forms of values, for the description, and what they mean in words."""

# In the syntax that ECMAScript, Python and Rust share. XML has no other characters: what is given
# here is told to clients of EWS.
TEXT = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]*$"
LINE = r"^[^\u0000-\u001f\u007f\ufffe\uffff]*$"
CLASS = r"^[!-~]([ -~]*[!-~])?$"
DURATION = (
    r"^P([0-9]{1,4}W|(?=[0-9T])([0-9]{1,5}D)?"
    r"(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,8}M)?([0-9]{1,9}(\.[0-9]{1,6})?S)?)?)$"
)

MEANINGS = {
    TEXT: "be text without control characters other than tab and line ends",
    LINE: "be one line of text, without control characters",
    CLASS: "be a class of ASCII characters, such as IPM.Note",
    DURATION: "be a duration of ISO 8601, such as PT7M",
}
