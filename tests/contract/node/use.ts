// The main job as a client writes it. It is compiled only (tsc --strict): the types of the contract must allow this,
// and what is marked with @ts-expect-error must stay refused.
import createClient from "openapi-fetch";

import type { components, paths } from "./generated/ordner";

type Schemas = components["schemas"];
type Problem = Schemas["Problem"];

const client = createClient<paths>({ baseUrl: "https://ordner.example" });

export async function signIn(office: string, email: string, password: string): Promise<string> {
  const { data, error, response } = await client.POST("/v1/auth/tokens", { body: { office, email, password } });
  if (!data) throw new Error(explain(error));
  client.use({
    onRequest: ({ request }) => {
      request.headers.set("Authorization", `Bearer ${data.token}`);
    },
  });
  const requestId: string | null = response.headers.get("X-Request-Id");
  const kind: "team_member" | "contact" = data.kind;
  return `${kind} until ${data.expires_at} (${requestId})`;
}

/** A problem (RFC 9457) is the same on every status. */
export function explain(problem: Problem): string {
  const places = (problem.errors ?? []).map(({ in: part, pointer, code, detail }) => {
    const known: "body" | "query" | "path" | "header" = part;
    return `${known}${pointer}: ${detail} (${code})`;
  });
  return [`${problem.status} ${problem.code}: ${problem.detail}`, ...places].join("\n");
}

/** Every page of a list; the answer has one of two forms, for the office or for a client. */
export async function* relations(q: string): AsyncGenerator<Schemas["RelationStaffRead"] | Schemas["RelationRead"]> {
  let cursor: string | undefined;
  do {
    const query = { limit: 200, sort: "-updated_at", q, ...(cursor ? { cursor } : {}) } as const;
    const { data, error } = await client.GET("/v1/relations", { params: { query } });
    if (!data) throw new Error(explain(error));
    yield* data.items;
    cursor = data.next_cursor ?? undefined;
  } while (cursor);
}

export function line(relation: Schemas["RelationStaffRead"] | Schemas["RelationRead"]): string {
  const shown = `${relation.number} ${relation.name}`;
  if (!("version" in relation)) return shown;
  const form: Schemas["RelationStaffRead"]["legal_form"] = relation.legal_form;
  return `${shown} (${form ?? relation.type}, ${relation.status})`;
}

/** A merge patch on what was read: null clears, and somebody else's change in between is refused. */
export async function clearMemo(relationId: string): Promise<void> {
  const path = { relation_id: relationId };
  const read = await client.GET("/v1/relations/{relation_id}", { params: { path } });
  const version = read.response.headers.get("ETag") ?? "*";
  const { error, response } = await client.PATCH("/v1/relations/{relation_id}", {
    params: { path, header: { "If-Match": version } },
    body: { memo: null },
  });
  if (response.status === 412) return clearMemo(relationId);
  if (error) throw new Error(explain(error));
}

/** fetch writes the multipart form: files as they are, all else as JSON in a plain part. */
function form(body: object): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(body)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      data.append(name, part instanceof Blob ? part : JSON.stringify(part));
    }
  }
  return data;
}

/** Under a key, so that a repeat after a lost connection does no harm. */
export async function upload(folderId: string, first: File, second: Blob): Promise<string[]> {
  const { data, error } = await client.POST("/v1/folders/{folder_id}/items", {
    params: { path: { folder_id: folderId }, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { files: [first, second] },
    bodySerializer: form,
  });
  if (!data) throw new Error(explain(error));
  return data.items.map((outcome) => {
    const problem: Problem | null | undefined = outcome.problem;
    return outcome.item ? `${outcome.item.name} ${outcome.item.sha256}` : explain(problem!);
  });
}

export async function send(conversationId: string, text: string, files: File[]): Promise<Schemas["MessageRead"]> {
  const params = { path: { conversation_id: conversationId } };
  const { data, error } =
    files.length === 0
      ? await client.POST("/v1/conversations/{conversation_id}/messages", { params, body: { text } })
      : await client.POST("/v1/conversations/{conversation_id}/messages", {
          params,
          body: { message: { text }, files },
          bodySerializer: form,
        });
  if (!data) throw new Error(explain(error));
  return data;
}

export async function download(itemId: string): Promise<Blob | undefined> {
  const { data, error } = await client.GET("/v1/dossier-items/{item_id}/content", {
    params: { path: { item_id: itemId }, header: { Range: "bytes=0-1023" } },
    parseAs: "blob",
  });
  if (error) throw new Error(explain(error));
  return data;
}

export async function refused(): Promise<void> {
  const params = { path: { folder_id: "" } };
  // @ts-expect-error a file is a Blob, not its text
  await client.POST("/v1/folders/{folder_id}/items", { params, body: { files: ["text"] } });
  // @ts-expect-error there is no such order
  await client.GET("/v1/relations", { params: { query: { sort: "colour" } } });
  // @ts-expect-error a number can not be cleared
  await client.PATCH("/v1/relations/{relation_id}", { params: { path: { relation_id: "" } }, body: { number: null } });
  // @ts-expect-error there is no such operation
  await client.GET("/v1/relation", {});
}
