"""A client in Python, made of the package that is generated from the document.

It is compiled and checked, not run, and shows that what a resident's and a case worker's programs need is there and fits.
"""

from uuid import UUID

from valinta_client import AuthenticatedClient, Client
from valinta_client.api.choices import compare_choices
from valinta_client.api.vouchers import issue_voucher
from valinta_client.models import IssueVoucher, Problem, ValueRuleFlat, ValueRuleFlatFlat, ValueRuleNamed
from valinta_client.models.voucher_view import VoucherView


def choices(client: Client, voucher_type: UUID, municipality: str) -> list[str]:
    """The names of what can be chosen in a municipality, in the neutral order. No token is looked at."""
    answer = compare_choices.sync(client=client, voucher_type=voucher_type, municipality=municipality, limit=100)
    if answer is None or isinstance(answer, Problem):
        raise refused(answer)
    return [f"{option.unit_name}: {option.sector.value}" for option in answer.items]


def issue(client: AuthenticatedClient, key: str, wish: IssueVoucher) -> VoucherView | None:
    """Issues a voucher; asked again with the same key, it is the same one."""
    answer = issue_voucher.sync(client=client, idempotency_key=key, body=wish)
    if answer is None or isinstance(answer, Problem):
        raise refused(answer)
    return answer.voucher if isinstance(answer.voucher, VoucherView) else None


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
