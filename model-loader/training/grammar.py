"""The little grammar of the templates: (a|b|) offers alternatives, and colou?r may lose its u."""

import re

_INNERMOST = re.compile(r"\(([^()]*)\)")


def expand(rng, template):
    """Replaces every group by one of its alternatives, innermost groups first, and tidies the spaces."""
    while match := _INNERMOST.search(template):
        choice = rng.choice(match.group(1).split("|"))
        template = template[: match.start()] + choice + template[match.end():]
    template = re.sub(r"(\w)\?(?=\w)", lambda m: m.group(1) if rng.random() < 0.5 else "", template)
    template = re.sub(r",\?", lambda m: "," if rng.random() < 0.5 else "", template)
    template = re.sub(r"  +", " ", template).strip()
    return re.sub(r" ([?.!,])", r"\1", template)
