"""The sheets of a workbook: which keys of a policy stand on which sheet, under which headings."""

from dataclasses import dataclass

NOTE = "note"
GUIDE = "Guide"
POLICY_SHEET = "Policy"
INPUTS_SHEET = "Inputs"
WORKS_OUT_SHEET = "Works out"
TABLES_SHEET = "Tables"
WORDING_SHEET = "Wording"
NAMES_SHEET = "Names"
TOGETHER_SHEET = "Together"
CLAIMS_SHEET = "Together claims"
FIRST_THAT_FITS = "first that fits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: a heading in row 1, then one line of the policy in each row.

    Fields:
        title: "Rules".
        path: The keys under which its lines stand: ("rules",).
        headings: Those that are always there, in order; "given: ..." stands for as many as are used; "note" follows.
        spread: Keys whose own names may be headings: "when" gives "when: hours_late".
        numbered: A key whose list stands in numbered columns, and what they are called: ("stages", "stage").
        always: Whether it is written when it holds nothing, so that lines can be added.
        about: What it is for, for the guide.
    """

    title: str
    path: tuple[str, ...]
    headings: tuple[str, ...]
    about: str
    spread: tuple[str, ...] = ()
    numbered: tuple[str, str] | None = None
    always: bool = False


#: The fields of the first sheet; "effective: from" is the key "from" under "effective".
FIELDS = (
    "policy",
    "version",
    "owner",
    "decision",
    "about",
    "effective: from",
    "effective: to",
    "effective: means",
    "topics",
    "loss",
    "products",
    "money: asset",
    "money: rounding",
    "units",
    "calendar: time zone",
    "calendar: days off",
    "calendar: holidays",
    "calendar: hours",
    "calendar: other hours",
    "pay form",
    "decide within",
    "pay within",
    "claim deadline: name",
    "claim deadline: received",
    "claim deadline: by",
    "claim deadline: before",
    "claim deadline: then",
    "claim deadline: tell: en",
    "claim deadline: tell: zh",
    "nothing left: name",
    "nothing left: then",
    "nothing left: tell: en",
    "nothing left: tell: zh",
    "budget: name",
    "budget: at most",
    "fraud scorecard: name",
    "fraud scorecard: review from",
)

POLICY = Sheet(
    title=POLICY_SHEET,
    path=(),
    headings=("field", "value"),
    always=True,
    about="What the policy says of itself. A field without a value is not said.",
)
INPUTS = Sheet(
    title=INPUTS_SHEET,
    path=("inputs",),
    headings=("name", "type", "usual value"),
    always=True,
    about="What must be known of a claim, each with its type. The usual value is what every example starts from.",
)
WORKS_OUT = Sheet(
    title=WORKS_OUT_SHEET,
    path=("works out",),
    headings=("name", "part", "formula"),
    always=True,
    about='What is worked out, from the top. A calculator has a row for itself (part "calculator") and for each of its'
    ' parts; with part "first that fits" the rows stand on the sheet "Tables".',
)
TABLES = Sheet(
    title=TABLES_SHEET,
    path=(),
    headings=("name", "when", "gives"),
    spread=("when",),
    about="The rows of decision tables that work something out; the first that fits gives the value.",
)
WORDING = Sheet(
    title=WORDING_SHEET,
    path=("wording",),
    headings=("classification", "en", "zh"),
    always=True,
    about="What the customer reads. {amount} and the names of inputs in braces are filled in.",
)
NAMES = Sheet(
    title=NAMES_SHEET,
    path=("names",),
    headings=("name", "en", "zh", "told"),
    about='What steps are called where a wording tells {steps}; "no" under "told" keeps one back.',
)
TOGETHER = Sheet(
    title=TOGETHER_SHEET,
    path=("together",),
    headings=("name", "source", "expect: total", "expect: amounts"),
    spread=("expect",),
    about="Examples of several claims that share a budget.",
)
CLAIMS = Sheet(
    title=CLAIMS_SHEET,
    path=(),
    headings=("name", "given: ...", "times"),
    spread=("given",),
    about='The claims of those examples, by the name of the example; a column "given: input" for what each gives.',
)
#: Sheets that hold one list of the policy each.
LISTS = (
    Sheet(
        title="Other plans",
        path=("other plans",),
        headings=("plan", "paid", "then"),
        about="How this policy stands to others: excluded, deducted or added.",
    ),
    Sheet(
        title="Evidence",
        path=("evidence",),
        headings=("name", "when", "is there", "then", "tell: en", "tell: zh"),
        spread=("when", "tell"),
        about="What must be there; without it a person looks.",
    ),
    Sheet(
        title="Exclusions",
        path=("exclusions",),
        headings=("name", "when", "then", "tell: en", "tell: zh"),
        spread=("when", "tell"),
        always=True,
        about="Tried before the rules; the first that fits refuses the claim, or hands it to a person.",
    ),
    Sheet(
        title="Rules",
        path=("rules",),
        headings=("name", "when", "then", "pay", "tell: en", "tell: zh"),
        spread=("when", "tell"),
        always=True,
        about='The decision table: the first row that fits decides; the last one is "otherwise". For a condition on one'
        ' input add a column "when: input" and write the cell: under 2 hours, 100 to 299, [a, b].',
    ),
    Sheet(
        title="Deductions",
        path=("deductions",),
        headings=("name", "takes off"),
        about="Taken off the amount before limits.",
    ),
    Sheet(
        title="Limits",
        path=("limits",),
        headings=("name", "for", "at most", "counting", "over", "counted by"),
        always=True,
        about="The most that is paid, per case or over a time.",
    ),
    Sheet(
        title="Thresholds",
        path=("thresholds",),
        headings=("name", "when", "then", "tell: en", "tell: zh"),
        spread=("when", "tell"),
        about="What becomes of amounts that are too small to be paid, or too large for this policy.",
    ),
    Sheet(
        title="Pay form",
        path=("pay form",),
        headings=(
            "name",
            "when",
            "takes",
            "as",
            "asset",
            "at",
            "valid for",
            "waits for",
            "lapses when",
            "lapses after",
            "instalments",
            "every",
            "remainder",
        ),
        spread=("when",),
        about='The parts an amount is paid in; the last one takes "rest". Then the field "pay form" stays empty.',
    ),
    Sheet(
        title="Benefits",
        path=("benefits",),
        headings=("name", "when", "gives", "decimals"),
        spread=("when",),
        about="Given beside the money, in a unit of the policy's own.",
    ),
    Sheet(
        title="Fraud gates",
        path=("fraud gates",),
        headings=("name", "when"),
        spread=("when",),
        about="Each sign alone sends a payable claim to fraud review, with its amount.",
    ),
    Sheet(
        title="Fraud signs",
        path=("fraud scorecard", "signs"),
        headings=("name", "when", "points"),
        spread=("when",),
        about='Points that add up; from the field "fraud scorecard: review from" on a person looks.',
    ),
    Sheet(
        title="Approvals",
        path=("approvals",),
        headings=("when", "stage 1", "stage 2", "stage 3"),
        spread=("when",),
        numbered=("stages", "stage"),
        always=True,
        about='Who must agree: the first row that fits, its stages from left to right, each as "2 role or role"; "none"'
        ' in stage 1 for nobody. Columns "when: amount" and "when: classification" look at the proposal.',
    ),
    Sheet(
        title="Examples",
        path=("examples",),
        headings=(
            "name",
            "source",
            "given: ...",
            "without",
            "counted before",
            "expect: then",
            "expect: amount",
            "expect: because",
            "expect: approvals",
            "expect: missing",
        ),
        spread=("given", "expect"),
        always=True,
        about='Worked examples that must hold. A column "given: input" for each input; where a cell is empty the usual'
        " value holds.",
    ),
)
SHEETS = (POLICY, INPUTS, WORKS_OUT, TABLES, *LISTS[:-1], WORDING, NAMES, LISTS[-1], TOGETHER, CLAIMS)
