// A client in TypeScript, made of the types that are generated from the document. It is compiled, not run, and has what the
// integration in `examples/typescript` does not come by: a call without a token, and forms of which one holds another. That
// one is run.

import createClient from "openapi-fetch";
import type { components, paths } from "./valinta";

type Schemas = components["schemas"];

const valinta = createClient<paths>({ baseUrl: "https://valinta.example" });

/** The names of what can be chosen in a municipality, in the neutral order. */
export async function choices(voucherType: string, municipality: string): Promise<string[]> {
  const { data, error } = await valinta.GET("/v1/choices", {
    params: { query: { voucher_type: voucherType, municipality, limit: 100 } },
  });
  if (error) throw refused(error);
  return data.items.map((option) => `${option.unit_name}: ${option.sector}`);
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
