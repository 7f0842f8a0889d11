/** The options of the section `registry`: where the schemas of records are found. */

import { duration, optionalText, secret, url } from './config-option.ts';
import { tlsOptions } from './config-tls-options.ts';
import { HOUR, MINUTE } from './config-units.ts';

export const REGISTRY = {
  url: url({
    describe: 'Confluent-compatible schema registry, with its path. For Apicurio that ends in /apis/ccompat/v7.',
    pattern: /^https?:\/\/\S+$/,
    allowed: 'an http or https URL without user, password, query and fragment',
    because: 'no record can be decoded without the schema it was written with',
    flag: '--registry-url',
    accept: ({ href, username, password, search, hash }) =>
      `${username}${password}${search}${hash}` === '' ? href.replace(/\/+$/, '') : null,
  }),
  username: optionalText({
    describe: 'User name for basic authentication.',
    allowed: 'any text',
    because: 'it is of use only together with registry.password',
  }),
  password: secret({
    describe: 'Password for basic authentication.',
    because: 'it is of use only together with registry.username',
  }),
  timeoutMs: duration({
    describe: 'How long the registry may take to answer.',
    default: 5_000,
    min: 100,
    max: MINUTE,
    because: 'the partition concerned stands still meanwhile; each schema is fetched once',
  }),
  unknownSchemaGraceMs: duration({
    describe: 'How long a schema id that the registry does not know is asked for again before it counts as poison.',
    default: MINUTE,
    min: 1_000,
    max: HOUR,
    because: 'replicas of a registry lag; its partition stands still meanwhile',
  }),
  tls: tlsOptions('registry', 'registries', 'the registry'),
};
