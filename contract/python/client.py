"""A client in Python, made of the package that is generated from the document.

It is compiled and checked, not run, and has what the integration in `examples/python` does not come by: a call without a
token, and forms of which one holds another. That one is run.
"""

from uuid import UUID

from valinta_client import Client
from valinta_client.api.choices import compare_choices
from valinta_client.models import Problem, ValueRuleFlat, ValueRuleFlatFlat, ValueRuleNamed


def choices(client: Client, voucher_type: UUID, municipality: str) -> list[str]:
    """The names of what can be chosen in a municipality, in the neutral order. No token is looked at."""
    answer = compare_choices.sync(client=client, voucher_type=voucher_type, municipality=municipality, limit=100)
    if answer is None or isinstance(answer, Problem):
        raise refused(answer)
    return [f"{option.unit_name}: {option.sector.value}" for option in answer.items]


def refused(problem: Problem | None) -> RuntimeError:
    """A refusal, with the place of each thing that is wrong."""
    if problem is None:
        return RuntimeError("an answer that the document does not know")
    failures = problem.errors or []
    return RuntimeError("\n".join([problem.title, problem.detail, *(f"{one.pointer} {one.code}" for one in failures)]))


def flat(value: str) -> ValueRuleFlat:
    """A rule is one of several forms, each with a name."""
    return ValueRuleFlat(flat=ValueRuleFlatFlat(value=value))


# A form that holds another rule, and so refers back to the whole.
HOLDS_ANOTHER = ValueRuleNamed
