"""Verifies calls of webhooks by the public package. Reads a list of {secret, headers, body}, writes a list of booleans."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def is_verified(call):
    try:
        Webhook(call["secret"]).verify(call["body"], call["headers"])
    except WebhookVerificationError:
        return False
    return True


json.dump([is_verified(call) for call in json.load(sys.stdin)], sys.stdout)
