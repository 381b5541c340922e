// Types of the contract, as an integrator would make them; a file is a Blob (a File is one too), not a string.
import { mkdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const BLOB = ts.factory.createTypeReferenceNode("Blob");
const contract = new URL("../../../openapi/openapi.json", import.meta.url);

const nodes = await openapiTS(contract, {
  transform: (schema) => (schema.format === "binary" ? BLOB : undefined),
});
await mkdir(new URL("generated/", import.meta.url), { recursive: true });
await writeFile(new URL("generated/ordner.ts", import.meta.url), astToString(nodes));
