/** What keeps a namespace tidy: names and labels by the book, nothing left behind, nothing put elsewhere. */

import type { JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { KubernetesObject } from '../helm.ts';
import { nameOf, ofKind, type Policy, podsOf, specOf } from '../objects.ts';

const STANDARD_LABELS = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/component',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
] as const;

const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

export const standardLabelsEverywhere: Policy = objects =>
  objects.flatMap(object => {
    const { labels = {} } = object.metadata;
    const missing = STANDARD_LABELS.filter(label => !labels[label]).map(label => `no label ${label}`);
    const ill = Object.entries(labels).filter(([, value]) => !LABEL_VALUE.test(value));
    return [...missing, ...ill.map(([label, value]) => `label ${label} cannot be ${value}`)].map(
      text => `${nameOf(object)}: ${text}`,
    );
  });

/** A DNS label is 63 characters; Services and pods made of a longer name are refused. */
export const namesAreValid: Policy = objects => {
  const places = Map.groupBy(objects, ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
  const twice = [...places].filter(([, same]) => same.length > 1).map(([place]) => `${place}: rendered twice`);
  const ill = objects
    .filter(({ kind, metadata }) => !(kind === 'KafkaTopic' ? TOPIC_NAME : NAME).test(metadata.name))
    .map(object => `${nameOf(object)}: not a name of up to 63 lower case letters, digits and dashes`);
  return [...twice, ...ill];
};

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Named after a topic, whose dots a resource may have, too. */
const TOPIC_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** `elsewhere` are the namespaces that the values name, for dashboards or topics. */
export const staysInItsNamespace =
  (release: string, elsewhere: ReadonlySet<string>): Policy =>
  objects =>
    objects
      .filter(({ metadata: { namespace = release } }) => namespace !== release && !elsewhere.has(namespace))
      .map(object => `${nameOf(object)}: namespace ${object.metadata.namespace} is nobody's wish; use the release's`);

const HOOK = 'helm.sh/hook';
const DELETE_POLICY = 'helm.sh/hook-delete-policy';

/** Helm forgets hooks: what they leave behind stays for good, and is in the way of the next. */
export const hooksCleanUp: Policy = objects =>
  objects
    .filter(({ metadata }) => metadata.annotations?.[HOOK] !== undefined)
    .filter(({ metadata }) => !metadata.annotations?.[DELETE_POLICY]?.split(',').includes('before-hook-creation'))
    .map(object => `${nameOf(object)}: a hook whose ${DELETE_POLICY} lacks before-hook-creation`);

export const jobsEnd: Policy = objects => [
  ...ofKind(objects, 'Job').flatMap(object => {
    const { ttlSecondsAfterFinished, backoffLimit, activeDeadlineSeconds } = specOf<Partial<JobSpec>>(object);
    const wrong: string[] = [];
    if (ttlSecondsAfterFinished === undefined) wrong.push('no ttlSecondsAfterFinished; it stays when it is done');
    if (backoffLimit === undefined) wrong.push('no backoffLimit; say how often it may fail');
    if (activeDeadlineSeconds === undefined) wrong.push('no activeDeadlineSeconds; an install would wait for ever');
    return wrong.map(text => `${nameOf(object)}: ${text}`);
  }),
  ...podsOf(objects)
    .filter(({ runsForGood, spec }) => !runsForGood && !['Never', 'OnFailure'].includes(spec.restartPolicy ?? ''))
    .map(({ where, spec }) => `${where}: restartPolicy ${spec.restartPolicy}; what ends must not start again`),
];

const KEEP = 'helm.sh/resource-policy';

/** A topic holds data that no chart may throw away. */
export const topicsAreKept: Policy = objects =>
  ofKind(objects, 'KafkaTopic')
    .filter(({ metadata }: KubernetesObject) => metadata.annotations?.[KEEP] !== 'keep')
    .map(object => `${nameOf(object)}: ${KEEP} must be keep, or an uninstall deletes the topic with its data`);
