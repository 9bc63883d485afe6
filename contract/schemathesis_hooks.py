"""Files of types that schemathesis does not know are sent as the bytes that were made for them."""

import schemathesis

schemathesis.serializer.alias(["application/pdf", "application/x-ndjson", "text/csv"], "application/octet-stream")
