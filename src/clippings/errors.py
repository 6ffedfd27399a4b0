"""The errors of every step, in one form.

A message says where, what was expected, what was found and what to do, in one sentence or two.
"""


class ClippingsError(Exception):
    """Base of all errors that `clippings` raises on purpose; its text is fit to show a person."""


class LayoutError(ClippingsError):
    """A layout file cannot be used, or no layout has that name."""


class DateError(ClippingsError):
    """A line printed as a date names no day, month or year."""


class ModelError(ClippingsError):
    """A spaCy pipeline cannot be found or loaded."""


class StoreError(ClippingsError):
    """The folder of tables cannot be read or written."""


class LockedError(StoreError):
    """Another run holds the lock of the folder of tables."""


class ExportError(ClippingsError):
    """The tables cannot be written for a spreadsheet."""


class SampleError(ClippingsError):
    """The sample dumps cannot be written."""


class CorrectionError(ClippingsError):
    """The file of corrections cannot be used."""


class GoldError(ClippingsError):
    """A file of marked texts cannot be read."""


class WorkerError(ClippingsError):
    """A process that worked on dumps was killed; the tables are as they were."""


class ReadError(ClippingsError):
    """A file in `raw/` cannot be read as text.

    Attributes:
        code: The code of the row it becomes in `problems`; one of `records.PROBLEMS`.
        detail: What was expected and what was found.
        start_byte: Where in the file, in bytes; None where the whole file is meant.
    """

    def __init__(self, code: str, detail: str, start_byte: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.start_byte = start_byte
