/**
 * Everything that holds for a rendering, for every values file in `helm/ci` on the oldest and the newest Kubernetes that
 * the chart supports. Each policy is shown to find what it is there for in `policies.test.ts` and `schemas.test.ts`.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, ciValues, NAMESPACE, NEWEST_KUBERNETES, OLDEST_KUBERNETES, render } from './helm.ts';
import type { Policy } from './objects.ts';
import {
  hooksCleanUp,
  jobsEnd,
  namesAreValid,
  standardLabelsEverywhere,
  staysInItsNamespace,
  topicsAreKept,
} from './policies/housekeeping.ts';
import { meetsRestrictedPodSecurity } from './policies/pod-security.ts';
import { referencesExist } from './policies/references.ts';
import {
  monitorsFindTheirTarget,
  podsAreSpread,
  portsExist,
  selectorsAreStable,
  selectorsPickOurPods,
} from './policies/selectors.ts';
import { configurationIsValid, secretsStayInSecrets, variablesAreOptions } from './policies/settings.ts';
import {
  disruptionBudgetNeverBlocks,
  imagesArePinned,
  noApiTokenIsMounted,
  oneThingScales,
  probesAreHonest,
  resourcesAreBounded,
  rootIsReadOnly,
} from './policies/workload.ts';
import { schemaProblems } from './schemas.ts';
import { fieldProblems } from './typed-fields.ts';

const VERSIONS = [OLDEST_KUBERNETES, NEWEST_KUBERNETES];

/** Every text in a values file: what it names exists because who installs says so. */
function textsIn(node: unknown): string[] {
  if (typeof node === 'string') return [node];
  return typeof node === 'object' && node !== null ? Object.values(node).flatMap(textsIn) : [];
}

function policiesFor(declared: ReadonlySet<string>): Readonly<Record<string, Policy>> {
  return {
    meetsRestrictedPodSecurity,
    imagesArePinned,
    resourcesAreBounded,
    rootIsReadOnly,
    noApiTokenIsMounted,
    probesAreHonest,
    disruptionBudgetNeverBlocks,
    oneThingScales,
    standardLabelsEverywhere,
    namesAreValid,
    staysInItsNamespace: staysInItsNamespace(NAMESPACE, declared),
    hooksCleanUp,
    jobsEnd,
    topicsAreKept,
    selectorsPickOurPods,
    selectorsAreStable,
    monitorsFindTheirTarget,
    portsExist,
    podsAreSpread,
    referencesExist: referencesExist(declared),
    variablesAreOptions,
    secretsStayInSecrets,
    configurationIsValid,
  };
}

describe.each(ciValues())('ci/%s-values.yaml', name => {
  const declared = new Set(textsIn(parse(readFileSync(`${CHART}/ci/${name}-values.yaml`, 'utf8'))));

  describe.each(VERSIONS)('on Kubernetes %s', kubeVersion => {
    test.each(Object.entries(policiesFor(declared)))('%s', (_, policy) => {
      expect(policy(render({ values: [name], kubeVersion }))).toEqual([]);
    });

    test('every object passes its schema', async () => {
      const found = await Promise.all(render({ values: [name], kubeVersion }).map(schemaProblems));
      expect(found.flat()).toEqual([]);
    });
  });
});

test('no rendering has a field that Kubernetes or an operator does not know', () => {
  const renderings = ciValues().flatMap(name =>
    VERSIONS.map(kubeVersion => ({
      name: `${name} on ${kubeVersion}`,
      objects: render({ values: [name], kubeVersion }),
      oldest: kubeVersion === OLDEST_KUBERNETES,
    })),
  );
  expect(fieldProblems(renderings)).toEqual([]);
});
