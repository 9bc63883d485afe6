"""A county's own systems. The case workers' issues a voucher and is called when the resident has chosen a provider:

    python integration.py issue PERSONAL_IDENTITY_CODE VOUCHER_TYPE

That of finance reads what is to be paid for a month:

    python integration.py statements MONTH
"""

import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from valinta_client import AuthenticatedClient, Client
from valinta_client.api.clients import register_client
from valinta_client.api.settlements import list_statements, show_statement_lines
from valinta_client.api.tokens import obtain_token
from valinta_client.api.voucher_types import list_voucher_types
from valinta_client.api.vouchers import issue_voucher
from valinta_client.api.webhooks import end_webhook, make_webhook
from valinta_client.models import (
    EventKind,
    Facts,
    IssueVoucher,
    Language,
    MakeWebhook,
    OAuthRefusal,
    Problem,
    RegisterClient,
    TokenRequest,
)
from valinta_client.models.voucher_view import VoucherView

Answer = TypeVar("Answer")


def signed_in() -> AuthenticatedClient:
    """The API as the program that the settings name: the token is good for a quarter of an hour."""
    url = os.environ["API_URL"]
    wish = TokenRequest(
        grant_type="client_credentials",
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
    )
    token = done(obtain_token.sync(client=Client(base_url=url), body=wish))
    return AuthenticatedClient(base_url=url, token=token.access_token)


class Hearing:
    """Listens for webhooks. A call is believed if it is signed with the secret, and answered before anything is done with it."""

    def __init__(self) -> None:
        self.webhook: Webhook | None = None
        self.heard: Queue[dict[str, Any]] = Queue()
        hearing = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802, the name that http.server wants
                self.send_response(hearing.hear(self.rfile.read(int(self.headers["content-length"])), dict(self.headers)))
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("LISTEN_PORT", "0"))), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def hear(self, body: bytes, headers: dict[str, str]) -> int:
        if self.webhook is None:
            return 503
        try:
            self.heard.put(self.webhook.verify(body, headers))
        except WebhookVerificationError:
            return 401
        return 204

    def event(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next event for which this holds."""
        while not wanted(event := self.heard.get()):
            pass
        return event


def issue(personal_identity_code: str, type_code: str) -> None:
    valinta = signed_in()
    types = done(list_voucher_types.sync(client=valinta, limit=100)).items
    voucher_type = next(one for one in types if one.code == type_code)
    person = RegisterClient(
        personal_identity_code=personal_identity_code, name="Kaarlo Kuvitelma", municipality="609", language=Language.FI
    )
    client = done(register_client.sync(client=valinta, body=person, idempotency_key=key()))

    hearing = Hearing()
    wish = MakeWebhook(url=hearing.url, types=[EventKind.VOUCHER_CHOSEN])
    webhook = done(make_webhook.sync(client=valinta, body=wish, idempotency_key=key()))
    hearing.webhook = Webhook(webhook.secret)
    try:
        number = issued(valinta, client.id, voucher_type.id)
        print(f"issued {number}", flush=True)
        chosen = hearing.event(lambda event: event["type"] == "voucher.chosen" and event["subject"]["id"] == number)
        print(f"chosen {chosen['provider']}", flush=True)
    finally:
        # It may have taken the resident days: the token is long over.
        done(end_webhook.sync(client=signed_in(), id=webhook.id, idempotency_key=key()))


def issued(valinta: AuthenticatedClient, client: UUID, voucher_type: UUID) -> str:
    """The id of a new voucher."""
    facts = Facts.from_dict({"gross_income_per_month": "1650.00", "household_size": 1})
    voucher = IssueVoucher(
        client=client,
        voucher_type=voucher_type,
        quantity="20",
        valid_from=today(),
        valid_until=today() + timedelta(days=180),
        facts=facts,
    )
    decided = done(issue_voucher.sync(client=valinta, body=voucher, idempotency_key=key()))
    if not isinstance(decided.voucher, VoucherView):
        raise SystemExit(f"refused: {decided.reason}")
    return str(decided.voucher.id)


def statements(month: date) -> None:
    valinta = signed_in()
    for sums in done(list_statements.sync(client=valinta, month=month, limit=100)).items:
        print(f"statement {sums.number} {sums.provider} {sums.payable.amount} {sums.payable.currency.value}")
        statement = done(show_statement_lines.sync(client=valinta, id=sums.id))
        for line in statement.lines:
            print(f"line {line.service_day} {line.quantity} {line.organiser_pays.amount}")


def done(answer: Answer | Problem | OAuthRefusal | None) -> Answer:
    """What was answered, or an end with the place of each thing that is wrong."""
    if isinstance(answer, Problem):
        places = [f"{failure.pointer}: {failure.detail}" for failure in answer.errors or []]
        raise SystemExit("\n".join([f"{answer.status} {answer.title}", answer.detail, *places]))
    if answer is None or isinstance(answer, OAuthRefusal):
        raise SystemExit(f"no answer that can be used: {answer}")
    return answer


def key() -> str:
    """A key of one's own makes it safe to send the same again. A real system keeps it with what it is about to do."""
    return str(uuid4())


def today() -> date:
    """Today, as the county has it."""
    return datetime.now(ZoneInfo("Europe/Helsinki")).date()


match sys.argv[1:]:
    case ["issue", code, type_code]:
        issue(code, type_code)
    case ["statements", month]:
        statements(date.fromisoformat(month))
    case _:
        raise SystemExit(__doc__)
