"""Citations of kernel files and functions, looked up in a source."""

from pathlib import Path

from tools.citations import Citation, citations, unfounded

TEXT = '''
"""References: Linux, drivers/base/dd.c, driver_probe_device(),
really_probe(); drivers/of/base.c."""
SOURCE = (
    "drivers/iommu/of_iommu.c, "
    "of_iommu_xlate()"
)
EXAMPLE = "drivers/clk/vendor.c"
'''


def source(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_c", ".c")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_file_is_cited_with_the_functions_that_follow_it() -> None:
    assert list(citations("a.py", TEXT)) == [
        Citation("a.py", 2, "drivers/base/dd.c", "driver_probe_device"),
        Citation("a.py", 2, "drivers/base/dd.c", "really_probe"),
        Citation("a.py", 3, "drivers/of/base.c", ""),
        Citation("a.py", 5, "drivers/iommu/of_iommu.c", "of_iommu_xlate"),
    ]


def test_what_no_source_has_is_named(tmp_path: Path) -> None:
    old = source(tmp_path / "old", drivers__base__dd_c="int driver_probe_device(void)\n{}\n")
    new = source(tmp_path / "new", drivers__of__base_c="int x;\n")
    wrong = list(unfounded(citations("a.py", TEXT), [old, new]))
    assert [str(each) for each in wrong] == [
        "a.py:2: really_probe() in drivers/base/dd.c",
        "a.py:5: of_iommu_xlate() in drivers/iommu/of_iommu.c",
    ]


def test_a_function_is_a_whole_word(tmp_path: Path) -> None:
    text = "drivers/base/dd.c, probe()"
    folder = source(tmp_path, drivers__base__dd_c="int really_probe(void)\n{}\n")
    assert len(list(unfounded(citations("a.py", text), [folder]))) == 1
