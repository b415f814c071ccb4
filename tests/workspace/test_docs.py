"""The documentation hangs together: links, anchors, pictures and pages are all reachable."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("apps/**/*.md"),
    ]
)


def prose(page: Path) -> str:
    """The page without its code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`", "code", text)


def links(page: Path) -> list[str]:
    return [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))
        if not re.match(r"[a-z]+:", target)
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of its headings, as GitHub and the site make them."""
    found: dict[str, int] = {}
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ +(.+)$", text, re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
        if found[slug]:
            found[f"{slug}-{found[slug]}"] = 0
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_file_and_to_a_heading_in_it(page):
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_relative_to(ROOT), f"{target} leads out of the repository"
        assert file.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in anchors(file), f"{target}: no such heading"


def test_every_picture_of_the_docs_is_shown_somewhere():
    shown = {(page.parent / target).resolve() for page in PAGES for target in links(page)}
    there = {path.resolve() for path in (ROOT / "docs/images").iterdir()}
    assert there <= shown, f"shown nowhere: {sorted(p.name for p in there - shown)}"


def test_every_page_is_in_the_contents_of_the_site():
    home = (ROOT / "docs/index.md").read_text()
    blocks = re.findall(r"```{toctree}\n(.*?)```", home, re.DOTALL)
    entries = [e for block in blocks for e in re.findall(r"^[^:\s].*$", block, re.MULTILINE)]
    listed = {ROOT / f"{e[1:]}.md" if e.startswith("/") else ROOT / f"docs/{e}.md" for e in entries}
    assert all(page.exists() for page in listed)
    assert set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs/index.md"} <= listed


def test_the_generator_is_no_part_of_the_default_installation():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert any(need.startswith("sphinx") for need in groups["docs"])
    assert not any(need.startswith("sphinx") for need in project["project"]["dependencies"])
    assert not any("sphinx" in need for need in groups["dev"])
    assert "default-groups" not in project["tool"]["uv"]
