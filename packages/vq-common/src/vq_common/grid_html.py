"""The code grid in HTML: rows of numbered, coloured cells under a header, labels at the left.

Used for distill's codes over time, scene's token grids and the explorer's usage tables. The
result is static HTML without scripts: whoever shows it listens for clicks and reads the
element's ``data-event`` (``cell,ROW,COLUMN``, ``col,COLUMN`` or ``row,ROW``). Every text that a
caller passes is escaped.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from vq_common.colormaps import code_color, text_color

GRID_CSS = """
.vq-grid-scroll{position:relative;overflow-x:auto;max-width:100%;
  font:10px/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.vq-grid{border-collapse:separate;border-spacing:1px;width:max-content;position:relative}
.vq-grid th,.vq-grid td{padding:0;height:24px;text-align:center;border:0}
.vq-grid .label{position:sticky;left:0;z-index:3;width:var(--vq-label);min-width:var(--vq-label);
  max-width:var(--vq-label);text-align:left;padding:0 4px;overflow:hidden;text-overflow:ellipsis;
  white-space:nowrap;background:var(--background-fill-primary,Canvas);
  color:var(--body-text-color,CanvasText)}
.vq-grid .time-marker{min-width:var(--vq-cell);max-width:var(--vq-cell);overflow:visible;
  white-space:nowrap;text-align:left;font-weight:400;color:var(--body-text-color,CanvasText)}
.vq-grid .code-cell{width:var(--vq-cell);min-width:var(--vq-cell);max-width:var(--vq-cell);
  overflow:hidden;border-radius:2px}
.vq-grid .null{background:repeating-linear-gradient(45deg,#8883 0 3px,transparent 3px 6px)}
.vq-grid [data-event]{cursor:pointer}
.vq-grid .selected{outline:3px solid currentColor;outline-offset:-3px;
  box-shadow:0 0 0 3px var(--body-text-color,CanvasText)}
.vq-grid :focus-visible{outline:3px solid Highlight;outline-offset:-1px}
.vq-grid button{all:unset;cursor:pointer;padding:2px 4px}
.vq-grid button:focus-visible{outline:2px solid Highlight}
.vq-grid-scroll .playhead-line{position:absolute;top:0;bottom:0;width:2px;z-index:2;display:none;
  left:calc(var(--vq-label) + 8px);background:#e4572e;pointer-events:none}
.vq-grid-empty{padding:24px;text-align:center;opacity:.75}
"""


def render_grid(
    values: npt.ArrayLike | None,
    row_labels: Sequence[str] = (),
    *,
    column_headers: Mapping[int, str] | None = None,
    cell_color: Callable[[int, int], str] | None = None,
    cell_title: Callable[[int, int], str] | None = None,
    selected: tuple[int, int] | None = None,
    play_buttons: bool = False,
    playhead: bool = False,
    grid_label: str = "Codes",
    placeholder: str = "Nothing to show yet.",
    cell_width: int = 26,
    label_width: int = 80,
) -> str:
    """Return the HTML of a grid of codes.

    - `values`: integers `(rows, columns)`, the number in each cell; -1 is an empty (null) cell.
      `None` or an empty array gives the placeholder.
    - `row_labels`: one text per row, the first on top; a missing one is the row's number.
    - `column_headers`: texts above single columns (time markers), by column.
    - `cell_color`: `(row, value) -> "#rrggbb"`; the default is `code_color(value)`.
    - `cell_title`: `(row, column) -> str`, the tooltip.
    - `selected`: `(row, column)` of the cell with the border; it is also the grid's tab stop.
    - `play_buttons`: put a button before each row's label.
    - `playhead`: add a hidden ``playhead-line`` element over the data area.
    - `grid_label`: name of the grid for screen readers.
    - `cell_width`, `label_width`: pixels.

    Raises `ValueError` if `values` is not two-dimensional and integer.
    """
    if values is None or np.size(values) == 0:
        return str(Markup('<div class="vq-grid-empty">{}</div>').format(placeholder))
    table = np.asarray(values)
    if table.ndim != 2 or not np.issubdtype(table.dtype, np.integer):
        raise ValueError(f"a grid shows integers (rows, columns), not {table.dtype} {table.shape}")
    tab_stop = selected if selected is not None else (0, 0)
    style = _cell_styles(table, cell_color or (lambda row, value: code_color(value)))
    rows = [_header_row(table.shape[1], column_headers or {})]
    for row in range(table.shape[0]):
        label = row_labels[row] if row < len(row_labels) else str(row)
        cells = [
            _cell(row, column, int(value), style[row, int(value)], cell_title, selected, tab_stop)
            for column, value in enumerate(table[row])
        ]
        head = _row_head(row, label, play_buttons)
        rows.append(f'<tr role="row" aria-rowindex="{row + 2}">{head}{"".join(cells)}</tr>')
    line = '<div class="playhead-line" aria-hidden="true"></div>' if playhead else ""
    return (
        f"<style>{GRID_CSS}</style>"
        f'<div class="vq-grid-scroll" style="--vq-cell:{int(cell_width)}px;'
        f'--vq-label:{int(label_width)}px">{line}'
        f'<table class="vq-grid" role="grid" aria-label="{escape(grid_label)}" '
        f'aria-rowcount="{table.shape[0] + 1}" aria-colcount="{table.shape[1] + 1}">'
        f"{''.join(rows)}</table></div>"
    )


def _cell_styles(
    table: npt.NDArray[np.integer], cell_color: Callable[[int, int], str]
) -> dict[tuple[int, int], str]:
    """Inline style by (row, value): asked once per distinct value, not once per cell."""
    styles: dict[tuple[int, int], str] = {}
    for row in range(table.shape[0]):
        for value in map(int, np.unique(table[row])):
            if value < 0:
                styles[row, value] = ""
                continue
            background = cell_color(row, value)
            styles[row, value] = str(
                Markup(' style="background:{};color:{}"').format(background, text_color(background))
            )
    return styles


def _header_row(columns: int, headers: Mapping[int, str]) -> str:
    cells = [
        f'<th role="columnheader" class="time-marker" data-event="col,{column}">'
        f"{escape(headers.get(column, ''))}</th>"
        for column in range(columns)
    ]
    return f'<tr role="row" aria-rowindex="1"><td class="label"></td>{"".join(cells)}</tr>'


def _row_head(row: int, label: str, play_button: bool) -> str:
    text = escape(label)
    button = (
        f'<button type="button" tabindex="-1" class="play-row" data-event="row,{row}" '
        f'aria-label="Play {text}">&#9654;</button>'
        if play_button
        else ""
    )
    return f'<th role="rowheader" class="label" title="{text}">{button}{text}</th>'


def _cell(
    row: int,
    column: int,
    value: int,
    style: str,
    title: Callable[[int, int], str] | None,
    selected: tuple[int, int] | None,
    tab_stop: tuple[int, int],
) -> str:
    is_selected = selected == (row, column)
    classes = "code-cell" + (" null" if value < 0 else "") + (" selected" if is_selected else "")
    tip = f' title="{escape(title(row, column))}"' if title else ""
    state = ' aria-selected="true"' if is_selected else ""
    tab = 0 if (row, column) == tab_stop else -1
    text = "" if value < 0 else str(value)
    return (
        f'<td role="gridcell" class="{classes}" tabindex="{tab}" aria-colindex="{column + 2}"'
        f'{state} data-event="cell,{row},{column}"{tip}{style}>{text}</td>'
    )
