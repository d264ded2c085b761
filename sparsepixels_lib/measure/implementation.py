"""What Vivado reports of a design that it placed and routed: `report_timing_summary` and `report_utilization`.

For designs with one clock on UltraScale and UltraScale+, whose primitives the rows of the utilization report name. Read
against reports of Vivado 2025.1; earlier ones leave out of a timing report in which state the design was.
"""

import re
from dataclasses import dataclass
from pathlib import Path

SCRIPT = "vivado -mode batch -source vivado/place_and_route.tcl"  # in the folder of an emitted project
RESOURCES = {  # column: site type of which it is the number used
    "lut": "CLB LUTs",
    "ff": "Register as Flip Flop",
    "carry8": "CARRY8",
    "ramb36": "RAMB36/FIFO",
    "ramb18": "RAMB18",
    "uram": "URAM",
    "dsp": "DSPs",
}
SUMMARY = re.compile(r"\n +WNS\(ns\) .*\n[ -]+\n +(\S+) +(\S+) +(\S+) +\S+ +(\S+) ")
CLOCKS = re.compile(r"\nClock +Waveform\(ns\) +Period\(ns\) .*\n[ -]+\n((?:.+\n)+)")
# Of the paths whose required time comes first, those of setup, the first is the worst
WORST = re.compile(r"\nSlack \(\w+\) *: +(\S+)ns +\(required time - arrival time\)\n((?:.+\n)+)\n")
SPLIT = re.compile(r"\(logic (\S+)ns \(.*\) +route (\S+)ns \(")


@dataclass(frozen=True)
class Report:
    """What the head of a report says: `tool` and its version, the `design`'s top module, `device` (without its speed
    grade in a timing report), `speed_file`, and `state` ("Synthesized", "Routed", ...; None where it is not said)."""

    tool: str
    design: str
    device: str
    speed_file: str
    state: str | None


@dataclass(frozen=True)
class SetupPath:
    """The path with the least setup slack: its `delay` in ns, that of its cells (`logic`) and of the nets between
    (`route`), logic `levels` as the tool counts them, and the pins from which and to which it goes."""

    delay: float
    logic: float
    route: float
    levels: int
    start: str
    end: str


@dataclass(frozen=True)
class Timing(Report):
    """Of a timing summary, in ns: the clock's `period`, setup slack of the worst endpoint (`wns`) and summed over the
    `failing` ones (`tns`), hold slack of the worst (`whs`), and the clock `uncertainty` that the worst path was given.
    """

    period: float
    wns: float
    tns: float
    failing: int
    whs: float
    uncertainty: float
    worst: SetupPath

    @property
    def achieved(self) -> float:
        """The shortest period in ns at which every setup time would still be kept: period - WNS."""
        return round(self.period - self.wns, 3)  # the report has picoseconds


@dataclass(frozen=True)
class Utilization(Report):
    """Of a utilization report, for the whole design: LUTs (memory and shift registers among them), flip-flops, CARRY8,
    DSPs, block RAM in halves (a RAMB36 is two RAMB18) and UltraRAM."""

    lut: int
    ff: int
    carry8: int
    dsp: int
    bram18: int
    uram: int


def read_timing(path: str | Path) -> Timing:
    """What a file of `report_timing_summary` says.

    Raises FileNotFoundError when there is none, ValueError when it is cut short or of another kind, of a design with no
    timed path, or with more clocks than one.
    """
    text, head = _read(path, "Timing Summary Report", "report_timing_summary")
    found = {
        "Design Timing Summary": SUMMARY.search(text),
        "Clock Summary": CLOCKS.search(text),
        "worst setup path": WORST.search(text),
        "Pulse Width Checks": re.search(r"^Pulse Width Checks\n", text, re.M),  # the last section
    }
    if (summary := found["Design Timing Summary"]) and "NA" in summary.groups():
        raise ValueError(f"{path}: no path is timed (WNS is NA): the clock of constraints/clock.xdc was not read")
    if missing := [name for name, match in found.items() if not match]:
        raise ValueError(_incomplete(path, "report_timing_summary", missing[0]))
    clocks = re.findall(r"^ *(\S+) +\{.*?\} +(\S+) ", found["Clock Summary"][1], re.M)
    wns, tns, failing, whs = summary.groups()
    slack, lines = found["worst setup path"].groups()
    of = {name: (value, more) for name, value, more in re.findall(r"^  (\w[\w ]*): +(\S+)(.*)$", lines, re.M)}
    try:
        period, delay, uncertainty = (
            float(of[name][0].removesuffix("ns")) for name in ("Requirement", "Data Path Delay", "Clock Uncertainty")
        )
        logic, route = map(float, SPLIT.search(of["Data Path Delay"][1]).groups())
        worst = SetupPath(delay, logic, route, int(of["Logic Levels"][0]), of["Source"][0], of["Destination"][0])
        timing = Timing(
            **head,
            period=period,
            wns=float(wns),
            tns=float(tns),
            failing=int(failing),
            whs=float(whs),
            uncertainty=uncertainty,
            worst=worst,
        )
    except (KeyError, ValueError, AttributeError):
        raise ValueError(_incomplete(path, "report_timing_summary", "worst setup path")) from None
    if [float(clock[1]) for clock in clocks] != [period] or slack != wns:
        raise ValueError(
            f"{path} has the clocks {', '.join(' of '.join(clock) for clock in clocks)} ns, WNS {wns} ns, and a path "
            f"of {period} ns with {slack} ns to spare: only designs with one clock and all of its period are understood"
        )
    return timing


def read_utilization(path: str | Path) -> Utilization:
    """What a file of `report_utilization` (not -hierarchical) says.

    Raises FileNotFoundError when there is none, ValueError when it is cut short or of another kind or device family.
    """
    text, head = _read(path, "Utilization Design Information", "report_utilization")
    section = re.search(r"\n1\. CLB Logic\n-+\n(.*)\n\d+\. I/O\n-+\n", text, re.S)
    rows = dict(re.findall(r"^\| *([^|*]+?)\*? *\| +(\d+) \|", section[1], re.M)[::-1]) if section else {}  # the first
    if missing := [site for site in RESOURCES.values() if site not in rows]:
        raise ValueError(_incomplete(path, "report_utilization", f"row `{missing[0]}`"))
    used = {name: int(rows[site]) for name, site in RESOURCES.items()}
    return Utilization(**head, bram18=2 * used.pop("ramb36") + used.pop("ramb18"), **used)


def _read(path: str | Path, title: str, command: str) -> tuple[str, dict[str, str | None]]:
    """The text of a report, and the fields of its head."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing: run `{SCRIPT}` in the project's folder")
    text = Path(path).read_text(errors="replace")
    entries = dict(re.findall(r"^\| (\w+(?: \w+)?) *: (.*?) *$", text.partition(title)[0], re.M))
    tool = re.match(r"Vivado v\.\S+", entries.get("Tool Version", ""))
    fields = {"design": "Design", "device": "Device", "speed_file": "Speed File", "state": "Design State"}
    head = {name: entries.get(entry) for name, entry in fields.items()}
    if f"\n{title}\n" not in text or not (tool and head["design"] and head["device"] and head["speed_file"]):
        raise ValueError(_incomplete(path, command, "head"))
    return text, {"tool": tool[0]} | head


def _incomplete(path: str | Path, command: str, missing: str) -> str:
    return f"{path} is no complete report of {command}, its {missing} is missing: run `{SCRIPT}` again"
