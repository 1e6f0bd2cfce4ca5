"""Sets as folders: what the split table says, made of links by split-folders."""

from pathlib import Path

import pandas as pd
from drawn_cells import folder_of_cells

from smearflow.data.set_folders import lay_out, link_names
from smearflow.data.splitting import divide
from smearflow.settings import Split


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["path", "label", "split"], dtype="string")


def laid(folder: Path) -> dict[str, str]:
    """Each link below ``folder`` and what it leads to."""
    return {str(f.relative_to(folder)): f.read_text() for f in folder.rglob("*") if f.is_file()}


def test_each_image_is_a_link_in_the_folder_of_its_set_and_class(tmp_path: Path) -> None:
    root = put(tmp_path / "cells", "sick/a.png", "sick/slide/b.png", "well/a.png")
    out = tmp_path / "out"
    out.mkdir()
    rows = table(("sick/a.png", "sick", "train"), ("sick/slide/b.png", "sick", "test"), ("well/a.png", "well", "val"))
    lay_out(rows, root, out)
    assert laid(out) == {
        "train/sick/a.png": "sick/a.png",
        "test/sick/b.png": "sick/slide/b.png",
        "val/well/a.png": "well/a.png",
    }
    assert (out / "train/sick/a.png").readlink() == root / "sick/a.png"
    assert sorted(f.name for f in out.iterdir()) == ["test", "train", "val"]


def test_files_of_one_name_and_class_do_not_take_each_others_place(tmp_path: Path) -> None:
    names = ["1/sick/C1_7.png", "2/sick/C1_7.png", "2/sick/C1_7~2.png", "2/well/C1_7.png", "3/sick/C1_7.png"]
    root = put(tmp_path / "cells", *names)
    rows = table(*((name, name.split("/")[1], "train") for name in names))
    assert list(link_names(rows).values()) == ["C1_7.png", "C1_7~2.png", "C1_7~2~2.png", "C1_7.png", "C1_7~3.png"]
    out = tmp_path / "out"
    out.mkdir()
    lay_out(rows, root, out)
    assert sorted(laid(out).values()) == names


def test_a_split_by_group_is_laid_out_as_it_was_decided(tmp_path: Path) -> None:
    root = folder_of_cells(tmp_path / "cells", patients=9)
    paths = sorted(str(f.relative_to(root)) for f in root.rglob("*.png"))
    rows = pd.DataFrame({"path": paths, "sha256": paths}, dtype="string")
    rows["label"] = rows["path"].str.split("/").str[0]
    rows["group"] = rows["path"].str.extract(r"/(C\d+)")[0]
    divided = divide(rows, Split())
    out = tmp_path / "out"
    out.mkdir()
    lay_out(divided, root, out)
    links = list(out.rglob("*.png"))
    assert {str(f.relative_to(out)) for f in links} == set(divided["split"] + "/" + divided["path"])
    assert all(f.is_symlink() for f in links)
