"""dtschema in its own process: an input that it cannot process results in one note."""

import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from dtlink.firmware import dts
from dtlink.firmware.errors import InputError
from dtlink.schema import process as process_module
from dtlink.schema import source as source_module
from dtlink.schema.process import Validator
from dtlink.schema.source import SchemaSource, own_folder
from tests.support.boards import fixture_blobs

#: A name too many, so that a working validator has one error to tell.
FAULTY = 'a { compatible = "v,a"; phy-names = "usb"; };'


def blob(text):
    return bytes(dts.read_text("/ { " + text + " };").blob)


@pytest.fixture(scope="module")
def validator(own):
    made = Validator(str(own_folder()), own.named)
    yield made
    made.close()


def works(validator):
    verdict = validator.check(blob(FAULTY))
    return verdict.note == "" and len(verdict.errors) == 1


def test_it_is_reused(validator):
    assert works(validator)
    process = validator._process
    assert works(validator)
    assert validator._process is process


def test_a_dangling_phandle_is_one_note(validator):
    verdict = validator.check(blob('a { compatible = "v,a"; reset-gpios = <0x99 1 0>; };'))
    assert verdict.errors == ()
    assert "no node has phandle 0x99" in verdict.note
    assert works(validator)


def test_phandles_of_the_previous_board_are_forgotten(validator):
    """dtschema keeps them in a module variable."""
    validator.check(blob("p { gpio-controller; #gpio-cells = <2>; phandle = <0x99>; };"))
    verdict = validator.check(blob('a { compatible = "v,a"; reset-gpios = <0x99 1 0>; };'))
    assert "no node has phandle 0x99" in verdict.note


def test_an_endless_loop_is_one_note(validator):
    node = "i: i { interrupt-controller; #interrupt-cells = <0>; }; a { interrupt-parent = <&i>; "
    verdict = validator.check(blob(node + "interrupts = <1>; };"))
    # Some Python versions crash when memory is exhausted.
    assert "out of memory" in verdict.note or "crashed" in verdict.note
    assert verdict.note.endswith("no schema was checked")
    assert works(validator)


def test_a_crash_is_one_note(validator):
    assert works(validator)
    validator._process.kill()
    assert validator.check(blob(FAULTY)).note == (
        "dtschema crashed on this input: no schema was checked"
    )
    assert works(validator)


@pytest.mark.usefixtures("own")
def test_a_time_out_is_one_note():
    slow = Validator(str(own_folder()), (), limit=0.0)
    verdict = slow.check(fixture_blobs()["phone-soc"])
    assert verdict.note == "dtschema took over 0 s on this input: no schema was checked"
    slow._limit = 60.0
    assert works(slow)
    slow.close()


def test_damaged_blobs_never_raise(validator):
    whole = bytearray(fixture_blobs()["pci-server"])
    for at in range(40, len(whole), len(whole) // 25):
        damaged = whole.copy()
        damaged[at : at + 4] = b"\xff\xff\xff\xff"
        validator.check(bytes(damaged))
    assert works(validator)


@pytest.mark.usefixtures("own")
def test_it_ends_with_the_process_that_started_it():
    program = (
        "import os, sys; from dtlink.schema.process import Validator; "
        "v = Validator(sys.argv[1], ()); v.start(); print(v._process.pid, flush=True); os._exit(0)"
    )
    run = [sys.executable, "-c", program, str(own_folder())]
    pid = int(subprocess.run(run, capture_output=True, check=True, text=True).stdout)
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(pid)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _asks(validator, answers):
    answers.put((works(validator), validator._process.pid))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_starts_its_own(validator):
    assert works(validator)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_asks, args=(validator, answers))
    child.start()
    worked, pid = answers.get(timeout=60)
    child.join()
    assert worked
    assert pid != validator._process.pid
    assert works(validator)


def test_without_dtschema_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(source_module, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"dtschema is not installed: pip install 'dtlink\[sch"):
        SchemaSource().check()


@pytest.mark.usefixtures("own")
def test_a_folder_without_schemas_is_rejected(tmp_path):
    with pytest.raises(InputError, match="no schema"):
        SchemaSource((str(tmp_path),)).check()
    with pytest.raises(InputError, match="no such schema folder or file"):
        SchemaSource((str(tmp_path / "none"),)).check()


def test_a_folder_with_many_schemas_gives_a_hint_to_preprocess(tmp_path):
    for number in range(500):
        (tmp_path / f"{number}.yaml").touch()
    (hint,) = SchemaSource((str(tmp_path),)).hints()
    assert hint.startswith(f"{tmp_path}: 500 schemas are processed in each run")
    assert SchemaSource().hints() == []


@pytest.mark.usefixtures("own")
def test_a_processed_file_cannot_be_combined(tmp_path):
    file = tmp_path / "processed.json"
    file.write_text("{}")
    with pytest.raises(InputError, match="cannot be combined"):
        SchemaSource((str(file), str(own_folder()))).check()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": "1"}', "processed by another version of dtschema"),
        ("{", "dtschema cannot load the schemas"),
    ],
)
def test_an_invalid_processed_schema_is_rejected(tmp_path, text, message):
    file = tmp_path / "processed.json"
    file.write_text(text)
    source = SchemaSource((str(file),))
    for _ in range(2):
        with pytest.raises(InputError, match=message) as raised:
            source.load()
        assert raised.value.path == str(file)


def test_the_end_of_a_process_waits_for_its_own_processes(own):
    made = Validator(str(own_folder()), own.named)
    assert works(made)
    process = made._process
    process_module.end_processes()
    assert process.returncode is not None
    assert made._process is None
    process_module.end_processes()
    assert works(made), "it can be started again"
    made.close()


def test_the_command_line_waits_for_its_processes(own, tmp_path):
    del own  # dtschema is installed
    program = """
import os, sys
import dtlink.schema.process as schemas
ended = schemas.end_processes
def end():
    (validator,) = schemas._STARTED
    process = validator._process
    ended()
    os.write(1, b"waited" if process.returncode is not None else b"not waited")
schemas.end_processes = end
from dtlink.__main__ import main
main()
"""
    board = tmp_path / "board.dtb"
    board.write_bytes(blob('compatible = "v,board"; model = "a board";'))
    arguments = ["lint", "--no-config", "--no-cache", "--schema", "--select", "schema", str(board)]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "waited", "")
