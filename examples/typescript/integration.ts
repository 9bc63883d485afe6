// A county's own systems. The case workers' issues a voucher and is called when the resident has chosen a provider:
//   node built/integration.js issue PERSONAL_IDENTITY_CODE VOUCHER_TYPE
// That of finance reads what is to be paid for a month:
//   node built/integration.js statements MONTH

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import createClient, { type Client } from "openapi-fetch";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { components, paths } from "./valinta.js";

type Schemas = components["schemas"];
type Valinta = Client<paths>;

const baseUrl = setting("API_URL");

/** The API as the program that the settings name: the token is good for a quarter of an hour. */
async function signedIn(): Promise<Valinta> {
  const { data, error } = await createClient<paths>({ baseUrl }).POST("/oauth/token", {
    body: {
      grant_type: "client_credentials",
      client_id: setting("CLIENT_ID"),
      client_secret: setting("CLIENT_SECRET"),
    },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  if (!data) throw new Error(`no token: ${JSON.stringify(error)}`);
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${data.access_token}` } });
}

/** What somebody can hear, once. */
interface Hearing {
  url: string;
  /** Knows whose calls to believe from now on. */
  believes(secret: string): void;
  /** The event for which this holds. */
  event(wanted: (event: Schemas["Event"]) => boolean): Promise<Schemas["Event"]>;
  close(): void;
}

/** Listens for webhooks. A call is believed if it is signed with the secret, and answered before anything is done with it. */
async function listen(): Promise<Hearing> {
  let webhook: Webhook | undefined;
  const heard: Schemas["Event"][] = [];
  const waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    try {
      const event = webhook?.verify(await body(request), request.headers as Record<string, string>);
      response.writeHead(event ? 204 : 503).end();
      if (event) heard.push(event as Schemas["Event"]);
      waiting.forEach((look) => look());
    } catch (error) {
      response.writeHead(error instanceof WebhookVerificationError ? 401 : 500).end();
    }
  });
  await new Promise<void>((listens) => server.listen(Number(process.env["LISTEN_PORT"] ?? 0), "127.0.0.1", listens));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    believes: (secret) => (webhook = new Webhook(secret)),
    event: (wanted) =>
      new Promise((found) => {
        const look = () => {
          const event = heard.find(wanted);
          if (event) found(event);
        };
        waiting.push(look);
        look();
      }),
    close: () => server.close().closeAllConnections(),
  };
}

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

async function issue(personalIdentityCode: string, typeCode: string): Promise<void> {
  const valinta = await signedIn();
  const types = done(await valinta.GET("/v1/voucher-types", { params: { query: { limit: 100 } } }));
  const type = "items" in types ? types.items.find((one) => one.code === typeCode) : undefined;
  if (!type) throw new Error(`there is no voucher type ${typeCode}`);

  const client = done(
    await valinta.POST("/v1/clients", {
      ...once(),
      body: { personal_identity_code: personalIdentityCode, name: "Kaarlo Kuvitelma", municipality: "609", language: "fi" },
    }),
  );

  const hearing = await listen();
  const webhook = done(await valinta.POST("/v1/webhooks", { ...once(), body: { url: hearing.url, types: ["voucher.chosen"] } }));
  hearing.believes(webhook.secret);
  try {
    const voucher = await issued(valinta, client.id, type.id);
    console.log(`issued ${voucher}`);
    const chosen = await hearing.event((event) => event.type === "voucher.chosen" && event.subject.id === voucher);
    console.log(`chosen ${chosen.provider}`);
  } finally {
    // It may have taken the resident days: the token is long over.
    const again = await signedIn();
    done(await again.POST("/v1/webhooks/{id}/end", { params: { path: { id: webhook.id }, header: key() } }));
    hearing.close();
  }
}

/** The id of a new voucher. */
async function issued(valinta: Valinta, client: string, type: string): Promise<string> {
  const decided = done(
    await valinta.POST("/v1/vouchers", {
      ...once(),
      body: {
        client,
        voucher_type: type,
        quantity: "20",
        valid_from: day(0),
        valid_until: day(180),
        facts: { gross_income_per_month: "1650.00", household_size: 1 },
      },
    }),
  );
  if (!decided.voucher) throw new Error(`refused: ${decided.reason}`);
  return decided.voucher.id;
}

async function statements(month: string): Promise<void> {
  const valinta = await signedIn();
  const listed = done(await valinta.GET("/v1/statements", { params: { query: { month, limit: 100 } } }));
  for (const sums of listed.items) {
    console.log(`statement ${sums.number} ${sums.provider} ${sums.payable.amount} ${sums.payable.currency}`);
    const statement = done(await valinta.GET("/v1/statements/{id}/lines", { params: { path: { id: sums.id } } }));
    for (const line of statement.lines) console.log(`line ${line.service_day} ${line.quantity} ${line.organiser_pays.amount}`);
  }
}

/** What was answered as JSON, or an error with the place of each thing that is wrong. */
function done<Data>(answer: { data?: Data; error?: unknown; response: Response }): Exclude<Data, string> {
  if (answer.data !== undefined) return answer.data as Exclude<Data, string>;
  const problem = answer.error as Partial<Schemas["Problem"]> | undefined;
  const places = (problem?.errors ?? []).map((failure) => `${failure.pointer}: ${failure.detail}`);
  throw new Error([`${answer.response.status} ${problem?.title}`, problem?.detail, ...places].join("\n"));
}

/** A key of one's own makes it safe to send the same again. A real system keeps it with what it is about to do. */
function key(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": randomUUID() };
}

function once() {
  return { params: { header: key() } };
}

/** So many days from today, as the county has it. */
function day(later: number): string {
  const at = new Date(Date.now() + later * 86_400_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Helsinki" }).format(at);
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}

const [command, ...given] = process.argv.slice(2);
if (command === "issue" && given[0] && given[1]) await issue(given[0], given[1]);
else if (command === "statements" && given[0]) await statements(given[0]);
else throw new Error("usage: issue PERSONAL_IDENTITY_CODE VOUCHER_TYPE, or: statements MONTH");
