"""ISO 3166-1 alpha-2: the two-letter codes of nations.

The user-assigned codes (AA, QM to QZ, XA to XZ, ZZ) are valid too: ISO promises never to give them to anybody, so exercises, examples
and bodies without a code of their own may use them.
"""

# First letter: every second letter, of the 249 codes that ISO has given out.
_OFFICIAL = {
    "A": "DEFGILMOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTVWYZ",
    "C": "ACDFGHIKLMNORUVWXYZ",
    "D": "EJKMOZ",
    "E": "CEGHRST",
    "F": "IJKMOR",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTU",
    "I": "DELMNOQRST",
    "J": "EMOP",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHKLMNOPQRSTUVWXYZ",
    "N": "ACEFGILOPRUZ",
    "O": "M",
    "P": "AEFGHKLMNRSTWY",
    "Q": "A",
    "R": "EOSUW",
    "S": "ABCDEGHIJKLMNORSTVXYZ",
    "T": "CDFGHJKLMNORTVWZ",
    "U": "AGMSYZ",
    "V": "ACEGINU",
    "W": "FS",
    "Y": "ET",
    "Z": "AMW",
}
_USER_ASSIGNED = {"A": "A", "Q": "MNOPQRSTUVWXYZ", "X": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Z": "Z"}
CODES = frozenset(
    first + second for table in (_OFFICIAL, _USER_ASSIGNED) for first, seconds in table.items() for second in seconds
)

# What people write from habit: these letters stand for the nation elsewhere.
_HABITS = {"UK": "GB", "EL": "GR"}


def require_nation(code: str) -> str:
    """The code itself. Raises ValueError, with a sentence for whoever wrote it, when it is no nation's."""
    if code in CODES:
        return code
    likely = _HABITS.get(code.upper(), code.upper())
    advice = f"write {likely}" if likely in CODES else "write the two capital letters of ISO 3166-1, such as XA"
    raise ValueError(f'"{code}" is not a nation code: {advice}')
