// A client in TypeScript, made of the types that are generated from the document: it is compiled, not run, and shows that
// what a resident's and a case worker's programs need is there and fits.

import createClient from "openapi-fetch";
import type { components, paths } from "./valinta";

type Schemas = components["schemas"];
type Issued = Schemas["VoucherView"] | null;

const valinta = createClient<paths>({ baseUrl: "https://valinta.example" });

/** The names of what can be chosen in a municipality, in the neutral order. */
export async function choices(voucherType: string, municipality: string): Promise<string[]> {
  const { data, error } = await valinta.GET("/v1/choices", {
    params: { query: { voucher_type: voucherType, municipality, limit: 100 } },
  });
  if (error) throw refused(error);
  return data.items.map((option) => `${option.unit_name}: ${option.sector}`);
}

/** Issues a voucher; asked again with the same key, it is the same one. */
export async function issue(token: string, key: string, wish: Schemas["IssueVoucher"]): Promise<Issued> {
  const { data, error } = await valinta.POST("/v1/vouchers", {
    params: { header: { "Idempotency-Key": key } },
    headers: { Authorization: `Bearer ${token}` },
    body: wish,
  });
  if (error) throw refused(error);
  return data.voucher ?? null;
}

/** A refusal, with the place of each thing that is wrong. */
function refused(problem: Schemas["Problem"]): Error {
  const places = (problem.errors ?? []).map((failure) => `${failure.pointer} ${failure.code}`);
  return new Error([problem.title, problem.detail, ...places].join("\n"));
}

/** A rule is one of several forms, and may hold others. */
export const rule: Schemas["ValueRule"] = {
  least: { of: [{ flat: { value: "34.00" } }, { price: { at_most: "40.00" } }] },
};
