/** Writes everything that is generated from the declaration of the options. A test fails when it is stale. */

import { writeFileSync } from 'node:fs';
import { configurationMarkdown, jsonSchema, referenceYaml } from '../src/control/reference.ts';

for (const [path, text] of [
  ['config/reference.yaml', referenceYaml()],
  ['config/schema.json', jsonSchema()],
  ['docs/configuration.md', configurationMarkdown()],
] as const) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  console.log(path);
}
