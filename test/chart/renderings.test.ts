/**
 * Everything that holds for a rendering, for every values file in `helm/ci` on the oldest and the newest Kubernetes that
 * the chart supports. Each policy is shown to find what it is there for in `policies.test.ts` and `schemas.test.ts`.
 */

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
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

interface Values {
  readonly resources?: { readonly limits?: { readonly cpu?: unknown } };
  readonly extraObjects?: readonly unknown[];
}

function policiesFor(declared: ReadonlySet<string>, { resources }: Values): Readonly<Record<string, Policy>> {
  return {
    meetsRestrictedPodSecurity,
    imagesArePinned,
    resourcesAreBounded: resourcesAreBounded({ cpuLimit: resources?.limits?.cpu }),
    rootIsReadOnly,
    noApiTokenIsMounted,
    probesAreHonest,
    disruptionBudgetNeverBlocks,
    oneThingScales,
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
  const values = parse(readFileSync(`${CHART}/ci/${name}-values.yaml`, 'utf8')) as Values;
  const declared = new Set(textsIn(values));

  describe.each(VERSIONS)('on Kubernetes %s', kubeVersion => {
    let objects: ReturnType<typeof render>;
    beforeAll(() => {
      objects = render({ values: [name], kubeVersion });
    });

    test.each(Object.entries(policiesFor(declared, values)))('%s', (_, policy) => {
      expect(policy(objects)).toEqual([]);
    });

    test('standardLabelsEverywhere', () => {
      // What the values bring along is not the chart's to label.
      const own = values.extraObjects ? render({ values: [name], kubeVersion, inline: { extraObjects: [] } }) : objects;
      expect(standardLabelsEverywhere(own)).toEqual([]);
    });

    test('every object passes its schema', async () => {
      expect((await Promise.all(objects.map(schemaProblems))).flat()).toEqual([]);
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
