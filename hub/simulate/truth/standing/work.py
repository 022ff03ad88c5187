"""Work by people whom no register holds, work that outlasts a cancelled entry, months after the end of a job."""

from collections.abc import Iterator

from hub.domain.days import Day
from hub.simulate.ledger import BUSINESS, EMPLOYMENT, HOUSEHOLD, RESIDENCE
from hub.simulate.places import COUNTY
from hub.simulate.truth.standing import FOR_EVER, Known, Live, Stands, of_feed
from hub.simulate.truth.standing.residence import valid_until

REPORT_RESIDENCE_DAYS = 30
END_WORK_DAYS = 60


def work(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Works here and is on no register of residents, for longer than registering may take.

    The time runs from the day on which the work is there and the registration is
    not: when the work began, or when the last registration ended or expired. Where
    a household entry was cancelled, work that began before is to be ended instead.
    Who died works no more: that is another discrepancy.
    """
    if any(said.died for _, said in of_feed(live, HOUSEHOLD)):
        return
    covers = [(valid_until(said), said.feed == HOUSEHOLD) for _, said in of_feed(live, HOUSEHOLD, RESIDENCE)
              if said.place.startswith(COUNTY)]  # fmt: skip
    covered, cancelled = max(covers, default=(0, False))
    late: list[tuple[str, Day, Day]] = []
    outlasting: list[tuple[str, Day, Day]] = []
    for record, said in of_feed(live, EMPLOYMENT, BUSINESS):
        until = min(last, FOR_EVER if said.ends is None else said.ends - 1)
        if cancelled and (said.begins or 0) <= covered + 1:
            due = covered + 1 + END_WORK_DAYS
            if said.feed == BUSINESS:
                outlasting.append((record, max(first, due + 1), until))
            elif said.insured is not None and said.insured > due:
                outlasting.append((record, first, until))
        else:
            late.append((record, max(first, max(said.begins or 0, covered) + REPORT_RESIDENCE_DAYS + 1), until))
    for kind, found in (("employment-without-residence", late), ("cancelled-but-working", outlasting)):
        stands = [one for one in found if one[1] <= one[2]]
        if stands:
            yield Stands(kind, "", tuple(r for r, _, _ in stands),
                         min(since for _, since, _ in stands), max(until for _, _, until in stands))  # fmt: skip


def insured_after_end(live: Live, known: Known, first: Day, last: Day) -> Iterator[Stands]:
    """Months insured after the month in which the job ended."""
    for record, said in of_feed(live, EMPLOYMENT):
        if said.ends is not None and said.insured is not None and said.insured > said.ends:
            yield Stands("insured-after-job-ended", record, (record,), first, last)
