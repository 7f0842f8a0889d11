/** Writes everything that is generated from the sources. A test fails when it is stale. */

import { writeFileSync } from 'node:fs';
import { documents, ROOT } from './documents.ts';

for (const [path, text] of documents()) {
  writeFileSync(new URL(path, ROOT), text);
  console.log(path);
}
