from pathlib import Path

import pytest

from clippings.corrections import read_corrections
from clippings.errors import CorrectionError

HEADER = "operation,label,a,b,article_id,note\n"


def test_no_file_corrects_nothing(tmp_path: Path) -> None:
    found = read_corrections(tmp_path / "corrections.csv")
    assert (found.rows, found.faults, found.sha256) == ((), (), None)


def test_rows_keep_their_line_and_faults_are_told(tmp_path: Path) -> None:
    file = tmp_path / "corrections.csv"
    file.write_text(
        HEADER
        + "merge,ORG,Hizballah,Party of God,,\n"
        + ",,,,,\n"
        + "marry,ORG,a,b,,\n"
        + "merge,CITY,a,b,,\n"
        + "rename,ORG,a,,,no new name\n"
        + "retype,ORG,a,TOWN,,\n"
        + 'ignore,PERSON,"Talmud, the",,abc,a book\n',
        encoding="utf-8-sig",
    )
    found = read_corrections(file)
    assert [(row.line, row.operation, row.a) for row in found.rows] == [
        (2, "merge", "Hizballah"),
        (8, "ignore", "Talmud, the"),
    ]
    assert [line for line, _ in found.faults] == [4, 5, 6, 7]
    assert 'found "marry"' in found.faults[0][1]
    assert 'in "b" for rename' in found.faults[2][1]


@pytest.mark.parametrize(("content", "told"), [(b"a,b\n", "no operation"), (b"\xff\xfe", "UTF-8")])
def test_a_file_of_another_form_is_an_error(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "corrections.csv"
    file.write_bytes(content)
    with pytest.raises(CorrectionError, match=told):
        read_corrections(file)
