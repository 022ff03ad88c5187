"""A page as PDF, the same bytes for the same page on one machine; needs the extra `pdf` and Pango."""

import hashlib

from hub.errors import SettingsError

try:
    import weasyprint
except (ImportError, OSError):  # OSError: the package is there, Pango is not
    weasyprint = None

INSTALL = (
    "needs county-hub[pdf] (pip install 'county-hub[pdf]') and Pango "
    "(apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk)"
)


def available() -> bool:
    """Whether PDF can be written here."""
    return weasyprint is not None


def pdf(page: str) -> bytes:
    """The page as PDF; its date is that in the page, its identifier follows from the page."""
    if weasyprint is None:
        raise SettingsError(f"PDF {INSTALL}")
    identifier = hashlib.sha256(page.encode()).digest()[:16]
    found: bytes = weasyprint.HTML(string=page, url_fetcher=_nothing).write_pdf(pdf_identifier=identifier)
    return found


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    """Nothing is fetched from elsewhere."""
    raise ValueError("a report refers to nothing outside itself")
