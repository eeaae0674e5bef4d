"""The commands ``epic organize`` and ``epic watch``."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from epic_features.cleaning.cli_output import bar, print_moves, show_table
from epic_features.cli_progress import DumpProgress, plain
from epic_features.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from epic_features.cleaning.plan import Plan
    from epic_gallery.organize import SortPlan
    from epic_gallery.schemes import Scheme

_DIRECTLY = "now"


class _SourceOrCommand(TyperGroup):
    """``epic organize FOLDER`` without a command sorts that folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = next((arg for arg in args if not arg.startswith("-")), None)
        if first is not None and first not in self.commands:
            args = [_DIRECTLY, *args]
        return super().parse_args(ctx, args)


app = typer.Typer()
organize = typer.Typer(cls=_SourceOrCommand, no_args_is_help=True)
app.add_typer(
    organize,
    name="organize",
    help="Sort pictures into folders, safely: epic organize SOURCE plans, shows a summary, asks, "
    "and moves. Everything can be undone. (A folder that is called like one of the commands is "
    "given as ./plan.)",
)

Source = Annotated[str, typer.Argument(help="A folder, or webdav://host:port/folder on a phone.")]
SchemeName = Annotated[
    str,
    typer.Option(
        "--scheme",
        help="whatsapp (notes, screenshots, brochures), personal (what is irrelevant), or classes.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Another model for the scheme: a name, or a folder of yours."),
]
Guard = Annotated[
    str,
    typer.Option("--personal", help="The model that keeps personal photos where they are."),
]
Features = Annotated[
    Path | None,
    typer.Option(
        help="Features to use: a .parquet file, or a folder that is brought up to date and kept."
    ),
]
Copy = Annotated[bool, typer.Option("--copy", help="Copy the pictures instead of moving them.")]
Link = Annotated[
    bool, typer.Option("--link", help="Make symbolic links to the pictures instead of moving them.")
]
Whatsapp = Annotated[bool, typer.Option("--whatsapp", help="Only the pictures of WhatsApp chats.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Images worked on at once.", show_default="cores")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
Place = Annotated[
    str, typer.Argument(help="A folder or an address whose latest journal is taken; or a journal.")
]


@organize.command(_DIRECTLY, hidden=True)
def sort_now(
    source: Source,
    scheme: SchemeName = "whatsapp",
    model: Model = None,
    personal: Guard = "personal",
    features: Features = None,
    copy: Copy = False,
    link: Link = False,
    whatsapp: Whatsapp = False,
    workers: Workers = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Plan, show a summary, ask, and move the pictures of a folder."""
    from epic_gallery.organize import ACTIONS

    console = Console(stderr=True)
    chosen = _chosen(scheme, model, personal, features)
    sorting = _planned(
        console, source, chosen, features, _action(copy, link), whatsapp=whatsapp, workers=workers
    )
    _summarise(console, sorting, chosen)
    plan = sorting.plan
    if not plan.actions:
        console.print("nothing is to be moved")
        return
    what = plan.actions[0].action
    assert what in ACTIONS
    if not yes and not typer.confirm(f"{what} {len(plan.actions)} pictures?", err=True):
        console.print("nothing was moved")
        return
    _carry_out(console, plan, source)


@organize.command()
def plan(
    source: Source,
    output: Annotated[Path, typer.Option("-o", "--output", help="The plan: plan.parquet.")],
    scheme: SchemeName = "whatsapp",
    model: Model = None,
    personal: Guard = "personal",
    features: Features = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Contact sheet to write.", show_default="the plan's name with .html"),
    ] = None,
    copy: Copy = False,
    link: Link = False,
    whatsapp: Whatsapp = False,
    workers: Workers = None,
    overwrite: Overwrite = False,
) -> None:
    """Write what would go where, as a table and a contact sheet; nothing is moved."""
    import shutil

    from epic_features.cleaning.tables import check_new, check_output
    from epic_features.sources.address import is_url
    from epic_gallery.organize import write_sort_plan
    from epic_gallery.sheet import write_sheet

    console = Console(stderr=True)
    page = None if is_url(source) else sheet or output.with_suffix(".html")
    check_output(output, overwrite=overwrite)
    if output.suffix.lower() != ".parquet":
        raise SettingsError(f"{output}: the name of a plan must end in .parquet")
    if page is not None:
        check_new(page, overwrite=overwrite)
    chosen = _chosen(scheme, model, personal, features)
    beside = output.with_name(f".{output.name}.features")
    kept = features or (None if chosen.cascade else beside)
    sorting = _planned(
        *(console, source, chosen, kept, _action(copy, link)),
        begin_anew=features is None,
        whatsapp=whatsapp,
        workers=workers,
    )
    write_sort_plan(sorting, output, overwrite=overwrite)
    _summarise(console, sorting, chosen)
    console.print(f"plan: {plain(output)}", soft_wrap=True)
    if page is not None and len(sorting.table):
        with bar("thumbnails") as progress:
            write_sheet(sorting, page, overwrite=overwrite, on_progress=progress)
        console.print(f"contact sheet: {plain(page)}", soft_wrap=True)
    shutil.rmtree(beside, ignore_errors=True)


@organize.command()
def apply(
    plan: Annotated[Path, typer.Argument(help="plan.parquet, or plan.json of a contact sheet.")],
    root: Annotated[
        str | None,
        typer.Option(help="Where the folder is now; an address may tell user and password."),
    ] = None,
) -> None:
    """Carry out a plan; pictures that changed since are left alone and named."""
    from epic_features.cleaning.plan import read_plan
    from epic_gallery.organize import read_sort_plan

    is_json = plan.suffix.lower() == ".json"
    chosen = read_plan(plan, root) if is_json else read_sort_plan(plan, root).plan
    _carry_out(Console(stderr=True), chosen, root or str(chosen.root))


@organize.command()
def undo(place: Place = ".") -> None:
    """Take pictures back to where they were; copies and links are removed."""
    from epic_features.cleaning.moves import undo as take_back

    with bar("moving back") as progress:
        report = take_back(place, on_progress=progress)
    print_moves(report, back=True)


@organize.command()
def resume(
    source: Annotated[str, typer.Argument(help="The folder or the address.")] = ".",
) -> None:
    """Go on with what was interrupted."""
    from epic_features.cleaning.moves import resume as go_on

    with bar("moving") as progress:
        reports = go_on(source, on_progress=progress)
    if not reports:
        Console(stderr=True).print("nothing was interrupted")
    print_moves(*reports)


@organize.command()
def status(
    source: Annotated[str, typer.Argument(help="The folder or the address.")] = ".",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List what was moved, and what can be undone."""
    from epic_features.cleaning.moves import status as status_of

    table = status_of(source)
    if as_json:
        typer.echo(table.to_json(orient="records"))
        return
    table["journal"] = [Path(path).name for path in table["journal"]]
    columns = ("journal", "state", "moved", "skipped", "failed", "pending", "returned")
    show_table(table, columns, "journals, oldest first", len(table))


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(help="The folder in which pictures arrive.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Plan to write and add to: plan.parquet."),
    ] = None,
    at_once: Annotated[
        bool, typer.Option("--apply", help="Move at once instead of writing a plan.")
    ] = False,
    scheme: SchemeName = "whatsapp",
    model: Model = None,
    personal: Guard = "personal",
    copy: Copy = False,
    link: Link = False,
    quiet: Annotated[
        float,
        typer.Option(
            "--quiet-for", min=0.1, help="Seconds without a change until a file is complete."
        ),
    ] = 2.0,
    listed_every: Annotated[
        float, typer.Option(min=1, help="Seconds between two lists of the folder.")
    ] = 60.0,
) -> None:
    """Sort pictures as they arrive, into a plan or at once; Ctrl-C ends it."""
    from epic_gallery.schemes import find_scheme
    from epic_gallery.watch import Watcher
    from epic_gallery.watch_output import Applied, Planned, stopped_by_signals

    if (output is None) == (not at_once):
        raise SettingsError("give either a plan to write (-o plan.parquet) or --apply")
    console = Console(stderr=True)
    chosen = find_scheme(scheme, model, personal)
    sink = Applied(console) if output is None else Planned(console, output, folder)
    watcher = Watcher(
        folder, chosen, sink, action=_action(copy, link), quiet=quiet, listed_every=listed_every
    )
    with stopped_by_signals() as stop:
        console.print(f"watching {plain(folder)}; Ctrl-C ends it", soft_wrap=True)
        watcher.run(stop)
    console.print(f"{sink.pictures} pictures looked at, {sink.sorted} {sink.done}")
    if watcher.waiting:
        console.print(f"{watcher.waiting} were still arriving; epic organize sorts them")


def _action(copy: bool, link: bool) -> str:
    if copy and link:
        raise SettingsError("choose one of --copy and --link")
    return "copy" if copy else "link" if link else "move"


def _planned(
    console: Console,
    source: str,
    scheme: Scheme,
    features: Path | None,
    action: str,
    *,
    begin_anew: bool = False,
    whatsapp: bool,
    workers: int | None,
) -> SortPlan:
    from epic_gallery.organize import sort_pictures

    try:
        with DumpProgress(console, source, None, whatsapp) as progress:
            return sort_pictures(
                source,
                scheme,
                features=features,
                action=action,
                begin_anew=begin_anew,
                whatsapp=whatsapp,
                workers=workers,
                on_progress=progress,
            )
    except KeyboardInterrupt:
        console.print("interrupted; nothing was moved, and the same command continues from there")
        raise typer.Exit(130) from None


def _chosen(name: str, model: str | None, personal: str, features: Path | None) -> Scheme:
    """Return the scheme; whole rows are judged, and promised for, by the whole model."""
    from epic_gallery.schemes import find_scheme

    found = find_scheme(name, model, personal)
    return found if features is None else replace(found, cascade=None)


def _summarise(console: Console, sorting: SortPlan, scheme: Scheme) -> None:
    going = sorting.table[sorting.table["action"].notna()]
    table = Table("folder", "pictures", "least sure")
    counts = Counter(target.partition("/")[0] for target in going["target"])
    for folder in scheme.folders:
        rows = going[going["target"].str.startswith(f"{folder}/")]
        least = f"{rows['confidence'].min():.0%}" if len(rows) else ""
        table.add_row(plain(folder), str(counts[folder] or ""), least)
    staying = sorting.staying
    unsure = int((staying["decision"] == "unsure").sum())
    table.add_section()
    table.add_row("stay where they are", str(len(staying)), f"{unsure} unsure")
    console.print(table)
    if unread := int(staying["label"].isna().sum()):
        console.print(f"{unread} of those that stay could not be read")
    console.print(f"in the test of the model {scheme.guarantee}", soft_wrap=True)


@contextmanager
def _resumable(console: Console, source: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        console.print(
            f"interrupted; go on with: epic organize resume {plain(source)}, or take everything "
            f"back with: epic organize undo {plain(source)}",
            soft_wrap=True,
        )
        raise typer.Exit(130) from None


def _carry_out(console: Console, plan: Plan, source: str) -> None:
    from epic_features.cleaning.moves import apply as carry_out
    from epic_features.sources import shown

    with _resumable(console, shown(source)), bar("sorting") as progress:
        report = carry_out(plan, on_progress=progress)
    if report.journal is not None:
        console.print(
            f"everything comes back with: epic organize undo {plain(shown(source))}", soft_wrap=True
        )
    print_moves(report)
