"""Another model comes into force: all profiles are placed again by it, in one go.

`ModelAdopted` is a barrier and a step of its own, so every step has one model
from its first event to its last, whoever decides it and whenever it is
decided again.
"""

from collections.abc import Iterator, Sequence

from hub.domain.events import ModelAdopted, PairHeld, ProfileLinked
from hub.errors import IntegrityError, SettingsError
from hub.log import Recorded
from hub.matching import Model
from hub.matching.columns import Columns
from hub.matching.document import read_model, unpacked
from hub.matching.placing import Placed, place_all
from hub.projections import ProfileRow, Shelves
from hub.projections.adoption import apply_adoption, pages
from hub.projections.identity import apply_held, apply_link, load_components, person_of
from hub.projections.judgements import said_of


def adoption_in(recorded: Sequence[Recorded]) -> ModelAdopted | None:
    """The adoption that makes up this step, if it is one."""
    event = recorded[0].envelope.event if recorded else None
    return event if isinstance(event, ModelAdopted) else None


def model_of(event: ModelAdopted) -> Model:
    """The model that an event puts in force; IntegrityError where this hub cannot read it.

    It was read when it was adopted: going on by the one before would make two histories of one log.
    """
    try:
        return read_model(unpacked(event.content))
    except SettingsError as error:
        raise IntegrityError(f"the log holds a model that cannot be read here: {error}") from error


def decide(
    shelves: Shelves, event: ModelAdopted, model: Model
) -> Iterator[tuple[ProfileLinked | PairHeld, str | None]]:
    """Place everyone by this model, applying each decision as it is made.

    Beside a link stands who had the profile before. What stays as it was is not decided again.
    """
    apply_adoption(shelves, event, model)
    placed = _place(shelves, model)
    for left, right, weight in placed.held:
        held = PairHeld(left, right, round(weight, 2), model.version)
        apply_held(shelves, held)
        yield held, None
    for page in pages(shelves):
        links = [(row.person, link) for row in page if (link := _moved(row, placed, model))]
        load_components(shelves, (link.profile for _, link in links))
        shelves.people.load(link.person for _, link in links)
        shelves.components.load(link.component for _, link in links)
        for before, link in links:
            apply_link(shelves, link)
            yield link, before


def _place(shelves: Shelves, model: Model) -> Placed:
    columns = Columns()
    anchors: dict[int, str] = {}
    for page in pages(shelves):
        live = [row for row in page if row.records]
        columns.add(row.values for row in live)
        anchors.update((row.profile, row.records[0]) for row in live)
    said = said_of(shelves, (row for page in pages(shelves) for row in page if row.records))
    return place_all(columns, anchors, model, said)


def _moved(row: ProfileRow, placed: Placed, model: Model) -> ProfileLinked | None:
    """The decision on a profile that belongs elsewhere now."""
    place = placed.places.get(row.profile)
    if place is None:
        return None
    person = person_of(place.person_anchor)
    if (row.component, row.person) == (place.component, person):
        return None
    return ProfileLinked(
        profile=row.profile, person=person, component=place.component,
        weight=round(place.weight, 2), via=place.via, model=model.version,
    )  # fmt: skip
