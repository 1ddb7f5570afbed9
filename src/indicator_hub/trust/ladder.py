"""The TLP ladder: what each level is called and how high each role reads."""

CLEAR, GREEN, AMBER, STRICT, RED = range(5)
HELD = 9
LEVELS = {"CLEAR": CLEAR, "GREEN": GREEN, "AMBER": AMBER, "AMBER+STRICT": STRICT, "RED": RED}
NAMES = {level: name for name, level in LEVELS.items()}
CAPS = {"submitter": -1, "observer": GREEN, "client": AMBER, "member": STRICT}
